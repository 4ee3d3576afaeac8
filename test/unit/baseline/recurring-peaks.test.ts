import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  largestPeak,
  learnNoPeaks,
  learnPeak,
  learnStray,
  newRecurringPeaks,
  peakAround,
  type RecurringPeaks,
} from "../../../src/baseline/recurring-peaks.ts";

const DAY = 24;

describe("recurring peaks", () => {
  it("explain a count at their own hour and at the hours beside it, and at no other", () => {
    const peaks = learned(7, (hour) => (hour % DAY === 0 ? 400 : 1));
    for (let hour = 7 * DAY; hour < 8 * DAY; hour += 1) {
      const isNear = hour % DAY <= 1 || hour % DAY === 23;
      expect(peakAround(peaks, hour), `hour ${hour % DAY}`).toBe(isNear ? 400 : 1);
    }
    expect(largestPeak(peaks)).toBe(400);
  });

  it("last for a month by four fifths", () => {
    const peaks = learned(31, (hour) => (hour === 5 ? 1000 : 0));
    expect(peakAround(peaks, 31 * DAY + 5)).toBeGreaterThan(790);
    expect(peakAround(peaks, 31 * DAY + 5)).toBeLessThan(800);
  });

  it("explain as much at any hour, once one came at a strange hour", () => {
    const peaks = learned(7, (hour) => (hour % DAY === 2 ? 400 : 0));
    learnStray(peaks, 300);
    expect(peakAround(peaks, 7 * DAY + 15)).toBe(300);
  });

  it("do not grow by what came at a strange hour", () => {
    const peaks = learned(7, (hour) => (hour % DAY === 2 ? 400 : 0));
    for (let nth = 0; nth < 10; nth += 1) learnStray(peaks, 10_000);
    expect(largestPeak(peaks)).toBe(400);
  });

  it("fade over a silence as over hours of nothing", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.nat({ max: 500 }), (silence, start) => {
        const one = learned(4, (hour) => (hour % DAY) + 1);
        learnStray(one, 20);
        const other = structuredClone(one);
        learnNoPeaks(one, start, start + silence);
        for (let hour = start; hour < start + silence; hour += 1) learnPeak(other, hour, 0);
        for (const [at, peak] of one.hours.entries()) {
          expect(peak).toBeCloseTo(other.hours[at] ?? Number.NaN, 1);
        }
      }),
      { numRuns: 30 },
    );
  });
});

function learned(days: number, count: (hour: number) => number): RecurringPeaks {
  const peaks = newRecurringPeaks();
  for (let hour = 0; hour < days * DAY; hour += 1) learnPeak(peaks, hour, count(hour));
  return peaks;
}
