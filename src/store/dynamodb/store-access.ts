import { StoreError } from "../store.ts";
import { ChangeSet } from "./change.ts";
import { type ItemReader, liveItems } from "./item-reader.ts";
import { Snapshot } from "./snapshot.ts";
import type { Table } from "./table.ts";
import type { Writer } from "./writer.ts";

export type Access = "consume" | "annotate" | "read";

/** What the parts of a store share: what they read from, and what they may write. */
export class StoreAccess {
  readonly table: Table;
  readonly now: () => number;
  readonly #access: Access;
  readonly #writer: Writer | undefined;
  readonly #live: ItemReader;
  readonly #failureListeners: (() => void)[] = [];
  #items: ItemReader;

  constructor(table: Table, access: Access, writer: Writer | undefined, now: () => number) {
    this.table = table;
    this.now = now;
    this.#access = access;
    this.#writer = writer;
    this.#live = liveItems(table);
    this.#items = this.#live;
  }

  /** The table as it is, or the snapshot that is being read. */
  get items(): ItemReader {
    return this.#items;
  }

  async snapshot<Result>(read: () => Promise<Result>): Promise<Result> {
    await using snapshot = await Snapshot.begin(this.table, this.now);
    this.#items = snapshot;
    try {
      return await read();
    } finally {
      this.#items = this.#live;
    }
  }

  /** Throws `StoreError` `read-only` where not even people's notes may be written. */
  checkNotes(): void {
    if (this.#access === "read") throw this.#readOnly("opened to read");
  }

  /** Runs work of the consumer, one after another; of others at once. */
  async inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#writer === undefined ? await work() : await this.#writer.exclusive(work);
  }

  /** Makes all changes that `prepare` finds, or none. Throws `StoreError` `read-only` unless this is the consumer. */
  async commit(prepare: (preparation: Preparation) => Promise<void>): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined) {
      throw this.#readOnly(`opened to ${this.#access}; only a consumer commits`);
    }
    await writer.exclusive(async () => {
      const changes = new ChangeSet();
      let entries = 0;
      const nextEntry = () => writer.nextEntry + entries++;
      try {
        await prepare({ changes, items: this.#live, nowMs: this.now(), nextEntry });
        await writer.commit(changes, entries);
      } catch (error) {
        for (const forget of this.#failureListeners) forget();
        throw error;
      }
    });
  }

  /** Calls `forget` when a commit failed: what was counted while it was prepared did not happen. */
  onFailure(forget: () => void): void {
    this.#failureListeners.push(forget);
  }

  /** Whether a snapshot is being read that must not miss what would be removed for good. */
  get isWatched(): boolean {
    return this.#writer?.isWatched ?? true;
  }

  #readOnly(problem: string): StoreError {
    return new StoreError("read-only", this.table.place, problem);
  }
}

/** A commit being prepared. */
export interface Preparation {
  readonly changes: ChangeSet;
  /** The table as the last commit left it. */
  readonly items: ItemReader;
  readonly nowMs: number;
  /** A number for an outbox entry, each greater than the one before. */
  readonly nextEntry: () => number;
}
