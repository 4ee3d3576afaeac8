import { DAY_HOURS, hourOfDay } from "./calendar.ts";
import { fade, shorter } from "./forgetting.ts";

/** After a month, the length of the longest usual rhythm, four fifths of a peak are left. */
const HALF_LIFE_DAYS = 90;

/**
 * The largest counts met at each hour of the day, and out of hours. Jobs come back at their hour, be it every night, week or
 * month: a peak there explains a count at the same hour, and at the hours beside it, where daylight saving time, jitter
 * and a run that crosses the hour move it. It explains nothing at other hours, unless the entity has shown before that its
 * peaks move. Fades with event time. Plain data.
 */
export interface RecurringPeaks {
  /** By UTC hour of the day, weekdays and weekends together: the first of a month may be either. */
  hours: number[];
  /** Largest count that may come at any hour: as large as the usual ones at most, or shown to rove. */
  stray: number;
}

export function newRecurringPeaks(): RecurringPeaks {
  return { hours: Array.from({ length: DAY_HOURS }, () => 0), stray: 0 };
}

/** Largest count that the entity's habits explain in this hour. */
export function peakAround(peaks: RecurringPeaks, hour: number): number {
  const at = hourOfDay(hour) + DAY_HOURS;
  let largest = peaks.stray;
  for (let near = at - 1; near <= at + 1; near += 1) {
    largest = Math.max(largest, peaks.hours[near % DAY_HOURS] ?? 0);
  }
  return largest;
}

/** Largest count at any hour. */
export function largestPeak(peaks: RecurringPeaks): number {
  return Math.max(peaks.stray, ...peaks.hours);
}

/** Learns an hour's count; zeros count, since each visit of an hour of the day fades its peak by a day. */
export function learnPeak(peaks: RecurringPeaks, hour: number, count: number): void {
  const at = hourOfDay(hour);
  const factor = fade(1, HALF_LIFE_DAYS);
  peaks.hours[at] = shorter(Math.max(count, (peaks.hours[at] ?? 0) * factor));
  if (at === 0) peaks.stray = shorter(peaks.stray * factor);
}

/**
 * Learns that a count came at a strange hour. No more of it than the largest one of the usual hours, so that a theft at a
 * strange hour teaches nothing beyond what the entity does anyway.
 */
export function learnStray(peaks: RecurringPeaks, count: number): void {
  peaks.stray = shorter(Math.max(peaks.stray, Math.min(count, largestPeak(peaks))));
}

/** Learns that a count of this size comes at no hour of its own: it may come at any. */
export function learnRoving(peaks: RecurringPeaks, count: number): void {
  peaks.stray = shorter(Math.max(peaks.stray, count));
}

/** Learns the hours from `from` up to, not including, `to`, in which nothing happened. */
export function learnNoPeaks(peaks: RecurringPeaks, from: number, to: number): void {
  const days = Math.floor((to - from) / DAY_HOURS);
  const factor = fade(1, HALF_LIFE_DAYS);
  // Day by day, so that rounding does not tell how many days were learned at once.
  for (let day = 0; day < days; day += 1) {
    peaks.hours = peaks.hours.map((peak) => shorter(peak * factor));
    peaks.stray = shorter(peaks.stray * factor);
  }
  for (let hour = from + days * DAY_HOURS; hour < to; hour += 1) learnPeak(peaks, hour, 0);
}
