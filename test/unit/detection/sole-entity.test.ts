import { describe, expect, it } from "vitest";
import type { KmsEvent } from "../../../src/cloudtrail/event.ts";
import type { Alert } from "../../../src/detection/alert.ts";
import { Engine } from "../../../src/detection/engine.ts";
import { LearnedOrganization } from "../../../src/detection/organization.ts";
import { entityName, entityOf, route } from "../../../src/detection/routing.ts";
import { engineOptions, noAccountsListed } from "../../support/detection.ts";
import {
  ACCOUNT,
  context,
  event,
  hours,
  inHour,
  key,
  keyArn,
  person,
  principal,
  START_MS,
} from "../../support/events.ts";

describe("an engine for one entity", () => {
  const trail = weekAndNight();
  const all = throughOne(trail);

  it("has something to be compared with", () => {
    expect(all.memories.size).toBeGreaterThan(6);
    expect(new Set([...all.alerts.values()].map(({ detector }) => detector)).size).toBeGreaterThan(
      3,
    );
  });

  it("makes the memory that the engine for all makes, as text", () => {
    expect(throughMany(trail).memories).toEqual(all.memories);
  });

  it("makes the alerts that the engine for all makes", () => {
    expect(throughMany(trail).alerts).toEqual(all.alerts);
  });

  it("says when its next alert is over, and closes it once that hour has come", () => {
    const entity = { kind: "account", id: ACCOUNT } as const;
    const engine = soleEngine(entity, undefined);
    expect(engine.closesAtHour).toBeUndefined();
    engine.process([destruction(5)]);
    engine.take();
    const closesAt = engine.closesAtHour ?? 0;
    engine.passTime(closesAt - 1);
    expect(engine.take().revisions).toEqual([]);
    engine.passTime(closesAt);
    expect(engine.take().revisions.map(({ status }) => status)).toEqual(["closed"]);
    expect(engine.closesAtHour).toBeUndefined();
  });

  it("judges the silence of its account where it is told who was heard", () => {
    const entity = { kind: "account", id: ACCOUNT } as const;
    const detectors = engineOptions().detectors.filter(({ detector }) => detector.silence);
    const told = (heard?: (hour: number) => boolean) => {
      const sole = { entity, organization: learned([]), ...(heard && { heard }) };
      const engine = new Engine(engineOptions({ detectors, sole }), undefined);
      engine.process(hours(0, 240).flatMap((hour) => inHour(hour, 3)));
      engine.passTime(START_MS / 3_600_000 + 250);
      return engine.take().revisions.map(({ title }) => title);
    };
    expect(told(() => true)).toEqual(["An account has fallen silent"]);
    expect(told()).toEqual([]);
  });

  it("judges what came late for itself only", () => {
    const entity = { kind: "account", id: ACCOUNT } as const;
    const engine = soleEngine(entity, undefined);
    engine.process([event({ hour: 50, keys: [key(keyArn(1))] }), destruction(5)]);
    const late = engine.take().revisions;
    expect(late.map(({ title }) => title)).toEqual([expect.stringContaining("(arrived late)")]);
  });
});

interface Outcome {
  readonly memories: Map<string, string>;
  readonly alerts: Map<string, Alert>;
}

function throughOne(events: readonly KmsEvent[]): Outcome {
  const engine = new Engine(engineOptions({ detectors: ofOneEntity() }), undefined);
  for (const one of events) engine.process([one]);
  return finished(engine, engine.take());
}

function throughMany(events: readonly KmsEvent[]): Outcome {
  const last = Math.max(...events.map(({ timeMs }) => timeMs));
  const byEntity = new Map<string, KmsEvent[]>();
  for (const one of events) {
    for (const { kind, id } of route(one, noAccountsListed)) {
      const name = entityName(kind, id);
      byEntity.set(name, [...(byEntity.get(name) ?? []), one]);
    }
  }
  const organization = learned(events);
  const all: Outcome = { memories: new Map(), alerts: new Map() };
  for (const [name, own] of byEntity) {
    const engine = soleEngine(entityOf(name), undefined, organization);
    engine.process(own);
    const output = engine.take();
    const state = JSON.stringify({ watermarkMs: last, accounts: {}, open: [name] });
    const closing = soleEngine(entityOf(name), state, organization);
    closing.adopt(output.memories);
    const { memories, alerts } = finished(closing, output);
    for (const [entity, text] of memories) all.memories.set(entity, text);
    for (const [id, alert] of alerts) all.alerts.set(id, alert);
  }
  return all;
}

function finished(engine: Engine, before: ReturnType<Engine["take"]>): Outcome {
  engine.finish();
  const { memories, alerts } = engine.take();
  return {
    memories,
    alerts: new Map([...before.alerts, ...alerts].map((alert) => [alert.alertId, alert])),
  };
}

function soleEngine(
  entity: ReturnType<typeof entityOf>,
  state: string | undefined,
  organization = learned([]),
): Engine {
  const sole = { entity, organization };
  return new Engine(engineOptions({ detectors: ofOneEntity(), sole }), state);
}

/** Without those that know of everybody. */
function ofOneEntity() {
  const ofAll = ["combined-signals", "sensor-silent"];
  return engineOptions().detectors.filter(({ detector }) => !ofAll.includes(detector.id));
}

function learned(events: readonly KmsEvent[]): LearnedOrganization {
  const organization = new LearnedOrganization({ accounts: [], approvedForeignAccounts: [] }, {});
  for (const { recipientAccountId, timeMs } of events) {
    if (recipientAccountId !== undefined)
      organization.see(recipientAccountId, Math.floor(timeMs / 3_600_000));
  }
  return organization;
}

function destruction(hour: number): KmsEvent {
  return event({
    hour,
    name: "ScheduleKeyDeletion",
    operation: "admin",
    keys: [key(keyArn(1))],
    parameters: { pendingWindowInDays: 7 },
  });
}

function weekAndNight(): KmsEvent[] {
  const night = 9 * 24 + 3;
  return [
    ...hours(0, 9 * 24).flatMap((hour) => [
      ...inHour(hour, 2, { context: context("aws:s3:arn", hour % 5) }),
      ...(hour % 24 >= 8 && hour % 24 < 17
        ? inHour(hour, 3, { principal: person("ada@example.com"), keys: [key(keyArn(2))] })
        : []),
    ]),
    ...inHour(night, 400, { context: undefined }),
    ...inHour(night, 60, { principal: principal("stranger"), context: context("SecretARN", 1) }),
    ...inHour(night + 1, 12, { principal: person("ada@example.com") }),
    destruction(night + 1),
    ...inHour(night + 2, 30, {
      name: "GenerateDataKey",
      operation: "dataKey",
      keys: [key(keyArn(9, "999988887777"))],
    }),
    ...hours(night + 3, night + 30).flatMap((hour) => inHour(hour, 2)),
  ];
}
