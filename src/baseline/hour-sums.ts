import { type FadingPeak, newFadingPeak, peakAt, raisePeak } from "./fading-peak.ts";

/** Half-life of the largest sum: what comes once a month is no surprise at the next. */
const HALF_LIFE_DAYS = 180;

/**
 * How much some hours in a row hold together, and the most that they ever did. A rise that is spread over hours shows in the sum before
 * it shows in any of them, since chance and an odd busy hour seldom last. Plain data.
 */
export interface HourSums {
  /** The newest hours that held anything, oldest first: twice as many hours back as are summed. */
  hours: [hour: number, count: number, others: number][];
  /** The largest sum of those that ended before the hours that are being summed. */
  peak: FadingPeak;
}

/** An hour that holds anything: what is summed, and what else there is. */
export interface CountedHour {
  readonly hour: number;
  readonly count: number;
  readonly others: number;
}

export function newHourSums(): HourSums {
  return { hours: [], peak: newFadingPeak() };
}

/** Largest sum of so many hours in a row so far, faded. */
export function largestSum({ peak }: HourSums, hour: number): number {
  return peakAt(peak, hour, HALF_LIFE_DAYS);
}

/** The `width` hours up to this one that hold anything, in no order: those learned, those still open, and the hour itself. */
export function lastHours(
  { hours }: HourSums,
  open: readonly CountedHour[],
  now: CountedHour,
  width: number,
): CountedHour[] {
  const learned = hours.map(([hour, count, others]) => ({ hour, count, others }));
  const before = [...learned, ...open];
  return [...before.filter(({ hour }) => hour > now.hour - width && hour < now.hour), now];
}

/** Learns an hour; hours in strict order. Sums count as soon as none of their hours is among the newest `width`. */
export function learnSum(
  sums: HourSums,
  { hour, count, others }: CountedHour,
  width: number,
): void {
  for (const [end] of sums.hours) {
    if (end > hour - width) continue;
    const sum = sums.hours.reduce(
      (whole, [at, one]) => (at > end - width && at <= end ? whole + one : whole),
      0,
    );
    if (sum > largestSum(sums, hour)) raisePeak(sums.peak, hour, sum, HALF_LIFE_DAYS);
  }
  sums.hours = sums.hours.filter(([at]) => at > hour - 2 * width);
  sums.hours.push([hour, count, others]);
}
