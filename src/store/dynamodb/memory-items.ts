import type { ChangeSet } from "./change.ts";
import { attribute, type Item, keyOf } from "./item.ts";
import type { ItemReader } from "./item-reader.ts";
import { memoryKey, partitionCount, partitions, sortable } from "./keys.ts";
import { inParallel } from "./parallel.ts";
import { hasText, setText, textOf } from "./text.ts";

/** Sets the memory of an entity. Its version grows, so that a cached copy is known to be old. */
export function setMemory(changes: ChangeSet, entity: string, memory: string): void {
  const key = memoryKey(entity);
  changes.set(key, nameAttribute(entity));
  changes.add(key, { version: 1 });
  setText(changes, key, memory);
}

export async function loadMemories(
  items: ItemReader,
  entities: readonly string[],
): Promise<Map<string, string>> {
  const found = (await items.getMany(entities.map(memoryKey))).filter(hasText);
  return await memoriesOf(items, found);
}

/** At most `limit` memories of the entities whose names come after `entity`, in the order of the names' UTF-8 bytes. */
export async function memoriesAfter(
  items: ItemReader,
  entity: string,
  limit: number,
): Promise<Map<string, string>> {
  const pageItems = Math.ceil((limit / partitionCount) * 1.5) + 1;
  const cursors = await inParallel(partitions("memory"), 16, async (pk) => {
    const cursor = new Cursor(items.pages({ pk, after: sortable(entity), pageItems }));
    await cursor.advance();
    return cursor;
  });
  const next: Item[] = [];
  while (next.length < limit) {
    const first = leastOf(cursors);
    if (first?.item === undefined) break;
    if (hasText(first.item)) next.push(first.item);
    await first.advance();
  }
  return await memoriesOf(items, next);
}

/** Number of memories by kind of entity, e.g. `principal`. */
export async function countMemories(items: ItemReader): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  await inParallel(partitions("memory"), 16, async (pk) => {
    for await (const page of items.pages({ pk, attributes: ["sk"] })) {
      for (const item of page) {
        const [kind = "", ...id] = keyOf(item).sk.split(":");
        if (id.length > 0) counts.set(kind, (counts.get(kind) ?? 0) + 1);
      }
    }
  });
  return counts;
}

/** Only a name that the key had to cut is kept beside it. */
export function nameAttribute(name: string): Item {
  return sortable(name) === name ? {} : { name: attribute.text(name) };
}

/** The name of an entity: what its item's key was made of. */
export function entityIn(item: Item): string {
  return item["name"]?.S ?? keyOf(item).sk;
}

async function memoriesOf(items: ItemReader, found: readonly Item[]): Promise<Map<string, string>> {
  const memories = await inParallel(
    found,
    16,
    async (item) => [entityIn(item), await textOf(items, item)] as const,
  );
  return new Map(memories);
}

/** Walks through the items of one partition. */
class Cursor {
  item: Item | undefined;
  /** The sort key of `item`, as DynamoDB compares it. */
  order: Buffer = Buffer.of();
  readonly #pages: AsyncIterator<Item[]>;
  #page: Item[] = [];
  #index = 0;

  constructor(pages: AsyncIterable<Item[]>) {
    this.#pages = pages[Symbol.asyncIterator]();
  }

  async advance(): Promise<void> {
    while (this.#index >= this.#page.length) {
      const next = await this.#pages.next();
      if (next.done === true) {
        this.item = undefined;
        return;
      }
      this.#page = next.value;
      this.#index = 0;
    }
    this.item = this.#page[this.#index++];
    this.order = Buffer.from(this.item === undefined ? "" : keyOf(this.item).sk);
  }
}

function leastOf(cursors: readonly Cursor[]): Cursor | undefined {
  let least: Cursor | undefined;
  for (const cursor of cursors) {
    if (cursor.item === undefined) continue;
    if (least === undefined || Buffer.compare(cursor.order, least.order) < 0) least = cursor;
  }
  return least;
}
