import { describe, expect, it } from "vitest";
import type { KmsEvent } from "../src/detection/detector.ts";
import { detect } from "../test/support/detection.ts";
import { ACCOUNT, event, hours, inHour, key, keyArn, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { sensorSilent } from "./sensor-silent.ts";

const DAY = 24;
const OTHER = "444455556666";
const callers = ["api", "worker", "reader", "writer"].map((name) => principal(name));

testDetector(sensorSilent, {
  fires: {
    "an account of several principals that falls silent for five hours": {
      events: trail({ silent: [20 * DAY + 3, 20 * DAY + 8] }),
      expect: {
        atLeast: "medium",
        alerts: 1,
        title: "An account has fallen silent",
        reasons: ["silent", "many-principals", "hardly-ever"],
        withoutReasons: ["one-principal", "everybody"],
        observed: { silentHours: 5, eventsPerHour: 0 },
        expected: { silentHours: 0, eventsPerHour: 8, principalsPerHour: 4 },
        eventTime: "2026-02-22T05:59:59Z",
        kmsKey: null,
        maturity: "mature",
      },
    },
    "a busy account that falls silent for two hours, less gravely": {
      events: trail({ silent: [20 * DAY + 3, 20 * DAY + 5], perHour: 6 }),
      expect: {
        atLeast: "medium",
        atMost: "medium",
        alerts: 1,
        reasons: ["silent", "many-principals", "busy", "short"],
        observed: { silentHours: 2 },
        eventTime: "2026-02-22T04:59:59Z",
      },
    },
    "a busy account that is silent for three, as gravely as others are": {
      events: trail({ silent: [20 * DAY + 3, 20 * DAY + 6], perHour: 6 }),
      expect: { atLeast: "high", alerts: 1, withoutReasons: ["short"] },
    },
    "a silence of a day, more gravely": {
      events: trail({ silent: [20 * DAY, 21 * DAY] }),
      expect: { alerts: 1, atLeast: "high", reasons: ["silent", "long"] },
    },
    "an account that is silent to the end": {
      events: trail({ silent: [20 * DAY + 3, 30 * DAY], days: 22 }),
      expect: { alerts: 1, observed: { silentHours: 43 } },
    },
    "an account of one principal, weakly": {
      events: trail({ silent: [20 * DAY, 20 * DAY + 9], callers: callers.slice(0, 1) }),
      expect: { atMost: "low", reasons: ["one-principal"] },
    },
    "a Region of an account that speaks in another": {
      events: [
        ...trail({ silent: [20 * DAY, 20 * DAY + 6] }),
        ...others(22 * DAY, { recipientAccountId: ACCOUNT, region: "us-east-1" }),
      ],
      expect: { alerts: 1, title: "A Region has fallen silent", observed: { silentHours: 6 } },
    },
    "a silence on working days of an account that rests at weekends": {
      events: workdays({ silent: [28 * DAY, 32 * DAY], rests: 2 }),
      expect: { alerts: 1 },
    },
    "a second silence that is longer than the first": {
      events: trail({ silent: [15 * DAY, 15 * DAY + 4], again: [20 * DAY, 20 * DAY + 9] }),
      expect: { alerts: 2 },
    },
  },
  staysSilent: {
    "an hour or two without events": trail({ silent: [20 * DAY, 20 * DAY + 2] }),
    "an hour without events of a busy account": trail({
      silent: [20 * DAY, 20 * DAY + 1],
      perHour: 6,
    }),
    "two hours without events of a single busy principal": trail({
      silent: [20 * DAY, 20 * DAY + 2],
      callers: callers.slice(0, 1),
      perHour: 30,
    }),
    "an account in its first week": trail({ silent: [6 * DAY, 6 * DAY + 8] }),
    "nights of an account that works by day": workdays({ silent: [0, 0], rests: 0 }),
    "a public holiday of an account that works by day": workdays({
      silent: [28 * DAY, 29 * DAY],
      rests: 2,
    }),
    "an account whose job runs every six hours and once does not": [
      ...hours(0, 25 * DAY)
        .filter((hour) => hour % 6 === 0 && hour !== 20 * DAY)
        .flatMap((hour) => inHour(hour, 4)),
      ...others(25 * DAY),
    ],
    "an account that is heard in an hour of four at random": [
      ...hours(0, 25 * DAY)
        .filter((hour) => (Math.imul(hour, 2654435761) >>> 16) % 4 === 0)
        .flatMap((hour) => inHour(hour, 2)),
      ...others(25 * DAY),
    ],
    "events that arrive late, but within the lateness": {
      events: trail({ silent: [0, 0] }).map((one, index) =>
        index % 3 === 0 ? { ...one, timeMs: one.timeMs - (one.timeMs % 3_600_000) } : one,
      ),
    },
  },
});

describe("sensor-silent, of everybody at once", () => {
  const detectors = [
    { detector: sensorSilent, options: sensorSilent.options.parse({}), shadow: false },
  ] as never;
  const silent: Span = [20 * DAY, 20 * DAY + 8];
  const events = [
    ...trail({ silent, others: false }),
    ...others(22 * DAY).filter((one) => !within(one, silent)),
  ].sort((one, other) => one.timeMs - other.timeMs);

  it("tells of the organization once, rather than of each account", () => {
    const alerts = [...detect([events], { detectors }).last.values()];
    expect(alerts.map(({ title }) => title)).toEqual(["The organization has fallen silent"]);
    expect(alerts[0]).toMatchObject({
      severity: "high",
      status: "closed",
      accountId: null,
      observed: { silentHours: 8 },
    });
  });

  it("tells the same in batches of any size", () => {
    const whole = detect([events], { detectors });
    const single = detect(
      events.map((one) => [one]),
      { detectors },
    );
    expect(single.last).toEqual(whole.last);
  });

  it("keeps the organization's memory to itself", () => {
    const { memories } = detect([events], { detectors });
    expect([...memories.keys()].filter((name) => name.startsWith("account:")).sort()).toEqual([
      `account:${ACCOUNT}`,
      `account:${OTHER}`,
    ]);
  });
});

type Span = readonly [fromHour: number, toHour: number];

/** Three weeks of an account that is heard in every hour but those, and of another one that is always heard. */
function trail(options: {
  silent: Span;
  again?: Span;
  days?: number;
  callers?: typeof callers;
  /** Of each caller. */
  perHour?: number;
  others?: boolean;
}): KmsEvent[] {
  const { silent, again = [0, 0], days = 22, callers: speaking = callers, perHour = 2 } = options;
  const spoken = hours(0, days * DAY).flatMap((hour) =>
    speaking.flatMap((caller) => inHour(hour, perHour, { principal: caller })),
  );
  const heard = spoken.filter((one) => !within(one, silent) && !within(one, again));
  return options.others === false ? heard : [...heard, ...others(days * DAY)];
}

/** An account that is heard from 8 to 18 on days that are no rest. */
function workdays({ silent, rests }: { silent: Span; rests: number }): KmsEvent[] {
  const heard = hours(0, 35 * DAY).filter((hour) => {
    const day = Math.floor(hour / DAY) % 7;
    return hour % DAY >= 8 && hour % DAY < 18 && day < 7 - rests;
  });
  const spoken = heard.flatMap((hour) =>
    callers.flatMap((caller) => inHour(hour, 2, { principal: caller })),
  );
  return [...spoken.filter((one) => !within(one, silent)), ...others(35 * DAY)];
}

/** Somebody else, by whose events time passes. */
function others(untilHour: number, overrides: Partial<KmsEvent> = {}): KmsEvent[] {
  return hours(0, untilHour).map((hour) =>
    event({
      hour,
      second: 1800,
      principal: principal("elsewhere", { accountId: OTHER }),
      keys: [key(keyArn(5, OTHER))],
      recipientAccountId: OTHER,
      ...overrides,
    }),
  );
}

function within({ timeMs }: KmsEvent, [fromHour, toHour]: Span): boolean {
  const hour = Math.floor((timeMs - Date.UTC(2026, 1, 2)) / 3_600_000);
  return hour >= fromHour && hour < toHour;
}
