import { describe, expect, it } from "vitest";
import {
  type BusiestOfLate,
  hourOfLate,
  largestOf,
  largestRun,
  learnRun,
  newBusiestOfLate,
  passRuns,
} from "../../../src/baseline/busiest-of-late.ts";

const HALF_LIFE = 200;

describe("the busiest sessions of late", () => {
  it("sum up what one made in an hour and the three before it", () => {
    const known = learned([9, 1, 2, 3]);
    expect(largestRun(known.hours, 4, hourOf({ one: 4, other: 1 }))).toEqual({
      session: { name: "one", count: 4 },
      count: 10,
      all: 14,
      hours: 4,
      most: 4,
    });
  });

  it("tell the largest sum, not the largest hour", () => {
    const known = learned([5, 5, 5]);
    expect(largestRun(known.hours, 3, hourOf({ one: 2, other: 3 }))?.session.name).toBe("one");
  });

  it("count only those of the hour itself, in hours that held any call", () => {
    const known = learned([5, 0, 5]);
    expect(largestRun(known.hours, 3, hourOf({ another: 2 }))).toMatchObject({
      count: 2,
      hours: 1,
      all: 14,
    });
    expect(largestRun(known.hours, 3, hourOf({}))).toBeUndefined();
  });

  it("leave out what lies further back, though it is still kept", () => {
    const known = learned([9]);
    expect(largestRun(known.hours, 4, hourOf({ one: 4 }))).toMatchObject({ count: 4, all: 4 });
  });

  it("are three of an hour, the first by name among equals", () => {
    const [, , , kept] = hourOfLate(0, hourOf({ d: 1, c: 1, b: 1, a: 1 }));
    expect(kept).toEqual(hourOfLate(0, hourOf({ a: 1, b: 1, c: 1 }))[3]);
    expect(largestOf(hourOf({ b: 2, c: 2, a: 1 }).sessions)?.name).toBe("b");
    expect(largestOf([])).toBeUndefined();
  });

  it("raise the peak once no later window reaches into theirs", () => {
    const known = learned([9]);
    passRuns(known, 3);
    expect(known.peak.value).toBe(0);
    passRuns(known, 4);
    expect(known.peak.value).toBe(9);
    expect(known.hours).toEqual([]);
  });

  it("are a share of what all made in the window", () => {
    const known = newBusiestOfLate();
    for (let hour = 0; hour < 100; hour += 1) {
      const counts = hourOf({ one: 3, other: 1 });
      const run = largestRun(known.hours, hour, counts);
      learnRun(known, hourOfLate(hour, counts, run?.count), run?.all ?? 0, HALF_LIFE);
    }
    expect(known.share.part / known.share.all).toBeCloseTo(0.75, 5);
    expect(known.hours).toHaveLength(3);
    expect(known.peak.value).toBeCloseTo(12, 1);
  });
});

/** Hours of so many calls of one session, beside one of another, from hour 0 on. */
function learned(counts: readonly number[]): BusiestOfLate {
  const known = newBusiestOfLate();
  for (const [hour, count] of counts.entries()) {
    if (count > 0) learnRun(known, hourOfLate(hour, hourOf({ one: count, other: 1 }), count), 1, 9);
  }
  return known;
}

function hourOf(counts: Readonly<Record<string, number>>) {
  const sessions = Object.entries(counts).map(([name, count]) => ({ name, count }));
  return { sessions, all: sessions.reduce((sum, { count }) => sum + count, 0) };
}
