import { describe, expect, it } from "vitest";
import {
  alertKey,
  contributes,
  lastHourOf,
  mergeFindings,
  type OpenAlert,
  periodOf,
} from "../../../src/detection/open-alert.ts";
import { addEvidence, type Finding, newEvidence } from "../../../src/detection/detector.ts";
import { event } from "../../support/events.ts";

/** The fifth hour of the hundredth day. */
const HOUR = 100 * 24 + 5;

describe("an open alert", () => {
  it.each([
    { period: "hour" as const, same: [HOUR], other: [HOUR - 1, HOUR + 1], last: HOUR },
    {
      period: "day" as const,
      same: [100 * 24, HOUR, 100 * 24 + 23],
      other: [100 * 24 - 1, 101 * 24],
      last: 100 * 24 + 23,
    },
    { period: "once" as const, same: [HOUR - 1, HOUR, HOUR + 1], other: [], last: HOUR + 1 },
  ])("of a $period gathers the hours of its period", ({ period, same, other, last }) => {
    const alert = { ...open, period };
    expect(same.filter((hour) => contributes(alert, hour))).toEqual(same);
    expect(other.filter((hour) => contributes(alert, hour))).toEqual([]);
    expect(lastHourOf(alert, 2)).toBe(last);
    const keys = new Set(same.map((hour) => alertKey("d", { name: "s", period }, hour)));
    expect(keys.size).toBe(1);
    for (const hour of other)
      expect(keys).not.toContain(alertKey("d", { name: "s", period }, hour));
  });

  it("has a period that tells an hour from a day of the same number", () => {
    expect(periodOf({ name: "", period: "hour" }, 24)).not.toBe(
      periodOf({ name: "", period: "day" }, 24 * 24),
    );
  });
});

describe("findings of several hours", () => {
  const weak = finding(20, 1);
  const strong = finding(60, 2);

  it("speak by the stronger one, over the whole time, with the evidence of both", () => {
    const merged = mergeFindings(weak, strong);
    expect(merged).toMatchObject({
      title: "60 points",
      eventTimeMs: 1000,
      windowStartMs: 1000,
      windowEndMs: 2999,
    });
    expect(merged.evidence.count).toBe(2);
    expect(merged.evidence.ids).toHaveLength(2);
    expect(mergeFindings(strong, finding(20, 3)).title).toBe("60 points");
  });

  it("leave what they were made of as it was", () => {
    const before = structuredClone([weak, strong]);
    mergeFindings(weak, strong);
    expect([weak, strong]).toEqual(before);
  });
});

const open: OpenAlert = {
  alertId: "0",
  detector: "d",
  subject: "s",
  period: "hour",
  start: HOUR,
  level: 0,
  past: null,
};

function finding(points: number, second: number): Finding {
  const evidence = newEvidence();
  addEvidence(evidence, event({ second }));
  return {
    title: `${points} points`,
    summary: "",
    reasons: [{ code: "a", text: "", points }],
    eventTimeMs: second * 1000,
    windowStartMs: second * 1000,
    windowEndMs: second * 1000 + 999,
    principal: null,
    key: null,
    accountId: null,
    region: null,
    observed: {},
    expected: {},
    baseline: { maturity: "none", daysLearned: 0, samples: 0 },
    evidence,
  };
}
