import type { KmsEvent } from "../cloudtrail/event.ts";

/** Whether a call uses a key for cryptography, granted or refused: neither looks at it nor administers it. */
export function isCryptographic({ operation }: KmsEvent): boolean {
  return operation !== "read" && operation !== "admin" && operation !== "other";
}

/** Whether a call encrypts, or gets a key to encrypt with. */
export function isEncryption({ operation }: KmsEvent): boolean {
  return operation === "encrypt" || operation === "dataKey";
}

/** Whether a call gives what was encrypted: ReEncrypt reveals as much as Decrypt. */
export function isDecryption({ operation }: KmsEvent): boolean {
  return operation === "decrypt" || operation === "reEncrypt";
}

/** Whether a call makes what others trust its key for: a signature, a code of authentication, a shared secret. */
export function isSignature({ name }: KmsEvent): boolean {
  return SIGNING.has(name);
}

const SIGNING = new Set(["Sign", "GenerateMac", "DeriveSharedSecret"]);

/** Whether it is the key owner's view of another account's call, which names no principal but the account. */
export function isOutsider({ principal, recipientAccountId }: KmsEvent): boolean {
  return principal.type === "AWSAccount" && principal.accountId !== recipientAccountId;
}

/** Whether the caller has a role that nobody but an AWS service can assume (IAM User Guide, "Service-linked roles"). */
export function isServiceLinked({ principal }: KmsEvent): boolean {
  return principal.key.includes(":role/aws-service-role/");
}
