import type { Alert } from "../detection/alert.ts";
import type { Combination } from "../detection/combination.ts";
import { repeatsOf } from "../detection/repeats.ts";
import type { EntityOutboxEntry, EntityStore } from "../store/entity-store.ts";
import type { Log } from "../telemetry.ts";
import type { AlertBudgets } from "./alert-budgets.ts";
import type { DeadLetters, LambdaDeadLetter } from "./dead-letters.ts";
import { combinationName, isBudget, isCombination } from "./entity-names.ts";
import type { Revision } from "./entity-state.ts";
import {
  bucketOf,
  type EntityStreamDependencies,
  type OutgoingRecord,
  putAll,
} from "./entity-stream.ts";
import type { Deadline } from "./invocation.ts";
import { count, type Counts } from "./metrics.ts";
import { readEntry } from "./outbox-entry.ts";
import { emptyParcel, pack } from "./packing.ts";

export interface DispatchDependencies extends EntityStreamDependencies {
  readonly store: Pick<
    EntityStore,
    "outboxes" | "removeFromOutbox" | "keepAlerts" | "alerts" | "deliveries"
  >;
  readonly buckets: number;
  /** What says which closed alerts are signs; undefined where signs are not combined. */
  readonly combination: Combination | undefined;
  readonly budgets: AlertBudgets;
  /** Names of the sinks that are to get an alert. */
  readonly sinksFor: (alert: Alert) => readonly string[];
  readonly deadLetters: DeadLetters;
  readonly log: Log;
}

/** What became of the outboxes of entities. */
export interface Dispatched {
  /** Entities whose outbox could not be emptied. */
  readonly failed: ReadonlySet<string>;
  /** Ids of the alerts that wait in the deliveries now. */
  readonly alertIds: ReadonlySet<string>;
}

interface Given {
  readonly deadline: Deadline;
  readonly counts: Counts;
}

interface Entry extends Revision {
  readonly name: string;
}

/** Entities whose outboxes are emptied together. */
const TOGETHER = 50;

/**
 * Empties entities' outboxes: signs go back onto the entity stream, alerts are kept and queued for their sinks, and only then
 * do the entries go. Each step may be done again: the same sign changes nothing, the same revision is queued once.
 */
export async function dispatchOutboxes(
  names: readonly string[],
  dependencies: DispatchDependencies,
  given: Given,
): Promise<Dispatched> {
  const failed = new Set<string>();
  const alertIds = new Set<string>();
  for (let start = 0; start < names.length; start += TOGETHER) {
    const some = names.slice(start, start + TOGETHER);
    try {
      if (given.deadline.remainingMs() <= 0) throw new Error("no time left");
      for (const id of await dispatch(some, dependencies, given)) alertIds.add(id);
    } catch (error) {
      count(given.counts, "faults");
      dependencies.log.warn({ error, entities: some.length }, "outboxes not emptied, come again");
      for (const name of some) failed.add(name);
    }
  }
  return { failed, alertIds };
}

async function dispatch(
  names: readonly string[],
  dependencies: DispatchDependencies,
  given: Given,
): Promise<string[]> {
  const { store, deadLetters } = dependencies;
  const outboxes = await store.outboxes(names);
  const { entries: all, letters } = readEntries(outboxes);
  if (letters.length > 0) await deadLetters.put("deliver", letters);
  const entries = await withoutRepeats(all, dependencies);
  await putSigns(entries, dependencies, given);
  const queued = await keep(entries, dependencies, given);
  for (const [name, own] of outboxes) {
    await store.removeFromOutbox(
      name,
      own.map(({ id }) => id),
    );
  }
  count(given.counts, "revisions", entries.length);
  count(given.counts, "lateRepeats", all.length - entries.length);
  count(given.counts, "deadLetters", letters.length);
  return queued;
}

function readEntries(outboxes: ReadonlyMap<string, readonly EntityOutboxEntry[]>) {
  const entries: Entry[] = [];
  const letters: LambdaDeadLetter[] = [];
  for (const [name, own] of outboxes) {
    for (const entry of own) {
      const revision = readEntry(entry);
      if (revision !== undefined) {
        entries.push({ ...revision, name });
        continue;
      }
      const payload = new TextEncoder().encode(entry.text);
      letters.push({ reason: "not-an-alert", detail: "outbox entry", origin: entry.id, payload });
    }
  }
  entries.sort((one, other) => one.alert.revision - other.alert.revision);
  return { entries, letters };
}

/** Drops alerts about late records of which an alert in time has told, or is about to tell. */
async function withoutRepeats(
  entries: readonly Entry[],
  { store }: DispatchDependencies,
): Promise<readonly Entry[]> {
  const inTimeIds = new Map(
    entries.flatMap(({ alert, inTimeId }) =>
      inTimeId === undefined ? [] : [[alert.alertId, inTimeId] as const],
    ),
  );
  if (inTimeIds.size === 0) return entries;
  const alerts = entries.map(({ alert }) => alert);
  const waiting = new Map(alerts.map((alert) => [alert.alertId, alert]));
  const repeats = await repeatsOf(
    inTimeIds,
    alerts,
    async (id) => waiting.get(id) ?? (await store.alerts.get(id))?.alert,
  );
  return entries.filter(({ alert }) => !repeats.has(alert.alertId));
}

async function putSigns(
  entries: readonly Entry[],
  dependencies: DispatchDependencies,
  { deadline, counts }: Given,
): Promise<void> {
  const { combination, buckets } = dependencies;
  const records: OutgoingRecord[] = [];
  for (const { name, alert, told } of entries) {
    // What nobody is told of is no sign, nor is what signs or numbers of alerts led to.
    if (alert.status !== "closed" || !told || isCombination(name) || isBudget(name)) continue;
    const about = combination?.nameOf(alert);
    if (about === undefined) continue;
    const entity = combinationName(about);
    const data = pack({ ...emptyParcel, signs: [{ name: entity, alert }] });
    records.push({ bucket: bucketOf(entity, buckets), data });
  }
  const refused = await putAll(records, dependencies, deadline);
  count(counts, "signs", records.length);
  if (refused.length > 0) throw new Error(`${refused.length} signs were not taken by the stream`);
}

/** Keeps the alerts and queues those that are to be told; returns the ids of the queued. */
async function keep(
  entries: readonly Entry[],
  { store, budgets, sinksFor }: DispatchDependencies,
  { deadline, counts }: Given,
): Promise<string[]> {
  if (entries.length === 0) return [];
  const wanted = entries.filter(({ told }) => told).map(({ alert }) => alert);
  const heldBack = await budgets.heldBack(wanted, { deadline, counts });
  const muted = new Map(heldBack);
  for (const { alert, mutedBy } of entries) {
    if (mutedBy !== undefined) muted.set(alert.alertId, mutedBy);
  }
  await store.keepAlerts(
    entries.map(({ alert }) => alert),
    muted,
  );
  const deliveries = wanted
    .filter(({ alertId }) => !heldBack.has(alertId))
    .map((alert) => ({ alert, sinks: sinksFor(alert) }))
    .filter(({ sinks }) => sinks.length > 0);
  if (deliveries.length > 0) await store.deliveries.add(deliveries);
  count(counts, "muted", muted.size);
  count(counts, "queued", deliveries.length);
  return deliveries.map(({ alert }) => alert.alertId);
}
