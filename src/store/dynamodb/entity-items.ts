import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { EntityItem, EntityOutboxEntry, EntityStore, EntityWrite } from "../entity-store.ts";
import { entityName } from "../../detection/routing.ts";
import { WHOLE } from "../../detection/silence.ts";
import { StoreError } from "../store.ts";
import { wholeOfConsumer } from "./handed-over.ts";
import { attribute, bytesIn, countIn, type Item, keyOf, numberIn } from "./item.ts";
import { memoryKey } from "./keys.ts";
import { entityIn, nameAttribute } from "./memory-items.ts";
import { inParallel } from "./parallel.ts";
import type { StoreAccess } from "./store-access.ts";
import { closingIndex, closingValue, waitingIndex, waitingValue } from "./table-definition.ts";
import { EntityTexts } from "./entity-texts.ts";
import type { Table } from "./table.ts";
import { hasText, packed, partKeysOf, textAttributes, textOf } from "./text.ts";

type EntityItems = Pick<
  EntityStore,
  "load" | "commit" | "outboxes" | "removeFromOutbox" | "pendingOutboxes" | "closing"
>;

/**
 * Entities that many handlers write at once. The version guards memory and calls. Entries of the outbox are attributes of
 * their own, which commits add and others remove: neither needs the version of the other.
 */
export function entityItems(access: StoreAccess): EntityItems {
  const { table } = access;
  const texts = new EntityTexts();
  return {
    async load(names) {
      const items = (await table.getMany(names.map(memoryKey))).filter(hasText);
      const memories = await texts.read(access, items);
      const entities = new Map(
        items.map((item, index) => [entityIn(item), loaded(item, memories[index])]),
      );
      if (names.includes(wholeName) && !entities.has(wholeName)) {
        const memory = await wholeOfConsumer(access.items);
        if (memory !== undefined) entities.set(wholeName, { ...newEntity, memory });
      }
      return entities;
    },

    commit: (write) => commit(table, texts, write),

    async outboxes(names) {
      const items = await table.getMany(names.map(memoryKey));
      const outboxes = await inParallel(items, 16, async (item) => ({
        name: entityIn(item),
        entries: await entriesIn(access, item),
      }));
      const filled = outboxes.filter(({ entries }) => entries.length > 0);
      return new Map(filled.map(({ name, entries }) => [name, entries]));
    },

    removeFromOutbox: (name, ids) => removeFromOutbox(access, name, ids),

    async pendingOutboxes(beforeMs, limit) {
      const range = { value: waitingValue, most: beforeMs - 1, limit };
      return (await table.indexed(waitingIndex, range)).map(entityIn);
    },

    async closing(hour, limit) {
      const range = { value: closingValue, most: hour, limit };
      return (await table.indexed(closingIndex, range)).map((item) => ({
        name: entityIn(item),
        closesAtHour: numberIn(item, closingIndex.range),
      }));
    },
  };
}

/** The name of the entity of which the table's stream tells a change, undefined for other items. */
export function changedEntity(image: Readonly<Record<string, { S?: string }>>): string | undefined {
  const isEntity = /^(?:memory|tally)#\d+$/.test(image["pk"]?.S ?? "");
  return isEntity ? (image["name"]?.S ?? image["sk"]?.S) : undefined;
}

/** A consumer keeps the memory of all accounts together within the state of its engine. */
const wholeName = entityName("account", WHOLE);
const newEntity = { version: 0, calls: new Uint8Array(), closesAtHour: undefined };
const entryPrefix = "outbox:";
/** Removals that lost to others before it is given up. */
const removalTries = 20;

function loaded(item: Item, memory = ""): EntityItem {
  const closesAtHour = item[closingIndex.range];
  return {
    version: numberIn(item, "version"),
    memory,
    calls: item["calls"] === undefined ? new Uint8Array() : bytesIn(item, "calls"),
    closesAtHour: closesAtHour === undefined ? undefined : Number(closesAtHour.N),
  };
}

async function commit(table: Table, texts: EntityTexts, write: EntityWrite): Promise<boolean> {
  const key = memoryKey(write.name);
  const { attributes, ...text } = await texts.write(table, key, write);
  const mark = randomBytes(12);
  const before = await table.update(key, {
    ...updateOf(write, { ...attributes, mark: attribute.bytes(mark) }),
    ReturnValues: "UPDATED_OLD",
  });
  if (before !== undefined) {
    texts.committed(key, write.version, text);
    await table.deleteMany(partKeysOf(key, before));
    return true;
  }
  texts.forget(key);
  // Refused because it was done: the first answer was lost and the request repeated.
  const found = (await table.get(key))?.["mark"]?.B;
  if (found !== undefined && mark.equals(found)) return true;
  await table.deleteMany(partKeysOf(key, attributes));
  return false;
}

/** The request of a commit: everything but the entries of the outbox is replaced. */
function updateOf({ name, version, calls, closesAtHour, outbox }: EntityWrite, text: Item) {
  const set: Record<string, AttributeValue> = {
    ...nameAttribute(name),
    ...text,
    version: attribute.number(version + 1),
  };
  if (calls.length > 0) set["calls"] = attribute.bytes(calls);
  if (closesAtHour !== undefined) {
    set[closingIndex.hash] = attribute.text(closingValue);
    set[closingIndex.range] = attribute.number(closesAtHour);
  }
  for (const entry of outbox) set[`${entryPrefix}${entry.id}`] = entryValue(entry);
  const optional = ["calls", closingIndex.hash, closingIndex.range, ...textAttributes];
  const removed = optional.filter((attributeName) => set[attributeName] === undefined);
  const names: Record<string, string> = { "#version": "version" };
  const values: Record<string, AttributeValue> = {};
  const sets = Object.entries(set).map(([attributeName, value], index) => {
    names[`#s${index}`] = attributeName;
    values[`:s${index}`] = value;
    return `#s${index} = :s${index}`;
  });
  const removals = removed.map((attributeName, index) => {
    names[`#r${index}`] = attributeName;
    return `#r${index}`;
  });
  const adds: string[] = [];
  if (outbox.length > 0) {
    sets.push("waiting = :waiting, waitingSinceMs = if_not_exists(waitingSinceMs, :since)");
    adds.push(" ADD outboxVersion :one");
    values[":waiting"] = attribute.text(waitingValue);
    values[":since"] = attribute.number(Math.min(...outbox.map(({ queuedMs }) => queuedMs)));
    values[":one"] = attribute.number(1);
  }
  if (version > 0) values[":version"] = attribute.number(version);
  return {
    UpdateExpression: `SET ${sets.join(", ")} REMOVE ${removals.join(", ")}${adds.join("")}`,
    ConditionExpression: version > 0 ? "#version = :version" : "attribute_not_exists(#version)",
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}

function entryValue({ text, queuedMs }: EntityOutboxEntry): AttributeValue {
  return { M: { body: packed(text), queuedMs: attribute.number(queuedMs) } };
}

/** The entries of an item, those queued first before others. */
async function entriesIn({ items }: StoreAccess, item: Item): Promise<EntityOutboxEntry[]> {
  const found = Object.entries(item).filter(([name]) => name.startsWith(entryPrefix));
  const entries = await inParallel(found, 16, async ([name, { M: entry = {} }]) => ({
    id: name.slice(entryPrefix.length),
    text: await textOf(items, {
      ...entry,
      pk: item["pk"] ?? { S: "" },
      sk: item["sk"] ?? { S: "" },
    }),
    queuedMs: numberIn(entry, "queuedMs"),
  }));
  return entries.sort(
    (one, other) => one.queuedMs - other.queuedMs || (one.id < other.id ? -1 : 1),
  );
}

/** Removes entries, and says since when those that remain wait. A commit that adds some meanwhile is never refused for it. */
async function removeFromOutbox(
  { table }: StoreAccess,
  name: string,
  ids: readonly string[],
): Promise<void> {
  const key = memoryKey(name);
  const gone = new Set(ids.map((id) => `${entryPrefix}${id}`));
  for (let attempt = 0; attempt < removalTries; attempt += 1) {
    const item = await table.get(key);
    const present = Object.keys(item ?? {}).filter((name) => gone.has(name));
    if (item === undefined || present.length === 0) return;
    const removed = await table.update(keyOf(item), removalOf(item, present));
    if (removed !== undefined) return;
    await sleep(Math.random() * 10 * 2 ** Math.min(attempt, 6));
  }
  throw new StoreError("busy", table.place, `the outbox of ${name} is written by too many`);
}

function removalOf(item: Item, present: readonly string[]) {
  const remaining = Object.entries(item).filter(
    ([name]) => name.startsWith(entryPrefix) && !present.includes(name),
  );
  const queued = remaining.map(([, { M: entry = {} }]) => countIn(entry, "queuedMs"));
  const isEmpty = queued.length === 0;
  const names = Object.fromEntries(present.map((name, index) => [`#e${index}`, name]));
  const removals = [...Object.keys(names), ...(isEmpty ? ["waiting", "waitingSinceMs"] : [])];
  return {
    UpdateExpression:
      (isEmpty ? "" : "SET waitingSinceMs = :since ") +
      `REMOVE ${removals.join(", ")} ADD outboxVersion :one`,
    ConditionExpression: "outboxVersion = :seen",
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: {
      ":one": attribute.number(1),
      ":seen": attribute.number(countIn(item, "outboxVersion")),
      ...(isEmpty ? {} : { ":since": attribute.number(Math.min(...queued)) }),
    },
  };
}
