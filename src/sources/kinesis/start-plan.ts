import type { SourceNotice } from "../source.ts";
import { formatPosition, type Position } from "./position.ts";
import { childrenOf, type Shard } from "./shard-graph.ts";

/** Where the reading of a shard starts or goes on. */
export type Cursor =
  | { readonly kind: "horizon" }
  | { readonly kind: "latest"; readonly throughMs: number }
  | Exclude<Position, { kind: "end" }>;

export interface StartPlan {
  /** Shards not named start at the trim horizon: they are new. */
  readonly cursors: ReadonlyMap<string, Cursor>;
  readonly finished: ReadonlySet<string>;
  /** Positions to write before the first record, by shard; an empty text removes one. */
  readonly positions: ReadonlyMap<string, string>;
  readonly notices: readonly SourceNotice[];
}

export interface StartQuestion {
  readonly stream: string;
  readonly shards: ReadonlyMap<string, Shard>;
  readonly positions: ReadonlyMap<string, Position>;
  readonly startAt: string;
  readonly nowMs: number;
  readonly retentionMs: number;
}

/**
 * How far back the start of LATEST is written down, so that a clock ahead of AWS's skips nothing on a restart before
 * the first record.
 */
export const CLOCK_MARGIN_MS = 10_000;

/** Decides where each shard starts. With any committed position of the stream, `startAt` no longer counts. */
export function planStart(question: StartQuestion): StartPlan {
  return question.positions.size === 0 ? firstStart(question) : restart(question);
}

function firstStart({ shards, startAt, nowMs, retentionMs }: StartQuestion): StartPlan {
  const cursors = new Map<string, Cursor>();
  const finished = new Set<string>();
  const positions = new Map<string, string>();
  if (startAt === "TRIM_HORIZON") {
    return { cursors, finished, positions, notices: [] };
  }
  for (const { id, open } of shards.values()) {
    if (startAt === "LATEST" && !open) {
      const children = childrenOf(id, shards.values());
      finished.add(id);
      positions.set(id, formatPosition({ kind: "end", throughMs: nowMs, children }));
      continue;
    }
    const throughMs =
      startAt === "LATEST"
        ? nowMs - CLOCK_MARGIN_MS
        : Math.max(nowMs - retentionMs, Math.min(nowMs, Date.parse(startAt)));
    cursors.set(id, { kind: startAt === "LATEST" ? "latest" : "at", throughMs });
    positions.set(id, formatPosition({ kind: "at", throughMs }));
  }
  return { cursors, finished, positions, notices: [] };
}

function restart({ stream, shards, positions, nowMs, retentionMs }: StartQuestion): StartPlan {
  const cursors = new Map<string, Cursor>();
  const finished = new Set<string>();
  const writes = new Map<string, string>();
  const notices: SourceNotice[] = [];
  const lost = (shardId: string, throughMs: number, why: string) =>
    notices.push(gapNotice(stream, shardId, throughMs, nowMs - retentionMs, why));

  for (const [shardId, position] of positions) {
    const listed = shards.has(shardId);
    if (position.kind !== "end" && listed) {
      cursors.set(shardId, position);
      continue;
    }
    finished.add(shardId);
    if (position.kind !== "end") {
      writes.set(shardId, "");
      lost(
        shardId,
        position.throughMs,
        "the shard has left the stream before it was read to its end",
      );
    } else if (!listed) {
      const unread = position.children.filter((child) => !positions.has(child));
      const waiting = unread.filter((child) => shards.has(child));
      const unknown =
        position.children.length === 0 && childrenOf(shardId, shards.values()).length === 0;
      if (unknown || waiting.length < unread.length) {
        lost(
          shardId,
          position.throughMs,
          "the shards that followed it have left the stream unread",
        );
      }
      // The mark stays, for the children that are still to be read, and no longer names those that are lost.
      writes.set(
        shardId,
        waiting.length === 0 ? "" : formatPosition({ ...position, children: waiting }),
      );
    }
  }
  return { cursors, finished, positions: writes, notices };
}

/** Says that records of a shard may have been lost between two times. */
export function gapNotice(
  stream: string,
  shardId: string,
  fromMs: number | undefined,
  toMs: number | undefined,
  why: string,
): SourceNotice {
  const from = fromMs === undefined ? "an unknown time" : new Date(fromMs).toISOString();
  const to = toMs === undefined ? "an unknown time" : new Date(toMs).toISOString();
  return {
    kind: "gap",
    subject: `${stream}/${shardId}`,
    text: `Records of shard ${shardId} of stream ${stream} from ${from} to ${to} may be lost: ${why}`,
    fromMs,
    toMs,
  };
}
