import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { deflateSync, inflateSync } from "node:zlib";
import { attribute, bytesIn, damaged, type Item } from "./item.ts";
import { type ItemKey, partKey } from "./keys.ts";

/*
 * A memory changes little from one commit to the next, and a write costs by the size of its item. So the memory's text as it once was,
 * its base, is kept in an item of its own, and each commit writes the text compressed against that: a few hundred bytes.
 */

/** A text that others are compressed against. */
export interface Base extends BaseName {
  readonly text: Buffer;
  /** Units of writing it: kilobytes. */
  readonly units: number;
}

/** Which base an item's text is compressed against. */
export interface BaseName {
  /** 0 or 1: an entity has at most two bases, the next one takes the place that the item does not name. */
  readonly slot: number;
  /** Eight bytes in hexadecimal, different for each base. */
  readonly id: string;
}

/** The attribute of an item that names its base. */
export const baseAttribute = "base";

/** Longest text that finds itself in the 32 KB that zlib looks back (RFC 1951). */
const mostBytes = 32_000;

/** Whether a text may be a base, or be compressed against one. */
export function canBeBased(text: Buffer): boolean {
  return text.length <= mostBytes;
}

/** `owed` are the units that writes against this base took beyond those of a new one. */
export function baseValue({ slot, id }: BaseName, owed: number): AttributeValue {
  return attribute.bytes(
    Buffer.concat([Buffer.of(slot, Math.min(owed, 255)), Buffer.from(id, "hex")]),
  );
}

/** The base that an item names, undefined where its text needs none. Throws `StoreError` `corrupt`. */
export function baseIn(item: Item): (BaseName & { readonly owed: number }) | undefined {
  if (item[baseAttribute] === undefined) return undefined;
  const [slot = 0, owed = 0, ...id] = bytesIn(item, baseAttribute);
  return { slot, owed, id: Buffer.from(id).toString("hex") };
}

/** Where an entity's base is. */
export function baseKey(key: ItemKey, { slot }: Pick<BaseName, "slot">): ItemKey {
  return partKey(key, baseAttribute, slot);
}

/** A text compressed against its base; zlib's checksums of both are in it (RFC 1950). */
export function packedAgainst(base: Pick<Base, "text">, text: Buffer): Buffer {
  return deflateSync(text, { level: 6, dictionary: base.text });
}

/** Undoes it. Throws `StoreError` `corrupt`. */
export function unpackedAgainst(base: Pick<Base, "text">, item: Item): string {
  try {
    return inflateSync(bytesIn(item, "body"), { dictionary: base.text }).toString("utf8");
  } catch (error) {
    throw damaged("attribute body cannot be opened against its base", item, error);
  }
}
