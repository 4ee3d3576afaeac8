import { describe, expect, it } from "vitest";
import { detectors } from "../../../detectors/index.ts";
import { Alert } from "../../../src/detection/alert.ts";
import { Budget } from "../../../src/detection/budget.ts";
import { configureDetectors, detectionOptions } from "../../../src/detection/options.ts";
import { alertOf } from "../../support/commits.ts";

const NOON = Date.parse("2026-03-14T12:00:00Z");
const END = Date.parse("2026-03-15T04:00:00Z");

describe("a budget of three alerts a day", () => {
  it("sends three mild ones and holds back the others", () => {
    const budget = open();
    expect([1, 2, 3, 4, 5].map((id) => budget.admits(mild(id)))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(budget.holdsBack(mild(3))).toBe(false);
    expect(budget.holdsBack(mild(4))).toBe(true);
  });

  it("always sends what is high or critical, and what becomes so", () => {
    const budget = open();
    for (const id of [1, 2, 3, 4]) budget.admits(mild(id));
    const grave = [5, 6, 7, 8, 9].map((id) => budget.admits(mild(id, { score: 70 })));
    expect(grave).toEqual([true, true, true, true, true]);
    expect(budget.admits(mild(4, { score: 71, revision: 1 }))).toBe(true);
    expect(budget.holdsBack(mild(4))).toBe(false);
  });

  it("lets no number of milder alerts hold a graver one back", () => {
    const budget = open();
    for (const id of [1, 2, 3, 4, 5]) budget.admits(mild(id, { score: 5 }));
    expect([6, 7, 8, 9].map((id) => budget.admits(mild(id, { score: 45 })))).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(budget.admits(mild(10, { score: 5 }))).toBe(false);
    expect(budget.admits(mild(4, { score: 25, revision: 1 }))).toBe(false);
  });

  it("goes on sending revisions of what was sent", () => {
    const budget = open();
    for (const id of [1, 2, 3, 4]) budget.admits(mild(id));
    expect(budget.admits(mild(1, { revision: 1 }))).toBe(true);
    expect(budget.admits(mild(4, { revision: 1 }))).toBe(false);
  });

  it("is one of each detector and each day of event time", () => {
    const budget = open();
    for (const id of [1, 2, 3, 4]) budget.admits(mild(id));
    expect(budget.admits(mild(5, { detector: "slow-drift" }))).toBe(true);
    expect(budget.admits(mild(6, { eventTime: "2026-03-15T12:00:00Z" }))).toBe(true);
    expect(budget.admits(mild(7, { detector: "gap" }))).toBe(true);
  });

  it("says once that it is exceeded, again as the number doubles, and how many there were in the end", () => {
    const budget = open();
    for (const id of [1, 2, 3]) budget.admits(mild(id));
    expect(budget.take(NOON)).toEqual([]);
    const told = [4, 5, 6, 7, 8, 9].flatMap((id) => {
      budget.admits(mild(id));
      return budget.take(NOON);
    });
    const closed = [...budget.take(END - 1), ...budget.take(END)];
    const all = [...told, ...closed];
    expect(all.map(({ status, revision, observed }) => [status, revision, observed])).toEqual([
      ["created", 0, { detector: "decrypt-spike", alertsPerDay: 4 }],
      ["updated", 1, { detector: "decrypt-spike", alertsPerDay: 8 }],
      ["closed", 2, { detector: "decrypt-spike", alertsPerDay: 9 }],
    ]);
    expect(new Set(all.map(({ alertId }) => alertId)).size).toBe(1);
    expect(all[2]).toMatchObject({ detector: "alert-budget", severity: "low" });
    expect(all[2]?.summary).toContain("9 alerts of decrypt-spike on 2026-03-14");
    for (const notice of all) expect(Alert.parse(notice)).toEqual(notice);
    expect(budget.write()).toEqual([]);
  });

  it("says nothing where it is kept", () => {
    const budget = open();
    for (const id of [1, 2, 3]) budget.admits(mild(id));
    expect(budget.take(END)).toEqual([]);
  });

  it("counts what may belong to the day before only once that is certain", () => {
    const early = { eventTime: "2026-03-14T00:30:00Z" };
    const budget = open();
    const ids = [1, 2, 3, 4];
    expect(ids.map((id) => budget.admits(mild(id, early)))).toEqual([true, true, true, false]);
    expect(budget.take(NOON)).toEqual([]);
    for (const id of ids) budget.admits(mild(id, { ...early, status: "closed", revision: 1 }));
    expect(budget.take(NOON).map(({ revision }) => revision)).toEqual([0]);
  });

  it("goes on from what was written", () => {
    const before = open();
    for (const id of [1, 2, 3, 4]) before.admits(mild(id));
    before.take(NOON);
    const after = open(JSON.parse(JSON.stringify(before.write())) as ReturnType<Budget["write"]>);
    expect([after.admits(mild(1)), after.admits(mild(4)), after.admits(mild(5))]).toEqual([
      true,
      false,
      false,
    ]);
    expect(after.take(END).map(({ observed }) => observed["alertsPerDay"])).toEqual([5]);
  });

  it("remembers no more than two thousand alerts of a day", () => {
    const budget = open();
    for (let id = 0; id < 3000; id += 1) budget.admits(mild(id));
    expect(budget.admits(mild(5000, { score: 95 }))).toBe(true);
    expect(budget.admits(mild(5001))).toBe(false);
    const [last] = budget.take(END).slice(-1);
    expect(last?.summary).toContain("at least 2000 alerts");
    expect(budget.take(END)).toEqual([]);
  });
});

function mild(id: number, changes: Partial<Alert> = {}): Alert {
  const score = changes.score ?? 50;
  return alertOf({ alertId: `a${id}`, eventTime: "2026-03-14T11:00:00Z", score, ...changes });
}

function open(written?: ReturnType<Budget["write"]>): Budget {
  const options = detectionOptions(detectors).parse({
    detectors: { "decrypt-spike": { budgetPerDay: 3 } },
  });
  return new Budget(
    {
      detectors: configureDetectors(detectors, options),
      openHours: 2,
      learnUntilMs: undefined,
      replay: false,
    },
    written,
  );
}
