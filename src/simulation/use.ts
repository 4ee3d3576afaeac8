import {
  functionContext,
  objectContext,
  parameterContext,
  secretContext,
  streamContext,
  tableContext,
} from "./context.ts";
import type { JsonObject } from "./caller.ts";
import type { TrailKey } from "./key.ts";
import { signingParameters } from "./record.ts";
import { resourceId } from "./names.ts";
import type { Random } from "./random.ts";

/** One way in which someone uses a key. */
export interface Use {
  /** How often, against the other uses of the same principal. */
  readonly weight: number;
  readonly key: TrailKey;
  readonly name: (random: Random) => string;
  /** The service that calls for the principal; undefined for direct calls. */
  readonly via: string | undefined;
  readonly context: ((random: Random, timeMs: number) => Record<string, string>) | undefined;
  /** Replaces the request parameters that a call has. */
  readonly parameters?: ((name: string, timeMs: number) => JsonObject | undefined) | undefined;
}

/** An application that encrypts its own data: direct calls with a context of its own. */
export function ownData(
  key: TrailKey,
  purpose: string,
  options: { weight?: number; tenants?: number; encryptShare?: number } = {},
): Use {
  const { weight = 1, tenants = 12, encryptShare = 0.3 } = options;
  return {
    weight,
    key,
    via: undefined,
    name: (random) => {
      if (!random.chance(encryptShare)) return "Decrypt";
      return random.chance(0.7) ? "GenerateDataKey" : "Encrypt";
    },
    context: (random) => ({ purpose, tenant: `tenant-${skewed(tenants, random)}` }),
  };
}

/** Objects in an encrypted bucket; `bucketKeyFromMs` is when S3 Bucket Keys are switched on. */
export function objects(
  key: TrailKey,
  bucket: string,
  options: { weight?: number; count?: number; writeShare?: number; bucketKeyFromMs?: number } = {},
): Use {
  const { weight = 1, count = 2000, writeShare = 0.4, bucketKeyFromMs = 0 } = options;
  return {
    weight,
    key,
    via: "s3",
    name: (random) => (random.chance(writeShare) ? "GenerateDataKey" : "Decrypt"),
    context: (random, timeMs) =>
      timeMs >= bucketKeyFromMs
        ? objectContext(bucket)
        : objectContext(bucket, `${random.integer(0, 15)}/${skewed(count, random)}.bin`),
  };
}

/** Some secrets, read through Secrets Manager. */
export function secrets(key: TrailKey, names: readonly string[], weight = 1): Use {
  return {
    weight,
    key,
    via: "secretsmanager",
    name: () => "Decrypt",
    context: (random) => secretContext(key.accountId, random.pick(names)),
  };
}

/** Some parameters, read through Parameter Store, which calls itself `AWS Internal`. */
export function parameters(key: TrailKey, paths: readonly string[], weight = 1): Use {
  return {
    weight,
    key,
    via: "AWS Internal",
    name: () => "Decrypt",
    context: (random) => parameterContext(key.accountId, random.pick(paths)),
  };
}

/** An encrypted DynamoDB table. */
export function table(key: TrailKey, name: string, weight = 1): Use {
  return {
    weight,
    key,
    via: "dynamodb",
    name: (random) => (random.chance(0.1) ? "DescribeKey" : "Decrypt"),
    context: () => tableContext(key.accountId, name),
  };
}

/** A Lambda function's environment variables. */
export function environment(key: TrailKey, name: string, weight = 1): Use {
  return {
    weight,
    key,
    via: "lambda",
    name: () => "Decrypt",
    context: () => functionContext(key.accountId, name),
  };
}

/** An encrypted queue or stream. */
export function stream(key: TrailKey, name: string, weight = 1): Use {
  return {
    weight,
    key,
    via: "kinesis",
    name: (random) => (random.chance(0.5) ? "GenerateDataKey" : "Decrypt"),
    context: () => streamContext(key.accountId, name),
  };
}

/** An encrypted volume of EC2. */
export function volume(key: TrailKey, weight = 1): Use {
  return {
    weight,
    key,
    via: "ec2",
    name: (random) => (random.chance(0.5) ? "GenerateDataKeyWithoutPlaintext" : "Decrypt"),
    context: (random) => ({ "aws:ebs:id": resourceId("vol", random) }),
  };
}

/** Signatures with an asymmetric key; from a time on, perhaps, by another algorithm. */
export function signatures(key: TrailKey, changeMs = Number.POSITIVE_INFINITY): Use {
  return {
    weight: 1,
    key,
    via: undefined,
    name: (random) => (random.chance(0.9) ? "Sign" : "GetPublicKey"),
    context: undefined,
    parameters: (name, timeMs) =>
      name === "Sign" && timeMs >= changeMs ? signingParameters(key, 1) : undefined,
  };
}

/** A look at a key: no cryptography. */
export function looks(key: TrailKey, weight = 1): Use {
  return {
    weight,
    key,
    via: undefined,
    name: (random) => random.pick(["DescribeKey", "DescribeKey", "ListGrants", "GetKeyPolicy"]),
    context: undefined,
  };
}

/** One use by weight. Throws RangeError for an empty list. */
export function pickUse(uses: readonly Use[], random: Random): Use {
  let left = random.fraction() * uses.reduce((sum, { weight }) => sum + weight, 0);
  for (const use of uses) {
    left -= use.weight;
    if (left < 0) return use;
  }
  return random.pick(uses);
}

/** A number from 1 to `most`, small ones more often: a few tenants make most of the traffic. */
function skewed(most: number, random: Random): number {
  return 1 + Math.floor(random.fraction() ** 2 * most);
}
