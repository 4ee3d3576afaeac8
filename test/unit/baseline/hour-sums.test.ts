import { describe, expect, it } from "vitest";
import {
  type HourSums,
  largestSum,
  lastHours,
  learnSum,
  newHourSums,
} from "../../../src/baseline/hour-sums.ts";

const WIDTH = 3;

describe("sums of hours in a row", () => {
  it("hold what is learned, what is open and the hour itself, no older one", () => {
    const sums = learned([
      [4, 9],
      [6, 2],
    ]);
    const now = { hour: 8, count: 3, others: 4 };
    const last = lastHours(sums, [{ hour: 7, count: 5, others: 0 }], now, WIDTH);
    expect(last.map(({ count, others }) => [count, others])).toEqual([
      [2, 1],
      [5, 0],
      [3, 4],
    ]);
    expect(lastHours(newHourSums(), [], now, WIDTH)).toEqual([now]);
  });

  it("are the largest so far only when none of their hours is being summed", () => {
    const sums = learned([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    expect(largestSum(sums, 3)).toBe(0);
    learnSum(sums, { hour: 5, count: 1, others: 1 }, WIDTH);
    expect(largestSum(sums, 5)).toBe(9);
    learnSum(sums, { hour: 6, count: 1, others: 1 }, WIDTH);
    expect(largestSum(sums, 6)).toBe(15);
  });

  it("do not reach over a pause", () => {
    const sums = learned([
      [1, 4],
      [4, 5],
      [9, 1],
    ]);
    expect(largestSum(sums, 9)).toBe(5);
  });

  it("are remembered for months, and keep few hours", () => {
    const sums = learned([
      [1, 100],
      [20, 1],
    ]);
    expect(largestSum(sums, 20 + 180 * 24)).toBeCloseTo(50, 0);
    for (let hour = 21; hour < 60; hour += 1) learnSum(sums, { hour, count: 1, others: 1 }, WIDTH);
    expect(sums.hours.length).toBeLessThanOrEqual(2 * WIDTH);
  });
});

function learned(counts: readonly [hour: number, count: number][]): HourSums {
  const sums = newHourSums();
  for (const [hour, count] of counts) learnSum(sums, { hour, count, others: 1 }, WIDTH);
  return sums;
}
