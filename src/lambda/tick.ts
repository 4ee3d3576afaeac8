import { DAY_HOURS, hourOf } from "../baseline/calendar.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { ClosingEntity, EntityStore } from "../store/entity-store.ts";
import { isCombination } from "./entity-names.ts";
import { bucketOf, type OutgoingRecord, putAll } from "./entity-stream.ts";
import { type Deadline, deadlineOf, type InvocationContext } from "./invocation.ts";
import { count, type Counts, type MetricWriter, writeMetrics } from "./metrics.ts";
import { type DispatchDependencies, dispatchOutboxes } from "./outbox-dispatch.ts";
import { emptyParcel, pack, type Parcel } from "./packing.ts";
import type { ScopedOutbox } from "./scoped-outbox.ts";

export interface TickDependencies extends DispatchDependencies {
  readonly store: DispatchDependencies["store"] &
    Pick<EntityStore, "watermark" | "closing" | "pendingOutboxes">;
  readonly delivery: Pick<Delivery, "sendDue">;
  /** What `delivery` reads. */
  readonly outbox: ScopedOutbox;
  readonly metrics: MetricWriter;
  readonly now: () => number;
}

/** What Lambda calls on a schedule; the event says nothing. */
export type TickHandler = (event: unknown, context: InvocationContext) => Promise<void>;

const RESERVE_MS = 3000;
/** Entities told of the hour in one run; the next run goes on. */
const MOST_CLOSING = 5000;
/** Entities named in one record. */
const NAMES_TOGETHER = 200;
/** An outbox that is older was missed by `deliver`. */
const MISSED_AFTER_MS = 120_000;
const MOST_MISSED = 500;
/** Combined signs wait for signs on their way, but no longer than so many hours of event time. */
const MOST_WAIT_HOURS = DAY_HOURS;

/**
 * Lets time pass where no event comes: alerts that are over close, outboxes that were missed are emptied, and what sinks did not
 * accept is sent again. At most one should run at a time. Rejects where the table or the stream fails; the next run does it all.
 */
export function makeTickHandler(dependencies: TickDependencies): TickHandler {
  const { store, metrics, now, log } = dependencies;
  return async (_, context) => {
    const startMs = now();
    const counts: Counts = {};
    const deadline = deadlineOf(context, RESERVE_MS);
    const missed = await store.pendingOutboxes(now() - MISSED_AFTER_MS, MOST_MISSED);
    const { failed } = await dispatchOutboxes(missed, dependencies, { deadline, counts });
    await passTime(dependencies, deadline, counts);
    await sendWaiting(dependencies, deadline);
    await countWaiting(dependencies, counts);
    count(counts, "outboxesMissed", missed.length);
    count(counts, "durationMs", now() - startMs);
    writeMetrics(metrics, "tick", counts, now());
    if (failed.size > 0) log.warn({ entities: failed.size }, "tick: outboxes not emptied");
  };
}

async function passTime(
  dependencies: TickDependencies,
  deadline: Deadline,
  counts: Counts,
): Promise<void> {
  const { store, buckets, now } = dependencies;
  const watermarkMs = await store.watermark();
  if (watermarkMs === undefined) return;
  count(counts, "watermarkLagMs", Math.max(0, now() - watermarkMs));
  const hour = hourOf(watermarkMs);
  const due = await store.closing(hour, MOST_CLOSING);
  const ripe = await ripeOnes(due, hour, store, now());
  const byBucket = Map.groupBy(ripe, ({ name }) => bucketOf(name, buckets));
  const records: OutgoingRecord[] = [];
  for (const [bucket, own] of byBucket) {
    for (let start = 0; start < own.length; start += NAMES_TOGETHER) {
      const hours = own.slice(start, start + NAMES_TOGETHER).map(({ name }) => ({ name, hour }));
      const parcel: Parcel = { ...emptyParcel, hours };
      records.push({ bucket, data: pack(parcel) });
    }
  }
  const refused = await putAll(records, dependencies, deadline);
  count(counts, "closing", ripe.length);
  count(counts, "recordsRefused", refused.length);
}

/**
 * All but combined signs whose last signs may still be on their way: in an entity that is to close first, or in an outbox. They
 * have the better part of a day for it; only where event time runs fast, in a replay, must they be waited for.
 */
async function ripeOnes(
  due: readonly ClosingEntity[],
  hour: number,
  store: TickDependencies["store"],
  nowMs: number,
): Promise<readonly ClosingEntity[]> {
  const [combinations, others] = [true, false].map((which) =>
    due.filter(({ name }) => isCombination(name) === which),
  ) as [ClosingEntity[], ClosingEntity[]];
  if (combinations.length === 0) return others;
  const isQuiet = others.length === 0 && (await store.pendingOutboxes(nowMs + 1, 1)).length === 0;
  const ripe = combinations.filter(
    ({ closesAtHour }) => isQuiet || hour >= closesAtHour + MOST_WAIT_HOURS,
  );
  return [...others, ...ripe];
}

async function sendWaiting(
  { delivery, outbox, now }: TickDependencies,
  deadline: Deadline,
): Promise<void> {
  const mostMs = deadline.remainingMs();
  if (mostMs <= 0) return;
  // What was queued just now is being sent by `deliver`.
  const beforeMs = now() - MISSED_AFTER_MS;
  outbox.lookAfter(({ firstQueuedMs }) => firstQueuedMs < beforeMs);
  await delivery.sendDue(AbortSignal.timeout(mostMs));
}

async function countWaiting({ store }: TickDependencies, counts: Counts): Promise<void> {
  for (const { pending, parked } of await store.deliveries.counts()) {
    count(counts, "deliveriesPending", pending);
    count(counts, "deliveriesParked", parked);
  }
}
