import { describe, expect, it } from "vitest";
import {
  type ClosedSet,
  freshProbability,
  isClosed,
  isMember,
  meetAll,
  memberCount,
  newClosedSet,
  passDays,
} from "../../../src/baseline/closed-set.ts";

const DAY = 24;
const START = 20_000 * DAY;
const name = (nth: number): string => nth.toString(16).padStart(6, "0");
const names = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, nth) => name(from + nth));

describe("a closed set", () => {
  it("knows a name from the hour on in which it was met, today and later", () => {
    const set = newClosedSet();
    meetAll(set, START + 5, [name(1)]);
    expect(isMember(set, name(1), START + 4)).toBe(false);
    expect(isMember(set, name(1), START + 5)).toBe(true);
    expect(isMember(set, name(2), START + 5)).toBe(false);
    meetAll(set, START + DAY, [name(2)]);
    expect(isMember(set, name(1), START + 4)).toBe(true);
    expect(memberCount(set)).toBe(1);
  });

  it("does not take the end of one name and the start of the next for a name", () => {
    const set = newClosedSet();
    meetAll(set, START, ["aaabbb", "cccddd"]);
    passDays(set, START + DAY);
    expect(isMember(set, "bbbccc", START)).toBe(false);
    expect(isMember(set, "cccddd", START)).toBe(true);
  });

  it("says a new one is as likely as new ones were among the meetings of each day", () => {
    const set = filled(20, () => names(0, 10));
    // Ten first meetings among two hundred, all but the first day's faded alike.
    expect(freshProbability(set)).toBeLessThan(0.06);
    const restless = filled(20, (day) => names(day, day + 2));
    expect(freshProbability(restless)).toBeGreaterThan(0.4);
  });

  it("counts what is new today only when the day is over", () => {
    const set = filled(20, () => names(0, 10));
    const before = freshProbability(set);
    meetAll(set, START + 20 * DAY, names(100, 105));
    expect(freshProbability(set)).toBe(before);
    passDays(set, START + 21 * DAY);
    expect(freshProbability(set)).toBeGreaterThan(before);
  });

  it("is given up where there are too many, and collected anew a month later", () => {
    const set = filled(5, (day) => names(day * 40, day * 40 + 40));
    expect(isClosed(set)).toBe(false);
    expect(memberCount(set)).toBe(0);
    meetAll(set, START + 20 * DAY, names(0, 3));
    expect(isClosed(set)).toBe(false);
    meetAll(set, START + 40 * DAY, names(0, 3));
    expect(isClosed(set)).toBe(true);
    expect(set.born).toBe(START + 40 * DAY);
    expect(isMember(set, name(2), START + 40 * DAY)).toBe(true);
  });

  it("is the same however the hours without anything are passed", () => {
    const [one, other] = [filled(3, () => names(0, 4)), filled(3, () => names(0, 4))];
    passDays(one, START + 30 * DAY);
    for (let hour = START + 3 * DAY; hour <= START + 30 * DAY; hour += 7) passDays(other, hour);
    passDays(other, START + 30 * DAY);
    meetAll(one, START + 31 * DAY, names(2, 6));
    meetAll(other, START + 31 * DAY, names(2, 6));
    expect(one).toEqual(other);
  });
});

/** Names met at noon of each day. */
function filled(days: number, of: (day: number) => string[]): ClosedSet {
  const set = newClosedSet();
  for (let day = 0; day < days; day += 1) meetAll(set, START + day * DAY + 12, of(day));
  passDays(set, START + days * DAY);
  return set;
}
