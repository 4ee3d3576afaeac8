import { randomBytes } from "node:crypto";
import { detectors } from "../../detectors/index.ts";
import { HOUR_MS, hourOf } from "../baseline/calendar.ts";
import type { Alert } from "../detection/alert.ts";
import { type Acceptance, acceptedObservations, sharedSession } from "../detection/suppression.ts";
import type { StateStore, Suppression } from "../store/store.ts";
import { LearnedState } from "./baseline-file.ts";
import { UsageError } from "./usage-error.ts";
import { parseExpiry } from "./values.ts";

/** An alert that was accepted as normal. */
export type Accepted = Suppression & { readonly acceptance: Acceptance };

/** What is said when an alert is accepted as normal. */
export interface AcceptanceTerms {
  readonly owner: string;
  readonly reason: string;
  /** Time or duration, as typed; a duration counts from when it takes effect. */
  readonly until: string;
  /** How many times the observed numbers the like of the alert may reach; 1 or more. */
  readonly upTo: number;
  /** Whether it holds on whatever key: for volumes of a principal, which say little about a key. */
  readonly anyKey: boolean;
}

const MOST_MS = 366 * 24 * HOUR_MS;

/**
 * Accepts an alert as normal: from the next hour of event time on, the like of it — the same detector, principal, key and account,
 * numbers up to a bound — is kept with a low score and sent to nobody, until it expires. Throws `UsageError` for what is not to
 * be accepted at all.
 */
export async function accept(
  store: StateStore,
  alert: Alert,
  { owner, reason, until, upTo, anyKey }: AcceptanceTerms,
): Promise<Accepted> {
  check(alert);
  if (anyKey && alert.principal === null) {
    throw new UsageError("--any-key: expected an alert about a principal");
  }
  const fromMs = await nextHourMs(store, Date.parse(alert.eventTime));
  const expiresMs = parseExpiry(until, fromMs);
  if (expiresMs <= fromMs) {
    throw new UsageError(
      `--until: expected a time after ${new Date(fromMs).toISOString()}, from when it would hold`,
    );
  }
  if (expiresMs > fromMs + MOST_MS) {
    throw new UsageError("--until: expected at most a year: what is normal changes");
  }
  const made: Accepted = {
    id: `a-${randomBytes(4).toString("hex")}`,
    match: {
      detector: alert.detector,
      principal: alert.principal?.key,
      key: anyKey ? undefined : alert.kmsKey?.arn,
      account: alert.accountId ?? undefined,
    },
    owner,
    reason,
    expiresMs,
    createdMs: Date.now(),
    hits: 0,
    acceptance: {
      alertId: alert.alertId,
      fromMs,
      session: sharedSession(alert),
      anyKey,
      observed: acceptedObservations(alert, upTo),
    },
  };
  await store.suppressions.add(made);
  return made;
}

/** The acceptances of a store, in the order in which they were made. */
export async function acceptancesOf(store: StateStore): Promise<Accepted[]> {
  return (await store.suppressions.list()).filter(isAcceptance);
}

export function isAcceptance(suppression: Suppression): suppression is Accepted {
  return suppression.acceptance !== undefined;
}

/**
 * Ends an acceptance with the next hour of event time; one that has not begun by then is removed. What it muted stays recorded, and what
 * was judged under it stays as it was. Gives the event time at which it ends.
 */
export async function endAcceptance(store: StateStore, accepted: Accepted): Promise<number> {
  const endsMs = Math.min(accepted.expiresMs, await nextHourMs(store, 0));
  if (endsMs <= accepted.acceptance.fromMs) await store.suppressions.remove(accepted.id);
  else await store.suppressions.add({ ...accepted, expiresMs: endsMs });
  return endsMs;
}

function check({ detector, title }: Alert): void {
  const own = detectors.find(({ id }) => id === detector);
  if (own === undefined) {
    throw new UsageError(
      `--accept: "${title}" is about Keyhawk itself; there is nothing to accept`,
    );
  }
  if (own.grave === true) {
    throw new UsageError(
      `--accept: alerts of ${detector} are never normal; a change window that names it, or suppress, mutes them for a time`,
    );
  }
}

/** Start of the hour after the newest event: nothing of it has been judged, so it is judged alike in any replay. */
async function nextHourMs(store: StateStore, leastMs: number): Promise<number> {
  const text = await store.engineState();
  const watermarkMs = text === undefined ? 0 : LearnedState.parse(JSON.parse(text)).watermarkMs;
  return (hourOf(Math.max(leastMs, watermarkMs)) + 1) * HOUR_MS;
}
