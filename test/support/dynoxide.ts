import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { once } from "node:events";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";

/** A DynamoDB server on loopback. */
export interface DynamoDbServer {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  stop(): Promise<void>;
}

const binary = resolve(import.meta.dirname, "../../node_modules/.dynoxide/dynoxide");
const START_DEADLINE_MS = 20_000;

/** Whether the binary is there: `.ci/dynoxide` fetches it, for Linux on x64. Tests that need it are skipped elsewhere. */
export const hasDynoxide = existsSync(binary);

/** Starts dynoxide in a process of its own, all in memory: conditions, transactions, and the streams of tables. */
export async function startDynoxide(): Promise<DynamoDbServer> {
  const port = await freePort();
  const child = spawn(binary, ["--port", String(port)], { stdio: "ignore" });
  const endpoint = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  try {
    await answers(endpoint, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, stop };
}

async function answers(endpoint: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + START_DEADLINE_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`dynoxide ended with status ${child.exitCode}`);
    // Any answer will do: it refuses a request that is not of DynamoDB.
    if ((await fetch(endpoint).catch(() => undefined)) !== undefined) return;
    await sleep(10);
  }
  throw new Error(`dynoxide did not answer at ${endpoint} within ${START_DEADLINE_MS} ms`);
}
