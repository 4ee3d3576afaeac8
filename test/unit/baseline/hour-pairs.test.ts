import { describe, expect, it } from "vitest";
import {
  countBefore,
  expectPair,
  type HourPairs,
  learnPair,
  newHourPairs,
} from "../../../src/baseline/hour-pairs.ts";
import {
  learnHour,
  newSeasonalRate,
  type SeasonalRate,
} from "../../../src/baseline/seasonal-rate.ts";

const START = 491_000;
const NOW = START + 21 * 24;
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

describe("two hours in a row", () => {
  it("count together, whether the first is learned yet or not", () => {
    const pairs = learned([[7, 10]]);
    expect(countBefore(pairs, undefined, 8)).toBe(10);
    expect(countBefore(pairs, { hour: 8, count: 4 }, 9)).toBe(4);
  });

  it("do not count together with an empty hour between", () => {
    expect(countBefore(learned([[7, 10]]), undefined, 9)).toBe(0);
    expect(countBefore(learned([[7, 10]]), { hour: 8, count: 4 }, 10)).toBe(0);
    expect(countBefore(newHourPairs(), undefined, 9)).toBe(0);
  });

  it("are expected to hold what both hours do, and at most twice that", () => {
    const { mean, most } = expectPair(newHourPairs(), steady(1000), NOW);
    expect(mean).toBeCloseTo(2000, 0);
    expect(most).toBeCloseTo(4000, 0);
  });

  it("of a small count may hold more by chance", () => {
    const { mean, most } = expectPair(newHourPairs(), steady(4), NOW);
    expect(mean).toBeCloseTo(8, 1);
    expect(most).toBeGreaterThan(18);
  });

  it("hold a quarter more than ever, of a steady flow", () => {
    const { most } = expectPair(
      learned([
        [NOW - 9, 2000],
        [NOW - 8, 2000],
      ]),
      steady(1000),
      NOW,
    );
    expect(most).toBeGreaterThan(4990);
    expect(most).toBeLessThanOrEqual(5000);
  });

  it("hold three times as much as ever, of one that comes in bursts", () => {
    const bursty = rateOf((hour) => (hour % 9 === 0 ? 90 : 1));
    const { most } = expectPair(
      learned([
        [NOW - 9, 900],
        [NOW - 8, 900],
      ]),
      bursty,
      NOW,
    );
    expect(most).toBeGreaterThan(5390);
  });

  it("are remembered for months", () => {
    const pairs = learned([
      [NOW - 90 * 24, 4000],
      [NOW - 90 * 24 + 1, 4000],
    ]);
    const { most } = expectPair(pairs, steady(1000), NOW);
    expect(most).toBeCloseTo(1.25 * 8000 * Math.SQRT1_2, -2);
  });

  it("teach no more than they may, while the hour itself counts in full", () => {
    const pairs = newHourPairs();
    learnPair(pairs, { hour: 7, count: 500 }, 50);
    expect(pairs).toEqual({ hour: 7, count: 500, peak: { value: 50, hour: 7 } });
  });
});

function learned(counts: readonly [hour: number, count: number][]): HourPairs {
  const pairs = newHourPairs();
  for (const [hour, count] of counts) learnPair(pairs, { hour, count }, NO_LIMIT);
  return pairs;
}

function steady(count: number): SeasonalRate {
  return rateOf(() => count);
}

function rateOf(countAt: (hour: number) => number): SeasonalRate {
  const rate = newSeasonalRate();
  for (let hour = START; hour < NOW; hour += 1) learnHour(rate, hour, countAt(hour));
  return rate;
}
