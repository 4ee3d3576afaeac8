import type { KmsEvent } from "../src/detection/detector.ts";
import { ACCOUNT, hours, inHour, person, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { unusualHour } from "./unusual-hour.ts";

const DAY = 24;
/** Tuesday, 3 March, 03:00 UTC: after four weeks of habit. */
const NIGHT = 29 * DAY + 3;
const SATURDAY_NIGHT = 61 * DAY + 3;

const ada = { principal: person("ada@example.com") };
const byDay = atWork(29, ada);
const workload = atWork(29);
/** Twelve days of one hour between nine and twelve. */
const fewMornings = hours(0, 22)
  .filter((day) => day % 7 < 4)
  .flatMap((day) => inHour(day * DAY + 9 + (day % 3), 5, ada));

/** An account that is not ours, where ours are listed. */
const foreign: Partial<KmsEvent> = {
  principal: { ...principal("vendor"), type: "AWSAccount", accountId: "999988887777" },
};

/** A job whose service makes the grants that it needs. */
const granting: Partial<KmsEvent> = {
  name: "CreateGrant",
  operation: "admin",
  principal: principal("training", { via: "sagemaker.amazonaws.com" }),
};

testDetector(unusualHour, {
  fires: {
    "a person at three in the night": {
      events: [...byDay, ...inHour(NIGHT, 12, ada)],
      expect: {
        atLeast: "medium",
        atMost: "medium",
        reasons: ["hour-of-day", "person", "many-calls"],
        observed: { callsPerHour: 12, hourOfDay: 3, weekend: false },
        expected: { callsPerHour: 0, usualHours: "08–17" },
        maturity: "mature",
        // One call every five minutes: the third makes it activity.
        eventTime: "2026-03-03T03:10:00Z",
        alerts: 1,
      },
    },
    "fewer calls than a person's evening may have, low": {
      events: [...byDay, ...inHour(NIGHT, 7, ada)],
      expect: { atMost: "low", reasons: ["person"], withoutReasons: ["many-calls", "few-calls"] },
    },
    "a glance of a person at night, low": {
      events: [...byDay, ...inHour(NIGHT, 3, ada)],
      expect: { atLeast: "low", atMost: "low", reasons: ["few-calls"] },
    },
    "a workload that keeps hours, only low, however much it does": {
      events: [...workload, ...inHour(NIGHT, 80)],
      expect: { atMost: "low", withoutReasons: ["many-calls"] },
    },
    "a workload that keeps hours, only low": {
      events: [...workload, ...inHour(NIGHT, 12)],
      expect: { atLeast: "low", atMost: "low", withoutReasons: ["person"] },
    },
    "a person of two months in a weekend night": {
      events: [...atWork(61, ada), ...inHour(SATURDAY_NIGHT, 12, ada)],
      expect: { atLeast: "low", observed: { weekend: true, hourOfDay: 3 } },
    },
    "a person of two years, as one of four weeks": {
      events: [...atWork(730, ada, 1), ...inHour(731 * DAY + 3, 12, ada)],
      expect: { atLeast: "medium" },
    },
    "a job that was always at two, at fourteen": {
      events: [...nightly(20), ...inHour(19 * DAY + 14, 20)],
      expect: {
        atLeast: "medium",
        atMost: "medium",
        reasons: ["hour-of-day", "punctual"],
        observed: { callsPerHour: 20, hourOfDay: 14 },
        expected: { callsPerHour: 0, usualHours: "02" },
      },
    },
    "a nightly job for which a service makes grants, at fourteen": {
      events: [...nightly(20), ...inHour(19 * DAY + 14, 20)].map((one) => ({
        ...one,
        ...granting,
      })),
      expect: { atLeast: "medium", atMost: "medium", reasons: ["hour-of-day", "punctual"] },
    },
    "a weekly job that was always at two, on a Thursday at fourteen": {
      events: [...weekly(5), ...inHour(31 * DAY + 14, 20)],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["hour-of-day", "punctual"] },
    },
    "a weekly job of six hours, on a Thursday at fourteen": {
      events: [
        ...hours(0, 5).flatMap((week) =>
          hours(0, 6).flatMap((hour) => inHour(week * 7 * DAY + hour, 20)),
        ),
        ...inHour(31 * DAY + 14, 20),
      ],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["hour-of-day", "punctual"] },
    },
    "a person who comes on three mornings a week, at night": {
      events: [
        ...[0, 2, 4, 7, 9, 11, 14, 16, 18, 21].flatMap((day) =>
          hours(9, 13).flatMap((hour) => inHour(day * DAY + hour, 4, ada)),
        ),
        ...inHour(23 * DAY + 3, 20, ada),
      ],
      expect: { reasons: ["hour-of-day", "person"], alerts: 1 },
    },
    "a few calls of a job at fourteen, just medium": {
      events: [...nightly(20), ...inHour(19 * DAY + 14, 4)],
      expect: { atMost: "medium", reasons: ["punctual", "few-calls"] },
    },
    "a job of ten hours a night, for three hours by day": {
      events: [
        ...hours(0, 33).flatMap((day) =>
          hours(0, 10).flatMap((hour) => inHour(day * DAY + hour, 8)),
        ),
        ...hours(17, 20).flatMap((hour) => inHour(32 * DAY + hour, 8)),
      ],
      expect: { atLeast: "medium", reasons: ["hours-on"], withoutReasons: ["punctual"] },
    },
    "a job of ten hours a night, for two hours by day, low": {
      events: [
        ...hours(0, 33).flatMap((day) =>
          hours(0, 10).flatMap((hour) => inHour(day * DAY + hour, 8)),
        ),
        ...hours(14, 16).flatMap((hour) => inHour(32 * DAY + hour, 8)),
      ],
      expect: { atMost: "low", withoutReasons: ["hours-on"] },
    },
    "a job of seven hours a night at fourteen": {
      events: [
        ...hours(0, 20).flatMap((day) =>
          hours(1, 8).flatMap((hour) => inHour(day * DAY + hour, 8)),
        ),
        ...inHour(19 * DAY + 15, 8),
      ],
      expect: { atLeast: "medium", reasons: ["punctual"] },
    },
    "a job that was run again by hand before, low": {
      events: [...nightly(30), ...inHour(12 * DAY + 15, 20), ...inHour(29 * DAY + 10, 20)],
      learnUntilHour: 20 * DAY,
      expect: { atMost: "low", withoutReasons: ["punctual"] },
    },
    "a job that is run again six hours after its own, low": {
      events: [...nightly(20), ...inHour(19 * DAY + 8, 20)],
      expect: { atMost: "low", reasons: ["after-a-run", "punctual"] },
    },
    "a job at ten, however often it was run again in the morning": {
      events: [...nightly(30), ...inHour(12 * DAY + 8, 20), ...inHour(29 * DAY + 10, 20)],
      learnUntilHour: 20 * DAY,
      expect: { atLeast: "medium", reasons: ["punctual"], withoutReasons: ["after-a-run"] },
    },
    "a person who works an hour on some days, many calls at night": {
      events: [...fewMornings, ...inHour(22 * DAY + 1, 9, ada)],
      expect: { atLeast: "medium", reasons: ["hour-of-day", "person", "many-calls"] },
    },
    "the same three hours before the earliest that ever was": {
      events: [...fewMornings, ...inHour(22 * DAY + 6, 9, ada)],
      expect: { atLeast: "medium", reasons: ["hour-of-day", "person", "many-calls"] },
    },
    "a person's first Saturday, at the hours of weekdays, with many calls": {
      events: [...byDay, ...inHour(33 * DAY + 12, 20, ada)],
      expect: { atLeast: "medium", reasons: ["person", "many-calls"], alerts: 1 },
    },
    "a person of five mornings and one busy afternoon, many calls at night": {
      events: [
        ...hours(0, 20).flatMap((day) => (day % 3 === 0 ? inHour(day * DAY + 9, 5, ada) : [])),
        ...inHour(18 * DAY + 10, 30, ada),
        ...inHour(22 * DAY + 1, 12, ada),
      ],
      expect: { atLeast: "medium", reasons: ["person", "many-calls"], alerts: 1 },
    },
    "a person of a dozen mornings and one busy afternoon, many calls at night": {
      events: [...fewMornings, ...inHour(18 * DAY + 13, 30, ada), ...inHour(22 * DAY + 1, 12, ada)],
      expect: { atLeast: "medium", reasons: ["person", "many-calls"], alerts: 1 },
    },
    "a person who signs at night": {
      events: [...byDay, ...inHour(NIGHT, 7, { ...ada, name: "Sign", operation: "sign" })],
      expect: { atLeast: "medium", reasons: ["signs"], withoutReasons: ["many-calls"] },
    },
    "a job that works through two busy hours far from its own": {
      events: [
        ...hours(0, 29).flatMap((day) => inHour(day * DAY + 2, 40)),
        ...inHour(12 * DAY + 17, 12),
        ...inHour(29 * DAY + 13, 20),
        ...inHour(29 * DAY + 14, 20),
      ],
      expect: { atLeast: "medium", reasons: ["hours-on"] },
    },
    "a role of a weekly job in whose name people work, too, in any order": {
      events: [
        ...weekly(5),
        ...inHour(31 * DAY + 14, 5),
        ...inHour(31 * DAY + 14, 9, { principal: principal("app", { human: true }) }),
      ],
      expect: { atLeast: "medium", reasons: ["hour-of-day", "person"] },
    },
    "a person far beyond what they ever did at odd hours": {
      events: [...byDay, ...inHour(15 * DAY + 3, 4, ada), ...inHour(NIGHT, 30, ada)],
      learnUntilHour: 20 * DAY,
      expect: { atLeast: "medium", reasons: ["many-calls"] },
    },
    "encryption at night as much as decryption": [
      ...byDay,
      ...inHour(NIGHT, 12, { ...ada, name: "GenerateDataKey", operation: "dataKey" }),
    ],
    "each strange hour of a night by itself": {
      events: [...byDay, ...inHour(NIGHT, 12, ada), ...inHour(NIGHT + 1, 12, ada)],
      expect: { alerts: 2 },
    },
  },
  staysSilent: {
    "a service around the clock": hours(0, 29 * DAY).flatMap((hour) => inHour(hour, 3)),
    "a person at work": byDay,
    "a weekly job that ran at another time of day before": [
      ...weekly(5),
      ...inHour(9 * DAY + 11, 20),
      ...inHour(31 * DAY + 14, 20),
    ],
    "a job that ran for a week, two weeks ago": [...nightly(6), ...inHour(17 * DAY + 14, 20)],
    "a weekly job of three weeks": [...weekly(3), ...inHour(17 * DAY + 14, 20)],
    "a weekly job an hour late": [...weekly(5), ...inHour(35 * DAY + 3, 20)],
    "a person in the first two weeks": [
      ...hours(0, 13).flatMap((day) => inHour(day * DAY + 9, 2, ada)),
      ...hours(0, 13).flatMap((day) => inHour(day * DAY + 15, 2, ada)),
      ...hours(0, 13).flatMap((day) => inHour(day * DAY + 20, 2, ada)),
      ...inHour(13 * DAY + 3, 12, ada),
    ],
    "a person who works an hour on some days, some calls at night": [
      ...fewMornings,
      ...inHour(22 * DAY + 1, 7, ada),
    ],
    "a person who works an hour on some days, two hours before": [
      ...fewMornings,
      ...inHour(22 * DAY + 7, 25, ada),
    ],
    "a person with hardly any history": [
      ...hours(0, 20).flatMap((day) => (day % 5 === 0 ? inHour(day * DAY + 9, 5, ada) : [])),
      ...inHour(22 * DAY + 3, 12, ada),
    ],
    "an hour earlier than usual, as daylight saving time moves it": [
      ...byDay,
      ...inHour(29 * DAY + 7, 12, ada),
    ],
    "a person who works on every Saturday": [
      ...hours(0, 40).flatMap((day) => inHour(day * DAY + 12, 5, ada)),
      ...inHour(40 * DAY + 12, 12, ada),
    ],
    "a person's first Saturday, at the hours of weekdays": [
      ...byDay,
      ...inHour(33 * DAY + 12, 19, ada),
    ],
    "a person who does at an odd hour what they did there before": {
      events: [...byDay, ...inHour(27 * DAY + 3, 20, ada), ...inHour(28 * DAY + 3, 30, ada)],
      learnUntilHour: 28 * DAY,
    },
    "a service-linked role, which nobody but AWS can assume": [
      ...nightly(20),
      ...inHour(19 * DAY + 14, 20),
    ].map((one) => ({
      ...one,
      principal: principal("AWSServiceRoleForBackup", {
        key: "arn:aws:iam::111122223333:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup",
      }),
    })),
    "a foreign account, whose hours follow its own business": {
      events: [...nightly(20), ...inHour(19 * DAY + 14, 20)].map((one) => ({ ...one, ...foreign })),
      organization: { accounts: [ACCOUNT] },
    },
    "a job two hours late": [...nightly(20), ...inHour(19 * DAY + 4, 2)],
    "two calls at night": [...byDay, ...inHour(NIGHT, 2, ada)],
    "failed calls at night": [
      ...byDay,
      ...inHour(NIGHT, 12, { ...ada, error: { code: "AccessDenied", class: "denied" } }),
    ],
    "a service that looks at keys for a person at night": [
      ...byDay,
      ...inHour(NIGHT, 12, {
        principal: { ...ada.principal, via: "s3.amazonaws.com" },
        name: "DescribeKey",
        operation: "read",
      }),
    ],
    "looking at keys at night": [
      ...byDay,
      ...inHour(NIGHT, 12, { ...ada, name: "DescribeKey", operation: "read" }),
    ],
    "another person of the same permission set who works at night": [
      ...byDay,
      ...hours(0, 29).flatMap((day) =>
        inHour(day * DAY + 3, 5, { principal: person("bob@example.com") }),
      ),
    ],
  },
});

/** Some calls an hour from eight to six on weekdays. */
function atWork(days: number, overrides: Partial<KmsEvent> = {}, calls = 4): KmsEvent[] {
  return hours(0, days * DAY)
    .filter((hour) => Math.floor(hour / DAY) % 7 < 5 && hour % DAY >= 8 && hour % DAY < 18)
    .flatMap((hour) => inHour(hour, calls, overrides));
}

/** Twenty calls at two in the morning, once a week. */
function weekly(runs: number): KmsEvent[] {
  return hours(0, runs).flatMap((week) => inHour(week * 7 * DAY + 2, 20));
}

/** A job at two in the night. */
function nightly(days: number): KmsEvent[] {
  return hours(0, days).flatMap((day) => inHour(day * DAY + 2, 20));
}
