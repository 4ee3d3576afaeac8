import { hiddenAttribute } from "./change.ts";
import { attribute, countIn, keyOf } from "./item.ts";
import { outboxKey, outboxPartition } from "./keys.ts";
import { entryAttributes } from "./outbox-entry.ts";
import type { StoreAccess } from "./store-access.ts";
import { timeToLiveAttribute } from "./table-definition.ts";

/**
 * Moves what was given up back to what waits, in its old order, and gives the number of entries. Where it ends in between, an
 * entry is in both places for a while and may be sent twice, as any alert may.
 */
export async function moveToPending({ table, items, now }: StoreAccess, sink: string) {
  const nowMs = now();
  let moved = 0;
  for await (const page of items.pages({ pk: outboxPartition("parked", sink) })) {
    for (const item of page) {
      const id = Number(keyOf(item).sk);
      const kept = entryAttributes.filter((name) => name !== "error" && item[name] !== undefined);
      const names = Object.fromEntries(kept.map((name, index) => [`#${index}`, name]));
      const values = Object.fromEntries(
        kept.map((name, index) => [`:${index}`, item[name] ?? { NULL: true }]),
      );
      // Queued anew: what was given up for its age gets its full time again.
      const changed = { queuedMs: nowMs, nextMs: 0 };
      for (const [name, value] of Object.entries(changed)) {
        values[`:${kept.indexOf(name)}`] = attribute.number(value);
      }
      await table.update(outboxKey("pending", sink, id), {
        UpdateExpression: `SET ${kept.map((_, index) => `#${index} = :${index}`).join(", ")}
          REMOVE #hidden, #expires, #error`,
        ConditionExpression: "attribute_not_exists(pk) OR attribute_exists(#hidden)",
        ExpressionAttributeNames: { ...names, ...traceNames, "#error": "error" },
        ExpressionAttributeValues: values,
      });
      const left = await table.update(keyOf(item), hiding(nowMs));
      if (left !== undefined) moved += 1;
    }
  }
  return moved;
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
const traceNames = { "#hidden": hiddenAttribute, "#expires": timeToLiveAttribute };

/** Takes an entry out of sight as a commit does. */
function hiding(nowMs: number) {
  const names = Object.fromEntries(entryAttributes.map((name, index) => [`#${index}`, name]));
  return {
    UpdateExpression: `SET #hidden = :now, #expires = :expires REMOVE ${Object.keys(names).join(", ")}`,
    ConditionExpression: "attribute_exists(alertId)",
    ExpressionAttributeNames: { ...names, ...traceNames },
    ExpressionAttributeValues: {
      ":now": attribute.number(nowMs),
      ":expires": attribute.number(Math.ceil(nowMs / 1000) + traceSeconds),
    },
  };
}
