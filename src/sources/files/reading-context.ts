import { createHash } from "node:crypto";
import type { KmsEvent } from "../../cloudtrail/event.ts";
import type { Log } from "../../telemetry.ts";
import { type DeadLetter, noCounts } from "../source.ts";
import { addCounts, compareEvents, isAfter } from "./event-stream.ts";
import type { Piece } from "./event-stream.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import type { Parsed } from "./parse-items.ts";
import type { Parser } from "./parser.ts";

/** What all streams of one reading share. */
export interface ReadingContext {
  readonly parser: Parser;
  readonly jobs: number;
  readonly positions: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly window: TimeWindow;
  readonly maxOpenedBytes: number;
  readonly memory: MemoryBudget;
  /** A file was read to its end, or given up. */
  readonly onFile: (bytesRead: number) => void;
}

/** Event times from `fromMs` on and before `toMs`. */
export interface TimeWindow {
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
}

/** A short key for a path that is the same whenever the path is given again. */
export function positionKey(kind: string, path: string): string {
  return `${kind}/${createHash("sha256").update(path).digest("base64url").slice(0, 16)}`;
}

/** What several parsed items give together. */
export interface Gathered {
  readonly events: KmsEvent[];
  readonly deadLetters: readonly DeadLetter[];
  readonly counts: Piece["counts"];
}

/**
 * Joins what was parsed: events in order, without those outside of the window or at or before `after`; what failed as dead
 * letters of the origin. Events outside of the window stay in the count of records, not in that of KMS events.
 */
export function gather(
  parsed: readonly Parsed[],
  origin: string,
  window: TimeWindow,
  after: string | undefined,
): Gathered {
  const { fromMs = -Infinity, toMs = Infinity } = window;
  let counts = noCounts;
  const deadLetters: DeadLetter[] = [];
  for (const part of parsed) {
    counts = addCounts(counts, {
      bytes: part.bytes,
      records: part.records,
      kmsEvents: part.kmsEvents,
      rejected: part.rejected.length,
    });
    for (const { reason, detail, payload } of part.rejected) {
      deadLetters.push({ reason, detail, origin, payload });
    }
  }
  const all =
    parsed.length === 1 ? (parsed[0]?.events ?? []) : parsed.flatMap(({ events }) => events);
  const inside = all.filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs);
  counts = addCounts(counts, { kmsEvents: kmsCount(inside) - kmsCount(all) });
  const events = after === undefined ? inside : inside.filter((event) => isAfter(event, after));
  return { events: parsed.length === 1 ? events : events.sort(compareEvents), deadLetters, counts };
}

function kmsCount(events: readonly KmsEvent[]): number {
  return events.reduce((count, { service }) => count + (service === undefined ? 1 : 0), 0);
}
