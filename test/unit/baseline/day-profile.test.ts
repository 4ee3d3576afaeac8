import { describe, expect, it } from "vitest";
import {
  busyHours,
  type DayProfile,
  learnProfile,
  newDayProfile,
  quietShare,
  usualCounts,
} from "../../../src/baseline/day-profile.ts";
import { Random } from "../../../src/simulation/random.ts";

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const daytime = HOURS.map((hour) => (hour >= 8 && hour < 18 ? 20 : 2));

describe("a profile of the day", () => {
  it("knows what is usual in an hour", () => {
    const profile = learned(20, () => daytime);
    expect(usualCounts(profile)[12]).toBeCloseTo(20, 1);
    expect(usualCounts(profile)[3]).toBeCloseTo(2, 1);
  });

  it("counts the hours that have a tenth of the busiest one's, or more", () => {
    expect(busyHours(learned(20, () => daytime))).toBe(24);
    expect(busyHours(learned(20, () => HOURS.map((hour) => (hour === 2 ? 300 : 1))))).toBe(1);
    expect(busyHours(learned(20, () => HOURS.map((hour) => (hour < 3 ? 40 : 3))))).toBe(3);
    expect(busyHours(newDayProfile())).toBe(24);
  });

  it("has a quiet half of the day with its usual share, whatever the volume", () => {
    const profile = learned(20, () => daytime);
    for (const times of [1, 3, 10]) {
      const share = quietShare(
        profile,
        daytime.map((count) => count * times),
      );
      expect(share.count).toBe(24 * times);
      expect(share.count / share.expected).toBeGreaterThan(0.9);
      expect(Math.abs(share.deviation)).toBeLessThan(1.5);
    }
  });

  it("sees as much again spread evenly over the clock as many standard deviations", () => {
    const profile = learned(20, () => daytime);
    expect(quietShare(profile, evenly(daytime, 9)).deviation).toBeGreaterThan(5);
  });

  it("holds a burst in a quiet hour for a burst", () => {
    const profile = learned(20, () => daytime);
    const burst = daytime.map((count, hour) => (hour === 3 ? 300 : count));
    const share = quietShare(profile, burst);
    expect(share.count).toBeLessThan(60);
  });

  it("takes shares that scatter as usual for nothing remarkable", () => {
    const random = new Random("scatter");
    const day = (): number[] => daytime.map((count) => random.burstyCount(count, 2));
    const profile = learned(60, day);
    const far = HOURS.flatMap(() => HOURS).filter(
      () => quietShare(profile, day()).deviation > 3,
    ).length;
    expect(far / (24 * 24)).toBeLessThan(0.02);
  });

  it("learns an outlier clipped", () => {
    const profile = learned(20, () => daytime);
    learnDay(
      profile,
      daytime.map((count) => count * 100),
    );
    expect(usualCounts(profile)[12]).toBeLessThan(22);
  });

  it("says nothing before the first day", () => {
    expect(quietShare(newDayProfile(), daytime).deviation).toBeLessThan(0);
    expect(
      quietShare(
        newDayProfile(),
        HOURS.map(() => 0),
      ).deviation,
    ).toBe(0);
  });
});

function learned(days: number, counts: (day: number) => readonly number[]): DayProfile {
  const profile = newDayProfile();
  for (let day = 0; day < days; day += 1) learnDay(profile, counts(day));
  return profile;
}

function learnDay(profile: DayProfile, counts: readonly number[]): void {
  learnProfile(profile, counts, quietShare(profile, counts));
}

function evenly(counts: readonly number[], more: number): number[] {
  return counts.map((count) => count + more);
}
