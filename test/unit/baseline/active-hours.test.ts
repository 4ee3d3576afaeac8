import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  activeProbability,
  type ActiveHours,
  daysActive,
  isPunctual,
  learnActiveHour,
  newActiveHours,
  strayProbability,
  usualHours,
} from "../../../src/baseline/active-hours.ts";
import { isWeekend } from "../../../src/baseline/calendar.ts";
import { Random } from "../../../src/simulation/random.ts";

const DAY = 24;
/** Monday, 5 January 1970, 00:00 UTC. */
const MONDAY = 4 * DAY;

const office = (hour: number): boolean => !isWeekend(hour) && hour % DAY >= 8 && hour % DAY < 18;

describe("active hours", () => {
  it("expect a principal around the clock at any hour", () => {
    const hours = learned(28, () => true);
    for (let at = 0; at < 7 * DAY; at += 1) {
      expect(activeProbability(hours, MONDAY + 28 * DAY + at)).toBeGreaterThan(0.95);
    }
  });

  it.each([28, 56, 365, 1500])(
    "expect somebody of %i days in the office at its hours only",
    (days) => {
      const hours = learned(days, office);
      const monday = MONDAY + Math.ceil(days / 7) * 7 * DAY;
      expect(activeProbability(hours, monday + 10)).toBeGreaterThan(0.95);
      expect(activeProbability(hours, monday + 3)).toBeLessThan(0.02);
      expect(activeProbability(hours, monday + 22)).toBeLessThan(0.02);
    },
  );

  it("expect an hour beside a usual one: daylight saving time moves by one", () => {
    const hours = learned(56, (hour) => hour % DAY === 23);
    expect(activeProbability(hours, MONDAY + 56 * DAY)).toBeGreaterThan(0.4);
    expect(activeProbability(hours, MONDAY + 56 * DAY + 22)).toBeGreaterThan(0.4);
    expect(activeProbability(hours, MONDAY + 56 * DAY + 20)).toBeLessThan(0.02);
  });

  it("borrow for a weekend from the same hours of weekdays, not from others", () => {
    const hours = learned(61, office);
    expect(activeProbability(hours, MONDAY + 61 * DAY + 10)).toBeGreaterThan(0.5);
    expect(activeProbability(hours, MONDAY + 61 * DAY + 3)).toBeLessThan(0.02);
  });

  it("find an hour far from all that were ever kept improbable, however those scatter among themselves", () => {
    // Mornings and afternoons by turns: many an hour is far from the usual ones, none from all that came before.
    const scattered = (hour: number): boolean =>
      hour % DAY === 8 + ((Math.floor(hour / DAY) * 2) % 7);
    const night = MONDAY + 20 * DAY + 2;
    expect(strayProbability(learned(20, scattered), night)).toBeLessThan(0.05);
    expect(strayProbability(learned(20, scattered), night + 5)).toBe(1);
    const wasThere = (hour: number): boolean => scattered(hour) || hour === MONDAY + 15 * DAY + 1;
    expect(strayProbability(learned(20, wasThere), night + 20)).toBeGreaterThan(0.05);
  });

  it("are punctual where nothing ever came farther than an hour from the usual", () => {
    const weekly = (hour: number): boolean => hour % (7 * DAY) === (MONDAY + 2) % (7 * DAY);
    expect(isPunctual(learned(35, weekly))).toBe(true);
    expect(isPunctual(learned(35, (hour) => weekly(hour) || weekly(hour - 1)))).toBe(true);
    const rerun = MONDAY + 9 * DAY + 11;
    expect(isPunctual(learned(35, (hour) => weekly(hour) || hour === rerun))).toBe(false);
    expect(isPunctual(newActiveHours())).toBe(false);
  });

  it("come to at least the share of days on which an hour is active", () => {
    for (const share of [0.05, 0.2, 0.5]) {
      const random = new Random(`share ${share}`);
      let sum = 0;
      const runs = 40;
      for (let run = 0; run < runs; run += 1) {
        const hours = learned(
          90,
          (hour) => hour % DAY === 9 || (hour % DAY === 14 && random.chance(share)),
        );
        sum += activeProbability(hours, MONDAY + 91 * DAY + 14);
      }
      expect(sum / runs).toBeGreaterThan(0.85 * share);
      expect(sum / runs).toBeLessThan(1.25 * share + 0.02);
    }
  });

  it("are a probability, whatever was learned", () => {
    const active = fc.uniqueArray(fc.integer({ min: 0, max: 60 * DAY }), {
      maxLength: 300,
      size: "max",
    });
    fc.assert(
      fc.property(active, fc.integer({ min: 0, max: 70 * DAY }), (given, at) => {
        const hours = newActiveHours();
        for (const hour of given.sort((one, other) => one - other)) learnActiveHour(hours, hour, 1);
        const probability = activeProbability(hours, at);
        expect(probability).toBeGreaterThanOrEqual(0);
        expect(probability).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("count days, not hours, and forget half of them in thirty", () => {
    const hours = learned(1, () => true);
    expect(daysActive(hours)).toBe(1);
    expect(hours.active).toBe(24);
    // Forty-three days' worth is what a half-life of thirty can hold at most.
    expect(learned(1000, office).weekdays).toBeGreaterThan(43);
    expect(learned(1000, office).weekdays).toBeLessThan(44);
  });

  it("are told to people as ranges", () => {
    const hours = learned(28, (hour) => office(hour) || hour % DAY === 21);
    expect(usualHours(hours, MONDAY)).toBe("08–17, 21");
    expect(usualHours(hours, MONDAY + 5 * DAY)).toBe("21");
    expect(usualHours(newActiveHours(), MONDAY)).toBe("none");
  });
});

function learned(days: number, isActive: (hour: number) => boolean): ActiveHours {
  const hours = newActiveHours();
  for (let hour = MONDAY; hour < MONDAY + days * DAY; hour += 1) {
    if (isActive(hour)) learnActiveHour(hours, hour, 1);
  }
  return hours;
}
