import type { Log } from "../../telemetry.ts";
import { backoffMs } from "./backoff.ts";
import type { ShardLane } from "./lane.ts";
import type { Page, StreamApi } from "./stream-api.ts";
import { type Bell, pause } from "./waiting.ts";

/** AWS allows 5 reads, and 5 new iterators, a second and shard. */
const REQUEST_INTERVAL_MS = 200;
/** AWS hands out 2 MB a second and shard, and refuses reads for as long as one has gone beyond it. */
const BYTES_PER_MS = 2000;
/** Fewest records of one read, however little room a shard has. */
const LEAST_LIMIT = 10;
const STEP_BACK_MS = 60_000;
const EDGE_MS = 60_000;
/** A shard that is read more slowly than it is trimmed loses records all the time: one notice an hour says so. */
const GAP_INTERVAL_MS = 3_600_000;

/** What the readers of all shards of a stream share. */
export interface ReaderContext {
  readonly stream: string;
  readonly api: StreamApi;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly pollIntervalMs: number;
  readonly recordsPerRead: number;
  /** Rung by readers when there is something new to hand over. */
  readonly news: Bell;
  /** Rung when records were handed over, so that there is room again. */
  readonly room: Bell;
  now(): number;
  /** Bytes that each shard may hold: its part of what may be read ahead over all. */
  shareBytes(): number;
  /** Adds shards that a last page named; lists the shards anew where it named none. */
  learnChildren(page: Page): Promise<void>;
  /** Whether the shard is known to take no more records. */
  isClosed(shardId: string): boolean;
  /** Whether the stream still lists the shard; asks AWS. */
  isListed(shardId: string): Promise<boolean>;
  retentionMs(): number;
  /** Records after the lane's cursor may have been lost. */
  gap(lane: ShardLane, why: string): void;
}

/**
 * Reads one shard into its lane until the shard ends or the signal aborts. Whatever goes wrong, it goes on after the last
 * record received; where that is no longer possible it says what may be lost.
 */
export async function readShard(lane: ShardLane, context: ReaderContext): Promise<void> {
  const reads = createPace(context);
  const openings = createPace(context);
  let iterator: string | undefined;
  let fruitless = 0;
  while (!context.signal.aborted) {
    while (!lane.hasRoom(context.shareBytes()) && !context.signal.aborted) {
      await context.room.wait();
    }
    iterator ??= await open(lane, context, openings);
    await reads.turn();
    if (iterator === undefined || context.signal.aborted) {
      return;
    }
    reportTrimmed(lane, context);
    const fitting = Math.floor(context.shareBytes() / lane.recordBytes);
    const limit = Math.min(context.recordsPerRead, Math.max(LEAST_LIMIT, fitting));
    const askedMs = context.now();
    const page = await context.api.getRecords(lane.shardId, iterator, limit);
    reads.postpone(REQUEST_INTERVAL_MS);
    if (page === "expired" || page === "missing") {
      context.log.debug({ shard: lane.shardId, reason: page }, "opening a new shard iterator");
      iterator = undefined;
      await pause(fruitless === 0 ? 0 : backoffMs(fruitless, Math.random()), context.signal);
      fruitless += 1;
      continue;
    }
    fruitless = 0;
    const more = page.records.length >= limit;
    if (page.next === undefined) {
      await context.learnChildren(page);
    }
    lane.closed = context.isClosed(lane.shardId);
    lane.receive(page, askedMs, more);
    lane.drained = page.next === undefined;
    context.news.ring();
    if (lane.drained) {
      return;
    }
    iterator = page.next;
    reads.postpone(
      page.behindMs === 0 && !more ? context.pollIntervalMs : page.bytes / BYTES_PER_MS,
    );
  }
}

/** Opens an iterator at the lane's cursor; undefined when the shard is gone or the signal aborts. */
async function open(
  lane: ShardLane,
  context: ReaderContext,
  openings: Pace,
): Promise<string | undefined> {
  for (let attempt = 0; !context.signal.aborted; attempt += 1) {
    await openings.turn();
    reportTrimmed(lane, context);
    const { cursor } = lane;
    const opened = await context.api.openIterator(lane.shardId, cursor);
    openings.postpone(REQUEST_INTERVAL_MS);
    if (typeof opened === "object") {
      if (cursor.kind === "latest") {
        lane.cursor = { kind: "at", throughMs: cursor.throughMs };
      }
      return opened.iterator;
    }
    if (opened === "missing" && !(await context.isListed(lane.shardId))) {
      context.gap(lane, "the shard has left the stream before it was read to its end");
      lane.lost = true;
      lane.drained = true;
      context.news.ring();
      return undefined;
    }
    if (opened === "refused" && cursor.kind === "at") {
      // A time is refused when it lies in the future of AWS's clock: going back a little repeats, and loses nothing.
      lane.cursor = { kind: "at", throughMs: cursor.throughMs - STEP_BACK_MS * 2 ** attempt };
    } else if (opened === "refused") {
      goToHorizon(lane, context, "the stream does not know the position");
    }
    openings.postpone(backoffMs(attempt, Math.random()));
  }
  return undefined;
}

/** A position older than what the stream keeps: what came after it may have been trimmed. */
function reportTrimmed(lane: ShardLane, context: ReaderContext): void {
  const { cursor } = lane;
  const horizonMs = context.now() - context.retentionMs();
  // A start time at the very edge of retention is a start from the trim horizon, not a loss.
  const graceMs = cursor.kind === "at" ? EDGE_MS : 0;
  const trimmed = "throughMs" in cursor && cursor.throughMs < horizonMs - graceMs;
  if (trimmed && context.now() - lane.gapMs >= GAP_INTERVAL_MS) {
    goToHorizon(lane, context, "the position is older than the stream's retention");
  }
}

function goToHorizon(lane: ShardLane, context: ReaderContext, why: string): void {
  context.gap(lane, why);
  lane.restartAt(context.now() - context.retentionMs());
  lane.gapMs = context.now();
  context.news.ring();
}

/** Keeps requests of one kind for one shard apart; counted from the answer, since one request may be several attempts. */
interface Pace {
  turn(): Promise<void>;
  /** The next turn is at least this far away. */
  postpone(ms: number): void;
}

function createPace(context: ReaderContext): Pace {
  let nextMs = 0;
  return {
    async turn() {
      await pause(nextMs - performance.now(), context.signal);
    },
    postpone(ms) {
      nextMs = Math.max(nextMs, performance.now() + ms);
    },
  };
}
