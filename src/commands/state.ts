import { resolve } from "node:path";
import type { Command } from "commander";
import { loadConfig } from "../config.ts";
import type { StateStore } from "../store/store.ts";
import { UsageError } from "./usage-error.ts";

/** Which state directory a command is about, as typed. */
export interface StateOptions {
  readonly state?: string;
  readonly config?: string;
}

/** Adds --state and --config. */
export function addStateOptions(command: Command): Command {
  return command
    .option("--state <dir>", "state directory; by default that of --config, else keyhawk-state")
    .option("-c, --config <file>", "configuration that names the state directory");
}

/**
 * Opens the state directory, lets `use` work with it, and closes it again. `read` only reads, `annotate` writes notes of
 * people; both work beside a live consumer. Throws `StoreError` where there is no state.
 */
export async function withStore<Result>(
  options: StateOptions,
  access: "read" | "annotate",
  use: (store: StateStore) => Promise<Result>,
): Promise<Result> {
  const directory = await stateDirectory(options);
  const { openSqliteStore } = await import("../store/sqlite/sqlite-store.ts");
  await using store = await openSqliteStore(directory, { access });
  return await use(store);
}

/** The state directory meant. Throws `UsageError` where both --state and --config name one. */
export async function stateDirectory({ state, config }: StateOptions): Promise<string> {
  if (state !== undefined && config !== undefined) {
    throw new UsageError("--state: expected either --state or --config, found both");
  }
  if (config !== undefined) return (await loadConfig(config)).state;
  return resolve(state ?? "keyhawk-state");
}
