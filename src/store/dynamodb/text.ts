import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { deflateSync, inflateSync } from "node:zlib";
import { StoreError } from "../store.ts";
import type { ChangeSet } from "./change.ts";
import { baseAttribute, baseIn, baseKey, unpackedAgainst } from "./based-text.ts";
import { attribute, bytesIn, countIn, damaged, type Item, keyItem, keyOf, textIn } from "./item.ts";
import type { ItemReader } from "./item-reader.ts";
import { type ItemKey, keyText, partKey } from "./keys.ts";
import { numbersApart, numbersBack } from "./numbers-apart.ts";
import type { Table } from "./table.ts";
import { textDictionary } from "./text-dictionary.ts";

/** Attributes that hold a text: `body` and what it is compressed against, or where to find its parts. */
export const textAttributes = ["body", "parts", "partPrefix", "of", baseAttribute];

/** A text as the value of `body`: compressed where that makes it shorter. */
export function packed(text: string): AttributeValue {
  if (typeof text !== "string") throw new TypeError(`expected a text, found ${typeof text}`);
  const compressed = deflateSync(numbersApart(text), {
    level: compressionLevel,
    dictionary: textDictionary(),
  });
  const isShort = text.length < bodyBytes && Buffer.byteLength(text) <= compressed.length;
  return isShort ? { S: text } : { B: compressed };
}

/** Bytes of a packed text. */
export function packedBytes(body: AttributeValue | undefined): number {
  return body?.B?.length ?? Buffer.byteLength(body?.S ?? "");
}

/** Sets the text of an item; what is too long for the item is put into parts of their own. */
export function setText(changes: ChangeSet, key: ItemKey, text: string): void {
  const body = packed(text);
  const parts = partsOf(body);
  if (parts.length === 1) {
    changes.set(key, { body });
    changes.remove(key, ["parts", "partPrefix", "of", baseAttribute]);
    return;
  }
  const of = attribute.text(randomUUID());
  const count = attribute.number(parts.length);
  changes.set(key, { parts: count, partPrefix: attribute.text(committedPrefix), of });
  changes.remove(key, ["body", baseAttribute]);
  for (const [index, part] of parts.entries()) {
    changes.set(partKey(key, committedPrefix, index), { body: attribute.bytes(part), of });
  }
}

/**
 * Writes what is too long for its item, for a writer without a log, and gives the attributes by which the item then refers to it.
 * Each time the parts get new keys: what the item refers to now stays whole.
 */
export async function writeText(table: Table, key: ItemKey, text: string): Promise<Item> {
  const body = packed(text);
  const parts = partsOf(body);
  if (parts.length === 1) return { body };
  const partPrefix = randomUUID();
  const of = attribute.text(partPrefix);
  const items = parts.map((part, index) => ({
    ...keyItem(partKey(key, partPrefix, index)),
    body: attribute.bytes(part),
    of,
  }));
  await table.putMany(items);
  return { parts: attribute.number(parts.length), partPrefix: of, of };
}

/** A packed text in pieces that fit into items: one piece unless it is too long. */
function partsOf({ B: bytes }: AttributeValue): Uint8Array[] {
  if (bytes === undefined || bytes.length <= bodyBytes) return [bytes ?? new Uint8Array()];
  const parts: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += partBytes) {
    parts.push(bytes.subarray(start, start + partBytes));
  }
  return parts;
}

export function hasText(item: Item): boolean {
  return item["body"] !== undefined || item["parts"] !== undefined;
}

/** Keys of the parts that the text of an item has. */
export function partKeysOf(key: ItemKey, item: Item): ItemKey[] {
  const prefix = item["partPrefix"]?.S ?? "";
  return Array.from({ length: countIn(item, "parts") }, (_, index) => partKey(key, prefix, index));
}

/** The text of an item; where a writer is just replacing its parts or its base, the item is read again. */
export async function textOf(items: ItemReader, item: Item): Promise<string> {
  let current = item;
  for (let attempt = 0; attempt < tornReads; attempt += 1) {
    const text = await textFrom(items, current);
    if (text !== undefined) return text;
    await sleep(20 * 2 ** attempt);
    current = (await items.get(keyOf(item))) ?? current;
  }
  throw new StoreError(
    "busy",
    `item ${keyOf(item).sk}`,
    "parts of it are being written; read again",
  );
}

const compressionLevel = 9;
/** Longest text within its item: it leaves room for what else an entity's item holds. */
const bodyBytes = 128 * 1024;
/** With its key well below the 400 KB of an item. */
const partBytes = 300_000;
const committedPrefix = "committed";
const tornReads = 8;

/** Undefined where what the item refers to is not there any more. */
async function textFrom(items: ItemReader, item: Item): Promise<string | undefined> {
  const name = baseIn(item);
  if (name !== undefined) {
    const base = await items.get(baseKey(keyOf(item), name));
    if (base === undefined || textIn(base, "of") !== name.id) return undefined;
    return unpackedAgainst({ text: Buffer.from(unpacked(base["body"], base)) }, item);
  }
  if (item["parts"] === undefined) return unpacked(item["body"], item);
  const whole = await joined(items, item);
  return whole === undefined ? undefined : unpacked({ B: whole }, item);
}

async function joined(items: ItemReader, item: Item): Promise<Uint8Array | undefined> {
  const keys = partKeysOf(keyOf(item), item);
  const found = await items.getMany(keys);
  const parts = new Map(found.map((part) => [keyText(keyOf(part)), part]));
  const pieces: Uint8Array[] = [];
  for (const key of keys) {
    const part = parts.get(keyText(key));
    if (part === undefined || textIn(part, "of") !== textIn(item, "of")) return undefined;
    pieces.push(bytesIn(part, "body"));
  }
  return Buffer.concat(pieces);
}

/** The text that `packed` packed. Throws `StoreError` `corrupt`. */
export function unpacked(body: AttributeValue | undefined, item: Item): string {
  if (body?.S !== undefined) return body.S;
  if (body?.B === undefined) throw damaged("attribute body holds no text", item);
  try {
    const opened = inflateSync(body.B, { dictionary: textDictionary() });
    return numbersBack(opened.toString("utf8"));
  } catch (error) {
    throw damaged("attribute body cannot be opened", item, error);
  }
}
