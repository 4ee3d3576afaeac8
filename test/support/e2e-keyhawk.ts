import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A process of the `keyhawk` command, as a user starts it. */
export interface Keyhawk extends AsyncDisposable {
  readonly child: ChildProcess;
  /** What it wrote to stdout so far. */
  readonly stdout: () => string;
  /** What it wrote to stderr so far. */
  readonly stderr: () => string;
  /** Asks it to stop, or ends it at once with SIGKILL, and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<Ended>;
  /** Waits until it ends by itself; past the deadline it is killed and this rejects with what it wrote. */
  ended(deadlineMs?: number): Promise<Ended>;
}

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

const STOP_DEADLINE_MS = 20_000;
const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** Starts `keyhawk ARGUMENT…` with made-up AWS credentials and the environment variables given. */
export function startKeyhawk(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Keyhawk {
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"] ?? "",
      NO_COLOR: "1",
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_EC2_METADATA_DISABLED: "true",
      ...env,
    },
  });
  const closed = once(child, "close");
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  const ended = async (deadlineMs = 60_000): Promise<Ended> => {
    const timer = setTimeout(() => child.kill("SIGKILL"), deadlineMs);
    const startMs = performance.now();
    await closed;
    clearTimeout(timer);
    if (performance.now() - startMs >= deadlineMs) {
      throw new Error(`keyhawk ${args.join(" ")} did not end: ${output.stderr}`);
    }
    return { status: child.exitCode, signal: child.signalCode };
  };
  return {
    child,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    ended,
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      return ended(STOP_DEADLINE_MS);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

/** Runs `keyhawk ARGUMENT…` to its end and gives what it wrote to stdout; throws with stderr unless its status is 0. */
export async function keyhawk(...args: string[]): Promise<string> {
  await using running = startKeyhawk(args);
  const { status } = await running.ended();
  if (status !== 0) throw new Error(`keyhawk ${args.join(" ")}: ${status}: ${running.stderr()}`);
  return running.stdout();
}
