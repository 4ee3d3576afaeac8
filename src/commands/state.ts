import type { Command } from "commander";
import { loadConfig } from "../config.ts";
import { openStore } from "../store/open-store.ts";
import { expectedPlace, isPlace, resolvedPlace } from "../store/place.ts";
import type { StateStore } from "../store/store.ts";
import { UsageError } from "./usage-error.ts";

/** Which state a command is about, as typed. */
export interface StateOptions {
  readonly state?: string;
  readonly config?: string;
}

/** Adds --state and --config. */
export function addStateOptions(command: Command): Command {
  return command
    .option(
      "--state <place>",
      "state directory or dynamodb://TABLE; by default that of --config, else keyhawk-state",
    )
    .option("-c, --config <file>", "configuration that names the state");
}

/**
 * Opens the state, lets `use` work with it, and closes it again. `read` only reads, `annotate` writes notes of
 * people; both work beside a live consumer. Throws `StoreError` where there is no state.
 */
export async function withStore<Result>(
  options: StateOptions,
  access: "read" | "annotate",
  use: (store: StateStore) => Promise<Result>,
): Promise<Result> {
  await using store = await openStore(await statePlace(options), { access });
  return await use(store);
}

/** The place of the state meant: a folder, or `dynamodb://TABLE`. Throws `UsageError` where both --state and --config name one. */
export async function statePlace({ state, config }: StateOptions): Promise<string> {
  if (state !== undefined && config !== undefined) {
    throw new UsageError("--state: expected either --state or --config, found both");
  }
  if (config !== undefined) return (await loadConfig(config)).state;
  return resolvedPlace("", checkedPlace(state ?? "keyhawk-state"));
}

/** What --state was given. Throws `UsageError` where it is no place of state. */
export function checkedPlace(state: string): string {
  if (!isPlace(state)) throw new UsageError(`--state: ${expectedPlace}, found ${state}`);
  return state;
}
