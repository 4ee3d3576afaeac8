import { describe, expect, it } from "vitest";
import { learnProfile, newDayProfile, quietShare } from "../../../src/baseline/day-profile.ts";
import { type DriftingHour, type HourDrift, judgeHours } from "../../../src/baseline/hour-drift.ts";
import { Random } from "../../../src/simulation/random.ts";

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const rule = { allowance: 0.6, threshold: 3.5, leastMore: 5 };

describe("a drift of one hour of the day", () => {
  it("is seen within a week, where ten calls come on top of six", () => {
    const found = drifts(40, (day, hour) => 6 + (day >= 28 && hour === 15 ? 10 : 0));
    expect(found.map(({ hourOfDay }) => hourOfDay)).toEqual([15]);
    expect(found[0]?.day).toBeLessThan(35);
    expect(found[0]?.count).toBe(16);
    expect(found[0]?.expected).toBeLessThan(9);
  });

  it("is told once: what was told is usual", () => {
    expect(drifts(90, (day, hour) => 6 + (day >= 28 && hour === 15 ? 20 : 0))).toHaveLength(1);
  });

  it("is the larger one where two hours drift", () => {
    const found = drifts(34, (day, hour) => {
      const drifting: Record<number, number> = { 15: 11, 17: 30 };
      return (day < 28 ? undefined : drifting[hour]) ?? 6;
    });
    expect(found[0]?.hourOfDay).toBe(17);
  });

  it("is none where the whole day rises", () => {
    expect(drifts(60, (day) => 6 * (day >= 28 ? 3 : 1))).toEqual([]);
  });

  it("is none in a job's schedule of a few hours", () => {
    expect(drifts(60, (day, hour) => (hour === 2 ? 40 * (day >= 28 ? 3 : 1) : 0))).toEqual([]);
  });

  it("is none of fewer calls than matter", () => {
    expect(drifts(60, (day, hour) => 1 + (day >= 28 && hour === 15 ? 4 : 0))).toEqual([]);
  });

  it("is found in less than one of three hundred quiet days of bursty counts", () => {
    let found = 0;
    for (let run = 0; run < 60; run += 1) {
      const random = new Random(`hours ${run}`);
      found += drifts(100, (_day, hour) => random.burstyCount(hour < 8 ? 2 : 8, 2)).length;
    }
    expect(found).toBeLessThan((60 * 80) / 300);
  });
});

function drifts(
  days: number,
  count: (day: number, hour: number) => number,
): (DriftingHour & { readonly day: number })[] {
  const drift: HourDrift = {};
  const profile = newDayProfile();
  const found: (DriftingHour & { readonly day: number })[] = [];
  for (let day = 0; day < days; day += 1) {
    const counts = HOURS.map((hour) => count(day, hour));
    const one = day < 14 ? undefined : judgeHours(drift, profile, counts, rule);
    if (one !== undefined) found.push({ ...one, day });
    learnProfile(profile, counts, quietShare(profile, counts));
  }
  return found;
}
