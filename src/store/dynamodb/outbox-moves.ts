import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { hiddenAttribute } from "./change.ts";
import { attribute, countIn, type Item, keyOf } from "./item.ts";
import { type ItemKey, outboxKey, outboxPartition } from "./keys.ts";
import { entryAttributes, entryMark } from "./outbox-entry.ts";
import { settingOf } from "./setting.ts";
import type { StoreAccess } from "./store-access.ts";
import type { Table } from "./table.ts";
import { partKeysOf, textOf, writeText } from "./text.ts";
import { timeToLiveAttribute } from "./table-definition.ts";

/**
 * Moves what was given up back to what waits, in its old order, and gives the number of entries. Where it ends in between, an
 * entry is in both places for a while and may be sent twice, as any alert may.
 */
export async function moveToPending(access: StoreAccess, sink: string): Promise<number> {
  const queuedMs = access.now();
  let moved = 0;
  for await (const page of access.items.pages({ pk: outboxPartition("parked", sink) })) {
    for (const item of page) {
      // Queued anew: what was given up for its age gets its full time again.
      const changed = {
        queuedMs: attribute.number(queuedMs),
        nextMs: attribute.number(0),
        error: undefined,
      };
      if (await moveEntry(access, { sink, item, to: "pending", changed })) moved += 1;
    }
  }
  return moved;
}

/** Moves an entry with its text, first written there, then hidden here; false where it was here no more. */
export async function moveEntry(
  { table, items, now }: Pick<StoreAccess, "table" | "items" | "now">,
  move: {
    sink: string;
    item: Item;
    to: "pending" | "parked";
    changed: Readonly<Record<string, AttributeValue | undefined>>;
  },
): Promise<boolean> {
  const { sink, item, to } = move;
  const key = outboxKey(to, sink, Number(keyOf(item).sk));
  const oldParts = partKeysOf(keyOf(item), item);
  // Parts lie beside their entry: it takes them along.
  const text = oldParts.length > 0 ? await writeText(table, key, await textOf(items, item)) : {};
  const changed = { ...move.changed, ...text };
  const set: Record<string, AttributeValue> = {};
  for (const name of [...entryAttributes, entryMark]) {
    const value = name in changed ? changed[name] : item[name];
    if (value !== undefined) set[name] = value;
  }
  const removed = [...entryAttributes, hiddenAttribute, timeToLiveAttribute];
  const update = settingOf(
    set,
    removed.filter((name) => set[name] === undefined),
  );
  await table.update(key, {
    ...update,
    ConditionExpression: `attribute_not_exists(pk) OR attribute_exists(#${hiddenAttribute})`,
  });
  const isMoved = await hideEntry(table, keyOf(item), now());
  await table.deleteMany(oldParts);
  return isMoved;
}

/** Takes an entry out of sight as a commit does; false where it was not in sight. */
export async function hideEntry(table: Table, key: ItemKey, nowMs: number): Promise<boolean> {
  const trace = {
    [hiddenAttribute]: attribute.number(nowMs),
    [timeToLiveAttribute]: attribute.number(Math.ceil(nowMs / 1000) + traceSeconds),
  };
  const answer = await table.update(key, {
    ...settingOf(trace, entryAttributes),
    ConditionExpression: "attribute_exists(#alertId)",
  });
  return answer !== undefined;
}

/**
 * Removes for good what was hidden in a sink's outbox an hour ago, at most once in ten minutes: reading what is due passes over
 * the traces, and the table's own TTL takes its time.
 */
export async function sweepTraces(access: StoreAccess, sink: string): Promise<void> {
  const nowMs = access.now();
  const sweptMs = swept.get(access)?.get(sink) ?? Number.NEGATIVE_INFINITY;
  if (access.isWatched || nowMs - sweptMs < sweepEveryMs) return;
  swept.set(access, new Map(swept.get(access)).set(sink, nowMs));
  const attributes = ["pk", "sk", hiddenAttribute];
  for await (const page of access.table.pages({
    pk: outboxPartition("pending", sink),
    attributes,
  })) {
    for (const item of page) {
      if (item[hiddenAttribute] === undefined) continue;
      if (countIn(item, hiddenAttribute) > nowMs - traceMs) continue;
      await access.table.delete(keyOf(item), {
        ConditionExpression: "attribute_exists(#hidden)",
        ExpressionAttributeNames: { "#hidden": hiddenAttribute },
      });
    }
  }
}

const swept = new WeakMap<StoreAccess, Map<string, number>>();
const sweepEveryMs = 10 * 60_000;
/** Longer than any request is accepted after it was signed. */
const traceMs = 3_600_000;
const traceSeconds = 86_400;
