import type { Delivery, Outbox } from "../store.ts";
import { keepAlerts, parsedAlert } from "./alert-items.ts";
import { attribute, countIn, keyOf, numberIn } from "./item.ts";
import type { ItemReader } from "./item-reader.ts";
import { keyText, outboxKey, sinkKey } from "./keys.ts";
import { type Found, hideFound, setEntry } from "./outbox-entry.ts";
import { moveToPending, sweepTraces } from "./outbox-moves.ts";
import { queue, Room } from "./outbox-queue.ts";
import { counts, due } from "./outbox-reading.ts";
import { SinkNumbers } from "./sink-numbers.ts";
import type { Preparation, StoreAccess } from "./store-access.ts";
import { textOf } from "./text.ts";

export interface OutboxItems extends Outbox {
  /** Queues alert revisions, each once per sink. */
  queue(preparation: Preparation, deliveries: readonly Delivery[]): Promise<void>;
}

/**
 * Alerts that wait, one item per revision and sink; those given up are kept in partitions of their own, where they cost
 * nothing. `limit` is the most that wait for one sink.
 */
export function outboxItems(access: StoreAccess, limit: number): OutboxItems {
  const room = new Room(limit);
  const sinks = new SinkNumbers();
  access.onFailure(() => {
    room.clear();
    sinks.clear();
  });
  const find = (items: ItemReader, state: "pending" | "parked", ids: readonly number[]) =>
    entriesOf(items, sinks, state, ids);
  return {
    queue: (preparation, deliveries) => queue(preparation, { deliveries, room, sinks }),

    async add(deliveries) {
      await access.commit(async (preparation) => {
        const alerts = deliveries.map(({ alert }) => alert);
        await keepAlerts(preparation, { alerts });
        await queue(preparation, { deliveries, room, sinks });
      });
    },

    // A commit that is half in its place might show a revision before an older one.
    due: (sink, nowMs, most) =>
      access.inTurn(async () => {
        await sweepTraces(access, sink);
        return await due(access.items, { sink, nowMs, most });
      }),

    accepted: (ids) =>
      access.commit(async ({ changes, items, nowMs }) => {
        const pending = await find(items, "pending", ids);
        const parked = await find(items, "parked", ids);
        const entries = [...pending, ...parked];
        for (const entry of entries) hideFound(changes, entry, nowMs);
        const accepted = new Map(entries.map(({ id, sink }) => [id, sink]));
        for (const sink of accepted.values()) changes.add(sinkKey(sink), { accepted: 1 });
        room.take(pending);
      }),

    retryLater: (ids, nextAttemptMs, error) =>
      access.commit(async ({ changes, items }) => {
        for (const { item } of await find(items, "pending", ids)) {
          changes.set(keyOf(item), {
            nextMs: attribute.number(nextAttemptMs),
            error: attribute.text(error),
          });
          changes.add(keyOf(item), { attempts: 1 });
        }
      }),

    park: (ids, error) =>
      access.commit(async ({ changes, items, nowMs }) => {
        const pending = await find(items, "pending", ids);
        for (const entry of pending) {
          const { sink, id, item } = entry;
          const parked = outboxKey("parked", sink, id);
          const alert = parsedAlert(await textOf(items, item), item);
          setEntry(changes, parked, alert, numberIn(item, "queuedMs"));
          const attempts = attribute.number(countIn(item, "attempts") + 1);
          changes.set(parked, { attempts, error: attribute.text(error) });
          hideFound(changes, entry, nowMs);
        }
        room.take(pending);
      }),

    async redrive(sink) {
      access.checkNotes();
      return await access.inTurn(async () => {
        const moved = await moveToPending(access, sink);
        room.clear();
        return moved;
      });
    },

    counts: () => access.inTurn(() => counts(access.items)),
  };
}

async function entriesOf(
  items: ItemReader,
  sinks: SinkNumbers,
  state: "pending" | "parked",
  ids: readonly number[],
): Promise<Found[]> {
  const places = new Map<string, { sink: string; id: number }>();
  for (const id of ids) {
    const sink = await sinks.sinkOf(items, id);
    if (sink !== undefined) places.set(keyText(outboxKey(state, sink, id)), { sink, id });
  }
  const keys = [...places.values()].map(({ sink, id }) => outboxKey(state, sink, id));
  const found = await items.getMany(keys);
  return found.flatMap((item) => {
    const place = places.get(keyText(keyOf(item)));
    return place === undefined ? [] : [{ ...place, item }];
  });
}
