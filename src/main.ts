#!/usr/bin/env node
import { realpathSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";
import type { Io } from "./commands/context.ts";
import { Interruption } from "./commands/interruption.ts";

export type { Io } from "./commands/context.ts";

/** Runs one command line and resolves to its exit status, as `runCommandLine` says. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  // Loaded only now, so that what was compiled at an earlier start is found.
  const { runCommandLine } = await import("./commands/command-line.ts");
  return await runCommandLine(argv, io);
}

function isExecuted(): boolean {
  const script = process.argv[1];
  return script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url);
}

if (isExecuted()) {
  enableCompileCache();
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      const interruption = new Interruption(name);
      if (stop.signal.aborted) process.exit(interruption.exitStatus); // Asked twice: whatever is under way is left.
      stop.abort(interruption);
    });
  }
  const { stdout, stderr, env } = process;
  process.exitCode = await main(process.argv.slice(2), {
    stdout,
    stderr,
    env,
    signal: stop.signal,
  });
}
