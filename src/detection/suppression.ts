import type { Alert } from "./alert.ts";
import { matchesPattern } from "./pattern.ts";

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
  readonly owner?: string;
  readonly reason?: string;
  /** Given where an alert was accepted as normal: it mutes the like of that alert only, and `match` holds exact values. */
  readonly acceptance?: Acceptance | undefined;
}

/** What was accepted as normal, and how much of it. */
export interface Acceptance {
  /** The alert that was accepted. */
  readonly alertId: string;
  /** Event time from which it holds, milliseconds: the start of an hour of which nothing had been judged. */
  readonly fromMs: number;
  /** Session name, where the principal is a role that many people share. */
  readonly session: string | null;
  /** True where it holds on whatever key: `match` names none, and none is asked for. */
  readonly anyKey: boolean;
  /** What such an alert may observe: numbers up to these, anything else equal. */
  readonly observed: Alert["observed"];
}

/** The first suppression that mutes an alert, by the alert's event time. */
export function muteOf<Kind extends Mute>(
  alert: Alert,
  suppressions: readonly Kind[],
): Kind | undefined {
  return suppressions.find((mute) =>
    mute.acceptance === undefined ? mutes(mute, alert) : accepts(mute, mute.acceptance, alert),
  );
}

function mutes({ match, expiresMs }: Mute, alert: Alert): boolean {
  if (Date.parse(alert.eventTime) >= expiresMs) return false;
  const given = partsOf(match, alert).filter(([pattern]) => pattern !== undefined);
  return (
    given.length > 0 &&
    given.every(([pattern = "", value]) => value !== null && matchesPattern(pattern, value))
  );
}

function partsOf(match: Mute["match"], alert: Alert): [string | undefined, string | null][] {
  return [
    [match.detector, alert.detector],
    [match.principal, alert.principal?.key ?? null],
    [match.key, alert.kmsKey?.arn ?? null],
    [match.account, alert.accountId],
  ];
}

function accepts({ match, expiresMs }: Mute, acceptance: Acceptance, alert: Alert): boolean {
  const timeMs = Date.parse(alert.eventTime);
  if (timeMs < acceptance.fromMs || timeMs >= expiresMs) return false;
  const about = acceptance.anyKey ? { ...alert, kmsKey: null } : alert;
  if (partsOf(match, about).some(([given, value]) => (given ?? null) !== value)) return false;
  if (sharedSession(alert) !== acceptance.session) return false;
  const names = new Set([...Object.keys(acceptance.observed), ...Object.keys(alert.observed)]);
  return [...names].every((name) =>
    isWithin(name, alert.observed[name], acceptance.observed[name]),
  );
}

type Observed = Alert["observed"][string] | undefined;

function isWithin(name: string, observed: Observed, accepted: Observed): boolean {
  if (typeof observed === "number" && typeof accepted === "number" && !PLACES.has(name)) {
    return observed <= accepted;
  }
  return observed === accepted;
}

/** Numbers that say where rather than how much. */
const PLACES: ReadonlySet<string> = new Set(["hourOfDay"]);
/** Small numbers may grow by this many, whatever the factor: three calls today are four tomorrow. */
const ALWAYS_ALLOWED = 5;

/** What the like of an alert may observe, where numbers may grow by a factor of 1 or more. */
export function acceptedObservations(alert: Alert, factor: number): Alert["observed"] {
  return Object.fromEntries(
    Object.entries(alert.observed).map(([name, value]) => {
      if (typeof value !== "number" || PLACES.has(name)) return [name, value];
      return [name, Math.max(Math.ceil(value * factor), value + ALWAYS_ALLOWED)];
    }),
  );
}

/** The person behind an alert about a permission set's role, which many share; null for any other principal. */
export function sharedSession({ principal }: Alert): string | null {
  return principal?.name.startsWith("AWSReservedSSO_") === true ? principal.session : null;
}
