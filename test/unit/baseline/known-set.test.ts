import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  discoveryProbability,
  isKnown,
  type KnownSet,
  meet,
  newKnownSet,
  size,
  surpriseBits,
} from "../../../src/baseline/known-set.ts";
import { Random } from "../../../src/simulation/random.ts";

const DAY = 24;
const LIMIT = 500;

/** Who an entity meets on a day. */
type Crowd = (day: number, random: Random) => readonly string[];

const crowds: Record<string, Crowd> = {
  "a new role every day, beside three old ones": (day) => ["a", "b", "c", `preview-${day}`],
  "new roles that stay for five days": (day) =>
    [0, 1, 2, 3, 4].map((age) => `release-${day - age}`),
  "a long tail of rare callers": (_day, random) =>
    Array.from({ length: 6 }, () => `person-${Math.floor(400 * random.fraction() ** 3)}`),
};

describe("a known set", () => {
  it.each(Object.entries(crowds))(
    "estimates how often it discovers somebody: %s",
    (name, crowd) => {
      const random = new Random(name);
      const set = newKnownSet();
      let estimates = 0;
      let discoveries = 0;
      let meetings = 0;
      for (let day = 1; day <= 120; day += 1) {
        const names = new Set(crowd(day, random));
        if (day > 60) {
          estimates += discoveryProbability(set) * names.size;
          meetings += names.size;
          discoveries += [...names].filter((one) => !(one in set.members)).length;
        }
        for (const one of names) meet(set, one, day * DAY, LIMIT);
      }
      expect(discoveries).toBeGreaterThan(20);
      expect(estimates / meetings).toBeGreaterThan((0.6 * discoveries) / meetings);
      // It lags behind a crowd that gets known: a month ago there were more to discover.
      expect(estimates / meetings).toBeLessThan((2 * discoveries) / meetings);
    },
  );

  it("expects hardly anybody new where the same three came for two months", () => {
    const set = newKnownSet();
    for (let day = 1; day <= 60; day += 1) {
      for (const name of ["a", "b", "c"]) meet(set, name, day * DAY, LIMIT);
    }
    expect(discoveryProbability(set)).toBeLessThan(0.02);
  });

  it("expects anybody while it knows nobody", () => {
    expect(discoveryProbability(newKnownSet())).toBe(0.5);
  });

  it("knows from the hour of the first meeting on, whatever it learned since", () => {
    const meeting = fc.tuple(
      fc.constantFrom("a", "b", "c", "d", "e"),
      fc.integer({ min: 0, max: 2000 }),
    );
    fc.assert(
      fc.property(
        fc.array(meeting, { maxLength: 40, size: "max" }),
        fc.integer({ min: 0, max: 2000 }),
        fc.constantFrom("a", "b", "c", "d", "e"),
        (meetings, knownBy, name) => {
          const inOrder = [...meetings].sort(([, one], [, other]) => one - other);
          const then = setOf(inOrder.filter(([, hour]) => hour <= knownBy));
          expect(isKnown(setOf(inOrder), name, knownBy)).toBe(isKnown(then, name, knownBy));
          expect(isKnown(then, name, knownBy)).toBe(
            inOrder.some(([met, hour]) => met === name && hour <= knownBy),
          );
        },
      ),
    );
  });

  it("makes room by forgetting whom it has not met for longest", () => {
    const set = newKnownSet();
    meet(set, "regular", DAY, 3);
    meet(set, "old", 2 * DAY, 3);
    meet(set, "older but seen again", DAY, 3);
    meet(set, "older but seen again", 3 * DAY, 3);
    meet(set, "regular", 4 * DAY, 3);
    meet(set, "new", 5 * DAY, 3);
    expect(Object.keys(set.members).sort()).toEqual(["new", "older but seen again", "regular"]);
    expect(size(set)).toBe(3);
  });

  it("never holds more than its limit", () => {
    const set = newKnownSet();
    for (let hour = 0; hour < 5000; hour += 1) meet(set, `caller ${hour}`, hour, 50);
    expect(size(set)).toBe(50);
    expect(isKnown(set, "caller 4999", 4999)).toBe(true);
  });

  it("counts one meeting a day, however often it is", () => {
    const often = newKnownSet();
    const once = newKnownSet();
    for (let hour = 0; hour < 3 * DAY; hour += 1) meet(often, "a", hour, LIMIT);
    for (let day = 0; day < 3; day += 1) meet(once, "a", day * DAY, LIMIT);
    expect(often).toEqual(once);
  });

  it("forgets half of its discoveries in thirty days", () => {
    const set = newKnownSet();
    for (let index = 0; index < 8; index += 1) meet(set, `caller ${index}`, DAY, LIMIT);
    meet(set, "caller 0", 31 * DAY, LIMIT);
    expect(set.discoveries).toBe(4);
    expect(set.meetings).toBe(5);
  });
});

describe("the surprise of a probability", () => {
  it.each([
    [1, 0],
    [0.5, 1],
    [0.125, 3],
    [0, Math.log2(1000)],
  ])("%d is %d bits", (probability, bits) => {
    expect(surpriseBits(probability)).toBeCloseTo(bits);
  });
});

function setOf(meetings: readonly (readonly [string, number])[]): KnownSet {
  const set = newKnownSet();
  for (const [name, hour] of meetings) meet(set, name, hour, LIMIT);
  return set;
}
