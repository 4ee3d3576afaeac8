import { describe, expect, it } from "vitest";
import { alarmsOfLate, isHabit, withAlarm } from "../../../src/baseline/alarm-days.ts";

describe("days of alarms", () => {
  it("hold a day once, and the last three", () => {
    expect(withAlarm([5], 5)).toEqual([5]);
    expect(withAlarm([5, 6, 7], 8)).toEqual([6, 7, 8]);
  });

  it("are forgotten after thirty days", () => {
    expect(withAlarm([5, 20], 36)).toEqual([20, 36]);
    expect(alarmsOfLate([5, 20], 35)).toEqual([5, 20]);
    expect(alarmsOfLate([5, 20], 36)).toEqual([20]);
  });

  it("are a habit from the third on", () => {
    expect(isHabit([1, 2])).toBe(false);
    expect(isHabit([1, 2, 3])).toBe(true);
  });
});
