import { deliverDependencies } from "./assembly/deliver.ts";
import { assembledOnce } from "./environment.ts";
import { hourOf } from "../baseline/calendar.ts";
import { entityName } from "../detection/routing.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { ClosingEntity, EntityStore } from "../store/entity-store.ts";
import type { OutboxCount } from "../store/store.ts";
import { isCombination, WHOLE_NAME } from "./entity-names.ts";
import type { EntityStateOptions } from "./entity-state.ts";
import { bucketOf, type OutgoingRecord, putAll } from "./entity-stream.ts";
import { judgesSilence } from "./heard-hours.ts";
import { type Deadline, deadlineOf, type InvocationContext } from "./invocation.ts";
import { count, type Counts, type MetricWriter, writeMetrics } from "./metrics.ts";
import { type DispatchDependencies, dispatchOutboxes } from "./outbox-dispatch.ts";
import { emptyParcel, pack, type Parcel } from "./packing.ts";
import type { ScopedOutbox } from "./scoped-outbox.ts";

export interface TickDependencies extends DispatchDependencies {
  readonly store: DispatchDependencies["store"] &
    Pick<EntityStore, "watermark" | "closing" | "pendingOutboxes" | "accounts">;
  readonly options: Pick<EntityStateOptions, "engine">;
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
/** Combined signs wait for signs on their way, but no longer than so. */
const MOST_WAIT_MS = 30 * 60_000;

/**
 * Lets time pass where no event comes: alerts that are over close, accounts that went quiet are judged, outboxes that were missed are emptied, and what sinks did not
 * accept is sent again. At most one should run at a time. Rejects where the table or the stream fails; the next run does it all.
 */
export function makeTickHandler(dependencies: TickDependencies): TickHandler {
  const { store, metrics, now, log } = dependencies;
  const ripening = new Ripening(dependencies);
  const passing = new PassingTime(dependencies, ripening);
  return async (_, context) => {
    const startMs = now();
    const counts: Counts = {};
    const deadline = deadlineOf(context, RESERVE_MS);
    const missed = await store.pendingOutboxes(now() - MISSED_AFTER_MS, MOST_MISSED);
    const { failed } = await dispatchOutboxes(missed, dependencies, { deadline, counts });
    await passing.tell({ deadline, counts });
    await sendWaiting(dependencies, deadline);
    await countWaiting(dependencies, counts);
    count(counts, "outboxesMissed", missed.length);
    count(counts, "durationMs", now() - startMs);
    writeMetrics(metrics, "tick", counts, now());
    if (failed.size > 0) log.warn({ entities: failed.size }, "tick: outboxes not emptied");
  };
}

/** Tells entities what hour it is. */
class PassingTime {
  readonly #dependencies: TickDependencies;
  readonly #ripening: Ripening;
  readonly #judgesSilence: boolean;
  /** Hour that the organization as a whole was told of. */
  #toldHour = -1;

  constructor(dependencies: TickDependencies, ripening: Ripening) {
    this.#dependencies = dependencies;
    this.#ripening = ripening;
    this.#judgesSilence = judgesSilence(dependencies.options.engine.detectors);
  }

  async tell({ deadline, counts }: { readonly deadline: Deadline; readonly counts: Counts }) {
    const { store, buckets, now } = this.#dependencies;
    const watermarkMs = await store.watermark();
    if (watermarkMs === undefined) return;
    count(counts, "watermarkLagMs", Math.max(0, now() - watermarkMs));
    const hour = hourOf(watermarkMs);
    const ripe = await this.#ripening.ripe(await store.closing(hour, MOST_CLOSING));
    const names = ripe.map(({ name }) => name);
    if (this.#judgesSilence) names.push(...(await this.#listeners(hour)));
    const records: OutgoingRecord[] = [];
    for (const [bucket, own] of Map.groupBy(names, (name) => bucketOf(name, buckets))) {
      for (let start = 0; start < own.length; start += NAMES_TOGETHER) {
        const hours = own.slice(start, start + NAMES_TOGETHER).map((name) => ({ name, hour }));
        const parcel: Parcel = { ...emptyParcel, hours };
        records.push({ bucket, data: pack(parcel) });
      }
    }
    const refused = await putAll(records, this.#dependencies, deadline);
    if (refused.length === 0) this.#toldHour = hour;
    count(counts, "closing", ripe.length);
    count(counts, "recordsRefused", refused.length);
  }

  /** Who judges silence, but is not in the index: all accounts together, and at first accounts whose memories come from elsewhere. */
  async #listeners(hour: number): Promise<string[]> {
    if (hour <= this.#toldHour) return [];
    if (this.#toldHour >= 0) return [WHOLE_NAME];
    const { store, options } = this.#dependencies;
    const noted = [...(await store.accounts()).keys()].filter((name) => !name.includes(" "));
    const accounts = new Set([...options.engine.organization.accounts, ...noted]);
    return [WHOLE_NAME, ...[...accounts].map((id) => entityName("account", id))];
  }
}

/**
 * Holds back combined signs whose last signs may still be on their way: in an entity that is to close first, or in an outbox. They
 * have the better part of a day for it; only where event time runs fast, in a replay, must they be waited for.
 */
class Ripening {
  readonly #dependencies: TickDependencies;
  /** Since when each waits, milliseconds. */
  #waiting = new Map<string, number>();

  constructor(dependencies: TickDependencies) {
    this.#dependencies = dependencies;
  }

  async ripe(due: readonly ClosingEntity[]): Promise<readonly ClosingEntity[]> {
    const { store, now } = this.#dependencies;
    const nowMs = now();
    const others = due.filter(({ name }) => !isCombination(name));
    const combinations = due.filter(({ name }) => isCombination(name));
    this.#waiting = new Map(
      combinations.map(({ name }) => [name, this.#waiting.get(name) ?? nowMs]),
    );
    if (combinations.length === 0) return others;
    const isQuiet = others.length === 0 && (await store.pendingOutboxes(nowMs + 1, 1)).length === 0;
    const ripe = combinations.filter(
      ({ name }) => isQuiet || nowMs - (this.#waiting.get(name) ?? nowMs) >= MOST_WAIT_MS,
    );
    return [...others, ...ripe];
  }
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

async function countWaiting({ store, now }: TickDependencies, counts: Counts): Promise<void> {
  Object.assign(counts, waitingCounts(await store.deliveries.counts(), now()));
}

/** What waits for sinks and what was given up, over all of them; alarms ring on these. */
export function waitingCounts(
  outbox: readonly Pick<OutboxCount, "pending" | "parked" | "oldestPendingMs">[],
  nowMs: number,
): Counts {
  const counts: Counts = {};
  for (const { pending, parked, oldestPendingMs } of outbox) {
    count(counts, "deliveriesPending", pending);
    count(counts, "deliveriesParked", parked);
    if (oldestPendingMs === undefined) continue;
    const ageMs = Math.max(0, nowMs - oldestPendingMs);
    counts["oldestPendingMs"] = Math.max(counts["oldestPendingMs"] ?? 0, ageMs);
  }
  return counts;
}

/** What Lambda calls. */
export const handler: TickHandler = assembledOnce(async () =>
  makeTickHandler(await deliverDependencies()),
);
