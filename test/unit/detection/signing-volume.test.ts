import { describe, expect, it } from "vitest";
import {
  countSigning,
  learnSigning,
  newSigningHabit,
  newSigningHour,
  pointsOfSigning,
  type SigningHabit,
  type SigningHour,
  signingLimits,
  signingRises,
} from "../../../src/detection/signing-volume.ts";
import { event, principal } from "../../support/events.ts";

const START = 491_000;
const RULE = {
  learningDays: 7,
  quietLearningDays: 14,
  floorPerHour: 10,
  ratio: 3,
  tailProbability: 1e-6,
  floorPerQuietHour: 6,
  quietTailProbability: 1e-5,
};

describe("what a key signs", () => {
  it("is not judged in the first week", () => {
    const habit = habitOf(6, () => 12);
    const limits = signingLimits(habit, START + 6 * 24, RULE);
    const rises = risesOf(habit, START + 6 * 24, hourOf(100_000, 1));
    expect(limits.spike).toBe(Number.MAX_SAFE_INTEGER);
    expect(rises).toEqual([]);
  });

  it("is judged by how quiet an hour is after two weeks", () => {
    const byDay = (hour: number) => (hour % 24 < 12 ? 20 : 0);
    const quiet = (days: number) =>
      signingLimits(habitOf(days, byDay), START + days * 24 + 18, RULE).spike;
    expect(quiet(10)).toBeGreaterThan(25);
    expect(quiet(15)).toBeLessThan(15);
  });

  it("is told by the hour, by one session and by two hours", () => {
    const rises = risesOf(
      habitOf(21, () => 12),
      START + 21 * 24,
      hourOf(500, 1),
    );
    expect(rises.map(({ kind }) => kind)).toEqual(["hour", "session", "pair"]);
    const [hour, session, pair] = rises.map((rise) => pointsOfSigning(rise, false));
    expect(hour).toBeGreaterThan(46);
    expect(session).toBeGreaterThan(hour ?? 0);
    expect(pair).toBeGreaterThan(42);
  });

  it("teaches no more than its limits when it is told", () => {
    const habit = habitOf(21, () => 12);
    const now = START + 21 * 24;
    const limits = signingLimits(habit, now, RULE);
    learnSigning(habit, now, hourOf(60, 1), limits);
    expect(habit.sessionPeak.value).toBe(limits.session - 1);
    expect(habit.pairs.peak.value).toBe(limits.pair - 1);
    expect(habit.rate.peak).toBeLessThan(30);
  });

  it("teaches all when it is not", () => {
    const habit = habitOf(21, () => 12);
    const now = START + 21 * 24;
    learnSigning(habit, now, hourOf(18, 6), signingLimits(habit, now, RULE));
    expect(habit.pairs.peak.value).toBe(30);
    expect(habit.rate.peak).toBe(18);
    expect(habit.sessionPeak.value).toBe(3);
  });
});

function habitOf(days: number, countAt: (hour: number) => number): SigningHabit {
  const habit = newSigningHabit();
  for (let hour = 0; hour < days * 24; hour += 1) {
    const limits = signingLimits(habit, START + hour, RULE);
    learnSigning(habit, START + hour, hourOf(countAt(hour), 6), limits);
  }
  return habit;
}

function risesOf(habit: SigningHabit, hour: number, volume: SigningHour) {
  const limits = signingLimits(habit, hour, RULE);
  return signingRises({ hour, volume, limits, habit, newest: undefined });
}

function hourOf(count: number, sessions: number): SigningHour {
  const hour = newSigningHour();
  for (let index = 0; index < count; index += 1) {
    const session = `i-${index % sessions}`;
    countSigning(hour, event({ principal: principal("signer", { session }) }));
  }
  return hour;
}
