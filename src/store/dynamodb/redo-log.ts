import { StoreError } from "../store.ts";
import { type Change, changeOf, commitAttribute, loggedChange, updateOf } from "./change.ts";
import { attribute, countIn, type Item, keyItem, keyOf } from "./item.ts";
import { type Head } from "./head.ts";
import { imageKey, keyText, logPartition, padded } from "./keys.ts";
import { inParallel } from "./parallel.ts";
import type { Table } from "./table.ts";
import { timeToLiveAttribute } from "./table-definition.ts";
import { itemBytes, valueBytes } from "./value-size.ts";

/**
 * Writes down what commit `seq` of a writer is going to change; nothing is changed by it. The parts take the places of those
 * of the commit before, all of which is in its place by then. Gives the number of parts.
 */
export async function writeLog(
  table: Table,
  writer: string,
  seq: number,
  changes: readonly Change[],
): Promise<number> {
  const parts = inParts(changes);
  await inParallel([...parts.entries()], 8, async ([index, part]) => {
    const item: Item = {
      ...keyItem({ pk: logPartition(writer), sk: padded(index, 6) }),
      [commitAttribute]: attribute.number(seq),
      changes: { L: part },
    };
    // A request for an earlier commit may arrive after its repetition, and this one.
    await table.put(item, {
      ConditionExpression: `attribute_not_exists(${commitAttribute}) OR ${commitAttribute} <= :c`,
      ExpressionAttributeValues: { ":c": attribute.number(seq) },
    });
  });
  return parts.length;
}

/** Puts the last commit in its place where its writer did not get that far. Done twice, or by two at once, it is done once. */
export async function finishCommit(table: Table, head: Head, nowMs: number): Promise<void> {
  if (head.parts === 0) return;
  const parts: Item[] = [];
  for await (const page of table.pages({ pk: logPartition(head.writer) })) parts.push(...page);
  const commits = parts.slice(0, head.parts).map((part) => countIn(part, commitAttribute));
  // Where the next commit was begun, this one was done.
  if (commits.some((seq) => seq > head.seq)) return;
  if (commits.length < head.parts || commits.some((seq) => seq !== head.seq)) {
    throw new StoreError("corrupt", table.place, `damaged: the log of commit ${head.seq} is gone`);
  }
  const changes = parts
    .slice(0, head.parts)
    .flatMap((part) => part["changes"]?.L?.map(changeOf) ?? []);
  await applyChanges(table, changes, head, nowMs);
}

/** Makes the changes of the commit that `head` speaks of, after keeping what snapshots must still see. */
export async function applyChanges(
  table: Table,
  changes: readonly Change[],
  { seq, snapshots }: Head,
  nowMs: number,
): Promise<void> {
  const shown = new Set([...snapshots.values()].filter((snapshot) => snapshot < seq));
  if (shown.size > 0) await keepImages(table, changes, { seq, shown, nowMs });
  await inParallel(changes, writesAtOnce, async (change) => {
    await table.update(change.key, updateOf(change, seq));
  });
}

/** Removes the log of a writer whose last commit is in its place, and is known to be. */
export async function removeLog(table: Table, writer: string): Promise<void> {
  const keys = [];
  for await (const page of table.pages({ pk: logPartition(writer), attributes: ["pk", "sk"] })) {
    keys.push(...page.map(keyOf));
  }
  await table.deleteMany(keys);
}

/** The attribute of an image that holds the item; it is missing where there was none. */
export const imageAttribute = "image";

const writesAtOnce = 48;
/** Images are left to the table's TTL: a snapshot is over long before. */
const imageSeconds = 2 * 86_400;

/** Keeps each item as the snapshots know it, before it changes; what was kept first for a snapshot is what it must see. */
async function keepImages(
  table: Table,
  changes: readonly Change[],
  { seq, shown, nowMs }: { seq: number; shown: ReadonlySet<number>; nowMs: number },
): Promise<void> {
  const found = await table.getMany(changes.map(({ key }) => key));
  const items = new Map(found.map((item) => [keyText(keyOf(item)), item]));
  const images = changes.flatMap(({ key }) => {
    const item = items.get(keyText(key));
    // Changed already, by somebody who kept the image first.
    if (countIn(item, commitAttribute) >= seq) return [];
    return [...shown].map((snapshot) => ({
      ...keyItem(imageKey(snapshot, key)),
      ...(item === undefined ? {} : { [imageAttribute]: { M: item } }),
      [timeToLiveAttribute]: attribute.number(Math.ceil(nowMs / 1000) + imageSeconds),
    }));
  });
  await inParallel(images, writesAtOnce, (image) =>
    table.put(image, { ConditionExpression: "attribute_not_exists(pk)" }),
  );
}

/** The changes in as few items as they fit into. */
function inParts(changes: readonly Change[]) {
  const parts: ReturnType<typeof loggedChange>[][] = [];
  let room = 0;
  for (const change of changes) {
    const value = loggedChange(change);
    const bytes = valueBytes(value) + 1;
    if (bytes > room) {
      parts.push([]);
      room = itemBytes;
    }
    parts.at(-1)?.push(value);
    room -= bytes;
  }
  return parts;
}
