import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";
import type { KinesisServer } from "./kinesalite.ts";

export interface KinesisLocalOptions {
  /**
   * Files loaded into the server before it starts, e.g. `clock-shift.mjs`, which makes its clock jump when told to.
   */
  readonly preload?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const START_DEADLINE_MS = 45_000;

/**
 * Starts kinesis-local in a process of its own: slow to start (2 to 6 s) and to write, but it names child shards, pages
 * its listing and lets iterators expire. It ends only by SIGKILL.
 */
export async function startKinesisLocal(options: KinesisLocalOptions = {}): Promise<KinesisServer> {
  const main = createRequire(import.meta.url).resolve("kinesis-local/main.js");
  const [plainPort, tlsPort] = await Promise.all([freePort(), freePort()]);
  const preload = options.preload === undefined ? [] : ["--import", options.preload];
  const child = spawn(process.execPath, [...preload, main], {
    stdio: ["ignore", "ignore", "ignore"],
    env: {
      PATH: process.env["PATH"] ?? "",
      KINESIS_MOCK_CERT_PATH: join(dirname(main), "server.json"),
      KINESIS_MOCK_PLAIN_PORT: String(plainPort),
      KINESIS_MOCK_TLS_PORT: String(tlsPort),
      SHARD_LIMIT: "500",
      CREATE_STREAM_DURATION: "10ms",
      SPLIT_SHARD_DURATION: "10ms",
      MERGE_SHARDS_DURATION: "10ms",
      LOG_LEVEL: "ERROR",
      ...options.env,
    },
  });
  const endpoint = `http://127.0.0.1:${plainPort}`;
  const stop = () => kill(child);
  try {
    await answers(`${endpoint}/healthcheck`, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, stop };
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + START_DEADLINE_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) {
      throw new Error(`kinesis-local ended with status ${child.exitCode} before it answered`);
    }
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok === true) {
      return;
    }
    await sleep(50);
  }
  throw new Error(`kinesis-local did not answer at ${url} within ${START_DEADLINE_MS} ms`);
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGKILL");
  await ended;
}
