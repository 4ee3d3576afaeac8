import type { EncryptionContext } from "./event.ts";
import { type Fields, fieldsOf } from "./fields.ts";
import { memoize } from "./memo.ts";
import { sipHash64, toHex } from "./siphash.ts";

/**
 * The encryption context of a call: names in clear, values only as one keyed hash.
 *
 * Of ReEncrypt it is the source's, that under which the data was decrypted. Undefined where there is none or an empty one.
 */
export function contextOf(
  name: string,
  parameters: Fields | undefined,
  hashKey: Uint8Array,
): EncryptionContext | undefined {
  const context = contextFields(name, parameters);
  if (context === undefined) {
    return undefined;
  }
  const keys = Object.keys(context).sort();
  if (keys.length === 0) {
    return undefined;
  }
  return {
    keys: keys.slice(0, MOST_KEYS).map((key) => key.slice(0, LONGEST_KEY)),
    fingerprint: toHex(sipHash64(hashKey, canonical(context, keys))),
    place: placeOf(context[S3_NAME], hashKey),
  };
}

const MOST_KEYS = 8;
const LONGEST_KEY = 128;
/** S3 names the object, or with Bucket Keys the bucket (Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys"). */
const S3_NAME = "aws:s3:arn";
const MOST_PLACES = 1000;
/** Of each hash key, the buckets met: an object's name is new each time, its bucket hardly ever. */
const places = new WeakMap<Uint8Array, (bucketArn: string) => string>();

function placeOf(objectArn: unknown, hashKey: Uint8Array): string | undefined {
  if (typeof objectArn !== "string") return undefined;
  const end = objectArn.indexOf("/");
  if (end < 0) return undefined;
  let ofBucket = places.get(hashKey);
  if (ofBucket === undefined) {
    ofBucket = memoize(
      (bucketArn) => toHex(sipHash64(hashKey, canonical({ [S3_NAME]: bucketArn }, [S3_NAME]))),
      MOST_PLACES,
    );
    places.set(hashKey, ofBucket);
  }
  return ofBucket(objectArn.slice(0, end));
}

function contextFields(name: string, parameters: Fields | undefined): Fields | undefined {
  if (parameters === undefined) {
    return undefined;
  }
  if (name !== "ReEncrypt") {
    return fieldsOf(parameters["encryptionContext"]);
  }
  return (
    fieldsOf(parameters["sourceEncryptionContext"]) ??
    fieldsOf(parameters["sourceAAD"]) ??
    fieldsOf(parameters["encryptionContext"])
  );
}

/** Key and value each with its length before it, so that no two different contexts are written the same. */
function canonical(context: Fields, sortedKeys: readonly string[]): string {
  let text = "";
  for (const key of sortedKeys) {
    if (key !== "SecretVersionId") {
      const value = valueText(context[key]);
      text += `${key.length}:${key}=${value.length}:${value};`;
    }
  }
  return text;
}

/** KMS allows strings only; what else a rewriting tool puts there is told apart as far as it is simple. */
function valueText(value: unknown): string {
  if (typeof value === "string") {
    return value;
  }
  return typeof value === "number" || typeof value === "boolean" ? `${value}` : typeof value;
}
