import { describe, expect, it } from "vitest";
import { newFadingPeak, peakAt, raisePeak } from "../../../src/baseline/fading-peak.ts";

const DAY = 24;

describe("a fading peak", () => {
  it("is nothing before any count", () => {
    expect(peakAt(newFadingPeak(), 500_000)).toBe(0);
  });

  it("is the largest count, whichever came first", () => {
    const peak = newFadingPeak();
    raisePeak(peak, 500_000, 12);
    raisePeak(peak, 500_001, 3);
    expect(peakAt(peak, 500_001)).toBeCloseTo(12, 1);
  });

  it("has half its height after 35 days, however often smaller counts came", () => {
    const peak = newFadingPeak();
    raisePeak(peak, 500_000, 100);
    for (let day = 1; day < 35; day += 1) raisePeak(peak, 500_000 + day * DAY, 1);
    expect(peakAt(peak, 500_000 + 35 * DAY)).toBeCloseTo(50, 1);
  });

  it("grows at once with a larger count", () => {
    const peak = newFadingPeak();
    raisePeak(peak, 500_000, 10);
    raisePeak(peak, 500_100, 40);
    expect(peakAt(peak, 500_100)).toBe(40);
  });
});
