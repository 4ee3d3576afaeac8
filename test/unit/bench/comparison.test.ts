import { expect, test } from "vitest";
import type { Truth } from "../../../src/simulation/truth.ts";
import { type Score, comparisonTable, scoreOf, together, worthOf } from "../../bench/comparison.ts";
import { alertLine } from "../../bench/ordinary/method.ts";
import { ACCOUNT, START_MS, event, principal } from "../../support/events.ts";

const score: Score = { found: 0.5, falseIncidents: 4, quick: 0.25, alertsPerAttack: 2 };

/** Ten judged days, 100 principals, an attack by `thief` on the third day and one by `ghost`. */
const truth: Truth = {
  version: 1,
  seed: 201,
  from: "2026-02-02T00:00:00Z",
  to: "2026-02-12T00:00:00Z",
  judgedFrom: "2026-02-02T00:00:00Z",
  judgedTo: "2026-02-12T00:00:00Z",
  accounts: [ACCOUNT],
  approvedForeignAccounts: [],
  activePrincipals: 100,
  records: 0,
  kmsRecords: 0,
  principals: {},
  keys: {},
  attacks: ["thief", "ghost"].map((name) => ({
    id: name,
    kind: "new-network",
    strength: "weak",
    start: "2026-02-04T00:00:00Z",
    end: "2026-02-04T02:00:00Z",
    harm: "2026-02-04T00:00:00Z",
    principals: [principal(name).key],
    keys: [],
    account: ACCOUNT,
    wholeAccount: false,
    breaksKeys: false,
    records: 1,
    eventIds: [],
    story: "",
  })),
};

function line(detector: string, number: number, name: string, hour: number): string {
  const call = event({ hour, principal: principal(name) });
  return alertLine(detector, number, { startMs: call.timeMs }, call);
}

test("a method's score is what the evaluation says at a severity and above", () => {
  const alerts = [line("a", 0, "thief", 49), line("a", 1, "clerk", 5)].join("\n");
  expect(scoreOf(truth, alerts, "medium")).toEqual({
    found: 0.5,
    falseIncidents: 1,
    quick: 0,
    alertsPerAttack: 1,
  });
  expect(scoreOf(truth, alerts, "high").found).toBe(0);
});

test("methods together make one false incident of a principal's day", () => {
  const alerts = ["a", "b"].map((name) => line(name, 0, "clerk", 5));
  expect(scoreOf(truth, alerts.join("\n"), "medium").falseIncidents).toBe(2);
  expect(scoreOf(truth, together("all", alerts), "medium").falseIncidents).toBe(1);
});

test("methods together find what any of them finds", () => {
  const alerts = [line("a", 0, "thief", 49), "", line("b", 0, "ghost", 49)];
  expect(scoreOf(truth, together("all", alerts), "medium").found).toBe(1);
});

test("settings are worth the percent found less the false incidents", () => {
  expect(worthOf([score, { ...score, found: 0.7, falseIncidents: 14 }])).toBe(51);
});

test("the table has means with the least and the most", () => {
  const scores = [score, { ...score, found: 1, alertsPerAttack: null }];
  const rows = comparisonTable([{ title: "guessing", scores }]).split("\n");
  expect(rows[2]).toBe("| guessing | 75 % (50 %–100 %) | 4.0 | 25 % | 2.0 |");
});

test("the table says where there is nothing to say", () => {
  const scores = [{ found: null, falseIncidents: null, quick: null, alertsPerAttack: null }];
  expect(comparisonTable([{ title: "x", scores }])).toContain("| x | – | – | – | – |");
});

test("times are event times", () => {
  expect(line("a", 0, "clerk", 5)).toContain(new Date(START_MS + 5 * 3_600_000).toISOString());
});
