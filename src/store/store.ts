import type { Alert } from "../detection/alert.ts";
import type { Acceptance } from "../detection/suppression.ts";
import { type BatchCounts, type DeadLetter, noCounts } from "../sources/source.ts";

/**
 * What must survive: memories, positions, recent calls, alerts, outbox, dead letters. `test/contracts/store.ts` says what
 * each driver must do. All of one `commit` is durable when it resolves, or none of it.
 */
export interface StateStore extends AsyncDisposable {
  /** Committed positions of all sources. */
  positions(): Promise<Map<string, string>>;
  /** The memories of those entities that have one, as they were committed. */
  loadMemories(entities: readonly string[]): Promise<Map<string, string>>;
  /**
   * At most `limit` memories of the entities whose names come after `entity`, in the order of the names' UTF-8 bytes; the last
   * name leads to the next ones, and the empty one to the first.
   */
  memoriesAfter(entity: string, limit: number): Promise<Map<string, string>>;
  /** Lets `read` read, through this store, what one and the same commit left, whoever commits meanwhile. Nothing is written in it. */
  snapshot<Result>(read: () => Promise<Result>): Promise<Result>;
  /** The engine's own state (watermark and the like), undefined in a new store. */
  engineState(): Promise<string | undefined>;
  /** Segments of recent call identities, oldest first. */
  recentCalls(): Promise<CallSegment[]>;
  commit(commit: Commit): Promise<void>;

  readonly outbox: Outbox;
  readonly alerts: AlertReader;
  readonly history: HistoryReader;
  readonly suppressions: SuppressionTable;

  /** Small settings of this installation, e.g. the key of the context hashes; written at once, outside a batch. */
  setting(name: string): Promise<Uint8Array | undefined>;
  setSetting(name: string, value: Uint8Array): Promise<void>;
}

/** All that one batch changes. */
export interface Commit {
  /** An empty string removes a position. */
  readonly positions: ReadonlyMap<string, string>;
  /** Entity → memory as JSON text. */
  readonly memories: ReadonlyMap<string, string>;
  readonly engineState: string | undefined;
  readonly calls: readonly CallSegment[];
  /** Segments of event hours before this one are forgotten; undefined keeps all. */
  readonly forgetCallsBeforeHour: number | undefined;
  /** Alerts as they stand now, by id; replaces what was kept under the same id, but for status and verdict given by people. */
  readonly alerts: readonly Alert[];
  /** Alert revisions to deliver, each to the sinks named. */
  readonly deliveries: readonly Delivery[];
  readonly deadLetters: readonly DeadLetter[];
  /** Added to the counters of this store. */
  readonly counters: Partial<Counters>;
  readonly history: readonly HistoryRow[];
  /** History of hours before this one is forgotten; undefined keeps all. */
  readonly forgetHistoryBeforeHour?: number | undefined;
  readonly usage: readonly UsageRow[];
  /** Alert id → id of the suppression that muted it; each alert counts once as a hit of its suppression. */
  readonly suppressed?: ReadonlyMap<string, string> | undefined;
  /** Ids of alerts that nothing mutes: a mark that an earlier commit left on them is taken away, hits stay counted. */
  readonly unmuted?: ReadonlySet<string> | undefined;
}

/** Identities of calls seen in one event hour: 8 bytes each, in no order. */
export interface CallSegment {
  /** Hours since the epoch, event time. */
  readonly hour: number;
  readonly ids: Uint8Array;
}

export interface Delivery {
  readonly alert: Alert;
  readonly sinks: readonly string[];
}

/** Counters that add up over the life of a store; the names are those of the summary. */
export interface Counters extends BatchCounts {
  readonly duplicates: number;
  readonly sharedCopies: number;
  readonly late: number;
  readonly alerts: number;
  readonly suppressed: number;
  readonly self: number;
}

/** The counters of a store where nothing was committed. */
export const noCounters: Counters = {
  ...noCounts,
  duplicates: 0,
  sharedCopies: 0,
  late: 0,
  alerts: 0,
  suppressed: 0,
  self: 0,
};

/** One hour of one entity, once it is folded: what a report draws. */
export interface HistoryRow {
  /** `principal:…`, `key:…` or `account:…`. */
  readonly entity: string;
  /** Hours since the epoch, event time. */
  readonly hour: number;
  readonly events: number;
  readonly decrypts: number;
  /** What was expected for the hour and the limit it was judged by; null while learning. */
  readonly expected: number | null;
  readonly limit: number | null;
}

/** Who used which key: added to what is known of the pair. */
export interface UsageRow {
  readonly keyArn: string;
  readonly principalKey: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
}

/** Alerts committed and not yet accepted by every sink. */
export interface Outbox {
  /**
   * Due entries of one sink, oldest first. Of each alert only the oldest pending revision, so that a newer one cannot
   * overtake it.
   */
  due(sink: string, nowMs: number, limit: number): Promise<OutboxEntry[]>;
  accepted(ids: readonly number[]): Promise<void>;
  /** The attempt failed; try again at `nextAttemptMs`. */
  retryLater(ids: readonly number[], nextAttemptMs: number, error: string): Promise<void>;
  /** Given up, or no room: kept with the reason, not tried again until `redrive`. */
  park(ids: readonly number[], error: string): Promise<void>;
  redrive(sink: string): Promise<number>;
  counts(): Promise<OutboxCount[]>;
  /** Adds deliveries outside a batch (an alert about a sink, a test alert); also kept as alerts. */
  add(deliveries: readonly Delivery[]): Promise<void>;
}

export interface OutboxEntry {
  readonly id: number;
  readonly sink: string;
  readonly alert: Alert;
  readonly attempts: number;
  readonly firstQueuedMs: number;
}

export interface OutboxCount {
  readonly sink: string;
  readonly pending: number;
  readonly parked: number;
  readonly accepted: number;
  readonly oldestPendingMs: number | undefined;
}

/** An alert with what people made of it. */
export interface KeptAlert {
  readonly alert: Alert;
  readonly verdict: Verdict | undefined;
  /** Id of the suppression that muted it, if one did. */
  readonly suppressedBy: string | undefined;
}

export const verdicts = ["true-positive", "false-positive", "benign", "test", "duplicate"] as const;
export interface Verdict {
  readonly verdict: (typeof verdicts)[number];
  readonly by: string;
  readonly note: string;
  readonly atMs: number;
}

export interface AlertReader {
  get(alertId: string): Promise<KeptAlert | undefined>;
  /** Newest event time first. */
  list(filter: AlertFilter): Promise<KeptAlert[]>;
  close(alertId: string, verdict: Verdict): Promise<boolean>;
}

export interface AlertFilter {
  readonly detector?: string;
  readonly minimumScore?: number;
  /** `closed` finds what people closed as well. */
  readonly status?: Alert["status"];
  /** Event times from `fromMs` on and before `toMs`. */
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly limit?: number;
}

export interface HistoryReader {
  /** Rows of entities whose id starts with `prefix`, in order of entity and hour. */
  hours(filter: { prefix: string; fromHour?: number; toHour?: number }): Promise<HistoryRow[]>;
  /** The busiest pairs first. */
  usage(limit: number): Promise<UsageRow[]>;
  counters(): Promise<Counters>;
  /** Number of memories by kind of entity. */
  entities(): Promise<{ principals: number; keys: number; accounts: number }>;
  /** Newest first. */
  deadLetters(limit: number): Promise<KeptDeadLetter[]>;
  deadLetterTotals(): Promise<DeadLetterTotals>;
}

/** A dead letter as the store has it: one for all copies with the same origin and payload. */
export interface KeptDeadLetter extends DeadLetter {
  readonly id: number;
  /** Size of the payload as it came, bytes. */
  readonly bytes: number;
  /** SHA-256 of the payload as it came, in hex. */
  readonly sha256: string;
  /** `cut`: only the start was kept, it was too long. `dropped`: the payload is empty now, it made room for later ones. */
  readonly kept: "whole" | "cut" | "dropped";
}

/** What became of all dead letters ever committed: none goes without being counted. */
export interface DeadLetterTotals {
  /** Letters listed now. */
  readonly letters: number;
  /** Letters whose payload is here, whole or cut. */
  readonly payloads: number;
  /** Bytes those payloads take. */
  readonly payloadBytes: number;
  readonly cut: number;
  readonly dropped: number;
  /** Copies of a letter already listed. */
  readonly repeated: number;
  /** Oldest letters no longer listed at all. */
  readonly forgotten: number;
}

/** A mute with a matcher, an owner, a reason and an expiry; muted alerts stay recorded. */
export interface Suppression {
  readonly id: string;
  /** Exact values or patterns with `*`; at least one must be given. */
  readonly match: {
    readonly detector?: string | undefined;
    readonly principal?: string | undefined;
    readonly key?: string | undefined;
    readonly account?: string | undefined;
  };
  readonly owner: string;
  readonly reason: string;
  /** Event time from which it no longer mutes. */
  readonly expiresMs: number;
  readonly createdMs: number;
  readonly hits: number;
  /** Given where an alert was accepted as normal; `match` then holds exact values. */
  readonly acceptance?: Acceptance | undefined;
}

export interface SuppressionTable {
  list(): Promise<Suppression[]>;
  /** Replaces one of the same id, which keeps its hits. Throws RangeError when nothing is to be matched. */
  add(suppression: Omit<Suppression, "hits">): Promise<void>;
  remove(id: string): Promise<boolean>;
}

/** Why a store cannot be opened, read or written. The message names the place and what can be done. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;
  /** The state directory or table. */
  readonly place: string;

  constructor(code: StoreErrorCode, place: string, problem: string, cause?: unknown) {
    super(`${place}: ${problem}`, { cause });
    this.code = code;
    this.place = place;
  }
}

export type StoreErrorCode =
  | "locked" // another consumer has it
  | "missing" // there is no state here
  | "newer" // written by a later version of Keyhawk
  | "corrupt" // damaged, or not a store of Keyhawk
  | "full" // no room on the disk, or the configured size is reached
  | "read-only" // may not be written: by permission, or by how it was opened
  | "busy" // somebody held a transaction open for too long
  | "failed"; // any other fault of the disk or the database
