import type { Writable } from "node:stream";
import type { CommandContext } from "./options.ts";
import { createLog } from "../telemetry.ts";

/** What the process lends to the command line. */
export interface Io {
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the process is asked to end; the reason is an `Interruption`. */
  readonly signal: AbortSignal;
}

export type TerminalStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Options that every command takes. */
export interface GlobalOptions {
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
  readonly color: boolean;
}

/** What a command is given, out of the global options and the process. */
export function createContext(options: GlobalOptions, io: Io, signal: AbortSignal): CommandContext {
  const quiet = options.quiet ?? false;
  const verbose = options.verbose ?? false;
  const json = options.json ?? false;
  const errorColor = hasColor(io.stderr, options, io.env);
  return {
    log: createLog({ json, level: levelOf(quiet, verbose), stream: io.stderr, color: errorColor }),
    stdout: io.stdout,
    stderr: io.stderr,
    signal,
    env: io.env,
    isTerminal: io.stdout.isTTY === true,
    isErrorTerminal: io.stderr.isTTY === true,
    columns: Math.max(40, io.stdout.columns ?? 80),
    quiet,
    verbose,
    json,
    color: hasColor(io.stdout, options, io.env),
    errorColor,
  };
}

function levelOf(quiet: boolean, verbose: boolean): "debug" | "info" | "warn" {
  if (quiet) return "warn";
  return verbose ? "debug" : "info";
}

/** `--no-color`, then NO_COLOR (https://no-color.org), then FORCE_COLOR, then whether it is a terminal that knows colours. */
function hasColor(stream: TerminalStream, options: GlobalOptions, env: Io["env"]): boolean {
  if (!options.color || isSet(env["NO_COLOR"])) return false;
  const forced = env["FORCE_COLOR"];
  if (isSet(forced)) return forced !== "0" && forced !== "false";
  return stream.isTTY === true && env["TERM"] !== "dumb";
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}
