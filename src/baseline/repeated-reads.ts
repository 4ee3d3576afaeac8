import { dayOf } from "./calendar.ts";
import { type FadingPeak, newFadingPeak, peakAt, raisePeak } from "./fading-peak.ts";

/** How many reads of a day repeat one of the same hour, and the most that a day had of late. Plain data. */
export interface RepeatedReads {
  /** The day being summed; −1 before any. */
  day: number;
  count: number;
  peak: FadingPeak;
}

export function newRepeatedReads(): RepeatedReads {
  return { day: -1, count: 0, peak: newFadingPeak() };
}

/** The most of any day before that of the hour, faded. */
export function mostRepeated({ day, count, peak }: RepeatedReads, hour: number): number {
  return Math.max(peakAt(peak, hour), day === dayOf(hour) ? 0 : count);
}

/** Those of the hour's day that are learned: of hours before it. */
export function repeatedToday({ day, count }: RepeatedReads, hour: number): number {
  return day === dayOf(hour) ? count : 0;
}

/** Learns a closed hour; hours in strict order. */
export function learnRepeated(reads: RepeatedReads, hour: number, count: number): void {
  const day = dayOf(hour);
  if (reads.day !== day) {
    raisePeak(reads.peak, hour, reads.count);
    reads.day = day;
    reads.count = 0;
  }
  reads.count += count;
}

/** Reads of an hour, and of those that repeat one of it whatever goes beyond what the day still leaves free. */
export function withRepeats(
  { count, again }: { readonly count: number; readonly again: number },
  free: number,
): number {
  return count + Math.max(0, again - Math.max(0, free));
}
