import { randomUUID } from "node:crypto";
import { StoreError } from "../store.ts";
import { commitAttribute, isHidden } from "./change.ts";
import { attribute, countIn, type Item, keyOf } from "./item.ts";
import { headOf, newHead, readHead } from "./head.ts";
import { type ItemReader, withMarks } from "./item-reader.ts";
import { headKey, imageKey, type ItemKey, keyText } from "./keys.ts";
import { finishCommit, imageAttribute } from "./redo-log.ts";
import type { ItemRange, Table } from "./table.ts";

/**
 * The table as the last commit left it, whatever is committed meanwhile. The head knows of the snapshot, and whoever commits
 * keeps what it changes. Disposing ends it.
 */
export class Snapshot implements ItemReader, AsyncDisposable {
  readonly #table: Table;
  readonly #id: string;
  readonly #seq: number;
  readonly #now: () => number;
  #heldUntilMs: number;

  private constructor(table: Table, id: string, seq: number, now: () => number) {
    this.#table = table;
    this.#id = id;
    this.#seq = seq;
    this.#now = now;
    this.#heldUntilMs = performance.now() + heldMs;
  }

  static async begin(table: Table, now: () => number): Promise<Snapshot> {
    const id = randomUUID();
    if ((await readHead(table, now())) === undefined) {
      // The handlers have none: what they write, they write one item at a time.
      await table.put(newHead, { ConditionExpression: "attribute_not_exists(pk)" });
    }
    const item = await table.update(headKey, {
      UpdateExpression: "SET snapshots.#id = seq, snapshotsUntil.#id = :until",
      ConditionExpression: "attribute_exists(pk)",
      ExpressionAttributeNames: { "#id": id },
      ExpressionAttributeValues: { ":until": attribute.number(now() + heldMs) },
      ReturnValues: "ALL_NEW",
    });
    if (item === undefined) throw new StoreError("missing", table.place, "no state here");
    const head = headOf(table.place, item, now());
    // A repeated request may have found a later commit than the one before it: the answer is the one that holds.
    const snapshot = new Snapshot(table, id, head.seq, now);
    try {
      await finishCommit(table, head, now());
      return snapshot;
    } catch (error) {
      await snapshot[Symbol.asyncDispose]();
      throw error;
    }
  }

  async get(key: ItemKey): Promise<Item | undefined> {
    return (await this.getMany([key]))[0];
  }

  async getMany(keys: readonly ItemKey[]): Promise<Item[]> {
    return await this.#asShown(await this.#table.getMany(keys));
  }

  async *pages(range: ItemRange): AsyncGenerator<Item[], void, undefined> {
    for await (const page of this.#table.pages(withMarks(range))) yield await this.#asShown(page);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#table.update(headKey, {
      UpdateExpression: "REMOVE snapshots.#id, snapshotsUntil.#id",
      ConditionExpression: "attribute_exists(pk)",
      ExpressionAttributeNames: { "#id": this.#id },
    });
  }

  /** The items that the snapshot shows, in their order. */
  async #asShown(items: readonly Item[]): Promise<Item[]> {
    await this.#hold();
    const isLater = (item: Item) => countIn(item, commitAttribute) > this.#seq;
    const later = items.filter(isLater).map(keyOf);
    if (later.length === 0) return items.filter((item) => !isHidden(item));
    const images = await this.#table.getMany(later.map((key) => imageKey(this.#seq, key)));
    const byKey = new Map(images.map((image) => [keyText(keyOf(image)), image]));
    return items.flatMap((item) => {
      if (!isLater(item)) return isHidden(item) ? [] : [item];
      const image = byKey.get(keyText(imageKey(this.#seq, keyOf(item))));
      if (image === undefined) throw this.#overError();
      const shown = image[imageAttribute]?.M;
      return shown === undefined || isHidden(shown) ? [] : [shown];
    });
  }

  async #hold(): Promise<void> {
    const leftMs = this.#heldUntilMs - performance.now();
    if (leftMs > heldMs / 2) return;
    const held = await this.#table.update(headKey, {
      UpdateExpression: "SET snapshotsUntil.#id = :until",
      ConditionExpression: "attribute_exists(snapshots.#id)",
      ExpressionAttributeNames: { "#id": this.#id },
      ExpressionAttributeValues: { ":until": attribute.number(this.#now() + heldMs) },
    });
    if (held === undefined) throw this.#overError();
    this.#heldUntilMs = performance.now() + heldMs;
  }

  #overError(): StoreError {
    const problem = "reading took so long that the snapshot is over; read again";
    return new StoreError("busy", this.#table.place, problem);
  }
}

/** How long a snapshot is held from one read to the next. */
const heldMs = 10 * 60_000;
