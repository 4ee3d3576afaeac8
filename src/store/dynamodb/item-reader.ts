import { commitAttribute, hiddenAttribute, isHidden } from "./change.ts";
import type { Item } from "./item.ts";
import type { ItemKey } from "./keys.ts";
import type { ItemRange, Table } from "./table.ts";

/** Reads items that are in sight, of the table as it is or of a snapshot. */
export interface ItemReader {
  get(key: ItemKey): Promise<Item | undefined>;
  /** The items that there are, in no order; a key may be given twice. */
  getMany(keys: readonly ItemKey[]): Promise<Item[]>;
  /** Pages of a range, in order; pages may be empty. */
  pages(range: ItemRange): AsyncIterable<Item[]>;
}

/** The table as it is. */
export function liveItems(table: Table): ItemReader {
  return {
    async get(key) {
      const item = await table.get(key);
      return item === undefined || isHidden(item) ? undefined : item;
    },
    getMany: async (keys) => (await table.getMany(keys)).filter((item) => !isHidden(item)),
    async *pages(range) {
      for await (const page of table.pages(withMarks(range))) {
        yield page.filter((item) => !isHidden(item));
      }
    },
  };
}

/** The range with the attributes that tell whether an item is in sight, and whose it is. */
export function withMarks(range: ItemRange): ItemRange {
  if (range.attributes === undefined) return range;
  const marks = ["pk", "sk", commitAttribute, hiddenAttribute];
  return { ...range, attributes: [...new Set([...range.attributes, ...marks])] };
}

/** All items of a range. */
export async function itemsIn(reader: ItemReader, range: ItemRange): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of reader.pages(range)) items.push(...page);
  return items;
}
