import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import {
  createSecretReader,
  resolveSecret,
  SecretReference,
  type SecretSources,
} from "../../../src/delivery/secrets.ts";
import { startHttpReceiver } from "../../support/http-receiver.ts";

const arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:siem/token-AbCdEf";
const secret = "hunter2-hunter2";
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "keyhawk-secret-"));
  await writeFile(join(directory, "token"), `${secret}\n`);
});
afterAll(() => rm(directory, { recursive: true }));

const sources: SecretSources = {
  env: { TOKEN: secret, EMPTY: "" },
  secretsManager: async (asked) => (asked === arn ? JSON.stringify({ token: secret }) : undefined),
  ssm: async (name) => (name === "/keyhawk/token" ? secret : undefined),
};

describe("a reference to a secret", () => {
  it.each([
    "env:TOKEN",
    "file:/run/secrets/token",
    `secretsmanager:${arn}`,
    `secretsmanager:${arn}#token`,
    "ssm:/keyhawk/token",
  ])("may be %s", (reference) => expect(SecretReference.parse(reference)).toBe(reference));

  it.each([
    secret,
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "env:",
    "env:1A",
    "file:",
    "secretsmanager:token",
    "https://hooks.example/T0/B0",
    "",
  ])("may not be %s, and the message does not repeat it", (literal) => {
    const { error } = SecretReference.safeParse(literal);
    expect(error?.message).toMatch(/a secret written in clear is refused/);
    if (literal.length > 10) expect(inspect(error, { depth: 9 })).not.toContain(literal);
  });
});

describe("a secret", () => {
  it.each([
    ["the environment", () => "env:TOKEN"],
    ["a file, without its last newline", () => `file:${join(directory, "token")}`],
    ["a field in Secrets Manager", () => `secretsmanager:${arn}#token`],
    ["Systems Manager", () => "ssm:/keyhawk/token"],
  ])("is read from %s", async (_place, reference) => {
    expect(await resolveSecret(reference(), sources)).toBe(secret);
  });

  it("is read whole from Secrets Manager where no field is named", async () => {
    expect(await resolveSecret(`secretsmanager:${arn}`, sources)).toBe(`{"token":"${secret}"}`);
  });

  it.each([
    ["env:MISSING", "env:MISSING: is not set"],
    ["env:EMPTY", "env:EMPTY: is empty"],
    ["file:/nowhere/token", "file:/nowhere/token: could not be read (ENOENT)"],
    ["ssm:/keyhawk/other", "ssm:/keyhawk/other: is not set"],
    [`secretsmanager:${arn}#other`, `secretsmanager:${arn}#other: is not set`],
    [secret, "a secret: is written in clear, where a reference was expected"],
  ])("that %s does not give is told by its reference only", async (reference, message) => {
    const failing = resolveSecret(reference, sources);
    await expect(failing).rejects.toThrow(message);
    const error: unknown = await failing.catch((caught: unknown) => caught);
    expect(inspect(error, { depth: 9 })).not.toContain(secret);
  });

  it("that is no JSON object has no field, and is not shown", async () => {
    const failing = resolveSecret(`secretsmanager:${arn}#token`, {
      ...sources,
      secretsManager: async () => secret,
    });
    const error: unknown = await failing.catch((caught: unknown) => caught);
    expect(String(error)).toMatch(/is not a JSON object$/);
    expect(inspect(error, { depth: 9 })).not.toContain(secret);
  });
});

describe("a secret in AWS", () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    [`secretsmanager:${arn}#token`, "secretsmanager.GetSecretValue", { SecretId: arn }],
    [
      "ssm:/keyhawk/token",
      "AmazonSSM.GetParameter",
      { Name: "/keyhawk/token", WithDecryption: true },
    ],
  ])("is asked for over the wire: %s", async (reference, target, asked) => {
    await using receiver = await startHttpReceiver(() => ({
      status: 200,
      headers: { "content-type": "application/x-amz-json-1.1" },
      body: JSON.stringify({
        SecretString: JSON.stringify({ token: secret }),
        Parameter: { Value: secret },
      }),
    }));
    vi.stubEnv("AWS_ENDPOINT_URL", receiver.url);
    vi.stubEnv("AWS_REGION", "eu-central-1");
    vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "example");
    expect(await resolveSecret(reference, { env: {} })).toBe(secret);
    const [request] = receiver.requests;
    expect(request?.headers["x-amz-target"]).toBe(target);
    expect(JSON.parse(request?.body ?? "")).toEqual(asked);
  });

  it("that may not be read is told by its reference and the error's name", async () => {
    await using receiver = await startHttpReceiver(() => ({
      status: 400,
      headers: { "content-type": "application/x-amz-json-1.1" },
      body: JSON.stringify({ __type: "AccessDeniedException", message: "no" }),
    }));
    vi.stubEnv("AWS_ENDPOINT_URL", receiver.url);
    vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "example");
    await expect(resolveSecret(`secretsmanager:${arn}`, { env: {} })).rejects.toThrow(
      `secretsmanager:${arn}: could not be read (AccessDeniedException)`,
    );
  });
});

describe("the secret reader", () => {
  function reader() {
    const clock = { ms: 0 };
    const env: Record<string, string> = { TOKEN: "old" };
    const secrets = createSecretReader({ env }, { now: () => clock.ms, ttlMs: 1000 });
    return { clock, env, secrets };
  }

  it("reads again only after a while", async () => {
    const { clock, env, secrets } = reader();
    expect(await secrets.read("env:TOKEN")).toBe("old");
    env["TOKEN"] = "new";
    clock.ms = 999;
    expect(await secrets.read("env:TOKEN")).toBe("old");
    clock.ms = 1000;
    expect(await secrets.read("env:TOKEN")).toBe("new");
  });

  it("reads again at once when a receiver refused, and says whether that changed anything", async () => {
    const { env, secrets } = reader();
    await secrets.read("env:TOKEN");
    expect(await secrets.refresh("env:TOKEN")).toBe(false);
    env["TOKEN"] = "new";
    expect(await secrets.refresh("env:TOKEN")).toBe(true);
    expect(await secrets.read("env:TOKEN")).toBe("new");
  });

  it("goes on with what it knows while the place of the secret is away", async () => {
    const { clock, env, secrets } = reader();
    await secrets.read("env:TOKEN");
    delete env["TOKEN"];
    clock.ms = 5000;
    expect(await secrets.read("env:TOKEN")).toBe("old");
    await expect(secrets.read("env:OTHER")).rejects.toThrow("env:OTHER: is not set");
  });
});
