import { describe, expect, it } from "vitest";
import { detectors } from "../../../detectors/index.ts";
import type { Alert } from "../../../src/detection/alert.ts";
import { Budget } from "../../../src/detection/budget.ts";
import { Grader } from "../../../src/detection/grading.ts";
import { configureDetectors, detectionOptions } from "../../../src/detection/options.ts";
import { LearnedOrganization } from "../../../src/detection/organization.ts";
import { type Mute } from "../../../src/detection/suppression.ts";
import { sift } from "../../../src/detection/telling.ts";
import { alertOf } from "../../support/commits.ts";

const NOW = Date.parse("2026-03-14T03:00:00Z");
const first = alertOf({ observed: { decryptsPerHour: 812 } });
const more = alertOf({ observed: { decryptsPerHour: 2000 } });
const accepted: Mute = {
  id: "a-1",
  match: {
    detector: "decrypt-spike",
    principal: first.principal?.key,
    account: first.accountId ?? undefined,
  },
  expiresMs: NOW,
  acceptance: {
    alertId: "a0",
    fromMs: 0,
    session: null,
    anyKey: true,
    observed: { decryptsPerHour: 1000 },
  },
};

describe("an alert that was muted at first", () => {
  it("is told as soon as it has grown beyond what mutes it, and once", () => {
    const sifted = sifter([accepted]);
    const created = sifted([first], [first]);
    expect([created.told, created.muted.get("a1")]).toEqual([[], "a-1"]);
    const grown = sifted([more], []);
    expect(grown.told).toEqual([more]);
    expect([...grown.unmuted]).toEqual(["a1"]);
    expect(sifted([more], []).told).toEqual([]);
  });

  it("is told with each revision that comes of it from then on", () => {
    const sifted = sifter([accepted]);
    sifted([first], [first]);
    const updated = { ...more, revision: 1, status: "updated" as const };
    expect(sifted([updated], [updated]).told).toEqual([updated]);
  });
});

describe("what is made and not told", () => {
  it("is kept where it is muted, and is not where it is switched off", () => {
    const off = { account: "*", detectors: { "slow-drift": { enabled: false } } };
    const { alerts, revisions, told } = sifter([], [off])(
      [first, alertOf({ alertId: "b", detector: "slow-drift" })],
      [first, alertOf({ alertId: "b", detector: "slow-drift" })],
    );
    expect([alerts, revisions, told]).toEqual([[first], [first], [first]]);
  });

  it("is marked with the budget that holds it back", () => {
    const sifted = sifter([]);
    const mild = [1, 2, 3].map((id) => alertOf({ alertId: `c${id}`, score: 50 }));
    const { told, muted, alerts } = sifted(mild, mild);
    expect(told.map(({ alertId }) => alertId)).toEqual(["c1", "c2", expect.any(String)]);
    expect(told[2]?.detector).toBe("alert-budget");
    expect([...muted]).toEqual([["c3", "budget:decrypt-spike"]]);
    expect(alerts).toHaveLength(4);
  });
});

function sifter(notes: readonly Mute[], accountOverrides: readonly object[] = []) {
  const options = detectionOptions(detectors).parse({
    detectors: { "decrypt-spike": { budgetPerDay: 2 } },
    accountOverrides,
  });
  const configured = configureDetectors(detectors, options);
  const organization = new LearnedOrganization({ accounts: [], approvedForeignAccounts: [] }, {});
  const grader = new Grader({ ...options, detectors: configured, openHours: 2 }, organization);
  grader.useNotes(notes);
  const budget = new Budget({
    detectors: configured,
    openHours: 2,
    learnUntilMs: undefined,
    replay: false,
  });
  return (alerts: readonly Alert[], revisions: readonly Alert[]) =>
    sift({ alerts, revisions }, grader, budget, NOW);
}
