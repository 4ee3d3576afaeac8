import {
  idlenessOf,
  type Idleness,
  type LastUse,
  learnUse,
  newLastUse,
} from "../baseline/last-use.ts";
import type { KmsEvent } from "../cloudtrail/event.ts";

export { type Idleness, type LastUse as KeyUse, newLastUse as newKeyUse };

/** Keys by which something was encrypted, decrypted or signed within an hour, by ARN. Plain data; noting commutes. */
export type KeysUsed = Record<string, true>;

const MOST_KEYS = 1000;

export function noteKeyUse(used: KeysUsed, { operation, error, keys }: KmsEvent): void {
  const arn = keys[0]?.arn;
  if (arn === undefined || used[arn] === true || error !== undefined) return;
  if (operation === "read" || operation === "admin" || operation === "other") return;
  if (Object.keys(used).length < MOST_KEYS) used[arn] = true;
}

export function learnKeyUse(use: LastUse, used: KeysUsed, hour: number): void {
  learnUse(use, Object.keys(used), hour, MOST_KEYS);
}

/** Whether a key was used in the days before an hour, or in it: hours that are not learned yet count as well. */
export function idlenessOfKey(
  view: {
    readonly hour: number;
    readonly baseline: { readonly used: LastUse };
    readonly bucket: { readonly used: KeysUsed };
    readonly earlier: readonly { readonly bucket: { readonly used: KeysUsed } }[];
  },
  arn: string,
  idleDays: number,
): Idleness {
  const { hour, baseline, bucket, earlier } = view;
  const isUsed =
    bucket.used[arn] === true || earlier.some((open) => open.bucket.used[arn] === true);
  return isUsed ? "in use" : idlenessOf(baseline.used, arn, hour, idleDays);
}
