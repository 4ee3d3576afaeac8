import { describe, expect, it } from "vitest";
import type { KmsEvent } from "../../../src/cloudtrail/event.ts";
import type { Alert } from "../../../src/detection/alert.ts";
import { Engine } from "../../../src/detection/engine.ts";
import { repeatsOf } from "../../../src/detection/repeats.ts";
import { engineOptions } from "../../support/detection.ts";
import { event, key, keyArn } from "../../support/events.ts";

const HOURS = 30;
const told = [destruction(1, 0), destruction(2, 60)];

describe("records that come again when copies are recognised no more", () => {
  it("are no news where an alert named them in time", async () => {
    const { late, inTimeIds, kept } = again(told, told);
    expect(late).toHaveLength(2);
    expect([...(await repeatsOf(inTimeIds, late, kept))].sort()).toEqual(idsOf(late));
  });

  it("are news where the alert of their hour named others", async () => {
    const { late, inTimeIds, kept } = again(told, [destruction(3, 90)]);
    expect(late).toHaveLength(1);
    expect(await repeatsOf(inTimeIds, late, kept)).toEqual(new Set());
  });

  it("are news where nobody was told of their hour", async () => {
    const { late, inTimeIds, kept } = again([], told);
    expect(late).toHaveLength(2);
    expect(await repeatsOf(inTimeIds, late, kept)).toEqual(new Set());
  });

  it("are no news where the alert is about more than it can name", async () => {
    const many = Array.from({ length: 40 }, (_, index) => destruction(index + 1, index * 60));
    const { late, inTimeIds, kept } = again(many, many);
    expect([...(await repeatsOf(inTimeIds, late, kept))].sort()).toEqual(idsOf(late));
  });
});

/** Events in time; and, hours after copies are forgotten, some that come late. */
function again(inTime: readonly KmsEvent[], later: readonly KmsEvent[]) {
  const detectors = engineOptions().detectors.filter(
    ({ detector }) => detector.id === "key-destruction",
  );
  const engine = new Engine(engineOptions({ detectors }), undefined);
  engine.process([...inTime, event({ hour: HOURS })]);
  const alerts = new Map(engine.take().alerts.map((alert) => [alert.alertId, alert]));
  engine.process(later);
  const { alerts: late, inTimeIds } = engine.take();
  return { late, inTimeIds, kept: async (id: string) => alerts.get(id) };
}

function idsOf(alerts: readonly Alert[]): string[] {
  return alerts.map(({ alertId }) => alertId).sort();
}

function destruction(number: number, second: number): KmsEvent {
  return event({
    second,
    name: "ScheduleKeyDeletion",
    operation: "admin",
    keys: [key(keyArn(number))],
    parameters: { pendingWindowInDays: 7 },
  });
}
