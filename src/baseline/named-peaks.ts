import { fade, short } from "./forgetting.ts";

/** Half-life of a peak, hours: a month-end's is still remembered, at half its height, at the next. */
const HALF_LIFE_HOURS = 35 * 24;

/** By name: the largest count of an hour, fading with event time. Plain data. */
export type NamedPeaks = Record<string, number>;

/** Learns the count of one hour; hours come in order. */
export function learnNamedPeak(peaks: NamedPeaks, name: string, count: number): void {
  const faded = (peaks[name] ?? 0) * fade(1, HALF_LIFE_HOURS);
  peaks[name] = short(Math.max(count, faded));
}

/** Lets all peaks fade over hours without anything. */
export function fadeNamedPeaks(peaks: NamedPeaks, hours: number): void {
  for (const [name, peak] of Object.entries(peaks)) {
    peaks[name] = short(peak * fade(hours, HALF_LIFE_HOURS));
  }
}

/** Forgets the peaks of those who are not to be remembered. */
export function keepPeaksOf(peaks: NamedPeaks, isKept: (name: string) => boolean): void {
  for (const name of Object.keys(peaks)) {
    if (!isKept(name)) delete peaks[name];
  }
}
