import type { Reason } from "./detector.ts";

/** Sum of the points of reasons: not rounded and not bounded, as a score is. */
export function pointsOf(reasons: readonly Reason[]): number {
  return reasons.reduce((sum, { points }) => sum + points, 0);
}
