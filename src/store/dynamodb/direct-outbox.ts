import { createHash } from "node:crypto";
import type { Alert } from "../../detection/alert.ts";
import { type Delivery, type Outbox, StoreError } from "../store.ts";
import { keepAlertsDirectly } from "./direct-alerts.ts";
import { attribute, countIn, type Item, keyItem, keyOf } from "./item.ts";
import { outboxKey, sinkKey } from "./keys.ts";
import { entryMark } from "./outbox-entry.ts";
import { hideEntry, moveEntry, moveToPending } from "./outbox-moves.ts";
import { counts, due } from "./outbox-reading.ts";
import { inParallel } from "./parallel.ts";
import { SinkNumbers } from "./sink-numbers.ts";
import type { StoreAccess } from "./store-access.ts";
import { writeText } from "./text.ts";

/**
 * The outbox for many writers at once, without a log. An entry's id is a function of what it is: queued again, it is the same
 * entry, and for a day after it was accepted it is not queued again. What was accepted is counted at most once.
 */
export function directOutbox(access: StoreAccess): Outbox {
  const { table } = access;
  return {
    async add(deliveries) {
      const alerts = deliveries.map(({ alert }) => alert);
      await keepAlertsDirectly(access, alerts, new Map());
      await queueDirectly(access, deliveries);
    },
    due: (sink, nowMs, most) => due(access.items, { sink, nowMs, most }),

    async accepted(ids) {
      await inParallel(await entriesOf(access, ids), 8, async ({ sink, item }) => {
        const isNews = await hideEntry(table, keyOf(item), access.now());
        if (!isNews) return;
        await table.update(sinkKey(sink), {
          UpdateExpression: "ADD accepted :one",
          ExpressionAttributeValues: { ":one": attribute.number(1) },
        });
      });
    },

    async retryLater(ids, nextAttemptMs, error) {
      await inParallel(await entriesOf(access, ids), 8, ({ item }) =>
        table.update(keyOf(item), {
          UpdateExpression: "SET nextMs = :next, #error = :error ADD attempts :one",
          ConditionExpression: "attribute_exists(alertId)",
          ExpressionAttributeNames: { "#error": "error" },
          ExpressionAttributeValues: {
            ":next": attribute.number(nextAttemptMs),
            ":error": attribute.text(error),
            ":one": attribute.number(1),
          },
        }),
      );
    },

    async park(ids, error) {
      await inParallel(await entriesOf(access, ids), 8, async ({ sink, item }) => {
        const changed = {
          attempts: attribute.number(countIn(item, "attempts") + 1),
          error: attribute.text(error),
        };
        await moveEntry(access, { sink, item, to: "parked", changed });
      });
    },

    redrive: (sink) => moveToPending(access, sink),
    counts: () => counts(access.items),
  };
}

async function queueDirectly(access: StoreAccess, deliveries: readonly Delivery[]): Promise<void> {
  const sinks = new Set(deliveries.flatMap((delivery) => delivery.sinks));
  await inParallel([...sinks], 4, (sink) =>
    access.table.update(sinkKey(sink), {
      UpdateExpression: "SET sink = :sink",
      ConditionExpression: "attribute_not_exists(sink)",
      ExpressionAttributeValues: { ":sink": attribute.text(sink) },
    }),
  );
  const entries = deliveries.flatMap(({ alert, sinks }) => sinks.map((sink) => ({ alert, sink })));
  await inParallel(entries, 8, ({ alert, sink }) => queueEntry(access, alert, sink));
}

/** Puts an entry at its place, or at the next one where another has that, by rare chance. */
async function queueEntry({ table, now }: StoreAccess, alert: Alert, sink: string): Promise<void> {
  const mark = `${alert.alertId}/${alert.revision}`;
  for (let id = entryId(alert, sink), tries = 0; tries < placesTried; id += 1, tries += 1) {
    const key = outboxKey("pending", sink, id);
    const there = await table.get(key);
    if (there?.[entryMark]?.S === mark) return;
    if (there !== undefined) continue;
    const parked = await table.get(outboxKey("parked", sink, id));
    if (parked?.[entryMark]?.S === mark) return;
    const item = {
      ...keyItem(key),
      [entryMark]: attribute.text(mark),
      alertId: attribute.text(alert.alertId),
      revision: attribute.number(alert.revision),
      attempts: attribute.number(0),
      queuedMs: attribute.number(now()),
      nextMs: attribute.number(0),
      ...(await writeText(table, key, JSON.stringify(alert))),
    };
    if (await table.put(item, { ConditionExpression: "attribute_not_exists(pk)" })) return;
    // Written meanwhile: by this very request, whose first answer was lost, or by another.
    id -= 1;
  }
  throw new StoreError("failed", table.place, `no place for alert ${mark} in the outbox`);
}

/**
 * A number that is greater for a later alert and, of one alert, for a later revision: seconds in 32 bits, 13 bits that tell
 * alerts of a second apart, the revision in 8 bits.
 */
function entryId({ alertId, revision, eventTime }: Alert, sink: string): number {
  const seconds = Math.min(Math.max(0, Math.floor(Date.parse(eventTime) / 1000)), 2 ** 32 - 1);
  const hash = createHash("sha256").update(`${alertId} ${sink}`).digest().readUInt16BE() >>> 3;
  return (seconds * 2 ** 13 + hash) * 2 ** 8 + Math.min(revision, 255);
}

const placesTried = 64;

/** The entries of these ids that wait; an id does not tell its sink here. */
async function entriesOf({ items }: StoreAccess, ids: readonly number[]) {
  const names = (await SinkNumbers.all(items)).map(({ sink }) => sink);
  const places = names.flatMap((sink) =>
    ids.map((id) => [outboxKey("pending", sink, id), sink] as const),
  );
  const found = await items.getMany(places.map(([key]) => key));
  const sinkOf = new Map(places.map(([key, sink]) => [key.pk, sink]));
  return found.map((item: Item) => ({ sink: sinkOf.get(keyOf(item).pk) ?? "", item }));
}
