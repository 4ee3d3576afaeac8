import { Config } from "../config.ts";
import { resolveSecret, type SecretSources } from "../delivery/secrets.ts";

/** What a function was told by its environment. */
export interface Environment {
  readonly config: Config;
  readonly entityStream: string;
  readonly table: string;
  readonly buckets: number;
  readonly deadLetterBucket: string;
  /** What secrets are read with. */
  readonly secrets: SecretSources;
  /** 16 bytes; keys the hashes of encryption-context values. Throws where the secret cannot be read or is no key. */
  contextHashKey(): Promise<Uint8Array>;
}

/** What the environment's references are read with. */
export interface EnvironmentMeans {
  /** Values of parameters of Systems Manager, in the order of their names. */
  readonly parameters: (names: readonly string[]) => Promise<string[]>;
}

type Variables = Readonly<Record<string, string | undefined>>;

const DEFAULT_BUCKETS = 256;
const MOST_BUCKETS = 100_000;

/** The environment does not say what it must. The message names the variable. */
export class EnvironmentError extends Error {
  override readonly name = "EnvironmentError";

  constructor(variable: string, problem: string, options?: ErrorOptions) {
    super(`${variable}: ${problem}`, options);
  }
}

/**
 * Reads the environment of a function: KEYHAWK_CONFIG (JSON, or `ssm:NAME,NAME…` whose values make JSON when put together),
 * KEYHAWK_ENTITY_STREAM, KEYHAWK_TABLE, KEYHAWK_BUCKETS, KEYHAWK_DEAD_LETTER_BUCKET and KEYHAWK_HASH_KEY_SECRET (ARN of a secret, or
 * a reference as in the configuration). Throws `EnvironmentError`.
 */
export async function readEnvironment(
  env: Variables,
  means: EnvironmentMeans = { parameters: readParameters },
): Promise<Environment> {
  const secrets: SecretSources = { env };
  return {
    config: await readConfig(needed(env, "KEYHAWK_CONFIG"), means),
    entityStream: needed(env, "KEYHAWK_ENTITY_STREAM"),
    table: needed(env, "KEYHAWK_TABLE"),
    buckets: bucketsIn(env["KEYHAWK_BUCKETS"]),
    deadLetterBucket: needed(env, "KEYHAWK_DEAD_LETTER_BUCKET"),
    secrets,
    async contextHashKey() {
      const place = needed(env, HASH_KEY);
      const reference = place.startsWith("arn:") ? `secretsmanager:${place}` : place;
      return hashKeyIn(await resolveSecret(reference, secrets));
    },
  };
}

const HASH_KEY = "KEYHAWK_HASH_KEY_SECRET";

function needed(env: Variables, variable: string): string {
  const value = env[variable];
  if (value === undefined || value === "") throw new EnvironmentError(variable, "is not set");
  return value;
}

function bucketsIn(text: string | undefined): number {
  if (text === undefined || text === "") return DEFAULT_BUCKETS;
  const buckets = Number(text);
  if (Number.isInteger(buckets) && buckets >= 1 && buckets <= MOST_BUCKETS) return buckets;
  throw new EnvironmentError(
    "KEYHAWK_BUCKETS",
    `expected a whole number from 1 to ${MOST_BUCKETS}, found ${text.slice(0, 40)}`,
  );
}

async function readConfig(text: string, { parameters }: EnvironmentMeans): Promise<Config> {
  const names = text.startsWith("ssm:") ? text.slice("ssm:".length).split(",") : undefined;
  const json = names === undefined ? text : (await parameters(names)).join("");
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // The text may hold what nobody should read in a log.
    throw new EnvironmentError("KEYHAWK_CONFIG", "expected JSON, found something else");
  }
  const parsed = Config.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join(".") ?? "";
  throw new EnvironmentError("KEYHAWK_CONFIG", `${place}: ${issue?.message ?? "not valid"}`);
}

function hashKeyIn(secret: string): Uint8Array {
  if (/^[0-9a-f]{32}$/i.test(secret)) return Uint8Array.from(Buffer.from(secret, "hex"));
  const bytes = Buffer.from(secret, "base64");
  if (bytes.length === 16) return Uint8Array.from(bytes);
  throw new EnvironmentError(HASH_KEY, "expected 16 bytes as 32 hexadecimal digits or in base64");
}

/** Parameters that one call may ask for. */
const PARAMETERS_TOGETHER = 10;

async function readParameters(names: readonly string[]): Promise<string[]> {
  const { GetParametersCommand, SSMClient } = await import("@aws-sdk/client-ssm");
  const client = new SSMClient({});
  const values = new Map<string, string>();
  try {
    for (let start = 0; start < names.length; start += PARAMETERS_TOGETHER) {
      const Names = names.slice(start, start + PARAMETERS_TOGETHER);
      const answer = await client.send(new GetParametersCommand({ Names, WithDecryption: true }));
      for (const { Name, Value } of answer.Parameters ?? []) values.set(Name ?? "", Value ?? "");
    }
  } finally {
    client.destroy();
  }
  return names.map((name) => {
    const value = values.get(name);
    if (value === undefined) throw new EnvironmentError("KEYHAWK_CONFIG", `no parameter ${name}`);
    return value;
  });
}

/** A handler that is assembled at its first call, and again after a failure: a function must survive an hour without its secrets. */
export function assembledOnce<Given extends unknown[], Result>(
  assemble: () => Promise<(...given: Given) => Promise<Result>>,
): (...given: Given) => Promise<Result> {
  let assembling: Promise<(...given: Given) => Promise<Result>> | undefined;
  return async (...given) => {
    assembling ??= assemble();
    let handler: (...given: Given) => Promise<Result>;
    try {
      handler = await assembling;
    } catch (error) {
      assembling = undefined;
      throw error;
    }
    return await handler(...given);
  };
}
