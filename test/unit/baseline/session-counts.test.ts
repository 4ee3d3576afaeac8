import { describe, expect, it } from "vitest";
import {
  countSession,
  largestSession,
  type SessionCounts,
} from "../../../src/baseline/session-counts.ts";

describe("counts by session", () => {
  it("have no largest before any", () => {
    expect(largestSession({})).toBeUndefined();
  });

  it("tell sessions apart", () => {
    expect(largestSession(countsOf(["i-1", "i-2", "i-2", "i-3"]))).toMatchObject({
      name: "i-2",
      count: 2,
    });
  });

  it("name the first among equals", () => {
    expect(largestSession(countsOf(["i-3", "i-1", "i-2"]))?.name).toBe("i-1");
  });

  it("are the same in any order, and limited, however many sessions there are", () => {
    const names = Array.from({ length: 3000 }, (_, index) => `session-${index}`);
    const counts = countsOf(names);
    expect(countsOf(names.toReversed())).toEqual(counts);
    expect(Object.keys(counts).length).toBeLessThanOrEqual(512);
    expect(Object.values(counts).reduce((sum, { count }) => sum + count, 0)).toBe(3000);
  });

  it("keep the minutes of each", () => {
    const counts: SessionCounts = {};
    countSession(counts, "i-1", 65_000);
    countSession(counts, "i-2", 130_000);
    expect(largestSession(counts)?.minutes).toEqual([1, 1, 5]);
  });
});

function countsOf(names: readonly string[]): SessionCounts {
  const counts: SessionCounts = {};
  for (const name of names) countSession(counts, name, 0);
  return counts;
}
