import { pino } from "pino";
import picocolors from "picocolors";

/** Where the parts say what a person or a machine that watches Keyhawk needs to know; it goes to stderr. */
export interface Log {
  /** What a developer asks for with --verbose. */
  debug(fields: LogFields, message: string): void;
  /** What a person wants to know once: started, stopped, where the report is. */
  info(fields: LogFields, message: string): void;
  /** Recovered from by itself. */
  warn(fields: LogFields, message: string): void;
  /** An operator must act. */
  error(fields: LogFields, message: string): void;
}

/** Data of a log line; the message itself stays constant so that lines can be grouped by it. */
export type LogFields = Readonly<Record<string, unknown>>;

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

/** The part of a writable stream that a log needs. */
export interface LogStream {
  readonly destroyed: boolean;
  write(text: string): unknown;
}

export interface LogOptions {
  /** One JSON object a line rather than a line for people. */
  readonly json: boolean;
  /** The least level that is written. */
  readonly level: LogLevel;
  readonly stream: LogStream;
  readonly color: boolean;
}

/**
 * A log. Field values are cut at 1,000 characters; values of fields named like a secret are replaced.
 * A stream whose reader has gone is written to no more; its `error` event is the owner's to handle.
 */
export function createLog(options: LogOptions): Log {
  return options.json ? jsonLog(options) : plainLog(options);
}

/** A log that writes nothing. */
export const silentLog: Log = { debug: silence, info: silence, warn: silence, error: silence };

/**
 * Makes control, bidirectional and invisible characters visible (`\x1b`, `\u202e`), line breaks included: text that came
 * from CloudTrail is an attacker's and must not move a cursor, recolour, reorder or fake a line of a terminal.
 */
export function escapeControls(text: string): string {
  return text.replaceAll(invisible, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
    return code <= 0xffff
      ? `\\u${code.toString(16).padStart(4, "0")}`
      : `\\u{${code.toString(16)}}`;
  });
}

/** The same JSON with those characters as `\\u` escapes: equal when parsed, harmless when shown. */
export function escapeJson(json: string): string {
  return json.replaceAll(invisible, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const valueCharacters = 1000;
const secretName = /secret|token|password|passphrase|authorization|credential|plaintext/i;

function silence(): void {}

function jsonLog({ level, stream }: LogOptions): Log {
  const logger = pino(
    {
      level,
      base: null,
      messageKey: "message",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line) => writeLine(stream, `${escapeJson(line.trimEnd())}\n`) },
  );
  return {
    debug: (fields, message) => logger.debug(plainFields(fields, level), message),
    info: (fields, message) => logger.info(plainFields(fields, level), message),
    warn: (fields, message) => logger.warn(plainFields(fields, level), message),
    error: (fields, message) => logger.error(plainFields(fields, level), message),
  };
}

function plainLog({ level, stream, color }: LogOptions): Log {
  const colors = picocolors.createColors(color);
  const words = {
    debug: colors.dim("debug"),
    info: colors.cyan("info"),
    warn: colors.yellow("warn"),
    error: colors.red("error"),
  };
  const write = (at: LogLevel, fields: LogFields, message: string): void => {
    if (logLevels.indexOf(at) < logLevels.indexOf(level)) return;
    const time = level === "debug" ? `${colors.dim(new Date().toISOString())} ` : "";
    const pairs = Object.entries(plainFields(fields, level)).map(
      ([name, value]) => ` ${colors.dim(`${escapeControls(name)}=`)}${fieldText(value)}`,
    );
    writeLine(stream, `${time}${words[at]} ${escapeControls(message)}${pairs.join("")}\n`);
  };
  return {
    debug: (fields, message) => write("debug", fields, message),
    info: (fields, message) => write("info", fields, message),
    warn: (fields, message) => write("warn", fields, message),
    error: (fields, message) => write("error", fields, message),
  };
}

function writeLine(stream: LogStream, line: string): void {
  if (!stream.destroyed) stream.write(line);
}

function plainFields(fields: LogFields, level: LogLevel): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    plain[name] = secretName.test(name) ? "[hidden]" : plainValue(value, level);
  }
  return plain;
}

/** Errors of the AWS SDK carry whole requests, headers included: only what names the problem is taken over. */
function plainValue(value: unknown, level: LogLevel): unknown {
  if (value instanceof Error) return cut(errorText(value, level === "debug"));
  if (typeof value === "string") return cut(value);
  if (typeof value === "bigint") return String(value);
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "object" || value === null) return value;
  return cut(jsonOf(value));
}

function jsonOf(value: object): string {
  try {
    return JSON.stringify(value, hideSecrets) ?? "";
  } catch {
    return "[not representable]"; // A cycle in a field must not end the process that logs it.
  }
}

function hideSecrets(name: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  return secretName.test(name) ? "[hidden]" : value;
}

function errorText(error: Error, withStack: boolean): string {
  const chain: string[] = [];
  let current: unknown = error;
  while (current instanceof Error && chain.length < 5) {
    chain.push(
      withStack ? (current.stack ?? current.message) : `${current.name}: ${current.message}`,
    );
    current = current.cause;
  }
  return chain.join(", caused by ");
}

function cut(text: string): string {
  return text.length <= valueCharacters ? text : `${text.slice(0, valueCharacters)}…`;
}

function fieldText(value: unknown): string {
  const text = typeof value === "string" ? value : String(value);
  const bare = /^[^\s"=]+$/.test(text);
  return escapeControls(bare ? text : JSON.stringify(text));
}
