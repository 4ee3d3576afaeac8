import { readFile } from "node:fs/promises";
import { z } from "zod";

const REFERENCE =
  /^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:.+|secretsmanager:arn:[a-z0-9-]+:secretsmanager:[^:]+:\d{12}:secret:[^#\s]+(?:#[^#\s]+)?|ssm:[A-Za-z0-9_./:-]+)$/;

/** Where a secret is kept. The secret itself never stands in a configuration. */
export const SecretReference = z
  .string()
  .regex(REFERENCE, {
    error:
      "expected a reference to a secret: env:NAME, file:PATH, secretsmanager:ARN (ARN#FIELD for one field of a JSON secret) or ssm:NAME; a secret written in clear is refused",
  })
  .describe(
    "Where the secret is kept: env:NAME, file:PATH, secretsmanager:ARN[#FIELD] or ssm:NAME.",
  );
export type SecretReference = z.infer<typeof SecretReference>;

/** What secrets are read with. Clients of AWS are made when the first reference needs them. */
export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Value of a secret in Secrets Manager. */
  secretsManager?: (arn: string) => Promise<string | undefined>;
  /** Decrypted value of a parameter in Systems Manager. */
  ssm?: (name: string) => Promise<string | undefined>;
}

/** A secret could not be read. Names the reference, never what was found there. */
export class SecretError extends Error {
  override readonly name = "SecretError";

  constructor(reference: string, problem: string, options?: ErrorOptions) {
    super(`${reference}: ${problem}`, options);
  }
}

/**
 * Reads the secret that a reference points to. One newline at the end, as editors leave it, is taken off.
 * Throws `SecretError` where there is none or it is empty.
 */
export async function resolveSecret(reference: string, sources: SecretSources): Promise<string> {
  if (!REFERENCE.test(reference)) {
    throw new SecretError("a secret", "is written in clear, where a reference was expected");
  }
  const colon = reference.indexOf(":");
  const place = reference.slice(colon + 1);
  const found = await read(reference.slice(0, colon), place, sources).catch((cause: unknown) => {
    if (cause instanceof SecretError) throw cause;
    throw new SecretError(reference, `could not be read (${reasonOf(cause)})`, { cause });
  });
  const secret = found?.replace(/\r?\n$/, "");
  if (secret === undefined) throw new SecretError(reference, "is not set");
  if (secret === "") throw new SecretError(reference, "is empty");
  return secret;
}

/** Secrets as the sinks use them: read once, and again after a while or when a receiver refuses them. */
export interface SecretReader {
  read(reference: string): Promise<string>;
  /** Reads anew; true where the secret is another one now. Called when a receiver answered 401 or 403. */
  refresh(reference: string): Promise<boolean>;
}

/** @param ttlMs how long a secret is used before it is read again. */
export function createSecretReader(
  sources: SecretSources,
  options: { now: () => number; ttlMs?: number },
): SecretReader {
  const { now, ttlMs = 300_000 } = options;
  const known = new Map<string, { secret: string; readMs: number }>();

  async function readAnew(reference: string): Promise<string> {
    const secret = await resolveSecret(reference, sources);
    known.set(reference, { secret, readMs: now() });
    return secret;
  }
  return {
    async read(reference) {
      const entry = known.get(reference);
      if (entry !== undefined && now() - entry.readMs < ttlMs) return entry.secret;
      try {
        return await readAnew(reference);
      } catch (error) {
        // What worked a moment ago is better than no delivery while the secret store is away.
        if (entry === undefined) throw error;
        return entry.secret;
      }
    },
    async refresh(reference) {
      const before = known.get(reference)?.secret;
      return (await readAnew(reference)) !== before;
    },
  };
}

async function read(
  kind: string,
  place: string,
  sources: SecretSources,
): Promise<string | undefined> {
  switch (kind) {
    case "env":
      return sources.env[place];
    case "file":
      return await readFile(place, "utf8");
    case "ssm":
      return await (sources.ssm ?? parameterOf)(place);
    default: {
      const [arn = "", field] = place.split("#");
      const secret = await (sources.secretsManager ?? secretOf)(arn);
      return field === undefined ? secret : fieldOf(secret, field, arn);
    }
  }
}

function fieldOf(secret: string | undefined, field: string, arn: string): string | undefined {
  try {
    const fields = z.record(z.string(), z.unknown()).parse(JSON.parse(secret ?? ""));
    const value = fields[field];
    return typeof value === "string" ? value : undefined;
  } catch {
    // The cause would quote the secret.
    throw new SecretError(`secretsmanager:${arn}#${field}`, "is not a JSON object");
  }
}

async function secretOf(arn: string): Promise<string | undefined> {
  const { GetSecretValueCommand, SecretsManagerClient } =
    await import("@aws-sdk/client-secrets-manager");
  const region = arn.split(":")[3] ?? "";
  const client = new SecretsManagerClient({ region });
  try {
    const answer = await client.send(new GetSecretValueCommand({ SecretId: arn }));
    return answer.SecretString;
  } finally {
    client.destroy();
  }
}

async function parameterOf(name: string): Promise<string | undefined> {
  const { GetParameterCommand, SSMClient } = await import("@aws-sdk/client-ssm");
  const client = new SSMClient({});
  try {
    const answer = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
    return answer.Parameter?.Value;
  } finally {
    client.destroy();
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  const { code } = error as Error & { code?: unknown };
  return typeof code === "string" ? code : error.name;
}
