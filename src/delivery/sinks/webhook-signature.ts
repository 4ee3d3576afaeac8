import { createHmac } from "node:crypto";
import { SecretError } from "../secrets.ts";

/**
 * The headers of Standard Webhooks 1.0.0 (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec).
 * With several secrets, as during a rotation, each signs. Throws `SecretError` for a secret that is not 24 to 64 bytes
 * in base64, with `whsec_` before it or not.
 */
export function signatureHeaders(
  message: { id: string; timestampMs: number; body: string },
  secrets: readonly { reference: string; secret: string }[],
): Record<string, string> {
  const timestamp = String(Math.floor(message.timestampMs / 1000));
  const content = `${message.id}.${timestamp}.${message.body}`;
  const signatures = secrets.map(({ reference, secret }) => {
    const mac = createHmac("sha256", keyOf(reference, secret)).update(content).digest("base64");
    return `v1,${mac}`;
  });
  return {
    "webhook-id": message.id,
    "webhook-timestamp": timestamp,
    ...(signatures.length > 0 && { "webhook-signature": signatures.join(" ") }),
  };
}

function keyOf(reference: string, secret: string): Buffer {
  const text = secret.trim().replace(/^whsec_/, "");
  const key = Buffer.from(text, "base64");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || key.length < 24 || key.length > 64) {
    throw new SecretError(reference, "is not whsec_ and the base64 form of 24 to 64 bytes");
  }
  return key;
}
