import { surpriseBits } from "../baseline/known-set.ts";
import type { Reason } from "./detector.ts";

/** Sum of the points of reasons: not rounded and not bounded, as a score is. */
export function pointsOf(reasons: readonly Reason[]): number {
  return reasons.reduce((sum, { points }) => sum + points, 0);
}

/**
 * Points of several new things of one day where the next one is new with this probability: they count by how rare that is, and
 * since several of a day often have one cause, the tenth tells less than the first. From `least` to 78.
 */
export function pointsOfSeveral(count: number, probability: number, least: number): number {
  const times = 1 + 0.5 * Math.log2(Math.max(1, count));
  return Math.round(Math.min(78, least + 4.5 * surpriseBits(probability) * times));
}

/** Points of something new where the next one is new with this probability: 8 to 34; 0 where too little is known, and it is 0. */
export function pointsOfNovelty(probability: number): number {
  return probability === 0 ? 0 : Math.round(Math.min(34, 8 + 5.5 * surpriseBits(probability)));
}
