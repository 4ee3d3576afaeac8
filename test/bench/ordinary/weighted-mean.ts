import { type HourModel, watchHours } from "./hours.ts";
import type { Method } from "./method.ts";

interface Settings {
  /** Weight of the last hour, 0 to 1. */
  readonly weight: number;
  /** Standard deviations above the mean that are ordinary. */
  readonly deviations: number;
  /** Fewer calls in an hour never alert. */
  readonly leastCalls: number;
}

/**
 * Calls an hour of each principal on a chart of the exponentially weighted mean and variance. Update as in Finch,
 * "Incremental calculation of weighted mean and variance" (2009), equations 140 to 143.
 */
export const weightedMean: Method<Settings> = {
  name: "weighted-mean",
  title: "exponentially weighted mean",
  chosen: { weight: 0.003, deviations: 10, leastCalls: 10 },
  choices: [0.003, 0.01, 0.03, 0.1].flatMap((weight) =>
    [3, 6, 10, 15, 20].flatMap((deviations) =>
      [10, 20, 50, 100].map((leastCalls) => ({ weight, deviations, leastCalls })),
    ),
  ),
  watch({ weight, deviations, leastCalls }) {
    return watchHours(() => weightedModel(weight, deviations), leastCalls);
  },
};

function weightedModel(weight: number, deviations: number): HourModel {
  let hours = 0;
  let mean = 0;
  let variance = 0;
  return {
    learn(_hour, calls) {
      hours += 1;
      const difference = calls - mean;
      mean += weight * difference;
      variance = (1 - weight) * (variance + weight * difference * difference);
    },
    limit: () =>
      hours < leastHours ? Number.POSITIVE_INFINITY : mean + deviations * Math.sqrt(variance),
  };
}

const leastHours = 7 * 24;
