import { StoreError } from "../store.ts";
import type { ChangeSet } from "./change.ts";
import { attribute } from "./item.ts";
import { type Head, headOf, readHead } from "./head.ts";
import { headKey } from "./keys.ts";
import {
  type LeaseOptions,
  lockedError,
  ownerName,
  releaseLease,
  renewLease,
  settleHead,
  takeLease,
} from "./lease.ts";
import { applyChanges, finishCommit, removeLog, writeLog } from "./redo-log.ts";
import type { Table } from "./table.ts";

/**
 * The only consumer of a table: makes commits of any number of items that are there whole or not at all.
 *
 * A commit is first written to the log. One conditional write of the head then makes it: from there on it is done, by this
 * writer or by whoever opens the table next. The head names its owner, so that a writer that has lost the table cannot commit;
 * each item names its last commit, so that nothing written late or twice changes it.
 */
export class Writer implements AsyncDisposable {
  readonly #table: Table;
  readonly #owner: string;
  readonly #now: () => number;
  #head: Head;
  /** Why nothing more can be written. */
  #broken: StoreError | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #renewal: Promise<void> = Promise.resolve();
  #renewedSeq = 0;
  readonly #timer: NodeJS.Timeout;

  private constructor(table: Table, owner: string, head: Head, options: LeaseOptions) {
    this.#table = table;
    this.#owner = owner;
    this.#head = head;
    this.#now = options.now;
    this.#timer = setInterval(() => this.#renew(), options.leaseMs / 5).unref();
  }

  /** Takes the table and finishes the last commit. Throws `StoreError` `locked`. */
  static async open(table: Table, options: LeaseOptions): Promise<Writer> {
    const owner = ownerName();
    const head = await takeLease(table, owner, options);
    const writer = new Writer(table, owner, head, options);
    try {
      await writer.#finishLast();
      return writer;
    } catch (error) {
      clearInterval(writer.#timer);
      throw error;
    }
  }

  /** Number of the next outbox entry, for the commit that is being prepared. */
  get nextEntry(): number {
    return this.#head.entry;
  }

  /** Whether a snapshot is being read that must not miss what would be removed for good. */
  get isWatched(): boolean {
    return this.#head.snapshots.size > 0;
  }

  /** Runs one piece of work after another: what reads, decides and commits must not be mixed with another such. */
  async exclusive<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined); // The caller is told; the next in turn does not mind.
    return await turn;
  }

  /** Within `exclusive`: makes all changes, or none of them; `entries` outbox entries were numbered for them. */
  async commit(changes: ChangeSet, entries = 0): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    const all = changes.all;
    if (all.length === 0) return;
    const parts = await writeLog(this.#table, this.#owner, this.#head.seq + 1, all);
    try {
      this.#head = await this.#moveHead(parts, entries);
      await applyChanges(this.#table, all, this.#head, this.#now());
    } catch (error) {
      this.#broken = brokenBy(this.#table, error);
      throw this.#broken;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#turn;
    await this.#renewal;
    if (this.#broken !== undefined) return;
    if (await releaseLease(this.#table, this.#owner)) await removeLog(this.#table, this.#owner);
  }

  async #finishLast(): Promise<void> {
    const { parts, writer } = this.#head;
    if (parts === 0) return;
    await finishCommit(this.#table, this.#head, this.#now());
    this.#head = await settleHead(this.#table, this.#owner, this.#now());
    await removeLog(this.#table, writer);
  }

  /** The commit point. Where the answer was lost and the request repeated, the head tells that it was made. */
  async #moveHead(parts: number, entries: number): Promise<Head> {
    const { seq, entry, expired } = this.#head;
    const names = Object.fromEntries(expired.map((id, index) => [`#s${index}`, id]));
    const forgotten = Object.keys(names).flatMap((name) => [
      `snapshots.${name}`,
      `snapshotsUntil.${name}`,
    ]);
    const item = await this.#table.update(headKey, {
      UpdateExpression:
        "SET seq = :seq, writer = :owner, parts = :parts, entry = :entry" +
        (forgotten.length > 0 ? ` REMOVE ${forgotten.join(", ")}` : ""),
      ConditionExpression: "#owner = :owner AND seq = :last",
      ExpressionAttributeNames: { "#owner": "owner", ...names },
      ExpressionAttributeValues: {
        ":seq": attribute.number(seq + 1),
        ":last": attribute.number(seq),
        ":owner": attribute.text(this.#owner),
        ":parts": attribute.number(parts),
        ":entry": attribute.number(entry + entries),
      },
      ReturnValues: "ALL_NEW",
    });
    if (item !== undefined) return headOf(this.#table.place, item, this.#now());
    const head = await readHead(this.#table, this.#now());
    if (head?.writer === this.#owner && head.seq === seq + 1) return head;
    throw lockedError(this.#table, head);
  }

  #renew(): void {
    if (this.#broken !== undefined || this.#head.seq !== this.#renewedSeq) {
      this.#renewedSeq = this.#head.seq; // A commit was a sign of life.
      return;
    }
    this.#renewal = this.#renewal.then(() => this.#renewNow());
  }

  async #renewNow(): Promise<void> {
    try {
      if (await renewLease(this.#table, this.#owner)) return;
      this.#broken ??= lockedError(this.#table, await readHead(this.#table, this.#now()));
    } catch (error) {
      // Nothing is lost by a missed sign of life unless another consumer comes, and the next commit finds that out.
      if (!(error instanceof StoreError)) throw error;
    }
  }
}

function brokenBy({ place }: Table, error: unknown): StoreError {
  if (error instanceof StoreError && error.code === "locked") return error;
  const code = error instanceof StoreError ? error.code : "failed";
  const why = error instanceof Error ? error.message : String(error);
  const problem = `the last commit could not be finished, the next consumer sees to it: ${why}`;
  return new StoreError(code, place, problem, error);
}
