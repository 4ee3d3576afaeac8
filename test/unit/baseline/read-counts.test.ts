import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  countRead,
  crossingRead,
  densestReads,
  largestReads,
  newReadCounts,
  type ReadCounts,
} from "../../../src/baseline/read-counts.ts";

const START_MS = 400_000 * 3_600_000;

interface Read {
  readonly second: number;
  readonly secret: string | undefined;
}

/** Reads of an hour, crowded enough that minutes and secrets repeat. */
const reads: fc.Arbitrary<Read[]> = fc.array(
  fc.record({
    second: fc.oneof(fc.integer({ min: 0, max: 3599 }), fc.integer({ min: 600, max: 780 })),
    secret: fc.constantFrom(undefined, "one", "two", "three"),
  }),
  { minLength: 1, maxLength: 80, size: "max" },
);
const width = fc.integer({ min: 1, max: 10 });

describe("counts of reads", () => {
  it("tell the first read of each secret from those that learn nothing", () => {
    const counts = newReadCounts();
    const firsts = ["one", "one", "two", undefined, undefined].map((secret) =>
      countRead(counts, START_MS, secret),
    );
    expect(firsts).toEqual([true, false, true, true, true]);
  });

  it("find the largest window around a time as counting by hand does", () => {
    fc.assert(
      fc.property(reads, width, (given, minutes) => {
        const at = given[0]?.second ?? 0;
        const minute = Math.floor(at / 60);
        const sums = Array.from({ length: minutes }, (_, nth) =>
          within(given, minute - nth, minute - nth + minutes - 1),
        );
        expect(largestReads(countsOf(given), START_MS + at * 1000, minutes)).toBe(
          Math.max(...sums),
        );
      }),
    );
  });

  it("find the densest window as counting by hand does", () => {
    fc.assert(
      fc.property(reads, width, (given, minutes) => {
        const sums = Array.from({ length: 60 }, (_, start) =>
          within(given, start, start + minutes - 1),
        );
        expect(densestReads(countsOf(given), minutes)).toBe(Math.max(...sums));
      }),
    );
  });

  it("find the crossing as counting by hand does", () => {
    const limit = fc.integer({ min: 0, max: 90 });
    fc.assert(
      fc.property(reads, limit, limit, width, limit, (given, hour, window, minutes, free) => {
        const crossed = [...Array.from({ length: 60 }).keys()].find(
          (minute) =>
            given.some(({ second }) => Math.floor(second / 60) === minute) &&
            (within(given, 0, minute) + countedAgain(again(given, minute), free) > hour ||
              within(given, minute - minutes + 1, minute) > window),
        );
        const last = given
          .map(({ second }) => second)
          .filter((at) => Math.floor(at / 60) === crossed);
        const limits = { hour, window, width: minutes, again: free };
        expect(crossingRead(countsOf(given), limits)).toBe(
          crossed === undefined ? 3599 : Math.max(...last),
        );
      }),
    );
  });

  it("give the same answers in any order", () => {
    fc.assert(
      fc.property(reads, (given) => {
        const [one, other] = [countsOf(given), countsOf(given.toReversed())];
        expect(densestReads(one, 5)).toBe(densestReads(other, 5));
        const limits = { hour: 3, window: 2, width: 5, again: 1 };
        expect(crossingRead(one, limits)).toBe(crossingRead(other, limits));
      }),
    );
  });

  it("tell five hundred secrets apart; each read of a further one counts", () => {
    const counts = newReadCounts();
    for (let nth = 0; nth < 500; nth += 1) countRead(counts, START_MS, `secret ${nth}`);
    expect(countRead(counts, START_MS, "another")).toBe(true);
    expect(countRead(counts, START_MS, "another")).toBe(true);
    expect(countRead(counts, START_MS, "secret 0")).toBe(false);
    expect(densestReads(counts, 60)).toBe(502);
  });
});

function countsOf(given: readonly Read[]): ReadCounts {
  const counts = newReadCounts();
  for (const { second, secret } of given) countRead(counts, START_MS + second * 1000, secret);
  return counts;
}

/** Every 32nd repetition counts, and each beyond those that are free. */
function countedAgain(count: number, free: number): number {
  return Math.floor(count / 32) + Math.max(0, count - free);
}

function within(given: readonly Read[], from: number, to: number): number {
  const some = given.filter(({ second }) => second >= from * 60 && second < (to + 1) * 60);
  const secrets = new Set(some.flatMap(({ secret }) => secret ?? []));
  return some.filter(({ secret }) => secret === undefined).length + secrets.size;
}

/** Reads up to a minute that repeat one of the hour. */
function again(given: readonly Read[], minute: number): number {
  const until = given.filter(({ second }) => Math.floor(second / 60) <= minute);
  const secrets = until.flatMap(({ secret }) => secret ?? []);
  return secrets.length - new Set(secrets).size;
}
