import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  countMinute,
  countWithin,
  crossingSecond,
  type MinuteCounts,
} from "../../../src/baseline/minute-counts.ts";

const HOUR_MS = 3_600_000;
const START_MS = 400_000 * HOUR_MS;

/** Seconds of an hour, crowded enough that minutes repeat. */
const seconds = fc.array(
  fc.oneof(fc.integer({ min: 0, max: 3599 }), fc.integer({ min: 600, max: 780 })),
  { minLength: 1, maxLength: 120, size: "max" },
);
const width = fc.integer({ min: 1, max: 10 });

describe("minute counts", () => {
  it("find the count of some minutes as counting by hand does", () => {
    fc.assert(
      fc.property(seconds, width, (given, minutes) => {
        const counts = countsOf(given);
        const start = Math.floor((given[0] ?? 0) / 60) - 2;
        expect(countWithin(counts, start, start + minutes - 1)).toBe(
          inMinutes(given, start, start + minutes - 1),
        );
      }),
    );
  });

  it("find the crossing as counting by hand does", () => {
    const limit = fc.integer({ min: 0, max: 130 });
    fc.assert(
      fc.property(seconds, limit, (given, most) => {
        const crossed = [...Array.from({ length: 60 }).keys()].find(
          (minute) => inMinutes(given, minute, minute) > 0 && inMinutes(given, 0, minute) > most,
        );
        const last = given.filter((second) => Math.floor(second / 60) === crossed);
        expect(crossingSecond(countsOf(given), most)).toBe(
          crossed === undefined ? 3599 : Math.max(...last),
        );
      }),
    );
  });

  it("do not depend on the order of counting, and survive JSON", () => {
    fc.assert(
      fc.property(seconds, (given) => {
        const sorted = countsOf([...given].sort((one, other) => one - other));
        expect(countsOf(given)).toEqual(sorted);
        expect(JSON.parse(JSON.stringify(sorted))).toEqual(sorted);
      }),
    );
  });

  it("note a second without counting", () => {
    const counts = countsOf([61]);
    countMinute(counts, START_MS + 119_000, 0);
    expect(counts).toEqual([1, 1, 59]);
  });

  it("hold three numbers for each minute that has any", () => {
    expect(countsOf([61, 65, 63, 3599])).toEqual([1, 3, 5, 59, 1, 59]);
  });
});

function countsOf(given: readonly number[]): MinuteCounts {
  const counts: MinuteCounts = [];
  for (const second of given) countMinute(counts, START_MS + second * 1000);
  return counts;
}

function inMinutes(given: readonly number[], from: number, to: number): number {
  return given.filter((second) => second >= from * 60 && second < (to + 1) * 60).length;
}
