import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isWeekend } from "../../../src/baseline/calendar.ts";
import {
  expectHour,
  hourLimit,
  learnHour,
  learnSilence,
  lullAt,
  newSeasonalRate,
  type SeasonalRate,
} from "../../../src/baseline/seasonal-rate.ts";
import { Random } from "../../../src/simulation/random.ts";

const DAY = 24;
/** Monday, 5 January 1970, 00:00 UTC. */
const MONDAY = 4 * DAY;

describe("a seasonal rate", () => {
  it.each([14, 28, 70])("expects a steady count as it is, after %i days", (days) => {
    const rate = learned(days, () => 12);
    for (let hour = MONDAY + days * DAY; hour < MONDAY + (days + 7) * DAY; hour += 1) {
      expect(expectHour(rate, hour).mean).toBeGreaterThan(11.9);
      expect(expectHour(rate, hour).mean).toBeLessThan(12.1);
    }
  });

  it("comes to the means of each hour, weekdays and weekends apart, but for two visits' worth of the level", () => {
    const profile = (hour: number): number => (isWeekend(hour) ? 4 : 10 + 2 * (hour % DAY));
    for (const draw of [poisson, bursty]) {
      const sums = [...shrunk(profile)].map(([hour, truth]) => ({
        hour,
        truth,
        sum: 0,
        square: 0,
      }));
      const runs = 60;
      for (let run = 0; run < runs; run += 1) {
        const random = new Random(`${draw.name} ${run}`);
        const rate = learned(56, (hour) => draw(random, profile(hour)));
        for (const cell of sums) {
          const { mean } = expectHour(rate, cell.hour);
          cell.sum += mean;
          cell.square += mean * mean;
        }
      }
      for (const { hour, sum, square, truth } of sums) {
        const mean = sum / runs;
        const error = Math.sqrt((square / runs - mean * mean) / runs);
        expect(Math.abs(mean - truth), `${draw.name}, hour ${hour}`).toBeLessThan(
          4.5 * error + 0.01 * truth,
        );
      }
    }
  });

  it("says how quiet an hour is beside the busy ones, by itself, its neighbours and its kind of day", () => {
    const rate = learned(56, (hour) =>
      hour % DAY >= 8 && hour % DAY < 18 && !isWeekend(hour) ? 30 : 0,
    );
    const monday = MONDAY + 56 * DAY;
    const at = (hour: number) => lullAt(rate, monday + hour);
    expect(at(2).busy).toBeGreaterThan(28);
    expect(at(2).mean).toBeLessThan(0.6);
    expect(at(6).mean).toBeLessThan(0.6);
    expect(at(7).mean).toBe(at(8).mean);
    expect(at(18).mean).toBe(at(17).mean);
    expect(at(5 * DAY + 10).mean).toBeLessThan(1.5);
    expect(lullAt(newSeasonalRate(), monday)).toEqual({ mean: 0, busy: 0 });
  });

  it("takes no single odd hour of the week for a busy one", () => {
    const rate = learned(56, (hour) => (hour % DAY === 9 && !isWeekend(hour) ? 300 : 4));
    expect(lullAt(rate, MONDAY + 56 * DAY).busy).toBeLessThan(12);
  });

  it("tells bursty counts from plain ones", () => {
    const plain: number[] = [];
    const wild: number[] = [];
    for (let run = 0; run < 20; run += 1) {
      const random = new Random(`dispersion ${run}`);
      plain.push(nextHour(learned(56, () => poisson(random, 20))).dispersion);
      wild.push(nextHour(learned(56, () => bursty(random, 20))).dispersion);
    }
    // 48 hours' worth of the prior of 0.5 remain beside some 300 hours that count.
    expect(Math.max(...plain)).toBeLessThan(0.15);
    expect(average(wild)).toBeGreaterThan(0.7);
    expect(average(wild)).toBeLessThan(1.4);
  });

  it.each([
    { tail: 1e-3, least: 1e-4, most: 2e-3 },
    { tail: 0.05, least: 0.01, most: 0.06 },
  ])(
    "sets a limit that bursty hours exceed about as seldom as $tail asks, and plain ones hardly ever",
    ({ tail, least, most }) => {
      for (const [draw, from] of [
        [poisson, 0], // The allowance for an uncertain mean swallows what Poisson counts stray.
        [bursty, least],
      ] as const) {
        let beyond = 0;
        let judged = 0;
        for (let run = 0; run < 15; run += 1) {
          const random = new Random(`coverage ${draw.name} ${run}`);
          const profile = (hour: number): number => (hour % DAY < 8 ? 5 : 30);
          const rate = learned(21, (hour) => draw(random, profile(hour)));
          for (let hour = MONDAY + 21 * DAY; hour < MONDAY + 49 * DAY; hour += 1) {
            const count = draw(random, profile(hour));
            if (count > hourLimit(expectHour(rate, hour), tail)) beyond += 1;
            judged += 1;
            learnHour(rate, hour, count);
          }
        }
        expect(beyond / judged, draw.name).toBeLessThanOrEqual(most);
        expect(beyond / judged, draw.name).toBeGreaterThanOrEqual(from);
      }
    },
  );

  it("learns a silence as it learns hour after hour of nothing", () => {
    const gap = fc.integer({ min: 0, max: 27 * DAY });
    fc.assert(
      fc.property(gap, fc.nat({ max: 50 }), (silence, count) => {
        const one = learned(3, () => count + 1);
        const other = structuredClone(one);
        const from = MONDAY + 3 * DAY;
        learnSilence(one, from, from + silence);
        for (let hour = from; hour < from + silence; hour += 1) learnHour(other, hour, 0);
        expect(one).toEqual(other);
      }),
      { numRuns: 30 },
    );
  });

  it("learns a silence of a year as one of four weeks", () => {
    const year = learned(20, () => 9);
    const weeks = structuredClone(year);
    const from = MONDAY + 20 * DAY;
    learnSilence(year, from, from + 52 * 7 * DAY);
    learnSilence(weeks, from, from + 4 * 7 * DAY);
    expect(year).toEqual(weeks);
    expect(expectHour(year, from).mean).toBeLessThan(2);
  });

  it("begins with the first event: nothing before it teaches anything", () => {
    const rate = newSeasonalRate();
    learnSilence(rate, 0, 500);
    learnHour(rate, 500, 0);
    expect(rate).toEqual(newSeasonalRate());
    learnHour(rate, 501, 3);
    expect(rate.born).toBe(501);
    expect(expectHour(rate, 501 + 36)).toMatchObject({ daysLearned: 1.5, samples: 1, peak: 3 });
  });

  it("remembers a peak by half after ninety days, by four fifths after a month", () => {
    const rate = newSeasonalRate();
    learnHour(rate, MONDAY, 1000);
    for (let hour = MONDAY + 1; hour <= MONDAY + 30 * DAY; hour += 1) learnHour(rate, hour, 1);
    expect(rate.peak).toBeCloseTo(1000 * 2 ** (-1 / 3), 0);
    for (let day = 31; day <= 90; day += 1) {
      for (let hour = 1; hour <= DAY; hour += 1)
        learnHour(rate, MONDAY + (day - 1) * DAY + hour, 1);
    }
    expect(rate.peak).toBeCloseTo(500, 0);
  });

  it("does not let a single outlier widen the spread by much", () => {
    const rate = learned(28, () => 20);
    const before = nextHour(rate).dispersion;
    learnHour(rate, MONDAY + 28 * DAY, 1_000_000);
    expect(nextHour(rate).dispersion - before).toBeLessThan(0.05);
  });

  it("goes on from JSON as if nothing had been written", () => {
    const whole = learned(20, (hour) => hour % 7);
    const read = JSON.parse(JSON.stringify(learned(10, (hour) => hour % 7))) as SeasonalRate;
    for (let hour = MONDAY + 10 * DAY; hour < MONDAY + 20 * DAY; hour += 1) {
      learnHour(read, hour, hour % 7);
    }
    expect(read).toEqual(whole);
  });
});

function learned(days: number, count: (hour: number) => number): SeasonalRate {
  const rate = newSeasonalRate();
  for (let hour = MONDAY; hour < MONDAY + days * DAY; hour += 1) learnHour(rate, hour, count(hour));
  return rate;
}

function nextHour(rate: SeasonalRate) {
  return expectHour(rate, MONDAY + 56 * DAY);
}

function poisson(random: Random, mean: number): number {
  return random.poisson(mean);
}

/** Variance mean + mean²: the dispersion is 1. */
function bursty(random: Random, mean: number): number {
  return random.burstyCount(mean, 1);
}

/**
 * What the rate should expect of each hour of a week in the long run: the mean of the cell, by its faded visits, and two visits'
 * worth of the level, the faded mean of all hours; in closed form.
 */
function shrunk(profile: (hour: number) => number): Map<number, number> {
  const expected = new Map<number, number>();
  const now = MONDAY + 56 * DAY;
  let level = 0;
  let weight = 0;
  for (let hour = MONDAY; hour < now; hour += 1) {
    const share = 2 ** (-(now - hour) / (10 * DAY));
    level += share * profile(hour);
    weight += share;
  }
  level /= weight;
  for (let hour = now; hour < now + 7 * DAY; hour += 1) {
    const halfLife = isWeekend(hour) ? 20 / 7 : 50 / 7;
    const visits = 1 / (1 - 2 ** (-1 / halfLife));
    expected.set(hour, (visits * profile(hour) + 2 * level) / (visits + 2));
  }
  return expected;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
