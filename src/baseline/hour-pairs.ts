import { type FadingPeak, newFadingPeak, peakAt, raisePeak } from "./fading-peak.ts";
import { upperCount } from "./negative-binomial.ts";
import { expectHour, type SeasonalRate } from "./seasonal-rate.ts";

/**
 * How much two hours in a row hold together: chance and an odd busy hour seldom last, so that together they show less of a rise than one
 * hour does alone. Plain data.
 */
export interface HourPairs {
  /** The newest hour that held anything, and its count; 0 before any. */
  hour: number;
  count: number;
  /** Largest count of two hours in a row. */
  peak: FadingPeak;
}

/** An hour that holds anything, and its count. */
export interface CountedHour {
  readonly hour: number;
  readonly count: number;
}

/** Below this over-dispersion counts are steady: a little beyond all that ever was is a lot, … */
const STEADY_DISPERSION = 0.25;
const STEADY_PEAKS = 1.25;
/** … and of those that come in bursts the next may well be the largest. */
const BURSTY_PEAKS = 3;
/** Times what is expected of both. */
const LEAST_RATIO = 2;
const TAIL = 1e-3;
/** Half-life of the peak: what comes once a month is no surprise at the next, though the peak itself need hardly be exceeded. */
const HALF_LIFE_DAYS = 180;

export function newHourPairs(): HourPairs {
  return { hour: 0, count: 0, peak: newFadingPeak() };
}

/** Expected count of an hour and the one before it, and the most that they hold by habit and chance. */
export interface PairExpectation {
  readonly mean: number;
  readonly most: number;
}

export function expectPair({ peak }: HourPairs, rate: SeasonalRate, hour: number): PairExpectation {
  const { mean, dispersion } = expectHour(rate, hour);
  const both = mean + expectHour(rate, hour - 1).mean;
  const times = dispersion <= STEADY_DISPERSION ? STEADY_PEAKS : BURSTY_PEAKS;
  // The sum of two like counts that are independent has half the over-dispersion of one.
  const improbable = upperCount(both, dispersion / 2, TAIL);
  return {
    mean: both,
    most: Math.max(LEAST_RATIO * both, times * peakAt(peak, hour, HALF_LIFE_DAYS), improbable),
  };
}

/** Count of the hour before this one, which is the newest of those that are not learned yet, or the last that was. */
export function countBefore(
  pairs: HourPairs,
  newest: CountedHour | undefined,
  hour: number,
): number {
  const before = newest ?? pairs;
  return before.hour === hour - 1 ? before.count : 0;
}

/** Learns an hour that holds anything, and of it and the one before no more than `most`; hours come in order. */
export function learnPair(pairs: HourPairs, { hour, count }: CountedHour, most: number): void {
  const both = count + countBefore(pairs, undefined, hour);
  raisePeak(pairs.peak, hour, Math.min(most, both), HALF_LIFE_DAYS);
  pairs.hour = hour;
  pairs.count = count;
}
