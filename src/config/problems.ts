import type { z } from "zod";
import type { ConfigProblem } from "./config-error.ts";
import type { ConfigDocument } from "./document.ts";
import { knownKeys } from "./known-keys.ts";
import { nearestName } from "./nearest-name.ts";

/**
 * Spells what zod found wrong as `expected …`; a message given in a schema wins over it.
 * For `safeParse(value, { error: spellIssue })`.
 */
export function spellIssue(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${typeNames[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `expected ${oneOf(issue.values)}`;
    case "too_small":
      return `expected ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}${unitOf(issue.origin)}`;
    case "too_big":
      return `expected ${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}${unitOf(issue.origin)}`;
    case "not_multiple_of":
      return `expected a multiple of ${issue.divisor}`;
    case "invalid_format":
      return `expected ${formatName(issue.format, issue.pattern)}`;
    case "invalid_union":
      return spellUnion(issue.errors, issue.options);
    case "unrecognized_keys":
    case "invalid_key":
      return "unknown key";
    case "invalid_element":
    case "custom":
    default:
      return "expected another value";
  }
}

/** The problems of a file in the order of its lines, each with what was expected and what was found. */
export function problemsOf(
  issues: readonly z.core.$ZodIssue[],
  document: ConfigDocument,
  schema: z.core.$ZodType,
): ConfigProblem[] {
  return issues
    .flatMap((issue) => problemsOfIssue(issue, document, schema))
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

const typeNames: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
  null: "null",
  never: "nothing",
};

const formatNames: Readonly<Record<string, string>> = {
  date: "a date such as 2026-03-14",
  datetime: "a UTC time such as 2026-03-14T02:11:09Z",
  url: "a URL",
  email: "an e-mail address",
};

function formatName(format: string, pattern: string | undefined): string {
  return formatNames[format] ?? `a string of the form ${pattern ?? format}`;
}

function unitOf(origin: string): string {
  if (origin === "string") return " characters";
  return origin === "array" || origin === "set" ? " entries" : "";
}

function oneOf(values: readonly unknown[]): string {
  const texts = values.map((value) => JSON.stringify(value) ?? String(value));
  return texts.length > 1 ? `one of ${texts.join(", ")}` : (texts[0] ?? "another value");
}

function spellUnion(branches: readonly (readonly z.core.$ZodIssue[])[], tags: unknown): string {
  if (Array.isArray(tags) && tags.length > 0) return `expected ${oneOf(tags)}`;
  const wanted = branches.map((branch) => branch[0]?.message.replace(/^expected /, "") ?? "");
  return `expected ${[...new Set(wanted)].filter((text) => text !== "").join(" or ")}`;
}

function problemsOfIssue(
  issue: z.core.$ZodIssue,
  document: ConfigDocument,
  schema: z.core.$ZodType,
): ConfigProblem[] {
  const { file } = document;
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(schema, issue.path, document.value);
    return issue.keys.map((key) => ({
      file,
      ...document.locate(issue.path, key),
      path: pathText(issue.path),
      text: unknownKey(key, known),
    }));
  }
  if (issue.code === "invalid_key") {
    const key = String(issue.path.at(-1));
    const around = issue.path.slice(0, -1);
    const known = knownKeys(schema, around, document.value);
    const why = issue.issues[0]?.message ?? "";
    const text = known.length > 0 ? unknownKey(key, known) : `key ${JSON.stringify(key)}: ${why}`;
    return [{ file, ...document.locate(around, key), path: pathText(around), text }];
  }
  const { path, message } = innermost(issue);
  const found = foundText(valueAt(document.value, path), path);
  const text =
    message.startsWith("expected") && !message.includes("found")
      ? `${message}, found ${found}`
      : message;
  return [{ file, ...document.locate(path), path: pathText(path), text }];
}

/** Of a union whose branches say something about a part of the value, what the branch that came furthest says. */
function innermost(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string } {
  if (issue.code !== "invalid_union") return issue;
  const [first] = issue.errors
    .filter((branch) => branch.length > 0 && branch.every(({ path }) => path.length > 0))
    .sort((a, b) => a.length - b.length);
  const inside = first?.[0];
  if (inside === undefined) return issue;
  const { path, message } = innermost(inside);
  return { path: [...issue.path, ...path], message };
}

function unknownKey(key: string, known: readonly string[]): string {
  const unknown = `unknown key ${JSON.stringify(key)}`;
  const nearest = nearestName(key, known);
  if (nearest !== undefined) return `${unknown}; did you mean ${JSON.stringify(nearest)}?`;
  return known.length > 0 ? `${unknown}; expected one of ${known.join(", ")}` : unknown;
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`))
    .join("")
    .replace(/^\./, "");
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== "object" || current === null) return undefined;
    current = Object.hasOwn(current, step) ? Reflect.get(current, step) : undefined;
  }
  return current;
}

const shownCharacters = 60;
const secretPath = /secret|token|password|passphrase|credential|header|authorization|.key$|url$/i;

/** What stood there. A string that may be a secret, written where a reference belongs, is not repeated. */
function foundText(value: unknown, path: readonly PropertyKey[]): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  if (typeof value === "string") {
    if (path.some((step) => secretPath.test(String(step)))) return "a string that is not shown";
    return JSON.stringify(
      value.length > shownCharacters ? `${value.slice(0, shownCharacters)}…` : value,
    );
  }
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}
