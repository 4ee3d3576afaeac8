import type { KmsEvent } from "../src/detection/detector.ts";
import { hours, inHour, KEY, person, principal } from "../test/support/events.ts";
import { dormantKey } from "./dormant-key.ts";
import { testDetector } from "../test/support/test-detector.ts";

const DAY = 24;
const stranger = { principal: principal("stranger") };

testDetector(dormantKey, {
  fires: {
    "a key that slept for a month, awoken by its own user": {
      events: on([0, 1, 2, 35]),
      expect: {
        atLeast: "medium",
        atMost: "medium",
        reasons: ["dormant"],
        withoutReasons: ["strangers", "many-reads", "person"],
        kmsKey: KEY,
        observed: { daysAway: 33, callsPerHour: 3, principals: 1 },
        expected: { daysAway: 1, daysAwayLimit: 21, knownPrincipals: 1 },
        eventTime: "2026-03-09T10:00:00Z",
        alerts: 1,
      },
    },
    "a key that a stranger awakes with many decrypts": {
      events: [...on([0, 1, 2]), ...inHour(40 * DAY, 60, stranger)],
      expect: { atLeast: "medium", reasons: ["strangers", "many-reads"] },
    },
    "a key that a person awakes": {
      events: [...on([0, 1, 2]), ...on([40], { principal: person("ada") })],
      expect: { reasons: ["person", "strangers"] },
    },
    "a key of two days that slept for a month and is read more than ever": {
      events: [...on([0, 1]), ...inHour(35 * DAY + 10, 12)],
      expect: {
        atLeast: "medium",
        reasons: ["dormant", "more-than-ever"],
        observed: { callsPerHour: 12 },
        eventTime: "2026-03-09T10:45:00Z",
        alerts: 1,
      },
    },
    "an archive's second awakening only, where it sleeps as long again": {
      events: on([0, 1, 2, 50, 51, 100]),
      expect: { alerts: 1 },
    },
  },
  staysSilent: {
    "a key that pauses for two weeks": on([0, 1, 2, 3, 18]),
    "a key of a quarterly job from its third quarter on": {
      events: on([0, 91, 182, 273, 364]),
    },
    "a key of two days that is read no more than in all of them": [
      ...hours(0, 2).flatMap((day) => inHour(day * DAY, 10)),
      ...inHour(60 * DAY, 20),
    ],
    "a key of one day that is read half as much again": [...inHour(0, 20), ...inHour(60 * DAY, 30)],
    "a glance at a key of one day": [...on([0]), ...inHour(60 * DAY, 9)],
    "use by an AWS service alone": [
      ...on([0, 1, 2]),
      ...on([60], { principal: principal("backup.amazonaws.com", { service: true }) }),
    ],
    "a look at a dormant key": [
      ...on([0, 1, 2]),
      ...on([60], { name: "DescribeKey", operation: "read" }),
    ],
    "a refused call": [
      ...on([0, 1, 2]),
      ...on([60], { error: { code: "AccessDenied", class: "denied" } }),
    ],
  },
});

function on(days: readonly number[], overrides: Partial<KmsEvent> = {}): KmsEvent[] {
  return days.flatMap((day) => inHour(day * DAY + 10, 3, overrides));
}
