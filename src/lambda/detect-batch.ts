import type { KmsEvent } from "../cloudtrail/event.ts";
import type { LambdaDeadLetter } from "./dead-letters.ts";
import type { EntityWork } from "./entity-state.ts";
import type { StreamRecord } from "./invocation.ts";
import { PackingError, type Parcel, unpack } from "./packing.ts";

/** The work of one batch by entity. */
export interface DetectBatch {
  readonly works: ReadonlyMap<string, BatchWork>;
  /** Records that could not be unpacked. */
  readonly letters: readonly { readonly letter: LambdaDeadLetter; readonly record: number }[];
  /** Newest event time, milliseconds; −∞ where there are no events. */
  readonly newestMs: number;
}

export interface BatchWork {
  readonly work: EntityWork;
  /** Index of the first record that holds some of it. */
  readonly firstRecord: number;
}

/** Opens the records of a batch and sorts what they hold by entity, in event-time order as far as one batch goes. */
export function openBatch(records: readonly StreamRecord[]): DetectBatch {
  const works = new Map<string, BatchWork>();
  const letters: { letter: LambdaDeadLetter; record: number }[] = [];
  let newestMs = Number.NEGATIVE_INFINITY;
  const workOf = (name: string, firstRecord: number): EntityWork => {
    const known = works.get(name);
    if (known !== undefined) return known.work;
    const work: EntityWork = { events: [], toHour: -1, signs: [] };
    works.set(name, { work, firstRecord });
    return work;
  };
  for (const [record, { data, origin }] of records.entries()) {
    const opened = openRecord(data, origin);
    if ("reason" in opened) {
      letters.push({ letter: opened, record });
      continue;
    }
    for (const { name, events } of opened.entities) {
      const work = workOf(name, record);
      for (const at of events) {
        const event = opened.events[at]?.event;
        if (event === undefined) continue;
        work.events.push(event);
        if (event.timeMs > newestMs) newestMs = event.timeMs;
      }
    }
    for (const { name, hour } of opened.hours) {
      const work = workOf(name, record);
      work.toHour = Math.max(work.toHour, hour);
    }
    for (const { name, alert } of opened.signs) workOf(name, record).signs.push(alert);
  }
  for (const { work } of works.values()) work.events.sort(byTime);
  return { works, letters, newestMs };
}

function openRecord(data: Uint8Array, origin: string): Parcel | LambdaDeadLetter {
  try {
    return unpack(data);
  } catch (error) {
    if (!(error instanceof PackingError)) throw error;
    const reason = error.reason === "version" ? "unknown-version" : "damaged";
    return { reason, detail: error.message, origin, payload: data };
  }
}

function byTime(one: KmsEvent, other: KmsEvent): number {
  if (one.timeMs !== other.timeMs) return one.timeMs - other.timeMs;
  if (one.eventId === other.eventId) return 0;
  return one.eventId < other.eventId ? -1 : 1;
}
