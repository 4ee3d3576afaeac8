import type { Alert } from "./alert.ts";

/** What of a suppression decides whether it mutes. */
export interface Mute {
  readonly id: string;
  readonly match: {
    readonly detector?: string | undefined;
    readonly principal?: string | undefined;
    readonly key?: string | undefined;
    readonly account?: string | undefined;
  };
  /** Event time from which it no longer mutes, milliseconds. */
  readonly expiresMs: number;
}

/** Alert id → id of the first suppression that mutes it, by the alert's event time. */
export function muted(
  alerts: readonly Alert[],
  suppressions: readonly Mute[],
): Map<string, string> {
  const found = new Map<string, string>();
  for (const alert of alerts) {
    const suppression = suppressions.find((candidate) => mutes(candidate, alert));
    if (suppression !== undefined) found.set(alert.alertId, suppression.id);
  }
  return found;
}

function mutes({ match, expiresMs }: Mute, alert: Alert): boolean {
  if (Date.parse(alert.eventTime) >= expiresMs) return false;
  const pairs: [string | undefined, string | null][] = [
    [match.detector, alert.detector],
    [match.principal, alert.principal?.key ?? null],
    [match.key, alert.kmsKey?.arn ?? null],
    [match.account, alert.accountId],
  ];
  const given = pairs.filter(([pattern]) => pattern !== undefined);
  return given.length > 0 && given.every(([pattern = "", value]) => matches(pattern, value));
}

/** A pattern is the value itself, or has `*` for any run of characters. */
function matches(pattern: string, value: string | null): boolean {
  if (value === null) return false;
  const parts = pattern.split("*");
  const [first = "", ...rest] = parts;
  if (rest.length === 0) return value === pattern;
  if (!value.startsWith(first)) return false;
  let at = first.length;
  const last = rest.pop() ?? "";
  for (const part of rest) {
    const next = value.indexOf(part, at);
    if (next < 0) return false;
    at = next + part.length;
  }
  return value.length - last.length >= at && value.endsWith(last);
}
