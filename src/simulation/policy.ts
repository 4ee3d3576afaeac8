import type { JsonObject } from "./caller.ts";

/** The default key policy of an account: its root may do everything, IAM decides the rest. */
export function policyText(accountId: string, ...more: readonly JsonObject[]): string {
  const root = {
    Sid: "Enable IAM User Permissions",
    Effect: "Allow",
    Principal: { AWS: `arn:aws:iam::${accountId}:root` },
    Action: "kms:*",
    Resource: "*",
  };
  return JSON.stringify({ Version: "2012-10-17", Statement: [root, ...more] });
}
