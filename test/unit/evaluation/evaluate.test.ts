import { describe, expect, it } from "vitest";
import { evaluate } from "../../../src/evaluation/evaluate.ts";
import { AlertLineError, readAlerts } from "../../../src/evaluation/judged-alert.ts";
import type { Truth } from "../../../src/simulation/truth.ts";
import { type Case, attackOf, key, lineOf, role, truthOf } from "./cases.ts";

const judge = (
  cases: readonly Case[],
  truth: Truth = truthOf(),
  minimum: "medium" | "high" = "medium",
) => evaluate(truth, readAlerts(cases.map(lineOf).join("\n")), minimum);
const found = (cases: readonly Case[], truth?: Truth) => judge(cases, truth).attacks[0]?.found;

describe("an attack is found by an alert", () => {
  const cases: Record<string, [alert: Case, isFound: boolean]> = {
    "about its principal, during it": [{}, true],
    "about its principal, within the day after it": [{ at: "2026-02-04T10:59:00Z" }, true],
    "whose window reaches back into it": [
      { at: "2026-02-04T13:00:00Z", window: ["09:00:00", "2026-02-04T13:00:00Z"] },
      true,
    ],
    "not two days later": [{ at: "2026-02-05T12:00:00Z" }, false],
    "not before it": [{ at: "09:59:00" }, false],
    "not by a window that ended before it": [
      { at: "10:05:00", window: ["08:00:00", "09:00:00"] },
      false,
    ],
    "not about someone else": [{ principal: role("api") }, false],
    "not about someone else on its key": [{ principal: role("api"), key: key("vault") }, false],
    "about its key and nobody": [{ principal: null, key: key("vault") }, true],
    "not about another key": [{ principal: null, key: key("other") }, false],
    "not about its account alone": [{ principal: null }, false],
    "about anything, with one of its records as evidence": [
      { principal: role("api"), eventIds: ["event-2"] },
      true,
    ],
    "not with others' records as evidence": [{ principal: null, eventIds: ["event-9"] }, false],
    "not of a low severity": [{ severity: "low" }, false],
  };
  it.each(Object.entries(cases))("%s", (_claim, [alert, isFound]) => {
    expect(found([alert])).toBe(isFound);
  });

  it("of the person, where many share a role", () => {
    const shared =
      "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_00";
    const truth = truthOf({ attacks: [attackOf({ principals: [`${shared}#ada`] })] });
    expect(found([{ principal: shared, session: "ada" }], truth)).toBe(true);
    expect(found([{ principal: shared, session: "tomas" }], truth)).toBe(false);
  });

  it("about the account, where the attack concerns all of it", () => {
    const truth = truthOf({ attacks: [attackOf({ wholeAccount: true })] });
    expect(found([{ principal: null }], truth)).toBe(true);
    expect(found([{ principal: null, account: "444455556666" }], truth)).toBe(false);
  });

  it("about anyone who suffers from a key that it broke", () => {
    const truth = truthOf({ attacks: [attackOf({ breaksKeys: true })] });
    expect(found([{ principal: role("api"), key: key("vault") }], truth)).toBe(true);
    expect(found([{ principal: role("api"), key: key("other") }], truth)).toBe(false);
  });
});

describe("an evaluation", () => {
  it("takes the severity of the last revision and the time of the first, in any order", () => {
    const truth = truthOf();
    const revisions: Case[] = [
      { id: "a", revision: 1, at: "10:30:00", severity: "high" },
      { id: "a", revision: 0, at: "10:01:00", severity: "low" },
    ];
    expect(judge(revisions, truth, "high").attacks[0]).toMatchObject({
      found: true,
      alerts: 1,
      secondsToDetect: 60,
    });
    const lowered = revisions.map((alert): Case => ({
      ...alert,
      severity: alert.revision === 0 ? "high" : "low",
    }));
    expect(judge(lowered, truth).alerts).toBe(0);
  });

  it("counts nothing outside of the judged period", () => {
    const outside = [{ at: "2026-02-01T23:59:59Z" }, { id: "b", at: "2026-02-12T00:00:00Z" }];
    expect(judge(outside)).toMatchObject({ alerts: 0, levels: [{ falseIncidents: 0 }, {}] });
  });

  it("counts false incidents once for each subject, detector and day", () => {
    const job = { principal: role("job") };
    const { levels } = judge([
      { ...job, id: "1", at: "01:00:00" },
      { ...job, id: "2", at: "23:00:00" },
      { ...job, id: "3", at: "2026-02-04T01:00:00Z" },
      { ...job, id: "4", at: "01:00:00", detector: "unusual-hour", severity: "high" },
      { id: "5", principal: role("api"), at: "01:00:00", key: key("vault") },
      { id: "6", principal: null, key: key("vault"), at: "01:00:00" },
      { id: "7", principal: null, at: "01:00:00" },
      { id: "8", principal: role("stranger"), at: "01:00:00" },
    ]);
    const [medium, high] = levels;
    expect(medium).toMatchObject({ severity: "medium", falseIncidents: 7, precision: 0 });
    expect(medium?.perDayPer1000).toBeCloseTo(7 / 10 / 0.1, 10);
    expect(medium?.byCause.map(({ cause, falseIncidents }) => [cause, falseIncidents])).toEqual([
      ["nightly-job", 3],
      ["diurnal-service", 2],
      ["account", 1],
      ["unknown principal", 1],
    ]);
    expect(medium?.byCause[0]?.byDetector).toEqual({ "decrypt-spike": 2, "unusual-hour": 1 });
    expect(high).toMatchObject({ severity: "high", falseIncidents: 1 });
  });

  it("gives recall by kind and by strength, and time to detect over all attacks", () => {
    const later = "2026-02-05T10:00:00Z";
    const third = {
      principals: [role("third")],
      start: "2026-02-07T10:00:00Z",
      end: "2026-02-07T10:00:00Z",
    };
    const truth = truthOf({
      attacks: [
        attackOf(),
        attackOf({
          id: "attack-002",
          principals: [role("second")],
          strength: "weak",
          start: later,
          end: later,
          harm: later,
        }),
        attackOf({
          id: "attack-003",
          kind: "slow-drain",
          strength: "strong",
          ...third,
          harm: third.start,
        }),
      ],
    });
    const result = judge(
      [
        { id: "1", at: "10:04:00" },
        { id: "2", at: "10:50:00" },
        { id: "3", at: "10:55:00", detector: "context-fan-out" },
        { id: "4", principal: role("second"), at: "2026-02-05T10:10:00Z" },
      ],
      truth,
    );
    expect(result.recallByKind).toEqual([
      { kind: "slow-drain", attacks: 1, found: 0 },
      { kind: "stolen-role-decrypt", attacks: 2, found: 2 },
    ]);
    expect(result.recallByStrength).toEqual([
      { strength: "weak", attacks: 1, found: 1 },
      { strength: "medium", attacks: 1, found: 1 },
      { strength: "strong", attacks: 1, found: 0 },
    ]);
    expect(result.timeToDetect.medianSeconds).toBe((240 + 600) / 2);
    expect(result.timeToDetect.shareWithinFiveMinutes).toBeCloseTo(1 / 3, 10);
    expect(result.alertsPerAttack).toBe(2);
    expect(result.attacks[0]?.detectors).toEqual(["context-fan-out", "decrypt-spike"]);
  });

  it("measures time from the beginning of harm after a preparation, never below zero", () => {
    const prepared = attackOf({ start: "2026-02-02T10:00:00Z", harm: "2026-02-03T10:00:00Z" });
    const truth = truthOf({ attacks: [prepared] });
    expect(judge([{ at: "10:01:00" }], truth).attacks[0]?.secondsToDetect).toBe(60);
    expect(judge([{ at: "2026-02-02T12:00:00Z" }], truth).attacks[0]?.secondsToDetect).toBe(0);
  });

  it("calibrates the score by tenths, and by severity, over alerts of every severity", () => {
    const { calibration, bySeverity } = judge([
      { id: "1", score: 100, severity: "critical" },
      { id: "2", score: 90, severity: "critical" },
      { id: "3", score: 12, severity: "informational" },
      { id: "4", score: 19, severity: "informational", principal: role("api") },
    ]);
    expect(calibration.filter(({ alerts }) => alerts > 0)).toEqual([
      { from: 10, to: 20, alerts: 2, shareTrue: 0.5 },
      { from: 90, to: 100, alerts: 2, shareTrue: 1 },
    ]);
    expect(bySeverity.critical).toEqual({ alerts: 2, explained: 2 });
    expect(bySeverity.informational).toEqual({ alerts: 2, explained: 1 });
    expect(bySeverity.medium).toEqual({ alerts: 0, explained: 0 });
  });

  it("says of each detector what it names, names alone, and costs", () => {
    const truth = truthOf({
      attacks: [
        attackOf(),
        attackOf({ id: "attack-002", principals: [role("ghost")], eventIds: [] }),
      ],
    });
    const { byDetector } = judge(
      [
        { id: "1", detector: "decrypt-spike" },
        { id: "2", detector: "new-key" },
        { id: "3", detector: "decrypt-spike", principal: role("ghost") },
        { id: "4", detector: "unusual-hour", principal: role("api") },
        { id: "5", detector: "new-key", principal: role("ghost"), severity: "low" },
      ],
      truth,
    );
    expect(byDetector).toEqual([
      { detector: "decrypt-spike", found: 2, alone: 1, falseIncidents: 0 },
      { detector: "new-key", found: 1, alone: 0, falseIncidents: 0 },
      { detector: "unusual-hour", found: 0, alone: 0, falseIncidents: 1 },
    ]);
  });

  it("divides by nothing where there is nothing", () => {
    const empty = judge([], truthOf({ attacks: [], activePrincipals: 0 }));
    expect(empty.levels[0]).toMatchObject({ recall: null, precision: null, perDayPer1000: null });
    expect(empty.timeToDetect).toEqual({ medianSeconds: null, shareWithinFiveMinutes: null });
  });
});

describe("an alerts file", () => {
  it.each([
    ["text that is no JSON", `${lineOf({})}\n{"half`, 2],
    ["an alert without a detector", lineOf({}).replace('"detector"', '"detective"'), 1],
    ["a severity that does not exist", lineOf({}).replace('"medium"', '"grave"'), 1],
    ["a time that is none", lineOf({}).replace("2026-02-03T10:02:00Z", "yesterday"), 1],
  ])("with %s is refused with the number of the line", (_case, text, line) => {
    expect(() => readAlerts(text)).toThrow(AlertLineError);
    expect(() => readAlerts(text)).toThrow(`line ${line}: `);
  });

  it("may be empty, and may have empty lines", () => {
    expect(readAlerts("")).toEqual([]);
    expect(readAlerts(`\n${lineOf({})}\n\n`)).toHaveLength(1);
  });
});
