import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { CreateStreamCommand, KinesisClient } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { type KinesisServer, startKinesalite } from "../support/kinesalite.ts";

const script = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
let folder = "";
const started = new Set<ChildProcess>();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyhawk-cli-"));
});
afterAll(async () => {
  for (const child of started) if (child.exitCode === null) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(argv: string[], env: Record<string, string> = {}): ChildProcess {
  const options = { cwd: folder, env: { PATH: process.env["PATH"], ...env } };
  const child = spawn(process.execPath, [script, ...argv], options);
  started.add(child);
  return child;
}

async function ended(child: ChildProcess): Promise<Ended> {
  const exit = new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.on("exit", (status, signal) => resolve([status, signal]));
  });
  if (child.stdout === null || child.stderr === null) throw new TypeError("no pipes");
  const [[status, signal], stdout, stderr] = await Promise.all([
    exit,
    text(child.stdout),
    text(child.stderr),
  ]);
  return { status, signal, stdout, stderr };
}

const keyhawk = (...argv: string[]) => ended(start(argv));

/** Runs a line of shell with `keyhawk` defined; resolves to what it printed. */
function shell(line: string): Promise<Ended> {
  const definition = `set -o pipefail; keyhawk() { "${process.execPath}" "${script}" "$@"; }`;
  return ended(spawn("bash", ["-c", `${definition}; ${line}`], { cwd: folder }));
}

describe("the process", () => {
  it("prints the version of the package and nothing else", async () => {
    const expected = { status: 0, signal: null, stdout: `${packageJson.version}\n`, stderr: "" };
    expect(await keyhawk("--version")).toEqual(expected);
  });

  it("exits with 0, 1 and 2, data on stdout and problems on stderr", async () => {
    await writeFile(join(folder, "bad.yaml"), "sourec: 1\n");
    const [good, failed, wrong] = await Promise.all([
      keyhawk("schema", "alert"),
      keyhawk("alerts", "list", "--state", "none"),
      keyhawk("validate", "bad.yaml"),
    ]);
    expect(good).toMatchObject({ status: 0, stderr: "" });
    expect(failed).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringMatching(/^keyhawk: /),
    });
    expect(wrong).toMatchObject({ status: 2, stdout: "" });
    expect(wrong.stderr).toBe('bad.yaml:1:1: unknown key "sourec"; did you mean "source"?\n');
  });

  it("ends quietly when the reader has enough", async () => {
    const { status, stdout, stderr } = await shell("keyhawk schema config | head -n 1");
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "{\n", stderr: "" });
  });

  it("ends quietly when nobody reads at all", async () => {
    const closed = await shell("{ keyhawk schema config; echo $? >&2; } | true");
    expect(closed.stderr).toBe("0\n");
  });

  it.runIf(process.platform === "linux")("fails where the data cannot be kept", async () => {
    const { status, stderr } = await shell("keyhawk schema config > /dev/full");
    expect(status).toBe(1);
    expect(stderr).toMatch(/^keyhawk: stdout: .*ENOSPC/);
  });
});

describe("a live consumer that is told to stop", () => {
  let kinesis: KinesisServer;
  const credentials = {
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: "eu-west-1",
  };
  beforeAll(async () => {
    kinesis = await startKinesalite();
    const client = new KinesisClient({
      endpoint: kinesis.endpoint,
      region: "eu-west-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      requestHandler: new NodeHttpHandler(),
    });
    await client.send(new CreateStreamCommand({ StreamName: "events", ShardCount: 1 }));
    client.destroy();
  });
  afterAll(() => kinesis.stop());

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s, saves its state and exits as a shell expects", async (signal, status) => {
    const file = join(folder, `${signal}.yaml`);
    await writeFile(
      file,
      `source: { kinesis: { stream: events, endpoint: "${kinesis.endpoint}" } }\n` +
        `state: ${signal}\nsinks: [{ type: stdout }]\n`,
    );
    const child = start(["run", "--config", file], credentials);
    const end = ended(child);
    await lineOf(child, "running");
    child.kill(signal);
    const { stderr, ...rest } = await end;
    expect(rest).toEqual({ status, signal: null, stdout: "" });
    expect(stderr).toContain("state saved");
    expect(await keyhawk("alerts", "list", "--config", file)).toMatchObject({ status: 0 });
  });
});

/** Waits until a process says something on stderr. */
function lineOf(child: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(word)) resolve();
    });
    child.on("exit", () => reject(new Error(`ended before it said ${word}: ${said}`)));
  });
}
