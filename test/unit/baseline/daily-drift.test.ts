import { describe, expect, it } from "vitest";
import {
  countDrift,
  type DailyDrift,
  newDailyDrift,
  passDrift,
} from "../../../src/baseline/daily-drift.ts";
import { Random } from "../../../src/simulation/random.ts";

const DAY = 24;
/** Monday, 5 January 1970. */
const MONDAY = 4;
const rule = {
  volume: { allowance: 0.6, threshold: 3.5, leastDays: 3 },
  spread: { allowance: 0.7, threshold: 3.5, leastDays: 2 },
  leastPerDay: 12,
};

describe("a daily drift", () => {
  it("alarms less often than once in two hundred and fifty quiet days of bursty counts", () => {
    let alarms = 0;
    for (let run = 0; run < 100; run += 1) {
      const random = new Random(`drift ${run}`);
      alarms += alarmsOf(120, () => random.burstyCount(80, 30)).length;
    }
    expect(alarms).toBeLessThan((100 * 100) / 250);
  });

  it.each([
    { more: 1.4, least: 60 },
    { more: 1.8, least: 95 },
  ])("sees $more times the level within two weeks in $least of 100 runs", ({ more, least }) => {
    let seen = 0;
    for (let run = 0; run < 100; run += 1) {
      const random = new Random(`rise ${run}`);
      const alarms = alarmsOf(56, (day) => random.burstyCount(day < 42 ? 80 : 80 * more, 30));
      if (alarms.some((day) => day >= MONDAY + 43)) seen += 1;
    }
    expect(seen).toBeGreaterThanOrEqual(least);
  });

  it("follows growth of ten per cent a week and alarms at twice of that", () => {
    const random = new Random("growth");
    const growing = (rate: number) => alarmsOf(70, (day) => random.poisson(60 * rate ** (day / 7)));
    expect(growing(1.1)).toEqual([]);
    expect(growing(1.35)).not.toEqual([]);
  });

  it("accepts a level once it was told", () => {
    expect(alarmsOf(90, (day) => (day < 42 ? 60 : 110))).toHaveLength(1);
  });

  it("closes silent days as days of nothing", () => {
    const one = drift(30, () => 60);
    const other = structuredClone(one);
    passDrift(one, (MONDAY + 35) * DAY, rule);
    for (let day = 30; day < 35; day += 1)
      countDrift(other, (MONDAY + day) * DAY, { count: 0, others: 0 }, rule);
    expect(one).toEqual(other);
  });

  it("takes a silence of a year as one of four weeks", () => {
    const one = drift(30, () => 60);
    passDrift(one, (MONDAY + 400) * DAY, rule);
    expect(one.days[0] + one.days[1]).toBeLessThanOrEqual(30 + 28);
    expect(one.day).toBe(MONDAY + 399);
  });
});

function drift(days: number, count: (day: number) => number): DailyDrift {
  const made = newDailyDrift();
  for (let day = 0; day < days; day += 1)
    countDrift(made, (MONDAY + day) * DAY, { count: count(day), others: 0 }, rule);
  return made;
}

/** Days on which an alarm was raised. */
function alarmsOf(days: number, count: (day: number) => number): number[] {
  const made = newDailyDrift();
  const alarms = new Set<number>();
  for (let day = 0; day < days; day += 1) {
    countDrift(made, (MONDAY + day) * DAY, { count: count(day), others: 0 }, rule);
    if (made.alarm !== null) alarms.add(made.alarm.day);
  }
  return [...alarms];
}
