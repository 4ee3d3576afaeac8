import type { HistoryRow } from "../store/store.ts";

export const hourMs = 3_600_000;

/** Where time runs in a chart: hours since the epoch, `toHour` exclusive. */
export interface HourRange {
  readonly fromHour: number;
  readonly toHour: number;
}

/** One hour of a series. `events` is undefined where nothing at all was seen of the world: a gap, not a zero. */
export interface SeriesHour {
  readonly hour: number;
  readonly events: number | undefined;
  readonly expected: number | null;
  readonly limit: number | null;
}

/** The hours for which any entity has a row: outside of them Keyhawk saw nothing and a zero would be a lie. */
export function coveredHours(rows: readonly HistoryRow[]): ReadonlySet<number> {
  return new Set(rows.map((row) => row.hour));
}

/** The smallest range that holds all rows; undefined without rows. */
export function rangeOf(rows: readonly HistoryRow[]): HourRange | undefined {
  if (rows.length === 0) return undefined;
  let fromHour = Infinity;
  let toHour = -Infinity;
  for (const { hour } of rows) {
    fromHour = Math.min(fromHour, hour);
    toHour = Math.max(toHour, hour + 1);
  }
  return { fromHour, toHour };
}

/**
 * Every hour of the range, in order. A covered hour without a row is a zero; an hour that is not covered is a gap. Rows of
 * several entities are added up; their limits are not, since a sum of limits is no limit.
 */
export function fillHours(
  rows: readonly HistoryRow[],
  range: HourRange,
  covered: ReadonlySet<number>,
): SeriesHour[] {
  const byHour = Map.groupBy(rows, (row) => row.hour);
  const filled: SeriesHour[] = [];
  for (let hour = range.fromHour; hour < range.toHour; hour++) {
    const here = byHour.get(hour) ?? [];
    if (here.length === 0) {
      filled.push({ hour, events: covered.has(hour) ? 0 : undefined, expected: null, limit: null });
      continue;
    }
    filled.push({
      hour,
      events: here.reduce((sum, row) => sum + row.events, 0),
      expected: sumOf(here.map((row) => row.expected)),
      limit: here.length === 1 ? (here[0]?.limit ?? null) : null,
    });
  }
  return filled;
}

/**
 * At most `bins` hours out of many: each bin of equal length is shown by its most telling hour, which is one over its limit
 * before any other, then the busiest. So no crossing and no peak is lost. A bin is a gap only if all its hours are.
 */
export function downsample(hours: readonly SeriesHour[], bins: number): SeriesHour[] {
  const size = Math.max(1, Math.ceil(hours.length / Math.max(1, bins)));
  if (size === 1) return [...hours];
  const sampled: SeriesHour[] = [];
  for (let start = 0; start < hours.length; start += size) {
    const bin = hours.slice(start, start + size);
    const [first] = bin;
    if (first === undefined) continue;
    sampled.push({ ...bin.reduce(moreTelling), hour: first.hour });
  }
  return sampled;
}

/** Whether an hour went over the limit that it was judged by. */
export function isOver(hour: SeriesHour): boolean {
  return hour.events !== undefined && hour.limit !== null && hour.events > hour.limit;
}

function moreTelling(a: SeriesHour, b: SeriesHour): SeriesHour {
  if (isOver(a) !== isOver(b)) return isOver(a) ? a : b;
  return (b.events ?? -1) > (a.events ?? -1) ? b : a;
}

function sumOf(values: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const value of values) {
    if (value === null) return null;
    sum += value;
  }
  return sum;
}
