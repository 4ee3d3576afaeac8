import { describe, expect, it } from "vitest";
import { compareAlerts } from "../../../src/commands/backtest-comparison.ts";
import type { Alert } from "../../../src/detection/alert.ts";
import { alertOf } from "../../support/report-input.ts";

const alert = alertOf({ alertId: "a1", eventTime: "2026-03-14T02:00:00Z" });

function compare(config: readonly Alert[], against: readonly Alert[]) {
  const byId = (alerts: readonly Alert[]) => new Map(alerts.map((one) => [one.alertId, one]));
  return compareAlerts(byId(config), byId(against));
}

describe("alerts of two configurations", () => {
  const changes: [string, Partial<Alert>, "changed" | "unchanged"][] = [
    ["another severity", { severity: "low" }, "changed"],
    ["another score", { score: alert.score - 1 }, "changed"],
    ["an earlier time", { eventTime: "2026-03-14T01:00:00Z" }, "changed"],
    ["other words, which hold the limits", { summary: "limit 7", title: "T" }, "unchanged"],
    ["another revision", { revision: 3, status: "updated" }, "unchanged"],
  ];
  it.each(changes)("with %s", (_, change, expected) => {
    const { total, alerts } = compare([{ ...alert, ...change }], [alert]);
    expect(total).toEqual({
      against: 1,
      config: 1,
      gained: 0,
      lost: 0,
      changed: 0,
      unchanged: 0,
      [expected]: 1,
    });
    const { eventTime, severity, score } = alert;
    const was = { was: { eventTime, severity, score } };
    expect(alerts).toMatchObject(expected === "changed" ? [{ change: "changed", ...was }] : []);
  });

  it("count by detector and by day, a moved one on its new day", () => {
    const moved = { ...alert, eventTime: "2026-03-13T23:59:59Z" };
    const gained = alertOf({ alertId: "a2", detector: "b", eventTime: "2026-03-14T03:00:00Z" });
    const lost = alertOf({ alertId: "a3", detector: "c", eventTime: "2026-03-12T03:00:00Z" });
    const { byDay, byDetector, alerts } = compare([gained, moved], [alert, lost]);
    expect(byDay).toMatchObject([
      { day: "2026-03-12", against: 1, config: 0, lost: 1 },
      { day: "2026-03-13", against: 1, config: 1, changed: 1 },
      { day: "2026-03-14", against: 0, config: 1, gained: 1 },
    ]);
    expect(byDetector.map(({ detector }) => detector)).toEqual(["b", "c", alert.detector].sort());
    expect(alerts.map(({ alertId, change }) => `${alertId} ${change}`)).toEqual([
      "a3 lost",
      "a1 changed",
      "a2 gained",
    ]);
  });
});
