import type { SpokenHours } from "../baseline/spoken-hours.ts";
import type { Alert } from "../detection/alert.ts";
import type { AlertReader, HistoryRow, Outbox, SuppressionTable, UsageRow } from "./store.ts";

/**
 * What the Lambda handlers keep between invocations: one item an entity, written by many handlers at once.
 * `test/contracts/entity-store.ts` says what each driver must do.
 *
 * An entity's name is opaque here: `principal:…`, `key:…`, `account:…`, `combination:…`; at most 1,500 bytes of UTF-8. Every
 * reading is strongly consistent but those of `closing` and `pendingOutboxes`, which may lag by seconds. A method that
 * rejects may or may not have written: each of them may be called again with the same arguments, and `commit` after `load`.
 * Rejects with `StoreError` once the driver's own tries are used up: `busy` for throttling, `full` where an item would get
 * too large, `failed` for the rest.
 */
export interface EntityStore extends AsyncDisposable {
  /**
   * Makes sure that the handlers alone learn here; resolves to the event time up to which a process had learned before them,
   * milliseconds, undefined where none had. Rejects with `StoreError` `locked` where one does.
   */
  claim(): Promise<number | undefined>;

  /** The items of the entities that have one. Names may repeat and be many; the driver batches. */
  load(names: readonly string[]): Promise<Map<string, EntityItem>>;
  /**
   * Writes an entity's item in one atomic step, where its version is still `write.version`, and raises the version by one.
   * Resolves to true where it was written; to false, having changed nothing, where the item has another version by now.
   * Entries of the outbox are added to those that are there; one of an id that is there is replaced.
   */
  commit(write: EntityWrite): Promise<boolean>;

  /**
   * Writes segments: immutable parts of an entity's item, named by its writer, which a later `commit` refers to within `calls`.
   * Nobody sees them until then. One of an id that is there is replaced. A segment is at most 256 KiB.
   */
  writeSegments(name: string, segments: readonly Segment[]): Promise<void>;
  /** The segments that are there; those that are not are left out. */
  readSegments(name: string, ids: readonly string[]): Promise<Map<string, Uint8Array>>;
  /** Ids that are not there are no error. */
  removeSegments(name: string, ids: readonly string[]): Promise<void>;

  /** Outbox entries of the entities that have any, each list in the order of `queuedMs`, then of id. */
  outboxes(names: readonly string[]): Promise<Map<string, EntityOutboxEntry[]>>;
  /** Takes entries out of an entity's outbox. Leaves its version alone; ids that are not there are no error. */
  removeFromOutbox(name: string, ids: readonly string[]): Promise<void>;
  /** Entities whose outbox holds an entry queued before `beforeMs`, those that wait longest first. */
  pendingOutboxes(beforeMs: number, limit: number): Promise<string[]>;

  /** Entities whose `closesAtHour` is at most `hour`, in the order of that hour. */
  closing(hour: number, limit: number): Promise<ClosingEntity[]>;

  /** Newest event time committed, milliseconds: the greatest of all lanes; undefined before any. */
  watermark(): Promise<number | undefined>;
  /** Raises a lane's watermark; never lowers it. Lanes, 0 to 15, keep many writers off one item. */
  raiseWatermark(lane: number, timeMs: number): Promise<void>;

  /**
   * First event hour of each account whose own trail was seen, and of each alias of a key (`KEY-ARN ALIAS-ARN`): any text of at
   * most 600 bytes of UTF-8.
   */
  accounts(): Promise<Map<string, number>>;
  /** Adds accounts and aliases; of two hours of one the earlier stays, whoever writes last. */
  noteAccounts(accounts: ReadonlyMap<string, number>): Promise<void>;

  /** The hours in which anybody at all was heard. */
  heard(): Promise<SpokenHours>;
  /** Adds hours to those in which somebody was heard, whoever else adds some at the same time. */
  noteHeard(hours: readonly number[]): Promise<void>;

  /**
   * Keeps what a report draws of folded hours: rows of hours replace those of the same entity and hour; usage is added to what is
   * known of the pair, where it is newer: a pair's must be kept in the order of its hours. To keep the same again changes
   * nothing. One write for each entity and day, and one for each pair.
   */
  keepHistory(history: FoldedHistory): Promise<void>;

  /**
   * Keeps alerts as they stand, as `Commit.alerts` does, but for one of a lower revision than the kept one, which is left out
   * wholly. What people made of an alert stays. `suppressed` is alert id → what mutes it, `Commit.suppressed` and
   * `Commit.unmuted` in one: an alert that is not in it loses an earlier mark. An alert counts once as a hit of a suppression.
   */
  keepAlerts(alerts: readonly Alert[], suppressed: ReadonlyMap<string, string>): Promise<void>;
  readonly alerts: Pick<AlertReader, "get" | "close">;
  /** Revisions taken out of the entities' outboxes, until each sink has accepted them. */
  readonly deliveries: Outbox;
  readonly suppressions: Pick<SuppressionTable, "list" | "add">;
}

/** What hours leave for reports once they are folded. */
export interface FoldedHistory {
  readonly hours: readonly HistoryRow[];
  readonly usage: readonly UsageRow[];
}

/** An entity as it was committed last. */
export interface EntityItem {
  /** From 1 on; each commit raises it by one. */
  readonly version: number;
  /** JSON text, of any size up to 4 MiB; `writeMemory` writes it for entities with detectors. */
  readonly memory: string;
  /** Identities of recent calls, opaque to the store; at most 32 KiB. */
  readonly calls: Uint8Array;
  readonly closesAtHour: number | undefined;
}

/** A new state of one entity. */
export interface EntityWrite extends Omit<EntityItem, "version"> {
  readonly name: string;
  /** Version of the item that this was made from; 0 where there was none. */
  readonly version: number;
  readonly outbox: readonly EntityOutboxEntry[];
}

/** Something to be told or passed on, once the state that it came from is committed. */
export interface EntityOutboxEntry {
  /** Unique within the entity; at most 64 characters of `[0-9a-z.-]`. */
  readonly id: string;
  /** JSON text, at most 64 KiB. */
  readonly text: string;
  /** When it was queued, milliseconds since the epoch. */
  readonly queuedMs: number;
}

/** An immutable part of an entity's item, written before the item that refers to it. */
export interface Segment {
  /** Unique within the entity; at most 64 characters of `[0-9a-z.-]`. */
  readonly id: string;
  readonly bytes: Uint8Array;
  /** From when on it may vanish, milliseconds since the epoch: garbage that a crash left behind must go some day. */
  readonly expiresMs: number;
}

export interface ClosingEntity {
  readonly name: string;
  /** The hour that event time must reach, in hours since the epoch, for the entity to be looked at: something is over, or it may have fallen silent. */
  readonly closesAtHour: number;
}
