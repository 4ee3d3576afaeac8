import type { OutboxCount, OutboxEntry } from "../store.ts";
import { parsedAlert } from "./alert-items.ts";
import { type Item, keyOf, numberIn, textIn } from "./item.ts";
import { type ItemReader, itemsIn } from "./item-reader.ts";
import { outboxPartition } from "./keys.ts";
import { inParallel } from "./parallel.ts";
import { SinkNumbers } from "./sink-numbers.ts";
import { textOf } from "./text.ts";

/** Due entries of a sink, oldest first; of each alert only the oldest that waits. */
export async function due(
  items: ItemReader,
  { sink, nowMs, most }: { sink: string; nowMs: number; most: number },
): Promise<OutboxEntry[]> {
  const chosen: Item[] = [];
  const seen = new Set<string>();
  const range = { pk: outboxPartition("pending", sink), pageItems: Math.min(1000, most + 20) };
  for await (const page of items.pages(range)) {
    for (const item of page) {
      const alertId = textIn(item, "alertId");
      const isOldest = !seen.has(alertId);
      seen.add(alertId);
      if (isOldest && numberIn(item, "nextMs") <= nowMs) chosen.push(item);
    }
    if (chosen.length >= most) break;
  }
  return await inParallel(chosen.slice(0, most), 16, async (item) => ({
    id: Number(keyOf(item).sk),
    sink,
    alert: parsedAlert(await textOf(items, item), item),
    attempts: numberIn(item, "attempts"),
    firstQueuedMs: numberIn(item, "queuedMs"),
  }));
}

/** What waits, what was given up and what was accepted, of every sink. */
export async function counts(items: ItemReader): Promise<OutboxCount[]> {
  const sinks = await SinkNumbers.all(items);
  return await inParallel(sinks, 4, async ({ sink, accepted }) => {
    const attributes = ["queuedMs"];
    const [pending, parked] = await Promise.all([
      itemsIn(items, { pk: outboxPartition("pending", sink), attributes }),
      itemsIn(items, { pk: outboxPartition("parked", sink), attributes: ["sk"] }),
    ]);
    const queued = pending.map((item) => numberIn(item, "queuedMs"));
    const oldestPendingMs = queued.reduce<number | undefined>(
      (least, ms) => (least === undefined || ms < least ? ms : least),
      undefined,
    );
    return { sink, pending: pending.length, parked: parked.length, accepted, oldestPendingMs };
  });
}
