import type { KmsEvent } from "../cloudtrail/event.ts";

/** Whether a call uses a key for cryptography, granted or refused: neither looks at it nor administers it. */
export function isCryptographic({ operation }: KmsEvent): boolean {
  return operation !== "read" && operation !== "admin" && operation !== "other";
}

/** Whether a call gives what was encrypted: ReEncrypt reveals as much as Decrypt. */
export function isDecryption({ operation }: KmsEvent): boolean {
  return operation === "decrypt" || operation === "reEncrypt";
}
