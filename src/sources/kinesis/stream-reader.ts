import type { Log } from "../../telemetry.ts";
import type { SourceNotice } from "../source.ts";
import { nextRun } from "./alignment.ts";
import type { BatchParts } from "./batch.ts";
import { ShardLane, type ShardRecord } from "./lane.ts";
import { type KinesisOptions, streamName } from "./options.ts";
import { formatPosition, type Position, positionKey } from "./position.ts";
import { childrenOf, type Shard, startableShards } from "./shard-graph.ts";
import { type ReaderContext, readShard } from "./shard-reader.ts";
import { gapNotice, planStart, type Cursor } from "./start-plan.ts";
import type { StreamApi } from "./stream-api.ts";
import { createBell, pause } from "./waiting.ts";

/** Most bytes of one batch as they came from the stream; opened they may be thirty times as many. */
const BATCH_BYTES = 1024 * 1024;

export interface StreamReaderParts {
  readonly options: KinesisOptions;
  readonly api: StreamApi;
  readonly signal: AbortSignal;
  readonly log: Log;
  now(): number;
}

/** Reads all shards of a stream at once, parents before children, and merges what they bring by arrival time. */
export class StreamReader {
  readonly news = createBell();
  /** What ended a reader for good. */
  failure: Error | undefined;

  private readonly parts: StreamReaderParts;
  private readonly stream: string;
  private readonly room = createBell();
  private readonly shards = new Map<string, Shard>();
  private listed: ReadonlySet<string> = new Set();
  private readonly lanes = new Map<string, ShardLane>();
  private readonly finished = new Set<string>();
  /** Shards whose position has been handed over. */
  private readonly written = new Set<string>();
  private readonly tasks = new Set<Promise<void>>();
  private cursors: ReadonlyMap<string, Cursor> = new Map();
  private positions = new Map<string, string>();
  private notices: SourceNotice[] = [];
  private retentionMs = 0;

  constructor(parts: StreamReaderParts) {
    this.parts = parts;
    this.stream = streamName(parts.options.stream);
  }

  /** Finds out where each shard goes on, and starts reading. */
  async begin(positions: ReadonlyMap<string, Position>): Promise<void> {
    this.retentionMs = await this.parts.api.retentionMs();
    const nowMs = this.parts.now();
    await this.list();
    const plan = planStart({
      stream: this.stream,
      shards: this.shards,
      positions,
      startAt: this.parts.options.startAt,
      nowMs,
      retentionMs: this.retentionMs,
    });
    this.cursors = plan.cursors;
    for (const shardId of positions.keys()) {
      this.written.add(shardId);
    }
    for (const shardId of plan.finished) {
      this.finished.add(shardId);
    }
    for (const [shardId, text] of plan.positions) {
      this.writePosition(shardId, text);
    }
    this.notices.push(...plan.notices);
    this.startReady();
    this.watch(this.listRegularly());
  }

  /** What may be handed over now, in order of arrival; undefined when there is nothing to say. */
  take(): BatchParts | undefined {
    const records = this.takeRecords();
    this.dropFinished();
    const positions = this.positions;
    const notices = this.notices;
    if (records.length === 0 && positions.size === 0 && notices.length === 0) {
      return undefined;
    }
    this.positions = new Map();
    this.notices = [];
    this.room.ring();
    return { records, positions, notices };
  }

  /** Waits until all readers have ended; abort the signal first. */
  async settle(): Promise<void> {
    this.room.ring();
    await Promise.allSettled(this.tasks);
  }

  private takeRecords(): ShardRecord[] {
    const { recordsPerRead, alignmentMs } = this.parts.options;
    const lanes = [...this.lanes.values()];
    const taken = new Set<ShardLane>();
    const out: ShardRecord[] = [];
    let bytes = 0;
    while (out.length < recordsPerRead && bytes < BATCH_BYTES) {
      const run = nextRun(lanes, alignmentMs);
      const lane = run === undefined ? undefined : lanes[run.lane];
      if (run === undefined || lane === undefined) {
        break;
      }
      const limits = { records: recordsPerRead - out.length, bytes: BATCH_BYTES - bytes };
      for (const record of lane.take(run.untilMs, limits)) {
        out.push(record);
        bytes += record.data.byteLength;
      }
      taken.add(lane);
    }
    for (const lane of lanes) {
      const text = lane.duePosition(taken.has(lane), this.parts.now());
      if (text !== undefined) {
        this.writePosition(lane.shardId, text);
      }
    }
    return out;
  }

  /** Marks shards whose last record was taken, and lets their children start. */
  private dropFinished(): void {
    for (const [shardId, lane] of this.lanes) {
      if (lane.drained && lane.empty) {
        const children = childrenOf(shardId, this.shards.values());
        const throughMs = this.parts.now();
        const end = formatPosition({ kind: "end", throughMs, children });
        this.lanes.delete(shardId);
        this.finished.add(shardId);
        this.writePosition(shardId, lane.lost ? "" : end);
        this.parts.log.info(
          { stream: this.stream, shard: shardId, children },
          "Shard read to its end",
        );
      }
    }
    this.startReady();
  }

  /** The mark of a finished shard may go when the shard is no longer listed and each of its children has a position. */
  private forgetExpired(): void {
    for (const shardId of this.finished) {
      if (this.listed.has(shardId) || !this.written.has(shardId)) {
        continue;
      }
      const children = childrenOf(shardId, this.shards.values());
      if (children.length > 0 && children.every((child) => this.written.has(child))) {
        this.writePosition(shardId, "");
        this.shards.delete(shardId);
      }
    }
  }

  private writePosition(shardId: string, text: string): void {
    this.positions.set(positionKey(this.stream, shardId), text);
    if (text === "") {
      this.written.delete(shardId);
    } else {
      this.written.add(shardId);
    }
  }

  private startReady(): void {
    const started = new Set(this.lanes.keys());
    for (const { id } of startableShards(this.shards, { finished: this.finished, started })) {
      const lane = new ShardLane(id, this.cursors.get(id) ?? { kind: "horizon" });
      this.lanes.set(id, lane);
      this.parts.log.debug(
        { stream: this.stream, shard: id, from: lane.cursor.kind },
        "Reading shard",
      );
      this.watch(readShard(lane, this.context()));
    }
  }

  private context(): ReaderContext {
    const { options, api, signal, log } = this.parts;
    return {
      stream: this.stream,
      api,
      signal,
      log,
      pollIntervalMs: options.pollIntervalMs,
      recordsPerRead: options.recordsPerRead,
      news: this.news,
      room: this.room,
      now: () => this.parts.now(),
      shareBytes: () => options.prefetchBytes / Math.max(1, this.lanes.size),
      learnChildren: async ({ children }) => {
        for (const child of children) {
          this.shards.set(child.id, this.shards.get(child.id) ?? child);
        }
        if (children.length === 0) {
          await this.list();
        }
      },
      isClosed: (shardId) => this.shards.get(shardId)?.open === false,
      isListed: async (shardId) => {
        await this.list();
        return this.listed.has(shardId);
      },
      retentionMs: () => this.retentionMs,
      gap: ({ shardId, cursor }, why) =>
        this.noteGap(shardId, "throughMs" in cursor ? cursor.throughMs : undefined, why),
    };
  }

  private noteGap(shardId: string, fromMs: number | undefined, why: string): void {
    const toMs = this.parts.now() - this.retentionMs;
    const notice = gapNotice(this.stream, shardId, fromMs, Math.max(toMs, fromMs ?? toMs), why);
    this.notices.push(notice);
    this.parts.log.warn({ stream: this.stream, shard: shardId, why }, "Records may be lost");
  }

  private async list(): Promise<void> {
    const shards = await this.parts.api.listShards();
    const left = [...this.listed].filter((id) => !shards.has(id));
    this.listed = new Set(shards.keys());
    for (const shard of shards.values()) {
      this.shards.set(shard.id, shard);
    }
    for (const id of left) {
      // A shard that is being read finds out by itself; a finished one is known until its mark is no longer needed.
      if (!this.finished.has(id) && !this.lanes.has(id)) {
        this.shards.delete(id);
        this.finished.add(id);
        this.noteGap(id, undefined, "the shard has left the stream before it was read");
      }
    }
    this.forgetExpired();
  }

  private async listRegularly(): Promise<void> {
    const { options, signal } = this.parts;
    for (;;) {
      await pause(options.shardRefreshMs, signal);
      if (signal.aborted) {
        return;
      }
      await this.list();
      this.retentionMs = await this.parts.api.retentionMs();
      this.news.ring();
    }
  }

  private watch(task: Promise<void>): void {
    const watched = task
      .catch((error: unknown) => {
        if (!this.parts.signal.aborted) {
          this.failure ??= error instanceof Error ? error : new Error(String(error));
          this.news.ring();
        }
      })
      .finally(() => this.tasks.delete(watched));
    this.tasks.add(watched);
  }
}
