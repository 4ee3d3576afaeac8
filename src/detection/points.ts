import { surpriseBits } from "../baseline/known-set.ts";
import type { Reason } from "./detector.ts";

/** Sum of the points of reasons: not rounded and not bounded, as a score is. */
export function pointsOf(reasons: readonly Reason[]): number {
  return reasons.reduce((sum, { points }) => sum + points, 0);
}

/** Points of something new where the next one is new with this probability: 8 to 34; 0 where too little is known, and it is 0. */
export function pointsOfNovelty(probability: number): number {
  return probability === 0 ? 0 : Math.round(Math.min(34, 8 + 5.5 * surpriseBits(probability)));
}
