import { describe, expect, it } from "vitest";
import { detectors } from "../../../detectors/index.ts";
import { learnActiveHour, newActiveHours } from "../../../src/baseline/active-hours.ts";
import { newKnownSet, meet } from "../../../src/baseline/known-set.ts";
import { learnVolume, newVolumeHabit, volumeLimits } from "../../../src/baseline/volume-habit.ts";
import { extentOf, wordsOf } from "../../../src/commands/baseline-words.ts";

/** Monday, 2 March 2026, midnight UTC. */
const monday = Date.parse("2026-03-02T00:00:00Z") / 3_600_000;

describe("a baseline in words", () => {
  it.each(detectors.map((detector) => [detector.id, detector] as const))(
    "says nothing of %s before it has learned",
    (_, detector) => {
      expect(wordsOf(detector.newBaseline(), monday)).toEqual([]);
      expect(extentOf(detector.newBaseline())).toBeUndefined();
    },
  );

  it("says the expected volume of the hour asked for", () => {
    const habit = newVolumeHabit();
    const rule = {
      floorPerFiveMinutes: 1000,
      floorPerHour: 1000,
      floorPerDay: 9000,
      ratio: 4,
      tailProbability: 1e-5,
    };
    for (let hour = monday; hour < monday + 96; hour += 1) {
      const count = hour % 24 === 9 ? 40 : 0;
      learnVolume(habit, hour, { count, fiveMinutes: count }, volumeLimits(habit, hour, rule));
    }
    const [atNine] = wordsOf(habit, monday + 96 + 9);
    const [atThree] = wordsOf(habit, monday + 96 + 3);
    expect(Number(/expects ([\d.]+) in this hour/.exec(atNine ?? "")?.[1])).toBeGreaterThan(20);
    expect(Number(/expects ([\d.]+) in this hour/.exec(atThree ?? "")?.[1])).toBeLessThan(3);
    expect(extentOf(habit)).toEqual({ bornHour: monday + 9, samples: 4 });
  });

  it("says usual hours, weekdays and weekends apart", () => {
    const hours = newActiveHours();
    for (let day = 0; day < 5; day += 1) {
      for (let at = 9; at <= 12; at += 1) learnActiveHour(hours, monday + 24 * day + at, 1);
    }
    const [words] = wordsOf(hours, monday + 24 * 7);
    expect(words).toBe("usual hours (UTC): weekdays 09–12; weekends none");
  });

  it("names the members met most, and counts the others", () => {
    const principals = newKnownSet();
    for (let day = 0; day < 3; day += 1) meet(principals, "role/daily", monday + 24 * day, 50);
    for (let one = 0; one < 9; one += 1) meet(principals, `role/${one}`, monday + 48, 50);
    const [words] = wordsOf({ born: monday, calls: 12, actors: { principals } }, monday).slice(1);
    expect(words).toMatch(/^actors principals: role\/daily \(3 days\), .* and 4 more; the next is/);
  });
});
