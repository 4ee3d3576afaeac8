import type { Writable } from "node:stream";
import type { FormatName } from "../delivery/formats/formats.ts";
import type { Severity } from "../detection/alert.ts";
import type { Log } from "../telemetry.ts";

/** What a command is given besides its own options: never argv, `process` or the console. */
export interface CommandContext {
  readonly log: Log;
  /** Data only. */
  readonly stdout: Writable;
  /** Everything that is not data. */
  readonly stderr: Writable;
  /** Aborts on SIGINT, SIGTERM, or when the reader of stdout has gone: save the state and return. */
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether stdout is a terminal. */
  readonly isTerminal: boolean;
  /** Whether stderr is a terminal, so that a progress bar makes sense. */
  readonly isErrorTerminal: boolean;
  /** Columns of the terminal; 80 where it is none. */
  readonly columns: number;
  /** Nothing but data and problems. */
  readonly quiet: boolean;
  /** Stack traces and debug lines. */
  readonly verbose: boolean;
  /** Log lines as JSON. */
  readonly json: boolean;
  /** Whether stdout takes colour. */
  readonly color: boolean;
  /** Whether stderr takes colour. */
  readonly errorColor: boolean;
}

/** `keyhawk run`, as typed. */
export interface RunOptions {
  readonly configFile: string;
}

/** `keyhawk replay`, as typed. */
export interface ReplayOptions {
  /** Files, folders, `s3://bucket/prefix`; at least one. */
  readonly paths: readonly string[];
  /** Undefined: the defaults. */
  readonly configFile: string | undefined;
  /** A folder or `dynamodb://TABLE`, kept and resumed; undefined for a temporary folder. */
  readonly statePlace: string | undefined;
  /** Event times from this one on, milliseconds since the epoch; undefined for no bound. */
  readonly fromMs: number | undefined;
  /** Event times before this one. */
  readonly toMs: number | undefined;
  /** Alerts of earlier event times are not emitted. */
  readonly learnUntilMs: number | undefined;
  /** A file, or `-` for stdout. */
  readonly alertsFile: string;
  /** `text` is for people, the others for machines. */
  readonly format: FormatName | "text";
  readonly reportFile: string | undefined;
  readonly summaryFile: string | undefined;
  /** Send to the configured sinks. */
  readonly deliver: boolean;
  /** Worker threads; undefined to choose by the machine. */
  readonly jobs: number | undefined;
  /** Exit status 3 when an alert at least this severe was made. */
  readonly failOn: Severity | undefined;
}

/** A command's action: resolves to its exit status, throws `UsageError` or `ConfigError` for status 2. */
export type CommandAction<Options> = (options: Options, context: CommandContext) => Promise<number>;

/** Runs an action with the context that the global options make, and keeps its exit status. */
export type Perform = (action: (context: CommandContext) => Promise<number>) => Promise<void>;
