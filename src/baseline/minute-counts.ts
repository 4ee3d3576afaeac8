/**
 * Counts by minute of one hour, with the last second of each minute at which something was counted. Sparse: three numbers
 * (minute, count, second) for each minute that has any, in order of minutes. Order of counting does not matter. Plain data.
 */
export type MinuteCounts = number[];

const FIELDS = 3;

/** Counts one thing at this time. */
export function countMinute(counts: MinuteCounts, timeMs: number): void {
  const second = Math.floor(timeMs / 1000) % 3600;
  const minute = Math.floor(second / 60);
  const within = second % 60;
  let at = counts.length - FIELDS;
  while (at >= 0 && (counts[at] ?? 0) > minute) at -= FIELDS;
  if (at >= 0 && counts[at] === minute) {
    counts[at + 1] = (counts[at + 1] ?? 0) + 1;
    if (within > (counts[at + 2] ?? 0)) counts[at + 2] = within;
    return;
  }
  counts.splice(at + FIELDS, 0, minute, 1, within);
}

/** Largest count within any `width` consecutive minutes that hold this time. */
export function largestWindow(counts: MinuteCounts, timeMs: number, width: number): number {
  const minute = Math.floor(timeMs / 60_000) % 60;
  let largest = 0;
  for (let end = minute; end < minute + width; end += 1) {
    largest = Math.max(largest, windowSum(counts, end - width + 1, end));
  }
  return largest;
}

/** Largest count within any `width` consecutive minutes of the hour. */
export function densestWindow(counts: MinuteCounts, width: number): number {
  let largest = 0;
  for (let at = 0; at < counts.length; at += FIELDS) {
    const minute = counts[at] ?? 0;
    largest = Math.max(largest, windowSum(counts, minute, minute + width - 1));
  }
  return largest;
}

/**
 * Second of the hour, 0–3599, of the last thing counted in the first minute by which the count of the hour exceeds `hourLimit`
 * or that of `width` minutes exceeds `windowLimit`; 3599 where neither does.
 */
export function crossingSecond(
  counts: MinuteCounts,
  hourLimit: number,
  windowLimit: number,
  width: number,
): number {
  let sum = 0;
  for (let at = 0; at < counts.length; at += FIELDS) {
    const minute = counts[at] ?? 0;
    sum += counts[at + 1] ?? 0;
    if (sum > hourLimit || windowSum(counts, minute - width + 1, minute) > windowLimit) {
      return minute * 60 + (counts[at + 2] ?? 0);
    }
  }
  return 3599;
}

function windowSum(counts: MinuteCounts, from: number, to: number): number {
  let sum = 0;
  for (let at = counts.length - FIELDS; at >= 0; at -= FIELDS) {
    const minute = counts[at] ?? 0;
    if (minute < from) break;
    if (minute <= to) sum += counts[at + 1] ?? 0;
  }
  return sum;
}
