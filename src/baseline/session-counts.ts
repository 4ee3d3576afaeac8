import { sipHash64 } from "../cloudtrail/siphash.ts";
import { countMinute, type MinuteCounts } from "./minute-counts.ts";

/**
 * Counts of one hour by session, in a fixed number of cells by a hash of the name: however many sessions there are and in whatever
 * order they come, the counts are the same. Two that share a cell count as one. Plain data.
 */
export type SessionCounts = Record<string, SessionCount>;

export interface SessionCount {
  /** The first by text, where two share a cell. */
  name: string;
  count: number;
  minutes: MinuteCounts;
}

const CELLS = 512;
/** Nothing is gained by sessions that share a cell: they are counted too high, not too low. */
const KEY = new Uint8Array(16);

export function countSession(counts: SessionCounts, name: string, timeMs: number): void {
  const cell = String(sipHash64(KEY, name).low % CELLS);
  const session = (counts[cell] ??= { name, count: 0, minutes: [] });
  if (name < session.name) session.name = name;
  session.count += 1;
  countMinute(session.minutes, timeMs);
}

/** The session with the largest count, the first by name among equals; undefined where there is none. */
export function largestSession(counts: SessionCounts): SessionCount | undefined {
  let largest: SessionCount | undefined;
  for (const session of Object.values(counts)) {
    if (largest === undefined || isBefore(session, largest)) largest = session;
  }
  return largest;
}

function isBefore(one: SessionCount, other: SessionCount): boolean {
  return one.count === other.count ? one.name < other.name : one.count > other.count;
}
