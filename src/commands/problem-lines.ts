import { ConfigError } from "../config/config-error.ts";
import { escapeControls } from "../telemetry.ts";

/** An error as lines for stderr: `keyhawk: subject: problem`; problems of a configuration start with their place instead. */
export function problemLines(error: unknown, withStack: boolean): string[] {
  const stack = withStack && error instanceof Error ? (error.stack ?? "").split("\n").slice(1) : [];
  const text =
    error instanceof ConfigError ? error.message.split("\n") : [`keyhawk: ${describeError(error)}`];
  return [...text, ...stack].map(escapeControls);
}

/** What an error and its causes say, without repeating what is already said. */
export function describeError(error: unknown): string {
  let text = "";
  let current: unknown = error;
  for (let depth = 0; depth < 4 && current !== undefined; depth += 1) {
    const said = sentenceOf(current);
    if (!text.includes(said)) text = text === "" ? said : `${text}: ${said}`;
    current = current instanceof Error ? current.cause : undefined;
  }
  return text;
}

/** A connection that failed at every address is an AggregateError without a message. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === "string" ? error : "unknown problem";
  if (error.message !== "") return error.message;
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return first instanceof Error ? first.message : error.name;
}
