import { describe, expect, it } from "vitest";
import {
  countIndirect,
  daysOf,
  type IndirectUse,
  isIndirect,
  learnDirect,
  learnIndirect,
} from "../../../src/baseline/indirect-use.ts";

const START = 490_000;
const DAY = 24;
const NEEDED = 4;

describe("indirect use", () => {
  it("is settled after enough hours, and judged after enough days", () => {
    const use = reached("one", 5);
    expect(use).toEqual({ one: [START, NEEDED, START + 3 * DAY] });
    expect(judge(use, "one", START + 14 * DAY)).toBe(true);
    expect(judge(use, "one", START + 14 * DAY - 1)).toBe(false);
    expect(judge(reached("one", 3), "one", START + 20 * DAY)).toBe(false);
    expect(judge(use, "other", START + 20 * DAY)).toBe(false);
  });

  it("ends with the first direct use", () => {
    const use = reached("one", 5);
    learnDirect(use, "one", START + 20 * DAY);
    learnDirect(use, "one", START + 21 * DAY);
    learnIndirect(use, "one", START + 22 * DAY, NEEDED);
    expect(use).toEqual({ one: [START, NEEDED, START + 3 * DAY, START + 20 * DAY] });
    expect(judge(use, "one", START + 21 * DAY)).toBe(false);
  });

  it("answers for an hour as it was known then, whatever was learned since", () => {
    const use = reached("one", 3);
    const hour = START + 20 * DAY;
    expect(judge(use, "one", hour, hour - 2)).toBe(false);
    learnIndirect(use, "one", hour - 1, NEEDED);
    expect(judge(use, "one", hour, hour - 2)).toBe(false);
    expect(judge(use, "one", hour, hour - 1)).toBe(true);
    learnDirect(use, "one", hour);
    expect(judge(use, "one", hour, hour - 1)).toBe(true);
    expect(judge(use, "one", hour + 1, hour)).toBe(false);
  });

  it("only marks what was reached directly before it was settled", () => {
    const use = reached("one", 3);
    learnDirect(use, "one", START + 3 * DAY);
    for (let day = 4; day < 40; day += 1) learnIndirect(use, "one", START + day * DAY, NEEDED);
    expect(use).toEqual({ one: [] });
    expect(judge(use, "one", START + 40 * DAY)).toBe(false);
  });

  it("does not remember what is only reached directly", () => {
    const use: IndirectUse = {};
    learnDirect(use, "one", START);
    expect(use).toEqual({});
  });

  it("settles at once where one hour is enough", () => {
    const use: IndirectUse = {};
    learnIndirect(use, "one", START, 1);
    expect(use).toEqual({ one: [START, 1, START] });
  });

  it("counts what is settled, and what was reached directly since", () => {
    const use = { ...reached("one", 5), ...reached("two", 5), ...reached("three", 2) };
    learnDirect(use, "two", START + 20 * DAY);
    expect(countIndirect(use)).toEqual({ settled: 2, turned: 1 });
    expect(daysOf(use, "one", START + 20 * DAY)).toBe(20);
    expect(daysOf(use, "none", START + 20 * DAY)).toBe(0);
  });

  it("is bounded: of what is not settled the longest known makes room", () => {
    const use = reached("settled", 5);
    learnIndirect(use, "b", START, NEEDED);
    learnIndirect(use, "a", START, NEEDED);
    for (let at = 0; at < 57; at += 1) learnIndirect(use, `later ${at}`, START + 1, NEEDED);
    learnIndirect(use, "new", START + 2, NEEDED);
    expect(Object.keys(use)).toHaveLength(60);
    expect(use["a"]).toBeUndefined();
    expect([use["b"], use["new"], use["settled"]]).not.toContain(undefined);
  });

  it("learns nothing more where all that it knows is settled", () => {
    const use: IndirectUse = {};
    for (let at = 0; at < 70; at += 1) learnIndirect(use, `name ${at}`, START, 1);
    expect(countIndirect(use).settled).toBe(60);
    expect(use["name 60"]).toBeUndefined();
  });
});

/** A thing that was reached through others once a day. */
function reached(name: string, days: number): IndirectUse {
  const use: IndirectUse = {};
  for (let day = 0; day < days; day += 1) learnIndirect(use, name, START + day * DAY, NEEDED);
  return use;
}

function judge(use: IndirectUse, name: string, hour: number, knownBy = hour - 1): boolean {
  return isIndirect(use, name, { hour, knownBy, days: 14 });
}
