import type { Alert } from "../../detection/alert.ts";
import type { Delivery } from "../store.ts";
import { attribute, keyOf } from "./item.ts";
import { type ItemReader, itemsIn } from "./item-reader.ts";
import { keyText, outboxKey, outboxPartition, queuedKey } from "./keys.ts";
import { type Found, setEntry } from "./outbox-entry.ts";
import type { SinkNumbers } from "./sink-numbers.ts";
import type { Preparation } from "./store-access.ts";
import { timeToLiveAttribute } from "./table-definition.ts";

/** Queues alert revisions, each once per sink; what finds no room is parked. */
export async function queue(
  preparation: Preparation,
  { deliveries, room, sinks }: { deliveries: readonly Delivery[]; room: Room; sinks: SinkNumbers },
): Promise<void> {
  if (deliveries.length === 0) return;
  const { changes, items, nowMs, nextEntry } = preparation;
  const queued = await queuedRevisions(items, deliveries);
  for (const { alert, sinks: names } of deliveries) {
    for (const sink of names) {
      if (!queued.add(alert, sink)) continue;
      const id = await sinks.numbered(preparation, sink, nextEntry());
      const fits = await room.add(items, sink);
      const key = outboxKey(fits ? "pending" : "parked", sink, id);
      setEntry(changes, key, alert, nowMs);
      if (fits) continue;
      const error = `no room: ${room.limit} alerts were waiting for ${sink}`;
      changes.set(key, { error: attribute.text(error) });
    }
  }
  queued.write(preparation);
}

/** How many entries wait for each sink, counted once and then kept up to date by what this consumer does. */
export class Room {
  readonly limit: number;
  readonly #waiting = new Map<string, number>();

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Whether one more may wait. */
  async add(items: ItemReader, sink: string): Promise<boolean> {
    const waiting = this.#waiting.get(sink) ?? (await countPending(items, sink));
    const fits = waiting < this.limit;
    this.#waiting.set(sink, fits ? waiting + 1 : waiting);
    return fits;
  }

  take(entries: readonly Found[]): void {
    for (const { sink } of entries) {
      const waiting = this.#waiting.get(sink);
      if (waiting !== undefined) this.#waiting.set(sink, waiting - 1);
    }
  }

  /** Counts anew from here on. */
  clear(): void {
    this.#waiting.clear();
  }
}

async function countPending(items: ItemReader, sink: string): Promise<number> {
  const range = { pk: outboxPartition("pending", sink), attributes: ["sk"] };
  return (await itemsIn(items, range)).length;
}

/** Which revisions of the alerts were queued before, so that each is queued once per sink. */
async function queuedRevisions(items: ItemReader, deliveries: readonly Delivery[]) {
  const keys = deliveries.map(({ alert }) => queuedKey(alert.alertId));
  const found = await items.getMany(keys);
  const bySink = new Map<string, Map<string, number[]>>();
  for (const item of found) {
    const known = Object.entries(item["sinks"]?.M ?? {});
    const revisions = known.map(([sink, { NS }]) => [sink, (NS ?? []).map(Number)] as const);
    bySink.set(keyText(keyOf(item)), new Map(revisions));
  }
  return {
    /** False where it was queued before. */
    add({ alertId, revision }: Alert, sink: string): boolean {
      const text = keyText(queuedKey(alertId));
      const known = bySink.get(text) ?? new Map<string, number[]>();
      const revisions = known.get(sink) ?? [];
      // Of revisions older than all that are remembered, each was queued.
      const isFull = revisions.length >= rememberedRevisions;
      if (revisions.includes(revision)) return false;
      if (isFull && revision < Math.min(...revisions)) return false;
      const newest = [...revisions, revision].sort((one, other) => other - one);
      known.set(sink, newest.slice(0, rememberedRevisions));
      bySink.set(text, known);
      return true;
    },
    write({ changes, nowMs }: Preparation): void {
      const expires = attribute.number(Math.ceil(nowMs / 1000) + rememberedSeconds);
      for (const key of keys) {
        const known = bySink.get(keyText(key)) ?? new Map<string, number[]>();
        const sinks = [...known].map(
          ([sink, revisions]) => [sink, { NS: revisions.map(String) }] as const,
        );
        changes.set(key, {
          sinks: { M: Object.fromEntries(sinks) },
          [timeToLiveAttribute]: expires,
        });
      }
    },
  };
}

const rememberedRevisions = 100;
const rememberedSeconds = 400 * 86_400;
