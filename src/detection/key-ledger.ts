import {
  type Actors,
  learnActor,
  newActors,
  type Standing,
  standingOf,
} from "../baseline/actors.ts";
import {
  idlenessOf,
  type Idleness,
  type LastUse,
  learnUse,
  newLastUse,
} from "../baseline/last-use.ts";
import type { KmsEvent } from "../cloudtrail/event.ts";
import { isCryptographic } from "./operations.ts";

/** What an account's hour says of its keys: used by whom does not matter, made by whom, administered by which workloads. */
export interface LedgerOfHour {
  /** Keys by which something was encrypted, decrypted or signed, by ARN. */
  readonly used: Record<string, true>;
  /** Keys made, by ARN: by whom. */
  readonly made: Record<string, string>;
  /** Workloads that changed something about keys: the families of their names. */
  readonly administrators: Record<string, string>;
}

/** What was learned of an account's keys. Plain data. */
export interface KeyLedger {
  readonly used: LastUse;
  /** Keys made of late, by ARN: by whom, and in which hour. */
  readonly made: Record<string, [maker: string, hour: number]>;
  readonly administrators: Actors;
}

interface LedgerView {
  readonly hour: number;
  readonly knownBy: number;
  readonly baseline: { readonly ledger: KeyLedger };
  readonly bucket: { readonly ledger: LedgerOfHour };
  readonly earlier: readonly { readonly bucket: { readonly ledger: LedgerOfHour } }[];
}

const MOST_USED = 1000;
const MOST_MADE = 200;
const MOST_ADMINISTRATORS = 200;

export function newKeyLedger(): KeyLedger {
  return { used: newLastUse(), made: {}, administrators: newActors() };
}

export function newLedgerOfHour(): LedgerOfHour {
  return { used: {}, made: {}, administrators: {} };
}

/** Notes what an event says of keys; noting commutes. */
export function noteKeys(ledger: LedgerOfHour, event: KmsEvent): void {
  const { operation, error, keys } = event;
  const arn = keys[0]?.arn;
  if (error !== undefined || arn === undefined) return;
  if (operation === "admin") noteAdministration(ledger, event, arn);
  else if (isCryptographic(event) && ledger.used[arn] === undefined) {
    if (Object.keys(ledger.used).length < MOST_USED) ledger.used[arn] = true;
  }
}

function noteAdministration(ledger: LedgerOfHour, event: KmsEvent, arn: string): void {
  const { administrators, made } = ledger;
  const { entity, family, human, service } = event.principal;
  if (event.name === "CreateKey" && Object.keys(made).length < MOST_MADE) made[arn] = entity;
  if (human || service || administrators[entity] !== undefined) return;
  if (Object.keys(administrators).length < MOST_ADMINISTRATORS) administrators[entity] = family;
}

/** Learns a closed hour; hours in strict order. */
export function learnKeys(ledger: KeyLedger, closed: LedgerOfHour, hour: number): void {
  learnUse(ledger.used, Object.keys(closed.used), hour, MOST_USED);
  for (const name of Object.keys(closed.administrators).sort()) {
    const family = closed.administrators[name] ?? name;
    learnActor(ledger.administrators, { name, family }, hour);
  }
  const { made } = ledger;
  for (const arn of Object.keys(closed.made).sort()) made[arn] = [closed.made[arn] ?? "", hour];
  const excess = Object.keys(made).length - MOST_MADE;
  if (excess <= 0) return;
  const madeIn = (arn: string): number => made[arn]?.[1] ?? 0;
  const oldest = Object.keys(made).sort(
    (one, other) => madeIn(one) - madeIn(other) || (one < other ? -1 : 1),
  );
  for (const arn of oldest.slice(0, excess)) delete made[arn];
}

/** Whether a key was used in the days before an hour, or in it: hours that are not learned yet count as well. */
export function idlenessOfKey(view: LedgerView, arn: string, idleDays: number): Idleness {
  const { hour, baseline, bucket, earlier } = view;
  const isUsed =
    bucket.ledger.used[arn] === true ||
    earlier.some((open) => open.bucket.ledger.used[arn] === true);
  return isUsed ? "in use" : idlenessOf(baseline.ledger.used, arn, hour, idleDays);
}

/** Whether somebody made the key itself within the days before; hours that are not learned yet count as well. */
export function hasMade(view: LedgerView, entity: string, arn: string, days: number): boolean {
  const { hour, baseline, bucket, earlier } = view;
  if (bucket.ledger.made[arn] === entity) return true;
  if (earlier.some((open) => open.bucket.ledger.made[arn] === entity)) return true;
  const [maker, since] = baseline.ledger.made[arn] ?? ["", 0];
  return maker === entity && hour - since <= days * 24;
}

/** How well a workload was known as one that administers keys when the hour opened. */
export function standingOfAdministrator({ baseline, knownBy }: LedgerView, name: string): Standing {
  return standingOf(baseline.ledger.administrators, { name, family: "" }, knownBy);
}
