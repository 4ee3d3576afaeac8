import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { detectors } from "../../../detectors/index.ts";
import { Alert, severityOf } from "../../../src/detection/alert.ts";
import {
  addEvidence,
  type Detector,
  type Finding,
  newEvidence,
} from "../../../src/detection/detector.ts";
import { alertIdOf, renderAlert } from "../../../src/detection/render.ts";
import { ACCOUNT, event, KEY, key, keyArn } from "../../support/events.ts";

const [first] = detectors;
const detector = { ...first, reliableFrom: 200 } as Detector;
const identity = { alertId: "0", revision: 0, status: "created", replay: false } as const;

describe("the id of an alert", () => {
  it("is a function of its parts, shaped like a UUID", () => {
    const id = alertIdOf("decrypt-spike", "principal:a", "", "h1");
    expect(id).toBe(alertIdOf("decrypt-spike", "principal:a", "", "h1"));
    expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it("is the same on every machine and in every version", () => {
    expect(alertIdOf("decrypt-spike", "principal:a", "", "h1")).toBe(PINNED_ID);
  });

  it("is another for other parts, also where their joined text is the same", () => {
    const ids = [
      alertIdOf("a", "b", "c"),
      alertIdOf("a", "bc"),
      alertIdOf("ab", "c"),
      alertIdOf("a", "b", "c", ""),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("the score and the weights", () => {
  it("add up, whatever the points", () => {
    const points = fc.array(fc.integer({ min: -60, max: 90 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(points, (given) => {
        const { score, severity, reasons } = rendered(given);
        const total = given.reduce((sum, one) => sum + one, 0);
        expect(score).toBe(Math.min(100, Math.max(0, total)));
        expect(severity).toBe(severityOf(score));
        const weights = reasons.reduce((sum, { weight }) => sum + weight, 0);
        expect(weights).toBeCloseTo(score / 100, 6);
      }),
    );
  });

  it.each([
    [49, 49, "medium"],
    [50, 70, "high"],
    [69, 70, "high"],
    [70, 70, "high"],
    [88, 88, "high"],
  ])("of a detector that is reliable from 50 on: %i points make a score of %i, %s", (...claim) => {
    const [points, score, severity] = claim;
    const reasons = [{ code: "one", text: "", points }];
    expect(alertOf({ reasons }, { ...detector, reliableFrom: 50 })).toMatchObject({
      score,
      severity,
    });
  });

  it("keep the proportions of the points", () => {
    expect(rendered([60, 20, -10]).reasons.map(({ weight }) => weight)).toEqual([0.6, 0.2, -0.1]);
    expect(rendered([150, 50]).reasons.map(({ weight }) => weight)).toEqual([0.75, 0.25]);
  });

  it.each([
    [0, "informational"],
    [19, "informational"],
    [20, "low"],
    [39, "low"],
    [40, "medium"],
    [69, "medium"],
    [70, "high"],
    [89, "high"],
    [90, "critical"],
    [100, "critical"],
  ])("%i points are %s", (points, severity) => {
    expect(rendered([points]).severity).toBe(severity);
  });
});

describe("what an alert is about", () => {
  it("is the finding's own key, account and region before those of its evidence", () => {
    const named = { arn: keyArn(1), accountId: "999988887777", region: "us-east-1" };
    const found = { key: named, accountId: "222233334444", region: "eu-north-1" };
    expect(alertOf(found)).toMatchObject({
      kmsKey: named,
      accountId: "222233334444",
      region: "eu-north-1",
    });
  });

  it("is the only key and region of the evidence, where the finding names none", () => {
    const alert = alertOf({});
    expect(alert.kmsKey).toEqual({ arn: KEY, accountId: ACCOUNT, region: "eu-west-1" });
    expect(alert).toMatchObject({ accountId: ACCOUNT, region: "eu-west-1" });
  });

  it("is no key at all where there were several", () => {
    const evidence = newEvidence();
    addEvidence(evidence, event());
    addEvidence(evidence, event({ keys: [key(keyArn(2))] }));
    expect(alertOf({ evidence }).kmsKey).toBeNull();
  });

  it("is told in times of CloudTrail's own form", () => {
    const alert = alertOf({ eventTimeMs: Date.UTC(2026, 2, 14, 2, 11, 9) });
    expect(alert.eventTime).toBe("2026-03-14T02:11:09Z");
  });
});

describe("the link to the event", () => {
  it.each([
    ["eu-west-1", "eu-west-1.console.aws.amazon.com"],
    ["cn-north-1", "console.amazonaws.cn"],
    ["us-gov-west-1", "console.amazonaws-us-gov.com"],
    ["ap-southeast-5", "ap-southeast-5.console.aws.amazon.com"],
  ])("of %s leads to its own partition", (region, host) => {
    expect(new URL(linkOf(region) ?? "").host).toBe(host);
  });

  it.each([
    "evil.example/",
    "x@evil.example",
    "us-east-1.evil.example#",
    "",
    "US-EAST-1",
    "us east",
  ])("is left out for a Region that is none: %s", (region) => {
    expect(linkOf(region)).toBeUndefined();
  });

  it("does not let an event id leave its place", () => {
    const url = new URL(linkOf("eu-west-1", "../../x?a=b#c d") ?? "");
    expect(url.pathname).toBe("/cloudtrailv2/home");
    expect(url.search).toBe("?region=eu-west-1");
    expect(url.hash).toBe("#/events/..%2F..%2Fx%3Fa%3Db%23c%20d");
  });

  it("is left out for events of several Regions", () => {
    const evidence = newEvidence();
    addEvidence(evidence, event({ keys: [] }));
    addEvidence(evidence, event({ keys: [], region: "us-east-1" }));
    expect(alertOf({ evidence }).links).toEqual({});
  });
});

const PINNED_ID = "8f3c0cf6-0404-cd59-89ce-def18f5e4392";

function rendered(points: readonly number[]): Alert {
  return alertOf({
    reasons: points.map((one, index) => ({ code: `reason-${index}`, text: "", points: one })),
  });
}

function linkOf(region: string, eventId?: string): string | undefined {
  const evidence = newEvidence();
  addEvidence(evidence, event({ region, keys: [], ...(eventId === undefined ? {} : { eventId }) }));
  return alertOf({ evidence }).links["event"];
}

function alertOf(overrides: Partial<Finding>, by = detector): Alert {
  const evidence = newEvidence();
  addEvidence(evidence, event());
  const finding: Finding = {
    title: "Title",
    summary: "Summary.",
    reasons: [{ code: "reason", text: "Because.", points: 50 }],
    eventTimeMs: 1000,
    windowStartMs: 0,
    windowEndMs: 3_600_000,
    principal: null,
    key: null,
    accountId: null,
    region: null,
    observed: { count: 1 },
    expected: { count: 0 },
    baseline: { maturity: "none", daysLearned: 0, samples: 0 },
    evidence,
    ...overrides,
  };
  return Alert.parse(renderAlert(finding, by, identity));
}
