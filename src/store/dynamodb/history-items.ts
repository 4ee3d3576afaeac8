import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { FoldedHistory } from "../entity-store.ts";
import {
  type Counters,
  type HistoryReader,
  type HistoryRow,
  noCounters,
  type UsageRow,
} from "../store.ts";
import { usageByPair } from "../usage.ts";
import type { ChangeSet } from "./change.ts";
import { attribute, countIn, type Item, keyOf, numberIn, textIn } from "./item.ts";
import { type ItemReader, itemsIn } from "./item-reader.ts";
import {
  countersKey,
  floorsKey,
  historyKey,
  type ItemKey,
  keyText,
  padded,
  partitions,
  usageKey,
} from "./keys.ts";
import { letterTotals, newestLetters } from "./letter-items.ts";
import { countMemories, nameAttribute } from "./memory-items.ts";
import { inParallel } from "./parallel.ts";
import type { Preparation, StoreAccess } from "./store-access.ts";
import type { UpdateInput } from "./table.ts";
import { timeToLiveAttribute } from "./table-definition.ts";

export function historyItems(access: StoreAccess): HistoryReader {
  return {
    hours: (filter) => hoursOf(access.items, filter),
    usage: (limit) => busiest(access.items, limit),
    counters: () => countersOf(access.items),
    async entities() {
      const counts = await countMemories(access.items);
      const of = (kind: string) => counts.get(kind) ?? 0;
      return { principals: of("principal"), keys: of("key"), accounts: of("account") };
    },
    deadLetters: (limit) => newestLetters(access.items, limit),
    deadLetterTotals: () => letterTotals(access.items),
  };
}

/** Replaces the rows of the same entities and hours. The hours of a day share an item: a write costs by the kilobyte. */
export function setHistory({ changes, nowMs }: Preparation, rows: readonly HistoryRow[]): void {
  for (const row of rows) changes.set(keyOfRow(row), attributesOf(row, nowMs));
}

/**
 * As a commit's history and usage, without a log, for many writers at once. Hours of a key come in their order, so that usage which is
 * not newer than what is known of the pair was added before, its answer being lost.
 */
export async function keepHistoryDirectly(
  { table, now }: StoreAccess,
  { hours, usage }: FoldedHistory,
): Promise<void> {
  const days = new Map<
    string,
    { readonly key: ItemKey; readonly set: Record<string, AttributeValue> }
  >();
  for (const row of hours) {
    const key = keyOfRow(row);
    const known = days.get(keyText(key))?.set;
    days.set(keyText(key), { key, set: { ...known, ...attributesOf(row, now()) } });
  }
  await inParallel([...days.values()], 16, ({ key, set }) => table.update(key, updateOf(set)));
  await inParallel(usageByPair(usage), 16, ({ keyArn, principalKey, firstMs, lastMs, count }) =>
    table.update(usageKey(keyArn, principalKey), {
      UpdateExpression:
        "SET keyArn = :key, principalKey = :principal, firstMs = if_not_exists(firstMs, :first), " +
        "lastMs = :last ADD #count :count",
      ConditionExpression: "attribute_not_exists(lastMs) OR lastMs < :first",
      ExpressionAttributeNames: { "#count": "count" },
      ExpressionAttributeValues: {
        ":key": attribute.text(keyArn),
        ":principal": attribute.text(principalKey),
        ":first": attribute.number(firstMs),
        ":last": attribute.number(lastMs),
        ":count": attribute.number(count),
      },
    }),
  );
}

function updateOf(set: Readonly<Record<string, AttributeValue>>): UpdateInput {
  const fields = Object.entries(set);
  return {
    UpdateExpression: `SET ${fields.map((_, index) => `#f${index} = :f${index}`).join(", ")}`,
    ExpressionAttributeNames: Object.fromEntries(
      fields.map(([name], index) => [`#f${index}`, name]),
    ),
    ExpressionAttributeValues: Object.fromEntries(
      fields.map(([, value], index) => [`:f${index}`, value]),
    ),
  };
}

function keyOfRow({ entity, hour }: HistoryRow): ItemKey {
  return historyKey(entity, Math.floor(hour / 24));
}

function attributesOf(
  { entity, hour, events, decrypts, expected, limit }: HistoryRow,
  nowMs: number,
): Record<string, AttributeValue> {
  const numbers = [events, decrypts, expected, limit].map((value) =>
    value === null ? { NULL: true as const } : attribute.number(value),
  );
  return {
    ...nameAttribute(entity),
    [hourAttribute(hour % 24)]: { L: numbers },
    [timeToLiveAttribute]: attribute.number(Math.ceil(nowMs / 1000) + historySeconds),
  };
}

/** Adds to what is known of who used which key. */
export async function addUsage(
  { changes, items }: Preparation,
  rows: readonly UsageRow[],
): Promise<void> {
  const found = await items.getMany(rows.map((row) => usageKey(row.keyArn, row.principalKey)));
  const known = new Map(found.map((item) => [keyText(keyOf(item)), usageOf(item)]));
  for (const row of rows) {
    const key = usageKey(row.keyArn, row.principalKey);
    const before = known.get(keyText(key));
    const sum: UsageRow = {
      ...row,
      firstMs: Math.min(row.firstMs, before?.firstMs ?? row.firstMs),
      lastMs: Math.max(row.lastMs, before?.lastMs ?? row.lastMs),
      count: row.count + (before?.count ?? 0),
    };
    known.set(keyText(key), sum);
    changes.set(key, {
      keyArn: attribute.text(sum.keyArn),
      principalKey: attribute.text(sum.principalKey),
      firstMs: attribute.number(sum.firstMs),
      lastMs: attribute.number(sum.lastMs),
      count: attribute.number(sum.count),
    });
  }
}

export function addCounters(changes: ChangeSet, counters: Partial<Counters>): void {
  const counted = Object.entries(counters).filter(([, count]) => count !== 0);
  if (counted.length > 0) changes.add(countersKey, Object.fromEntries(counted));
}

/** Kept in all: thirteen months and some. What a floor hides is left to the table's TTL. */
const historySeconds = 430 * 86_400;

async function hoursOf(
  items: ItemReader,
  {
    prefix,
    fromHour = Number.MIN_SAFE_INTEGER,
    toHour = Number.MAX_SAFE_INTEGER,
  }: { prefix: string; fromHour?: number; toHour?: number },
): Promise<HistoryRow[]> {
  const floor = Math.max(fromHour, countIn(await items.get(floorsKey), "history"));
  const found = await inParallel(partitions("history"), 16, async (pk) => {
    const rows: HistoryRow[] = [];
    for await (const page of items.pages({ pk, prefix })) {
      const wanted = page.flatMap(rowsOf).filter(({ hour }) => hour >= floor && hour < toHour);
      rows.push(...wanted);
    }
    return rows;
  });
  // Rows of one entity lie together, in order; what remains is to order the entities.
  const order = new Map<string, Buffer>();
  const rows = found.flat();
  for (const { entity } of rows) {
    if (!order.has(entity)) order.set(entity, Buffer.from(entity));
  }
  const empty = Buffer.of();
  return rows.sort(
    (one, other) =>
      (one.entity === other.entity
        ? 0
        : Buffer.compare(order.get(one.entity) ?? empty, order.get(other.entity) ?? empty)) ||
      one.hour - other.hour,
  );
}

/** The rows of one day, in order of their hours. */
function rowsOf(item: Item): HistoryRow[] {
  const { sk } = keyOf(item);
  const end = sk.lastIndexOf("#");
  const entity = item["name"]?.S ?? sk.slice(0, end);
  const firstHour = Number(sk.slice(end + 1)) * 24;
  return Array.from({ length: 24 }, (_, index) => index).flatMap((index) => {
    const numbers = item[hourAttribute(index)]?.L;
    if (numbers === undefined) return [];
    const [events, decrypts, expected, limit] = numbers.map(({ N }) =>
      N === undefined ? null : Number(N),
    );
    return {
      entity,
      hour: firstHour + index,
      events: events ?? 0,
      decrypts: decrypts ?? 0,
      expected: expected ?? null,
      limit: limit ?? null,
    };
  });
}

function hourAttribute(hourOfDay: number): string {
  return `h${padded(hourOfDay, 2)}`;
}

async function busiest(items: ItemReader, limit: number): Promise<UsageRow[]> {
  const found = await inParallel(partitions("usage"), 16, (pk) => itemsIn(items, { pk }));
  const nameOf = ({ keyArn, principalKey }: UsageRow) => `${keyArn} ${principalKey}`;
  return found
    .flat()
    .map(usageOf)
    .sort((one, other) => other.count - one.count || (nameOf(one) < nameOf(other) ? -1 : 1))
    .slice(0, limit);
}

function usageOf(item: Item): UsageRow {
  return {
    keyArn: textIn(item, "keyArn"),
    principalKey: textIn(item, "principalKey"),
    firstMs: numberIn(item, "firstMs"),
    lastMs: numberIn(item, "lastMs"),
    count: numberIn(item, "count"),
  };
}

async function countersOf(items: ItemReader): Promise<Counters> {
  const item = await items.get(countersKey);
  const counted = Object.keys(noCounters).map((name) => [name, countIn(item, name)]);
  return { ...noCounters, ...(Object.fromEntries(counted) as Partial<Counters>) };
}
