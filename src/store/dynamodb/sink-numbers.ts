import { attribute, countIn, numberIn, textIn } from "./item.ts";
import { type ItemReader, itemsIn } from "./item-reader.ts";
import { sinkKey, sinksPartition } from "./keys.ts";
import type { Preparation } from "./store-access.ts";

/** Numbers of sinks: an entry's id holds that of its sink, so that it is found by its id alone. */
export class SinkNumbers {
  readonly #numbers = new Map<string, number>();

  /** All sinks that ever were sent to, by name. */
  static async all(items: ItemReader): Promise<{ sink: string; accepted: number }[]> {
    const found = await itemsIn(items, { pk: sinksPartition });
    return found.map((item) => ({
      sink: textIn(item, "sink"),
      accepted: countIn(item, "accepted"),
    }));
  }

  /** The id of an entry of a sink, which gets a number where it has none. */
  async numbered({ changes, items }: Preparation, sink: string, entry: number): Promise<number> {
    if (!this.#numbers.has(sink)) await this.#read(items);
    let number = this.#numbers.get(sink);
    if (number === undefined) {
      number = Math.max(-1, ...this.#numbers.values()) + 1;
      if (number >= mostSinks) throw new RangeError(`more than ${mostSinks} sinks were used`);
      this.#numbers.set(sink, number);
      changes.set(sinkKey(sink), { sink: attribute.text(sink), number: attribute.number(number) });
    }
    return entry * mostSinks + number;
  }

  async sinkOf(items: ItemReader, id: number): Promise<string | undefined> {
    const wanted = id % mostSinks;
    const find = () => [...this.#numbers].find(([, number]) => number === wanted)?.[0];
    const known = find();
    if (known !== undefined) return known;
    await this.#read(items);
    return find();
  }

  clear(): void {
    this.#numbers.clear();
  }

  async #read(items: ItemReader): Promise<void> {
    for (const item of await itemsIn(items, { pk: sinksPartition })) {
      // The Lambda handlers know sinks by their names alone.
      if (item["number"] === undefined) continue;
      this.#numbers.set(textIn(item, "sink"), numberIn(item, "number"));
    }
  }
}

const mostSinks = 256;
