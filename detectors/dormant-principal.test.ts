import type { KmsEvent } from "../src/detection/detector.ts";
import { hours, inHour, key, keyArn, person, principal } from "../test/support/events.ts";
import { dormantPrincipal } from "./dormant-principal.ts";
import { testDetector } from "../test/support/test-detector.ts";

const DAY = 24;
const byService = { principal: principal("app", { via: "s3.amazonaws.com" }) };
const ada = { principal: person("ada@example.com") };
const uploader = {
  principal: principal("uploader", {
    entity: "arn:aws:iam::111122223333:user/uploader",
    type: "IAMUser",
    human: true,
  }),
};

testDetector(dormantPrincipal, {
  fires: {
    "a role that slept for a month": {
      events: on([0, 1, 2, 3, 35], byService),
      expect: {
        atLeast: "medium",
        atMost: "medium",
        reasons: ["dormant"],
        withoutReasons: ["many-calls", "several-keys", "direct"],
        observed: { daysAway: 32, callsPerHour: 3, keys: 1 },
        expected: { daysAway: 1, daysAwayLimit: 15 },
        eventTime: "2026-03-09T10:00:00Z",
        alerts: 1,
      },
    },
    "one who came every day for three weeks, after ten days": {
      events: on([...hours(0, 21), 31]),
      expect: { atLeast: "medium", expected: { daysAway: 1, daysAwayLimit: 6 }, alerts: 1 },
    },
    "one who came every working day for four weeks, after nine days": {
      events: on([...hours(0, 26).filter((day) => day % 7 < 5), 34]),
      expect: { atLeast: "medium", expected: { daysAwayLimit: 8 }, alerts: 1 },
    },
    "with many direct calls on several keys, medium": {
      events: [
        ...on([0, 1, 2, 3]),
        ...hours(0, 4).flatMap((nth) => inHour(40 * DAY, 30, { keys: [key(keyArn(nth))] })),
      ],
      expect: { atLeast: "medium", reasons: ["many-calls", "several-keys", "direct"] },
    },
    "somebody seen on three days in all": on([0, 1, 2, 60]),
    "somebody seen on two days, who does more than in both after a month": {
      events: [...on([0, 1], byService), ...inHour(35 * DAY + 10, 12, byService)],
      expect: {
        atLeast: "medium",
        observed: { callsPerHour: 12 },
        eventTime: "2026-03-09T10:45:00Z",
        alerts: 1,
      },
    },
    "somebody seen on one day, who does far more after a month": {
      events: [...on([0], byService), ...inHour(35 * DAY + 10, 12, byService)],
      expect: { atLeast: "medium", observed: { callsPerHour: 12 }, alerts: 1 },
    },
    "a role that slept for three weeks, just medium": {
      events: on([0, 1, 2, 3, 25], byService),
      expect: { atLeast: "medium", atMost: "medium" },
    },
    "a role that slept for two weeks and a half, as over a holiday, low": {
      events: on([0, 1, 2, 3, 21], byService),
      expect: { atMost: "low", reasons: ["dormant"] },
    },
    "an IAM user of a month ago": on([0, 1, 2, 3, 33], uploader),
    "a person who comes back directly after three months": {
      events: on([0, 1, 2, 3, 4, 95], ada),
      expect: { atLeast: "low", reasons: ["direct"] },
    },
    "once for the day on which it awakes": {
      events: [...on([0, 1, 2, 3]), ...hours(40 * DAY, 40 * DAY + 20).flatMap(someCalls)],
      expect: { alerts: 1 },
    },
    "a quarterly job at its second quarter, not at its third": {
      events: on([0, 1, 2, 3, 94, 95, 96, 186, 187, 188, 279]),
      expect: { alerts: 1, eventTime: "2026-05-07T10:00:00Z" },
    },
  },
  staysSilent: {
    "one who came every day but over a long weekend, after a week": on([
      ...hours(0, 21),
      ...hours(24, 30),
      36,
    ]),
    "one who came every day, after five days": on([...hours(0, 21), 25]),
    "one who came on most days, after ten days": on([0, 1, 5, 6, 10, 11, 12, 16, 17, 18, 20, 30]),
    "an IAM user after three weeks": on([0, 1, 2, 3, 25], uploader),
    "a role that pauses for two weeks": on([0, 1, 2, 3, 4, 18]),
    "a person after four weeks of leave": on([0, 1, 2, 3, 4, 33], ada),
    "a weekly job that was left out three times": on([0, 7, 14, 21, 28, 56]),
    "a month-end job": on([0, 31, 59, 90, 120, 151]),
    "somebody seen on two days in all, who does no more than in both": [
      ...hours(0, 2).flatMap((day) => inHour(day * DAY, 10, byService)),
      ...inHour(60 * DAY, 20, byService),
    ],
    "a monthly job, whose runs differ by half": [
      ...inHour(0, 20, byService),
      ...inHour(31 * DAY, 30, byService),
    ],
    "somebody seen on one day, for a glance": [
      ...on([0], byService),
      ...inHour(60 * DAY, 9, byService),
    ],
    "a service-linked role, which nobody but AWS can assume": on([0, 1, 2, 3, 35], {
      principal: principal("AWSServiceRoleForAutoScaling", {
        key: "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
      }),
    }),
    "calls that fail": [
      ...on([0, 1, 2, 3]),
      ...on([60], { error: { code: "AccessDenied", class: "denied" } }),
    ],
    "looks at keys": [...on([0, 1, 2, 3]), ...on([60], { name: "DescribeKey", operation: "read" })],
  },
});

function on(days: readonly number[], overrides: Partial<KmsEvent> = {}): KmsEvent[] {
  return days.flatMap((day) => inHour(day * DAY + 10, 3, overrides));
}

function someCalls(hour: number): KmsEvent[] {
  return inHour(hour, 2);
}
