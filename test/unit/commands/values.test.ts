import { describe, expect, it } from "vitest";
import { parseCount, parseExpiry, parseName, parseTime } from "../../../src/commands/values.ts";

describe("a time", () => {
  it.each([
    ["2026-03-14", "2026-03-14T00:00:00.000Z"],
    ["2026-03-14T02:11:09Z", "2026-03-14T02:11:09.000Z"],
    ["2026-03-14T02:11:09", "2026-03-14T02:11:09.000Z"],
    ["2026-03-14T02:11", "2026-03-14T02:11:00.000Z"],
    ["2026-03-14T02:11:09.5+02:00", "2026-03-14T00:11:09.500Z"],
    ["2028-02-29", "2028-02-29T00:00:00.000Z"],
  ])("%s", (text, time) => {
    expect(new Date(parseTime(text)).toISOString()).toBe(time);
  });

  it.each([
    "",
    "yesterday",
    "2026-02-29",
    "2026-13-01",
    "14.03.2026",
    "2026-03-14 02:11",
    "1773454269",
  ])("%j is none", (text) => {
    expect(() => parseTime(text)).toThrow("Expected a date or time in UTC");
  });
});

describe("an expiry", () => {
  it.each([
    ["90m", 90 * 60_000],
    ["12h", 12 * 3_600_000],
    ["30d", 30 * 86_400_000],
    ["2w", 14 * 86_400_000],
    ["1970-01-03", 2 * 86_400_000 - 1000],
  ])("%s", (text, afterMs) => {
    expect(parseExpiry(text, 1000)).toBe(1000 + afterMs);
  });

  it.each(["30", "d", "-3d", "3y", "soon"])("%j is none", (text) => {
    expect(() => parseExpiry(text, 0)).toThrow("Expected a time such as 2026-03-14, or a duration");
  });
});

describe("a count", () => {
  it.each(["0", "65", "1.5", "", "x", "1e1", "-1"])("%j is out of bounds or none", (text) => {
    expect(() => parseCount(1, 64)(text)).toThrow("Expected a whole number from 1 to 64");
  });
  it("at both ends", () => {
    expect([parseCount(1, 64)("1"), parseCount(1, 64)("64")]).toEqual([1, 64]);
  });
});

it("a wrong name suggests the nearest", () => {
  const parse = parseName(["low", "medium", "high"]);
  expect(parse("high")).toBe("high");
  expect(() => parse("hihg")).toThrow("Expected one of low, medium, high. Did you mean high?");
  expect(() => parse("urgent-matter")).toThrow(/high\.$/);
});
