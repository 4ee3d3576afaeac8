import { describe, expect, it } from "vitest";
import type { KmsEvent } from "../../../src/cloudtrail/event.ts";
import type { Alert } from "../../../src/detection/alert.ts";
import type { Detector } from "../../../src/detection/detector.ts";
import { Engine, type EngineOptions } from "../../../src/detection/engine.ts";
import { countingDetector } from "../../support/counting-detector.ts";
import { detect, engineOptions } from "../../support/detection.ts";
import { ACCOUNT, event, inHour, key, keyArn, principal, START_MS } from "../../support/events.ts";

const DAY = 24;
const OWNER = "999988887777";
const other = { principal: principal("other") };
const oclock = (hour: number): number => START_MS + hour * 3_600_000;

describe("the revisions of an alert", () => {
  it("are numbered from 0, one for each level, and then it is closed", () => {
    const sixty = inHour(5, 60);
    const { revisions } = run([...sixty.map((one) => [one]), inHour(9, 1, other)]);
    expect(revisions.map(({ revision, status }) => `${revision} ${status}`)).toEqual([
      "0 created",
      "1 updated",
      "2 updated",
      "3 closed",
    ]);
    expect(revisions.map(({ observed }) => observed["count"])).toEqual([3, 12, 48, 60]);
    expect(new Set(revisions.map(({ alertId }) => alertId)).size).toBe(1);
  });

  it("come once a batch beside the first one, with all that the batch held", () => {
    const { revisions } = run([inHour(5, 60), inHour(9, 1, other)]);
    expect(revisions.map(({ revision, status }) => `${revision} ${status}`)).toEqual([
      "0 created",
      "2 updated",
      "3 closed",
    ]);
    expect(revisions.map(({ observed }) => observed["count"])).toEqual([60, 60, 60]);
  });

  it("come before the hour closes, though one batch holds the hour and its end", () => {
    const { revisions } = run([[...inHour(5, 60), ...inHour(9, 1)]]);
    expect(revisions.map(({ status }) => status)).toEqual(["created", "updated", "closed"]);
  });

  it("end with how the alert stands", () => {
    const { revisions, last } = run([inHour(5, 60), inHour(9, 1, other)]);
    expect([...last.values()]).toEqual(revisions.slice(-1));
  });

  it("are told once, however many batches come in between", () => {
    const events = inHour(5, 60);
    const { revisions } = run([...events.map((one) => [one]), inHour(9, 1, other)]);
    expect(revisions.map(({ revision }) => revision)).toEqual([0, 1, 2, 3]);
  });

  it("do not come for what does not reach the first level", () => {
    expect(run([inHour(5, 2), inHour(9, 1)]).revisions).toEqual([]);
  });

  it("close as soon as event time passes, though the principal has gone quiet", () => {
    const engine = new Engine(options(), undefined);
    const told: string[] = [];
    for (const hour of [5, 6, 7, 8]) {
      engine.process(hour === 5 ? inHour(5, 3) : inHour(hour, 1, other));
      told.push(
        engine
          .take()
          .revisions.map(({ status }) => status)
          .join(),
      );
    }
    // Hour 5 may still change while hour 6 is the newest; two hours are open.
    expect(told).toEqual(["created", "", "closed", ""]);
  });
});

describe("alerts of a principal that has gone quiet", () => {
  it.each(["hour", "day", "once"] as const)("of one %s close, however far time leaps", (period) => {
    const engine = new Engine(
      options({ detectors: [configured(countingDetector(period))] }),
      undefined,
    );
    engine.process(inHour(5, 3));
    expect(engine.take().alerts.map(({ status }) => status)).toEqual(["created"]);
    engine.passTime(engine.closesAtHour ?? 0);
    expect(engine.take().alerts.map(({ status }) => status)).toEqual(["closed"]);
    expect(engine.closesAtHour).toBeUndefined();
  });

  it("wait for nothing while their detector is switched off", () => {
    const engine = new Engine(options(), undefined);
    engine.process(inHour(5, 3));
    const { memories, state } = engine.take();
    const without = new Engine(options({ detectors: [] }), state);
    without.adopt(memories);
    expect([engine.closesAtHour, without.closesAtHour]).toEqual([expect.any(Number), undefined]);
  });
});

describe("what one alert is", () => {
  it.each([
    { period: "hour" as const, alerts: 3 },
    { period: "day" as const, alerts: 2 },
  ])("is a $period of it", ({ period, alerts }) => {
    const found = run([[...inHour(5, 3), ...inHour(9, 4), ...inHour(DAY, 5)]], { period });
    expect(found.last.size).toBe(alerts);
    expect(closings(found.revisions)).toHaveLength(alerts);
  });

  it("is one for a novelty that goes on over the end of an hour, with the evidence of both", () => {
    const found = run([[...inHour(5, 3), ...inHour(6, 4), ...inHour(9, 1, other)]], {
      period: "once",
    });
    const [closed, ...others] = closings(found.revisions);
    expect(others).toEqual([]);
    expect(closed).toMatchObject({
      eventTime: new Date(oclock(5)).toISOString().replace(".000Z", "Z"),
      evidence: { eventCount: 7 },
      window: { end: new Date(oclock(7)).toISOString().replace(".000Z", "Z") },
    });
  });

  it("is for each principal its own", () => {
    const found = run([[...inHour(5, 3), ...inHour(5, 3, other)]]);
    expect(found.last.size).toBe(2);
  });
});

describe("the end of a history", () => {
  it.each(["hour", "day", "once"] as const)("closes an alert of one %s, at any hour", (period) => {
    for (const hour of [0, 5, 23]) {
      const found = run([inHour(hour, 3)], { period });
      expect(closings(found.revisions)).toHaveLength(1);
      expect([...found.last.values()].map(({ status }) => status)).toEqual(["closed"]);
    }
  });

  it("of nothing is nothing", () => {
    expect(run([]).revisions).toEqual([]);
  });
});

describe("learning", () => {
  it("tells nothing of an earlier event time, neither then nor as it closes", () => {
    const found = run([[...inHour(5, 60), ...inHour(9, 60)]], { learnUntilMs: oclock(9) });
    expect([...found.last.values()].map(({ eventTime }) => Date.parse(eventTime))).toEqual([
      oclock(9),
    ]);
    expect(new Set(found.revisions.map(({ eventTime }) => Date.parse(eventTime)))).toEqual(
      new Set([oclock(9)]),
    );
  });

  it("tells nothing of an alert that began before, though it goes on", () => {
    const found = run([[...inHour(5, 3), ...inHour(9, 60)]], {
      period: "day",
      learnUntilMs: oclock(9),
    });
    expect(found.revisions).toEqual([]);
    expect(found.last.size).toBe(0);
  });
});

describe("an hour that is judged as it closes", () => {
  const judged = { mostToClose: 20 };
  const after = inHour(9, 1, other);

  it("is told once, with all that it holds, and closed at once", () => {
    const { revisions, last } = run([inHour(5, 5), inHour(5, 8), inHour(5, 3), after], judged);
    expect(revisions.map(({ revision, status }) => `${revision} ${status}`)).toEqual([
      "0 created",
      "1 closed",
    ]);
    expect(revisions.map(({ observed }) => observed["count"])).toEqual([16, 16]);
    expect([...last.values()]).toEqual(revisions.slice(-1));
  });

  it("is not told before", () => {
    const detectors = [configured(countingDetector("hour", judged))];
    const engine = new Engine(options({ detectors }), undefined);
    engine.process(inHour(5, 5));
    expect(engine.take()).toMatchObject({ revisions: [], alerts: [] });
    expect(engine.closesAtHour).toBe(Math.floor(oclock(7) / 3_600_000));
  });

  it("is told of nothing where what came later speaks against it", () => {
    expect(run([inHour(5, 5), inHour(5, 30), after], judged)).toMatchObject({
      revisions: [],
      last: new Map(),
    });
  });

  it("tells nothing of an earlier event time", () => {
    const setting = { ...judged, learnUntilMs: oclock(6) };
    expect(run([inHour(5, 5), after], setting).revisions).toEqual([]);
  });
});

describe("late records", () => {
  const late = event({ hour: 1 });
  const judged = { judgesLate: true };

  it.each([
    { name: "hours", hour: 20 },
    { name: "an hour, while its copies are still recognised", hour: 4 },
  ])("by $name are judged by themselves, once, though they come twice", ({ hour }) => {
    const found = run([inHour(hour, 1), [late], [late], [{ ...late }]], judged);
    const told = found.revisions.filter(({ title }) => title.endsWith("(arrived late)"));
    expect(told.map(({ evidence }) => evidence.eventIds)).toEqual([[late.eventId]]);
    expect(found.late).toBe(1);
    expect(found.duplicates).toBe(2);
  });

  it("change nothing of an hour that is closed", () => {
    const newest = inHour(20, 1);
    const without = run([newest], judged).memories;
    expect(run([newest, [late]], judged).memories).toEqual(without);
  });

  it("are counted and not told by a detector to whom they do not matter", () => {
    const found = run([inHour(20, 1), [late]]);
    expect(found.late).toBe(1);
    expect(found.revisions).toEqual([]);
  });

  it("are not late within the lateness", () => {
    const found = run([[event({ hour: 2 })], [event({ hour: 1, second: 1 })]]);
    expect(found.late).toBe(0);
  });
});

describe("copies of a call", () => {
  const call = {
    sharedEventId: "5c3f1c9e-0000-4000-8000-00000000abcd",
    keys: [key(keyArn(1, OWNER))],
  };
  const callers = event({ ...call, hour: 1, recipientAccountId: ACCOUNT });
  const owners = event({ ...call, hour: 1, recipientAccountId: OWNER });

  it.each([
    ["the caller's first", [callers, owners]],
    ["the owner's first", [owners, callers]],
  ])(
    "over an account boundary count once for the principal and once for the key, %s",
    (_name, copies) => {
      const entities = ["principal", "key", "account"] as const;
      const detectors = entities.map((entity) => countingDetector("hour", { id: entity, entity }));
      const found = detect([copies], { ...options(), detectors: detectors.map(configured) });
      expect(found.sharedCopies).toBe(1);
      expect(found.duplicates).toBe(0);
      const counts = [...found.memories].map(([name, text]) => [name, countIn(text)] as const);
      expect(new Map(counts)).toEqual(
        new Map([
          [`account:${ACCOUNT}`, 1],
          [`account:${OWNER}`, 1],
          [`key:${keyArn(1, OWNER)}`, 1],
          [`principal:${callers.principal.key}`, 1],
        ]),
      );
    },
  );

  it("that do not say whose they are count once", () => {
    const twins = [callers, owners].map((copy) => ({ ...copy, recipientAccountId: undefined }));
    const found = run([twins]);
    expect(found.sharedCopies).toBe(1);
    expect(countIn(found.memories.get(`principal:${callers.principal.key}`) ?? "")).toBe(1);
  });

  it("that are the same twice count once, in one batch or another, or after a restart", () => {
    const one = event({ hour: 1 });
    expect(run([[one, one]]).duplicates).toBe(1);
    expect(run([[one], [one]]).duplicates).toBe(1);
    const before = new Engine(options(), undefined);
    before.process([one]);
    const { state, calls } = before.take();
    const after = new Engine(options(), state);
    after.restoreCalls(calls);
    after.process([one]);
    expect(after.take().duplicates).toBe(1);
    expect(after.watermarkMs).toBe(one.timeMs);
  });
});

describe("the working set", () => {
  it("keeps no more entities than it may, and asks for what it needs", () => {
    const engine = new Engine(options({ entitiesInMemory: 3 }), undefined);
    const crowd = Array.from({ length: 50 }, (_, index) =>
      event({ hour: 1, principal: principal(`role-${index}`), keys: [] }),
    );
    engine.process(crowd);
    expect(engine.missing(crowd)).toEqual([]);
    const { memories } = engine.take();
    expect(memories.size).toBe(51);
    expect(engine.missing(crowd)).toHaveLength(49);
  });

  it("writes what leaves it, and all at the end, where nobody will go on from it", () => {
    const hours = Array.from({ length: 30 }, (_, hour) =>
      Array.from({ length: 8 }, (_unused, index) =>
        event({ hour, second: index, principal: principal(`role-${(hour * index) % 11}`) }),
      ),
    );
    const kept = detect(hours, options({ entitiesInMemory: 3 }));
    const transient = options({ entitiesInMemory: 3, isTransient: true });
    expect(detect(hours, transient)).toEqual(kept);

    const engine = new Engine(options({ isTransient: true }), undefined);
    engine.process(hours[1] ?? []);
    expect(engine.take()).toMatchObject({ memories: new Map(), calls: [], state: undefined });
  });

  it("keeps entities whose alert is open, and asks for them after a restart", () => {
    const before = new Engine(options({ entitiesInMemory: 3 }), undefined);
    before.process([...inHour(1, 3, { keys: [] }), ...inHour(1, 2, { ...other, keys: [] })]);
    const { state, memories } = before.take();
    const name = `principal:${principal("app").key}`;
    expect(before.missing([])).toEqual([]);
    const after = new Engine(options(), state);
    expect(after.missing([])).toEqual([name]);
    after.adopt(memories);
    after.process(inHour(9, 1, other));
    expect(after.take().revisions.map(({ status }) => status)).toEqual(["closed"]);
    expect(after.missing([])).toEqual([]);
  });
});

interface Setting {
  readonly period?: "hour" | "day" | "once";
  readonly judgesLate?: boolean;
  readonly mostToClose?: number;
  readonly learnUntilMs?: number;
}

function run(batches: readonly (readonly KmsEvent[])[], setting: Setting = {}) {
  const { period = "hour", learnUntilMs, ...judging } = setting;
  const detector = countingDetector(period, judging);
  return detect(batches, options({ detectors: [configured(detector)], learnUntilMs }));
}

function options(overrides: Partial<EngineOptions> = {}): EngineOptions {
  return engineOptions({ detectors: [configured(countingDetector())], ...overrides });
}

function configured(detector: Detector): EngineOptions["detectors"][number] {
  return { detector, options: {}, shadow: false };
}

function closings(revisions: readonly Alert[]): Alert[] {
  return revisions.filter(({ status }) => status === "closed");
}

/** All that the detectors of a memory have counted, learned or still open. */
function countIn(text: string): number {
  const written = JSON.parse(text) as {
    d: Record<
      string,
      { b: { hours: [number, number][] }; h: { bucket: { count: number } | null }[] }
    >;
  };
  let sum = 0;
  for (const { b, h } of Object.values(written.d)) {
    for (const [, count] of b.hours) sum += count;
    for (const { bucket } of h) sum += bucket?.count ?? 0;
  }
  return sum;
}
