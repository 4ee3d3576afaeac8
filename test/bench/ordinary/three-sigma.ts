import { type HourModel, watchHours } from "./hours.ts";
import type { Method } from "./method.ts";

interface Settings {
  /** Fewer calls in an hour never alert. */
  readonly leastCalls: number;
}

/** Calls an hour beyond mean and three standard deviations of the same hour of the day, for each principal. */
export const threeSigma: Method<Settings> = {
  name: "three-sigma",
  title: "three sigma per principal and hour of the day",
  chosen: { leastCalls: 30 },
  choices: [10, 20, 30, 50, 100, 300, 1000].map((leastCalls) => ({ leastCalls })),
  watch({ leastCalls }) {
    return watchHours(dailyModel, leastCalls);
  },
};

function dailyModel(): HourModel {
  const cells = Array.from({ length: 24 }, () => ({ days: 0, sum: 0, squares: 0 }));
  const cellOf = (hour: number) => cells[hour % 24] ?? { days: 0, sum: 0, squares: 0 };
  return {
    learn(hour, calls) {
      const cell = cellOf(hour);
      cell.days += 1;
      cell.sum += calls;
      cell.squares += calls * calls;
    },
    limit(hour) {
      const { days, sum, squares } = cellOf(hour);
      if (days < leastDays) return Number.POSITIVE_INFINITY;
      const mean = sum / days;
      return mean + 3 * Math.sqrt(Math.max(0, squares / days - mean * mean));
    },
  };
}

const leastDays = 7;
