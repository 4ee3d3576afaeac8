import { dayOf } from "./calendar.ts";
import { short } from "./forgetting.ts";

/** Weight of the newest gap in the usual one. */
const NEWEST = 0.25;

/** Times all calls of a single day that are far beyond it, and calls that are no glance. */
const FAR_BEYOND = 1.5;
const NO_GLANCE = 10;

/** How long somebody usually stays away between two active days. Plain data. */
export interface Gaps {
  /** First and newest active hour; −1 before any. */
  born: number;
  last: number;
  /** Active days. */
  days: number;
  /** Usual gap between active days, days: an exponentially weighted mean, in which each gap counts a quarter when it is new. */
  usual: number;
  /** Longest gap met, days: how one who comes every quarter is told from one who was away once. */
  longest: number;
}

export function newGaps(): Gaps {
  return { born: -1, last: -1, days: 0, usual: 0, longest: 0 };
}

/** Learns that `hour` was active; hours come in order. */
export function learnActive(gaps: Gaps, hour: number): void {
  if (gaps.born < 0) {
    gaps.born = hour;
    gaps.last = hour;
    gaps.days = 1;
    return;
  }
  const gap = dayOf(hour) - dayOf(gaps.last);
  gaps.last = hour;
  if (gap === 0) return;
  gaps.usual = gaps.days === 1 ? gap : short(gaps.usual * (1 - NEWEST) + gap * NEWEST);
  gaps.longest = Math.max(gaps.longest, gap);
  gaps.days += 1;
}

/** Days since the last activity; 0 before any. */
export function daysAway(gaps: Gaps, hour: number): number {
  return gaps.last < 0 ? 0 : (hour - gaps.last) / 24;
}

/**
 * Days away from which on a return is a surprise: five usual gaps, a third more than the longest, and at least `floorDays`.
 * After the second quarter a quarterly job is known by its longest gap.
 */
export function awayLimit(gaps: Gaps, floorDays: number): number {
  return Math.max(floorDays, 5 * gaps.usual, (4 / 3) * gaps.longest);
}

/** Calls of an hour from which on a return after so few days that nobody can tell what is usual goes beyond all `calls` before. */
export function leastAfterFewDays({ days }: Gaps, calls: number): number {
  return Math.max(NO_GLANCE, Math.floor((days < 2 ? FAR_BEYOND : 1) * calls) + 1);
}
