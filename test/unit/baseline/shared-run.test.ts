import { describe, expect, it } from "vitest";
import {
  isSharedRise,
  type SharedHour,
  type SharedRun,
  withHour,
} from "../../../src/baseline/shared-run.ts";

/** Variance 100 + 0.05·100² = 600. */
const EXPECTED = { mean: 100, dispersion: 0.05, peak: 0, daysLearned: 28, samples: 600 };
const SCATTER = Math.sqrt(600);
const RULE = { share: 0.5, leastUsers: 10 };

describe("a run of hours that many share", () => {
  it("adds what lies beyond one standard deviation, hour by hour", () => {
    const run = rising(2, 150);
    expect(run?.sum).toBeCloseTo(2 * (50 / SCATTER - 1), 2);
    expect(run).toMatchObject({ startHour: 5, hours: 2, count: 300, expected: 200, users: 12 });
  });

  it("adds two standard deviations an hour at most", () => {
    expect(rising(1, 100_000)?.sum).toBe(2);
  });

  it("is over when the hours are back to what is expected", () => {
    expect(withHour(rising(2, 150), hourOf(7, 60), EXPECTED)).toBeNull();
    expect(withHour(null, hourOf(7, 100), EXPECTED)).toBeNull();
  });

  it("begins anew after an hour without any", () => {
    expect(withHour(rising(2, 150), hourOf(8, 150), EXPECTED)).toMatchObject({
      startHour: 8,
      hours: 1,
    });
  });

  it("is a rise once its sum is four, after three hours", () => {
    expect(isSharedRise(rising(3, 150), RULE)).toBe(false);
    expect(isSharedRise(rising(4, 150), RULE)).toBe(true);
    expect(isSharedRise(rising(2, 100_000), RULE)).toBe(false);
    expect(isSharedRise(rising(3, 100_000), RULE)).toBe(true);
    expect(isSharedRise(null, RULE)).toBe(false);
  });

  it("is none where one principal has more than a third", () => {
    expect(isSharedRise(rising(4, 150, { largest: 52 }), RULE)).toBe(true);
    expect(isSharedRise(rising(4, 150, { largest: 53 }), RULE)).toBe(false);
  });

  it("is none of few principals", () => {
    expect(isSharedRise(rising(4, 150, { users: 9 }), RULE)).toBe(false);
    expect(isSharedRise(rising(4, 150, { users: 10 }), RULE)).toBe(true);
  });

  it("is none where encryptions rose alike", () => {
    expect(isSharedRise(rising(4, 150, { encrypts: 119 }), RULE)).toBe(true);
    expect(isSharedRise(rising(4, 150, { encrypts: 120 }), RULE)).toBe(false);
    const hardlyWritten = { ...RULE, share: 0.98 };
    expect(isSharedRise(rising(4, 150, { encrypts: 120 }), hardlyWritten)).toBe(true);
    expect(isSharedRise(rising(4, 150, { encrypts: 120 }), { ...RULE, share: null })).toBe(true);
  });
});

function hourOf(hour: number, count: number, other: Partial<SharedHour> = {}): SharedHour {
  return { hour, count, decrypts: count, encrypts: 0, largest: 20, users: 12, ...other };
}

function rising(hours: number, count: number, other: Partial<SharedHour> = {}): SharedRun | null {
  let run: SharedRun | null = null;
  for (let nth = 0; nth < hours; nth += 1) {
    run = withHour(run, hourOf(5 + nth, count, other), EXPECTED);
  }
  return run;
}
