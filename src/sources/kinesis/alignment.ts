/** What alignment knows of a shard that is being read. */
export interface Lane {
  /** Arrival time of its oldest record in hand; undefined where it has none. */
  readonly headMs: number | undefined;
  /**
   * With nothing in hand: no record still to come is older than this. -Infinity before the first answer, undefined
   * for a shard at its tip, which holds nobody back.
   */
  readonly floorMs: number | undefined;
}

/** Which lane to take from, and the arrival time up to which its records may be taken in one go. */
export interface Run {
  readonly lane: number;
  readonly untilMs: number;
}

/**
 * Merges shards by arrival time: the oldest head goes first, unless a lane with nothing in hand may still bring a record
 * older by more than `alignmentMs`. Undefined when nothing may be taken yet.
 *
 * An empty lane is always allowed to read, so waiting for it ends: prefetch limits cannot deadlock.
 */
export function nextRun(lanes: readonly Lane[], alignmentMs: number): Run | undefined {
  let oldest: { lane: number; headMs: number } | undefined;
  let secondMs = Infinity;
  let floorMs = Infinity;
  for (const [lane, { headMs, floorMs: ownFloorMs }] of lanes.entries()) {
    if (headMs === undefined) {
      floorMs = Math.min(floorMs, ownFloorMs ?? Infinity);
    } else if (oldest === undefined || headMs < oldest.headMs) {
      secondMs = Math.min(secondMs, oldest?.headMs ?? Infinity);
      oldest = { lane, headMs };
    } else {
      secondMs = Math.min(secondMs, headMs);
    }
  }
  const limitMs = floorMs + alignmentMs;
  if (oldest === undefined || oldest.headMs > limitMs) {
    return undefined;
  }
  return { lane: oldest.lane, untilMs: Math.min(secondMs, limitMs) };
}
