/**
 * Counts by minute of one hour, with the last second of each minute at which something was counted. Sparse: three numbers
 * (minute, count, second) for each minute that has any, in order of minutes. Order of counting does not matter. Plain data.
 */
export type MinuteCounts = number[];

const FIELDS = 3;

/** Counts one thing at this time; with an amount of zero it notes the second alone. */
export function countMinute(counts: MinuteCounts, timeMs: number, amount = 1): void {
  const second = Math.floor(timeMs / 1000) % 3600;
  const minute = Math.floor(second / 60);
  const within = second % 60;
  let at = counts.length - FIELDS;
  while (at >= 0 && (counts[at] ?? 0) > minute) at -= FIELDS;
  if (at >= 0 && counts[at] === minute) {
    counts[at + 1] = (counts[at + 1] ?? 0) + amount;
    if (within > (counts[at + 2] ?? 0)) counts[at + 2] = within;
    return;
  }
  counts.splice(at + FIELDS, 0, minute, amount, within);
}

/** Second of the hour, 0–3599, of the last thing counted in the first minute by which the count exceeds the limit; 3599 where none does. */
export function crossingSecond(counts: MinuteCounts, limit: number): number {
  return secondOf(counts, (minute) => countWithin(counts, 0, minute) > limit);
}

/** Second of the hour, 0–3599, of the last thing noted in the first minute that is so; 3599 where none is. */
export function secondOf(counts: MinuteCounts, isSo: (minute: number) => boolean): number {
  for (let at = 0; at < counts.length; at += FIELDS) {
    const minute = counts[at] ?? 0;
    if (isSo(minute)) return minute * 60 + (counts[at + 2] ?? 0);
  }
  return 3599;
}

/** Count of the minutes from one to another, both included. */
export function countWithin(counts: MinuteCounts, from: number, to: number): number {
  let sum = 0;
  for (let at = counts.length - FIELDS; at >= 0; at -= FIELDS) {
    const minute = counts[at] ?? 0;
    if (minute < from) break;
    if (minute <= to) sum += counts[at + 1] ?? 0;
  }
  return sum;
}
