import type { Alert } from "../../detection/alert.ts";

/** An alert as a receiver reads it. */
export interface Formatted {
  readonly contentType: string;
  /** One line of text without a newline at its end. */
  readonly body: string;
}

/** One way to write alerts. Pure: the same alert gives the same text. */
export interface Format {
  readonly contentType: string;
  /** Version of what is written, for receivers that filter by it. */
  readonly schemaVersion: string;
  /** @param trimmed says that parts were left out, and how many bytes the whole had. */
  format(alert: Alert, trimmed?: Trimmed): Formatted;
}

export interface Trimmed {
  readonly untrimmedBytes: number;
}

export const JSON_TYPE = "application/json";

/**
 * JSON on one line that every receiver can read: lone surrogates replaced (RFC 8259 §8.2 lets parsers choke on them), and
 * the two noncharacters that SNS and SQS refuse (https://www.w3.org/TR/REC-xml/#charsets) written as escapes.
 */
export function toJson(value: unknown): string {
  return JSON.stringify(value, wellFormed).replaceAll(/[\uFFFE\uFFFF]/g, (character) =>
    character === "\uFFFE" ? "\\ufffe" : "\\uffff",
  );
}

function wellFormed(_key: string, value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const names = Object.keys(value);
  if (names.every((name) => name.isWellFormed())) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name.toWellFormed(), item]),
  );
}
