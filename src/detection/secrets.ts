import type { KmsEvent } from "../cloudtrail/event.ts";

/** Names in the encryption contexts of Secrets Manager and of Systems Manager (AWS KMS Developer Guide, "Encryption context"). */
const NAMES = new Set(["SecretARN", "PARAMETER_ARN"]);

/** Whether the call is about a secret or a parameter, which its context names. */
export function isSecret(event: KmsEvent): boolean {
  return secretOf(event) !== undefined;
}

/** Fingerprint of the secret or parameter that the call is about; undefined where it is about none. */
export function secretOf({ context }: KmsEvent): string | undefined {
  return context?.keys.some((name) => NAMES.has(name)) === true ? context.fingerprint : undefined;
}
