import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A process of `store-writer.ts`, and what it has printed so far. */
export interface StoreProcess extends AsyncDisposable {
  readonly pid: number;
  lines(): string[];
  /** Waits until it has printed that many lines, or has ended. */
  printed(lines: number): Promise<void>;
  /** Ends it as `kill -9` does and waits until it is gone; what it printed before is in `lines`. */
  kill(): Promise<void>;
  /** Waits until it ends by itself. */
  ended(): Promise<void>;
}

export interface StoreProcessOptions {
  readonly access?: "consume" | "read";
  /** Runs as a user to whom nothing belongs, where this process may choose; its own permissions bind it otherwise. */
  readonly asNobody?: boolean;
  readonly maxBytes?: number;
}

export function startStoreProcess(
  directory: string,
  options: StoreProcessOptions = {},
): StoreProcess {
  const { access = "consume", asNobody = false, maxBytes = 2 ** 40 } = options;
  const script = fileURLToPath(new URL("store-writer.ts", import.meta.url));
  const child = spawn(process.execPath, [script, directory, access, `${maxBytes}`], {
    stdio: ["ignore", "pipe", "inherit"],
    ...(asNobody && process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {}),
  });
  const closed = once(child, "close");
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const lines = () => output.split("\n").slice(0, -1);
  return {
    pid: pidOf(child),
    lines,
    async printed(count) {
      while (lines().length < count && child.exitCode === null) {
        await Promise.race([once(child.stdout, "data"), closed]);
      }
    },
    async kill() {
      child.kill("SIGKILL");
      await closed;
    },
    async ended() {
      await closed;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

const nobody = 65_534;

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) {
    throw new Error("the process did not start");
  }
  return child.pid;
}
