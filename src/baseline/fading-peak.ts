import { fade, short } from "./forgetting.ts";

/** Half-life of a peak, days: a month-end's is still remembered, at half its height, at the next. */
const HALF_LIFE_DAYS = 35;

/** The largest count met so far, fading with event time. Plain data. */
export interface FadingPeak {
  value: number;
  /** Hour up to which it has faded. */
  hour: number;
}

export function newFadingPeak(): FadingPeak {
  return { value: 0, hour: 0 };
}

/** Height of the peak at `hour`; every use of one peak has the same half-life. */
export function peakAt(peak: FadingPeak, hour: number, halfLifeDays = HALF_LIFE_DAYS): number {
  const days = Math.max(0, hour - peak.hour) / 24;
  return short(peak.value * fade(days, halfLifeDays));
}

/** Learns the count of an hour; hours come in order. */
export function raisePeak(
  peak: FadingPeak,
  hour: number,
  count: number,
  halfLifeDays = HALF_LIFE_DAYS,
): void {
  peak.value = Math.max(count, peakAt(peak, hour, halfLifeDays));
  peak.hour = hour;
}
