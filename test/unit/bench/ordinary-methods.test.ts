import { describe, expect, test } from "vitest";
import type { KmsEvent } from "../../../src/cloudtrail/event.ts";
import { readAlerts } from "../../../src/evaluation/judged-alert.ts";
import { fixedThresholds } from "../../bench/ordinary/fixed-thresholds.ts";
import { hourOfWeek } from "../../bench/ordinary/hour-of-week.ts";
import { type Organization, type Watch, alertLine } from "../../bench/ordinary/method.ts";
import { candidates, chosenMethods } from "../../bench/ordinary/methods.ts";
import { newTerms } from "../../bench/ordinary/new-terms.ts";
import { threeSigma } from "../../bench/ordinary/three-sigma.ts";
import { weightedMean } from "../../bench/ordinary/weighted-mean.ts";
import {
  ACCOUNT,
  START_MS,
  event,
  hours,
  inHour,
  key,
  keyArn,
  person,
  principal,
} from "../../support/events.ts";

const organization: Organization = {
  accounts: new Set([ACCOUNT]),
  approvedForeignAccounts: new Set(["444455556666"]),
};

/** How many of the events alert. */
function alertsOf(watch: Watch, events: readonly KmsEvent[]): number {
  return events.filter((each) => watch(each) !== undefined).length;
}

/** Weeks of a service with 10 or 12 calls in each hour. */
function steady(weeks: number): KmsEvent[] {
  return hours(0, weeks * 168).flatMap((hour) => inHour(hour, hour % 2 === 0 ? 10 : 12));
}

describe("fixed thresholds", () => {
  const settings = { decrypts: 10, refusals: 3, list: "middle" } as const;
  const denied = { error: { code: "AccessDenied", class: "denied" } } as const;
  const admin = { operation: "admin" } as const;
  const cases: [claim: string, events: KmsEvent[], alerts: number][] = [
    ["let the limit pass", inHour(0, 10), 0],
    ["alert once an hour beyond the limit", inHour(0, 30), 1],
    ["count hours apart", [...inHour(0, 8), ...inHour(1, 8)], 0],
    ["count refusals by themselves", inHour(0, 4, denied), 1],
    ["alert on a sensitive call", [event({ ...admin, name: "ScheduleKeyDeletion" })], 1],
    ["pass over a refused one", [event({ ...admin, ...denied, name: "ScheduleKeyDeletion" })], 0],
    ["pass over what is not on the list", [event({ ...admin, name: "PutKeyPolicy" })], 0],
    ["alert on the root user", [event({ principal: principal("root", { type: "Root" }) })], 1],
    [
      "alert on an unknown account",
      [event({ principal: principal("x", { accountId: "999988887777" }) })],
      1,
    ],
    [
      "know approved accounts",
      [event({ principal: principal("x", { accountId: "444455556666" }) })],
      0,
    ],
  ];
  test.each(cases)("%s", (_claim, events, alerts) => {
    expect(alertsOf(fixedThresholds.watch(settings, organization), events)).toBe(alerts);
  });
});

describe("new terms", () => {
  const settings = { withServices: false, withAdministration: false };
  const other = [key(keyArn(7))];
  const daily = hours(0, 20).map((day) => event({ hour: day * 24 }));
  const cases: [claim: string, event: KmsEvent, alerts: number][] = [
    ["alert on a key new to a principal", event({ hour: 480, keys: other }), 1],
    ["stay silent on a pair of yesterday", event({ hour: 480 }), 0],
    ["alert on a pair of 15 days ago", event({ hour: 19 * 24 + 15 * 24 }), 1],
    [
      "pass over services where told so",
      event({ hour: 480, keys: other, principal: principal("app", { via: "s3.amazonaws.com" }) }),
      0,
    ],
    [
      "pass over administration where told so",
      event({ hour: 480, keys: other, name: "DescribeKey", operation: "read" }),
      0,
    ],
  ];
  test.each(cases)("%s", (_claim, last, alerts) => {
    const watch = newTerms.watch(settings, organization);
    expect(alertsOf(watch, daily)).toBe(0);
    expect(alertsOf(watch, [last])).toBe(alerts);
  });

  test("learn for 14 days first", () => {
    const events = [event({ hour: 0 }), event({ hour: 300, keys: other })];
    expect(alertsOf(newTerms.watch(settings, organization), events)).toBe(0);
  });
});

describe("hourly volume", () => {
  const methods = [
    ["three sigma", () => threeSigma.watch({ leastCalls: 5 }, organization)],
    [
      "the weighted mean",
      () => weightedMean.watch({ weight: 0.03, deviations: 4, leastCalls: 5 }, organization),
    ],
    [
      "the hour of the week",
      () => hourOfWeek.watch({ deviations: 4, leastCalls: 5, mostUsers: 3 }, organization),
    ],
  ] as const;
  describe.each(methods)("%s", (_name, watchOf) => {
    test("is silent on four steady weeks and alerts once on an hour of 60 calls", () => {
      const watch = watchOf();
      expect(alertsOf(watch, steady(4))).toBe(0);
      expect(alertsOf(watch, inHour(672, 60))).toBe(1);
    });

    test("says nothing about a principal of yesterday", () => {
      const watch = watchOf();
      expect(alertsOf(watch, inHour(0, 5))).toBe(0);
      expect(alertsOf(watch, inHour(24, 500))).toBe(0);
    });
  });

  test("hours without a call count: a principal that was silent for weeks is known", () => {
    const watch = threeSigma.watch({ leastCalls: 5 }, organization);
    expect(alertsOf(watch, [event({ hour: 0 }), ...inHour(480, 60)])).toBe(1);
  });

  test.each([
    ["three sigma", threeSigma.watch({ leastCalls: 61 }, organization)],
    [
      "the weighted mean",
      weightedMean.watch({ weight: 0.03, deviations: 4, leastCalls: 61 }, organization),
    ],
  ])("%s is silent below its least calls", (_name, watch) => {
    expect(alertsOf(watch, [...steady(4), ...inHour(672, 60)])).toBe(0);
  });

  test("three sigma knows a nightly peak, the weighted mean does not", () => {
    const nightly = hours(0, 672).flatMap((hour) => inHour(hour, hour % 24 === 3 ? 90 : 1));
    const late = nightly.filter(({ timeMs }) => timeMs >= START_MS + 14 * 86_400_000);
    const early = nightly.slice(0, nightly.length - late.length);
    const sigma = threeSigma.watch({ leastCalls: 5 }, organization);
    const mean = weightedMean.watch({ weight: 0.03, deviations: 3, leastCalls: 5 }, organization);
    alertsOf(sigma, early);
    alertsOf(mean, early);
    expect(alertsOf(sigma, late)).toBe(0);
    expect(alertsOf(mean, late)).toBeGreaterThan(5);
  });

  test("the hour of the week tells Monday's peak from the same on Tuesday, three sigma does not", () => {
    const weekly = hours(0, 840).flatMap((hour) => inHour(hour, hour % 168 === 3 ? 90 : 5));
    const tuesday = inHour(840 + 27, 90);
    const week = hourOfWeek.watch({ deviations: 4, leastCalls: 20, mostUsers: 3 }, organization);
    const sigma = threeSigma.watch({ leastCalls: 20 }, organization);
    alertsOf(sigma, weekly);
    alertsOf(week, weekly);
    expect(alertsOf(week, inHour(840 + 3, 90))).toBe(0);
    expect(alertsOf(week, tuesday)).toBe(1);
    expect(alertsOf(sigma, tuesday)).toBe(0);
  });
});

describe("rare terms", () => {
  const settings = { deviations: 4, leastCalls: 1000, mostUsers: 1 };
  const strange = { kind: "address", value: "198.51.100.9" } as const;
  const cases: [claim: string, events: KmsEvent[], alerts: number][] = [
    ["alert on a network nobody used", [event({ hour: 400, source: strange })], 1],
    [
      "know another host of the same network",
      [event({ hour: 400, source: { kind: "address", value: "192.0.77.1" } })],
      0,
    ],
    ["alert on a Region nobody used", [event({ hour: 400, region: "sa-east-1" })], 1],
    ["know another version of a client", [event({ hour: 400, userAgent: "aws-sdk-java/2.26" })], 0],
    ["alert on a call nobody made", [event({ hour: 400, name: "ListGrants" })], 1],
    [
      "pass over what others do",
      [
        event({ hour: 399, principal: principal("other"), source: strange }),
        event({ hour: 400, source: strange }),
      ],
      0,
    ],
    [
      "pass over a busy principal of yesterday",
      [
        ...inHour(376, 200, { principal: principal("new") }),
        event({ hour: 400, principal: principal("new"), source: strange }),
      ],
      0,
    ],
  ];
  test.each(cases)("%s", (_claim, events, alerts) => {
    const watch = hourOfWeek.watch(settings, organization);
    alertsOf(
      watch,
      hours(0, 360).map((hour) => event({ hour })),
    );
    expect(alertsOf(watch, events)).toBe(alerts);
  });
});

describe("the list", () => {
  test("has each method with exactly one choice of settings", () => {
    const names = new Set(candidates.map(({ name }) => name));
    expect(chosenMethods.map(({ name }) => name)).toEqual([...names]);
  });
});

test("an alert is read as one of medium severity about the person, the key and the event", () => {
  const call = event({ hour: 3, second: 5, principal: person("mia") });
  const line = alertLine("new-terms", 4, { startMs: START_MS }, call);
  expect(readAlerts(line)).toEqual([
    {
      id: "new-terms-4",
      detector: "new-terms",
      severity: "medium",
      score: 50,
      startMs: START_MS,
      endMs: call.timeMs,
      firstMs: call.timeMs,
      principal: call.principal.entity,
      key: call.keys[0]?.arn,
      account: ACCOUNT,
      eventIds: new Set([call.eventId]),
    },
  ]);
});
