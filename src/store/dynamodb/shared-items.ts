import type { EntityStore } from "../entity-store.ts";
import { accountsOfConsumer, notedAccounts, watermarkOf } from "./handed-over.ts";
import { attribute, bytesIn, keyItem, keyOf } from "./item.ts";
import { accountKey, segmentKey, watermarkKey } from "./keys.ts";
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
      const items = await table.getMany(ids.map((id) => segmentKey(name, id)));
      return new Map(items.map((item) => [keyOf(item).sk, bytesIn(item, "bytes")]));
    },
    removeSegments: (name, ids) =>
      table.deleteMany([...new Set(ids)].map((id) => segmentKey(name, id))),
  };
}

/** What all entities share: how far event time has come, and whose trails were seen. */
export function sharedItems(
  access: StoreAccess,
): Pick<EntityStore, "watermark" | "raiseWatermark" | "accounts" | "noteAccounts"> {
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
    async accounts() {
      const [noted, learned] = await Promise.all([
        notedAccounts(access.items),
        accountsOfConsumer(access.items),
      ]);
      for (const [name, hour] of learned) noted.set(name, Math.min(hour, noted.get(name) ?? hour));
      return noted;
    },
    async noteAccounts(accounts) {
      await inParallel([...accounts], 16, ([account, hour]) =>
        table.update(accountKey(account), {
          UpdateExpression: "SET firstHour = :hour",
          ConditionExpression: "attribute_not_exists(firstHour) OR firstHour > :hour",
          ExpressionAttributeValues: { ":hour": attribute.number(hour) },
        }),
      );
    },
  };
}
