import { setTimeout as sleep } from "node:timers/promises";
import { mergeSpoken } from "../../baseline/spoken-hours.ts";
import type { EntityStore } from "../entity-store.ts";
import { StoreError } from "../store.ts";
import { heardHours, learnedAccounts, notedHours, watermarkOf } from "./handed-over.ts";
import { attribute, bytesIn, keyItem, keyOf } from "./item.ts";
import { accountKey, heardKey, segmentKey, watermarkKey } from "./keys.ts";
import { inParallel } from "./parallel.ts";
import type { StoreAccess } from "./store-access.ts";
import { timeToLiveAttribute } from "./table-definition.ts";

/** Immutable parts of entities. */
export function segmentItems({
  table,
}: StoreAccess): Pick<EntityStore, "writeSegments" | "readSegments" | "removeSegments"> {
  return {
    async writeSegments(name, segments) {
      const items = segments.map(({ id, bytes, expiresMs }) => ({
        ...keyItem(segmentKey(name, id)),
        bytes: attribute.bytes(bytes),
        [timeToLiveAttribute]: attribute.number(Math.ceil(expiresMs / 1000)),
      }));
      await table.putMany(items);
    },
    async readSegments(name, ids) {
      const items = await table.getLasting(ids.map((id) => segmentKey(name, id)));
      return new Map(items.map((item) => [keyOf(item).sk, bytesIn(item, "bytes")]));
    },
    removeSegments: (name, ids) =>
      table.deleteMany([...new Set(ids)].map((id) => segmentKey(name, id))),
  };
}

/** What all entities share: how far event time has come, whose trails were seen, and when anybody was heard. */
export function sharedItems(
  access: StoreAccess,
): Pick<
  EntityStore,
  "watermark" | "raiseWatermark" | "accounts" | "noteAccounts" | "heard" | "noteHeard"
> {
  const { table } = access;
  return {
    watermark: () => watermarkOf(access.items),
    async raiseWatermark(lane, timeMs) {
      await table.update(watermarkKey(lane), {
        UpdateExpression: "SET ms = :ms",
        ConditionExpression: "attribute_not_exists(ms) OR ms < :ms",
        ExpressionAttributeValues: { ":ms": attribute.number(timeMs) },
      });
    },
    accounts: () => learnedAccounts(access.items),
    async noteAccounts(accounts) {
      await inParallel([...accounts], 16, ([account, hour]) =>
        table.update(accountKey(account), {
          UpdateExpression: "SET firstHour = :hour",
          ConditionExpression: "attribute_not_exists(firstHour) OR firstHour > :hour",
          ExpressionAttributeValues: { ":hour": attribute.number(hour) },
        }),
      );
    },
    heard: () => heardHours(access.items),
    noteHeard: (hours) => noteHeard(access, hours),
  };
}

/** Notes that lost to others before it is given up: those whose hour is noted meanwhile need not try again. */
const heardTries = 20;

async function noteHeard({ table, items }: StoreAccess, hours: readonly number[]): Promise<void> {
  const added = hours.map((hour): [number, number] => [hour, hour]);
  for (let attempt = 0; attempt < heardTries; attempt += 1) {
    const noted = await notedHours(items);
    const before = JSON.stringify(noted);
    const after = JSON.stringify(mergeSpoken(noted, added));
    if (after === before) return;
    const isNew = noted.length === 0;
    const written = await table.update(heardKey, {
      UpdateExpression: "SET hours = :after",
      ConditionExpression: isNew ? "attribute_not_exists(hours)" : "hours = :before",
      ExpressionAttributeValues: {
        ":after": attribute.text(after),
        ...(isNew ? {} : { ":before": attribute.text(before) }),
      },
    });
    if (written !== undefined) return;
    await sleep(Math.random() * 10 * 2 ** Math.min(attempt, 6));
  }
  throw new StoreError("busy", table.place, "the hours heard are written by too many");
}
