import { describe, expect, it } from "vitest";
import { type Severity, severityOf } from "../../../src/detection/alert.ts";
import { adjusted, shiftedScore } from "../../../src/detection/score-change.ts";
import { alertOf } from "../../support/commits.ts";

const scores = Array.from({ length: 101 }, (_, score) => score);

describe("a score", () => {
  it.each([-4, -2, -1, 1, 2, 4])("shifted by %i moves by as many severities", (shift) => {
    for (const score of scores) {
      const to = rank(severityOf(score)) + shift;
      expect(rank(severityOf(shiftedScore(score, shift)))).toBe(Math.min(4, Math.max(0, to)));
    }
  });

  it.each([-3, -1, 0, 1, 3])("shifted by %i keeps the order of scores", (shift) => {
    const shifted = scores.map((score) => shiftedScore(score, shift));
    expect(shifted).toEqual([...shifted].sort((one, other) => one - other));
    expect(Math.min(...shifted)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...shifted)).toBeLessThanOrEqual(100);
  });
});

describe("a severity that is configured", () => {
  it.each<[string, number, Parameters<typeof adjusted>[1], Severity, string[]]>([
    [
      "a floor raises what is milder",
      12,
      { shift: 0, floor: "high" },
      "high",
      ["configured-floor"],
    ],
    ["a floor leaves what is graver", 95, { shift: 0, floor: "high" }, "critical", []],
    ["a cap lowers what is graver", 95, { shift: 0, cap: "medium" }, "medium", ["configured-cap"]],
    ["a cap leaves what is milder", 12, { shift: 0, cap: "medium" }, "informational", []],
    [
      "a shift comes first",
      50,
      { shift: 1, cap: "medium" },
      "medium",
      ["configured-shift", "configured-cap"],
    ],
    ["nothing changes nothing", 50, undefined, "medium", []],
  ])("%s", (_claim, score, adjustment, severity, codes) => {
    const alert = adjusted(alertOf({ score }), adjustment);
    expect([alert.severity, severityOf(alert.score)]).toEqual([severity, severity]);
    expect(alert.reasons.slice(1).map(({ code }) => code)).toEqual(codes);
    const sum = alert.reasons.reduce((total, { weight }) => total + weight, 0);
    expect(sum).toBeCloseTo(alert.score / 100, 6);
  });
});

function rank(severity: Severity): number {
  return ["informational", "low", "medium", "high", "critical"].indexOf(severity);
}
