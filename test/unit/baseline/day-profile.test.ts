import { describe, expect, it } from "vitest";
import {
  acceptHour,
  busyHours,
  type DayProfile,
  deviationInHour,
  expectedByHour,
  learnProfile,
  newDayProfile,
  quietShare,
  usualCounts,
} from "../../../src/baseline/day-profile.ts";
import { Random } from "../../../src/simulation/random.ts";

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const daytime = HOURS.map((hour) => (hour >= 8 && hour < 18 ? 20 : 2));

describe("a profile of the day", () => {
  it("knows what is usual in an hour, and how many hours are busy", () => {
    const profile = learned(20, () => daytime);
    expect(usualCounts(profile)[12]).toBeCloseTo(20, 1);
    expect(usualCounts(profile)[3]).toBeCloseTo(2, 1);
    expect(busyHours(profile)).toBe(24);
    expect(busyHours(learned(20, () => HOURS.map((hour) => (hour < 3 ? 40 : 0))))).toBe(3);
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

  it("tells an hour that rises from a day that rises", () => {
    const profile = learned(20, () => daytime);
    const noon = daytime.map((count, at) => (at === 12 ? count * 3 : count));
    expect(expectedByHour(profile, noon)[12]).toBeCloseTo(20, 0);
    expect(expectedByHour(profile, noon)[13]).toBeLessThan(25);
    expect(deviationInHour(profile, 60, 20)).toBeGreaterThan(1);
    const day = daytime.map((count) => count * 3);
    expect(expectedByHour(profile, day)[12]).toBeCloseTo(60, 0);
    expect(deviationInHour(profile, 60, 60)).toBe(0);
    const holiday = daytime.map((count) => count / 2);
    expect(expectedByHour(profile, holiday)[12]).toBeCloseTo(20, 0);
  });

  it("learns an outlier clipped", () => {
    const profile = learned(20, () => daytime);
    learnDay(
      profile,
      daytime.map((count) => count * 100),
    );
    expect(usualCounts(profile)[12]).toBeLessThan(22);
  });

  it("takes what it is told as usual", () => {
    const profile = learned(20, () => daytime);
    acceptHour(profile, 12, 50);
    expect(usualCounts(profile)[12]).toBeCloseTo(50, 1);
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
