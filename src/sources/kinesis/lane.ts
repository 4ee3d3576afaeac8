import type { Lane } from "./alignment.ts";
import type { Position } from "./position.ts";
import { formatPosition } from "./position.ts";
import { CLOCK_MARGIN_MS, type Cursor } from "./start-plan.ts";
import type { Page, StreamRecord } from "./stream-api.ts";

/** How often the position of a shard without new records is written again, so that it does not outlive retention. */
export const QUIET_REFRESH_MS = 600_000;

/** A CloudWatch Logs envelope, the largest of the usual ones, compressed. */
const FIRST_GUESS_BYTES = 64 * 1024;

/** A record with the shard it came from. */
export interface ShardRecord extends StreamRecord {
  readonly shardId: string;
}

/** One shard being read: what was received, and what of it was handed over. */
export class ShardLane implements Lane {
  readonly shardId: string;
  /** Where reading goes on if the iterator is lost: after the last record received. */
  cursor: Cursor;
  /** Read to its end, and its children are known; records may still be in hand. */
  drained = false;
  /** The shard is gone, with whatever it held. */
  lost = false;
  /** Takes no more records: it ends, and is never at its tip. */
  closed = false;
  bufferedBytes = 0;
  /** Bytes of a record, as far as is known: those of the last page, on average. */
  recordBytes = FIRST_GUESS_BYTES;
  /** When a loss of records was last reported. */
  gapMs = -Infinity;

  private records: readonly StreamRecord[] = [];
  private taken = 0;
  private state: "unread" | "behind" | "tip" = "unread";
  /** No record still to come is older. */
  private reachedMs = -Infinity;
  private lastTaken: StreamRecord | undefined;
  private writtenMs: number | undefined;
  private nextWrite: Position | undefined;

  constructor(shardId: string, cursor: Cursor) {
    this.shardId = shardId;
    this.cursor = cursor;
    if (cursor.kind !== "horizon") {
      this.writtenMs = cursor.throughMs;
    }
  }

  get headMs(): number | undefined {
    return this.records[this.taken]?.arrivalMs;
  }

  get floorMs(): number | undefined {
    // What followed in its children may be older than what other shards have in hand: they are asked first.
    if (this.drained) return -Infinity;
    return this.state === "tip" ? undefined : this.reachedMs;
  }

  get empty(): boolean {
    return this.taken === this.records.length;
  }

  /** Whether another page may be read. With nothing in hand it always may: others may be waiting to know what comes. */
  hasRoom(shareBytes: number): boolean {
    return this.empty || this.bufferedBytes < shareBytes;
  }

  /** Takes in a page. `askedMs` is when it was asked for, `full` whether more records may be waiting. */
  receive(page: Page, askedMs: number, full: boolean): void {
    if (page.records.length > 0) {
      this.records = [...this.records.slice(this.taken), ...page.records];
      this.taken = 0;
      this.bufferedBytes += page.bytes;
      this.recordBytes = Math.max(1, page.bytes / page.records.length);
    }
    const last = page.records.at(-1);
    this.state = page.behindMs === 0 && !full && !this.closed ? "tip" : "behind";
    const quietMs = this.closed ? -Infinity : askedMs - page.behindMs;
    this.reachedMs = Math.max(this.reachedMs, last?.arrivalMs ?? quietMs);
    if (last !== undefined) {
      this.cursor = { kind: "after", sequence: last.sequence, throughMs: last.arrivalMs };
    } else if (this.state === "tip") {
      this.cursor = quietCursor(this.cursor, askedMs);
    }
  }

  /** Hands over records that arrived up to `untilMs`, within the limits, the first one in any case. */
  take(untilMs: number, limits: { records: number; bytes: number }): ShardRecord[] {
    const out: ShardRecord[] = [];
    let bytes = 0;
    for (
      let record = this.records[this.taken];
      record !== undefined;
      record = this.records[this.taken]
    ) {
      const fits = out.length < limits.records && bytes + record.data.byteLength <= limits.bytes;
      if (out.length > 0 && (record.arrivalMs > untilMs || !fits)) {
        break;
      }
      out.push({ ...record, shardId: this.shardId });
      bytes += record.data.byteLength;
      this.lastTaken = record;
      this.taken += 1;
    }
    this.bufferedBytes -= bytes;
    if (this.empty) {
      this.records = [];
      this.taken = 0;
    }
    return out;
  }

  /** Reading goes on at the oldest record there is; this is what gets written meanwhile. */
  restartAt(horizonMs: number): void {
    this.cursor = { kind: "horizon" };
    this.nextWrite = { kind: "at", throughMs: horizonMs };
  }

  /** The position to write with a batch in which `tookRecords` of this lane are, or undefined when none is due. */
  duePosition(tookRecords: boolean, nowMs: number): string | undefined {
    if (tookRecords && this.lastTaken !== undefined) {
      const { sequence, arrivalMs } = this.lastTaken;
      return this.write({ kind: "after", sequence, throughMs: arrivalMs });
    }
    if (this.nextWrite !== undefined) {
      return this.write(this.nextWrite);
    }
    const quiet = this.empty && this.state === "tip";
    const due = this.writtenMs === undefined || nowMs - this.writtenMs >= QUIET_REFRESH_MS;
    if (!quiet || !due || this.cursor.kind === "horizon" || this.cursor.kind === "latest") {
      return undefined;
    }
    return this.cursor.throughMs <= (this.writtenMs ?? -Infinity)
      ? undefined
      : this.write(this.cursor);
  }

  private write(position: Position): string {
    this.nextWrite = undefined;
    this.writtenMs = position.throughMs;
    return formatPosition(position);
  }
}

/** A shard without new records has been read up to the present, less what the clocks may differ by. */
function quietCursor(cursor: Cursor, askedMs: number): Cursor {
  const throughMs = askedMs - CLOCK_MARGIN_MS;
  if (cursor.kind === "after") {
    return { ...cursor, throughMs: Math.max(cursor.throughMs, throughMs) };
  }
  const before = cursor.kind === "horizon" ? 0 : cursor.throughMs;
  return { kind: "at", throughMs: Math.max(before, throughMs) };
}
