import type { Alert } from "../detection/alert.ts";
import type { Combination } from "../detection/combination.ts";
import { muted } from "../detection/suppression.ts";
import type { EntityOutboxEntry, EntityStore } from "../store/entity-store.ts";
import type { Log } from "../telemetry.ts";
import type { DeadLetters, LambdaDeadLetter } from "./dead-letters.ts";
import { combinationEntityOf, isCombination } from "./entity-state.ts";
import {
  bucketOf,
  type EntityStreamDependencies,
  type OutgoingRecord,
  putAll,
} from "./entity-stream.ts";
import type { Deadline } from "./invocation.ts";
import { count, type Counts } from "./metrics.ts";
import { emptyParcel, pack, type Parcel } from "./packing.ts";

export interface DispatchDependencies extends EntityStreamDependencies {
  readonly store: Pick<
    EntityStore,
    "outboxes" | "removeFromOutbox" | "keepAlerts" | "suppressions" | "deliveries"
  >;
  readonly buckets: number;
  /** What says which closed alerts are signs; undefined where signs are not combined. */
  readonly combination: Combination | undefined;
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

/** Entities whose outboxes are emptied together. */
const TOGETHER = 50;

interface Entry {
  readonly name: string;
  readonly id: string;
  readonly alert: Alert;
}

/**
 * Empties entities' outboxes: signs go back onto the entity stream, alerts are kept and queued for their sinks, and only then
 * do the entries go. Each step may be done again: the same sign changes nothing, the same revision is queued once.
 */
export async function dispatchOutboxes(
  names: readonly string[],
  dependencies: DispatchDependencies,
  given: { readonly deadline: Deadline; readonly counts: Counts },
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
  { deadline, counts }: { readonly deadline: Deadline; readonly counts: Counts },
): Promise<string[]> {
  const { store, deadLetters } = dependencies;
  const outboxes = await store.outboxes(names);
  const { entries, letters } = readEntries(outboxes);
  if (letters.length > 0) await deadLetters.put("deliver", letters);
  await putSigns(entries, dependencies, deadline, counts);
  const queued = await keep(entries, dependencies, counts);
  for (const [name, own] of outboxes) {
    await store.removeFromOutbox(
      name,
      own.map(({ id }) => id),
    );
  }
  count(counts, "revisions", entries.length);
  count(counts, "deadLetters", letters.length);
  return queued;
}

function readEntries(outboxes: ReadonlyMap<string, readonly EntityOutboxEntry[]>) {
  const entries: Entry[] = [];
  const letters: LambdaDeadLetter[] = [];
  for (const [name, own] of outboxes) {
    for (const { id, text } of own) {
      const alert = alertIn(text);
      if (alert !== undefined) entries.push({ name, id, alert });
      else {
        const payload = new TextEncoder().encode(text);
        letters.push({ reason: "not-an-alert", detail: "outbox entry", origin: id, payload });
      }
    }
  }
  entries.sort((one, other) => one.alert.revision - other.alert.revision);
  return { entries, letters };
}

function alertIn(text: string): Alert | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isAlert = typeof value === "object" && value !== null && "alertId" in value;
    return isAlert ? (value as Alert) : undefined;
  } catch {
    return undefined; // Told by its absence: it becomes a dead letter.
  }
}

async function putSigns(
  entries: readonly Entry[],
  dependencies: DispatchDependencies,
  deadline: Deadline,
  counts: Counts,
): Promise<void> {
  const { combination, buckets } = dependencies;
  if (combination === undefined) return;
  const records: OutgoingRecord[] = [];
  for (const { name, alert } of entries) {
    // What signs led to is no sign itself.
    if (alert.status !== "closed" || isCombination(name)) continue;
    const entity = combinationEntityOf(combination, alert);
    if (entity === undefined) continue;
    const parcel: Parcel = { ...emptyParcel, signs: [{ name: entity, alert }] };
    records.push({ bucket: bucketOf(entity, buckets), data: pack(parcel) });
  }
  const refused = await putAll(records, dependencies, deadline);
  count(counts, "signs", records.length);
  if (refused.length > 0) throw new Error(`${refused.length} signs were not taken by the stream`);
}

/** Keeps the alerts and queues those that are to be told; returns the ids of the queued. */
async function keep(
  entries: readonly Entry[],
  { store, sinksFor }: DispatchDependencies,
  counts: Counts,
): Promise<string[]> {
  if (entries.length === 0) return [];
  const alerts = entries.map(({ alert }) => alert);
  const suppressed = muted(alerts, await store.suppressions.list());
  await store.keepAlerts(alerts, suppressed);
  const told = alerts.filter(({ alertId }) => !suppressed.has(alertId));
  const deliveries = told
    .map((alert) => ({ alert, sinks: sinksFor(alert) }))
    .filter(({ sinks }) => sinks.length > 0);
  if (deliveries.length > 0) await store.deliveries.add(deliveries);
  count(counts, "suppressed", alerts.length - told.length);
  count(counts, "queued", deliveries.length);
  return deliveries.map(({ alert }) => alert.alertId);
}
