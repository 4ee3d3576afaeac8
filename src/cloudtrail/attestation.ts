import { fieldsOf, textOf } from "./fields.ts";

const LONGEST = 128;
/** Platform configuration registers of an attestation document: what was measured of the code that runs. */
const REGISTER = /^attestationDocument.*PCR\d+$/;

/**
 * What KMS attested of the caller, undefined where the call came without an attestation document: the image digest of a Nitro
 * enclave, for a NitroTPM its registers (AWS KMS Developer Guide, "Monitoring attested requests").
 */
export function attestationOf(additionalEventData: unknown): string | undefined {
  const recipient = fieldsOf(fieldsOf(additionalEventData)?.["recipient"]);
  if (recipient === undefined) return undefined;
  const digest = textOf(recipient["attestationDocumentEnclaveImageDigest"]);
  if (digest !== undefined) return digest.slice(0, LONGEST);
  const registers = Object.keys(recipient)
    .filter((name) => REGISTER.test(name))
    .sort()
    .map((name) => textOf(recipient[name]) ?? "");
  return registers.join(" ").slice(0, LONGEST) || "unknown";
}
