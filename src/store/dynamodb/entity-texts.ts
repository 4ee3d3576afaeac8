import { randomBytes } from "node:crypto";
import type { EntityWrite } from "../entity-store.ts";
import {
  type Base,
  baseAttribute,
  baseIn,
  baseKey,
  baseValue,
  canBeBased,
  packedAgainst,
  unpackedAgainst,
} from "./based-text.ts";
import { attribute, type Item, keyOf, numberIn } from "./item.ts";
import { type ItemKey, keyText } from "./keys.ts";
import type { StoreAccess } from "./store-access.ts";
import type { Table } from "./table.ts";
import { packed, packedBytes, textOf, unpacked, writeText } from "./text.ts";

/** What is known of an entity's item as of a version. */
interface Known {
  readonly version: number;
  /** Undefined where its text needs none. */
  readonly base: Base | undefined;
  readonly owed: number;
}

/** Bytes of bases kept in a process, those used last. */
const mostKeptBytes = 64 * 2 ** 20;
/** A smaller text needs no base: one write unit holds it. */
const smallBytes = 600;
/** What an item takes besides key, text and calls. */
const otherBytes = 130;
/** About what is left of a text that is its own base. */
const leastBytes = 80;
const unitBytes = 1024;

/**
 * The memories of entities, written against their bases. A base is replaced when the writes against it have cost as much beyond the
 * least as a new base would: where changes add up evenly, that is the cheapest moment.
 */
export class EntityTexts {
  readonly #known = new Map<string, Known>();
  #bytes = 0;

  /** The texts of items that were just read, in their order. */
  async read({ table, items }: StoreAccess, found: readonly Item[]): Promise<string[]> {
    const missing = found.filter((item) => baseIn(item) !== undefined && !this.#has(item));
    const ids = new Set(missing.map((item) => baseIn(item)?.id));
    const read = await table.getLasting(missing.map(keyOfBase), (base) => ids.has(base["of"]?.S));
    const bases = new Map(read.map((item) => [keyText(keyOf(item)), item]));
    return await Promise.all(
      found.map(async (item) => {
        const base = this.#baseOf(item, bases);
        this.#keep(keyOf(item), {
          version: numberIn(item, "version"),
          base,
          owed: baseIn(item)?.owed ?? 0,
        });
        if (base !== undefined) return unpackedAgainst(base, item);
        // Its parts or its base may be in a writer's hands.
        return await textOf(items, item);
      }),
    );
  }

  /**
   * Writes what goes beside an item, and gives the attributes of its text. A base is written where no item names it: until the
   * item does, nobody sees it.
   */
  async write(table: Table, key: ItemKey, write: EntityWrite) {
    const { memory, version, calls } = write;
    const known = this.#known.get(keyText(key));
    const text = Buffer.from(memory);
    const isKnown = known?.version === version;
    if (!isKnown || !canBeBased(text)) return await this.#plain(table, key, write);
    const least = unitsOf(key, calls, leastBytes);
    if (known.base !== undefined) {
      const body = packedAgainst(known.base, text);
      const owed = known.owed + unitsOf(key, calls, body.length) - least;
      if (owed < known.base.units) return basedOn(known.base, body, owed);
    }
    const whole = packed(memory);
    if (packedBytes(whole) < smallBytes) return await this.#plain(table, key, write);
    const base: Base = {
      slot: known.base === undefined ? 0 : 1 - known.base.slot,
      id: randomBytes(8).toString("hex"),
      text,
      units: unitsOfBytes(packedBytes(whole)),
    };
    const isWritten = await table.update(baseKey(key, base), {
      UpdateExpression: "SET body = :body, #of = :of, version = :version",
      // Whoever was first to make a base out of this version has it; a request that comes late changes nothing.
      ConditionExpression: "attribute_not_exists(version) OR version < :version",
      ExpressionAttributeNames: { "#of": "of" },
      ExpressionAttributeValues: {
        ":body": whole,
        ":of": attribute.text(base.id),
        ":version": attribute.number(version + 1),
      },
    });
    if (isWritten === undefined) return await this.#plain(table, key, write);
    return basedOn(base, packedAgainst(base, text), 0);
  }

  /** The item is now what `write` gave the attributes for. */
  committed(key: ItemKey, version: number, { base, owed }: Pick<Known, "base" | "owed">): void {
    this.#keep(key, { version: version + 1, base, owed });
  }

  /** The item is something else. */
  forget(key: ItemKey): void {
    const text = keyText(key);
    this.#bytes -= bytesOf(this.#known.get(text));
    this.#known.delete(text);
  }

  async #plain(table: Table, key: ItemKey, { memory }: EntityWrite) {
    return { attributes: await writeText(table, key, memory), base: undefined, owed: 0 };
  }

  #has(item: Item): boolean {
    return this.#known.get(keyText(keyOf(item)))?.base?.id === baseIn(item)?.id;
  }

  #baseOf(item: Item, read: ReadonlyMap<string, Item>): Base | undefined {
    const name = baseIn(item);
    if (name === undefined) return undefined;
    const known = this.#known.get(keyText(keyOf(item)))?.base;
    if (known?.id === name.id) return known;
    const found = read.get(keyText(keyOfBase(item)));
    if (found === undefined || found["of"]?.S !== name.id) return undefined;
    const body = found["body"];
    const units = unitsOfBytes(packedBytes(body));
    return { slot: name.slot, id: name.id, text: Buffer.from(unpacked(body, found)), units };
  }

  #keep(key: ItemKey, known: Known): void {
    this.forget(key);
    this.#known.set(keyText(key), known);
    this.#bytes += bytesOf(known);
    for (const [oldest, { base }] of this.#known) {
      if (this.#bytes <= mostKeptBytes) return;
      this.#bytes -= bytesOf({ base });
      this.#known.delete(oldest);
    }
  }
}

function basedOn(base: Base, body: Buffer, owed: number) {
  const attributes: Item = {
    body: attribute.bytes(body),
    [baseAttribute]: baseValue(base, owed),
  };
  return { attributes, base, owed };
}

function keyOfBase(item: Item): ItemKey {
  return baseKey(keyOf(item), baseIn(item) ?? { slot: 0 });
}

/** Write units of an item whose text takes so many bytes. */
function unitsOf({ pk, sk }: ItemKey, calls: Uint8Array, bytes: number): number {
  return unitsOfBytes(pk.length + sk.length + calls.length + bytes);
}

function unitsOfBytes(bytes: number): number {
  return Math.ceil((bytes + otherBytes) / unitBytes);
}

function bytesOf(known: Pick<Known, "base"> | undefined): number {
  return known === undefined ? 0 : 300 + (known.base?.text.length ?? 0);
}
