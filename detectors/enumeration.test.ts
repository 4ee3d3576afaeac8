import type { KmsEvent } from "../src/detection/detector.ts";
import { event, hours, inHour, key, keyArn, person, principal } from "../test/support/events.ts";
import { enumeration } from "./enumeration.ts";
import { testDetector } from "../test/support/test-detector.ts";

const DAY = 24;
const NOW = 20 * DAY + 3;
const POLICY = { name: "GetKeyPolicy" };

/** A role that decrypts and never looks. */
const habit = hours(0, 20).flatMap((day) => inHour(day * DAY + 10, 5));
/** A scanner that looks at forty keys every day. */
const scans = hours(0, 20).flatMap((day) => looks(day * DAY + 3, 40));

testDetector(enumeration, {
  fires: {
    "a workload that looks at keys and their policies": {
      events: [...habit, ...looks(NOW, 12), ...looks(NOW, 12, POLICY)],
      expect: {
        atLeast: "high",
        atMost: "high",
        reasons: ["many-keys", "rights", "never-looked"],
        withoutReasons: ["person"],
        observed: { keysPerHour: 12, operations: "DescribeKey, GetKeyPolicy" },
        expected: { keysPerHour: 0, keysPerHourLimit: 4 },
        // One every ten seconds: the fourth is one too many.
        eventTime: "2026-02-22T03:00:30Z",
        alerts: 1,
      },
    },
    "descriptions alone, by a workload": {
      events: [...habit, ...looks(NOW, 12)],
      expect: {
        atLeast: "high",
        atMost: "high",
        reasons: ["workload"],
        withoutReasons: ["rights"],
      },
    },
    "a person who never looked at a key, less gravely": {
      events: [
        ...hours(0, 20).flatMap((day) => inHour(day * DAY, 3, { principal: person("ada") })),
        ...looks(NOW, 12, { ...POLICY, principal: person("ada") }),
      ],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["never-looked", "person"] },
    },
    "a person who looks at six keys for the first time": {
      events: [
        ...hours(0, 20).flatMap((day) => inHour(day * DAY, 3, { principal: person("ada") })),
        ...looks(NOW, 6, { principal: person("ada") }),
      ],
      expect: { atLeast: "medium", atMost: "medium", withoutReasons: ["rights"] },
    },
    "a person who looks now and then, low": {
      events: [
        ...hours(0, 20).flatMap((day) => inHour(day * DAY, 3, { principal: person("ada") })),
        ...looks(9 * DAY, 6, { principal: person("ada") }),
        ...looks(NOW, 14, { principal: person("ada") }),
      ],
      expect: { atMost: "low", reasons: ["person"] },
    },
    "a person who looked at two keys at most before": {
      events: [
        ...hours(0, 20).flatMap((day) => inHour(day * DAY, 3, { principal: person("ada") })),
        ...looks(9 * DAY, 2, { principal: person("ada") }),
        ...looks(NOW, 24, { ...POLICY, principal: person("ada") }),
      ],
      expect: { atLeast: "medium", reasons: ["person", "hardly-looked"] },
    },
    "a person who looked at five keys before, low": {
      events: [
        ...hours(0, 20).flatMap((day) => inHour(day * DAY, 3, { principal: person("ada") })),
        ...looks(9 * DAY, 5, { principal: person("ada") }),
        ...looks(NOW, 24, { ...POLICY, principal: person("ada") }),
      ],
      expect: { atMost: "low", withoutReasons: ["hardly-looked"] },
    },
    "a scanner at its first run only": { events: scans, expect: { alerts: 1, atMost: "medium" } },
    "a scanner that looks at ten times as many": {
      events: [...scans, ...looks(NOW, 400)],
      learnUntilHour: NOW,
      expect: { atLeast: "low", withoutReasons: ["never-looked"] },
    },
    "five keys and their policies, by a workload that never looked": {
      events: [...habit, ...looks(NOW, 5), ...looks(NOW, 5, POLICY)],
      expect: { atLeast: "high", atMost: "high", reasons: ["rights", "never-looked"] },
    },
    "five keys, by a workload that never looked, just at medium": {
      events: [...habit, ...looks(NOW, 5)],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["never-looked"] },
    },
    "refused looks as well": [
      ...habit,
      ...looks(NOW, 12, { error: { code: "AccessDenied", class: "denied" } }),
    ],
    "once a day, with an update where it goes on": {
      events: [...habit, ...looks(NOW, 10), ...looks(NOW + 1, 90)],
      expect: {
        alerts: 1,
        observed: { keysPerHour: 90 },
        told: ["medium", "high", "high", "high"],
      },
    },
  },
  staysSilent: {
    "three keys": [...habit, ...looks(NOW, 3)],
    "nine keys, by one who looks at one now and then": [
      ...habit,
      ...looks(10 * DAY, 1),
      ...looks(NOW, 9),
    ],
    "nine keys, by one whom nobody knew two weeks ago": [
      ...inHour(NOW - 10 * DAY, 5),
      ...looks(NOW, 9),
    ],
    "one key looked at a hundred times": [
      ...habit,
      ...inHour(NOW, 100, { name: "DescribeKey", operation: "read" }),
    ],
    "decrypts with many keys": [
      ...habit,
      ...looks(NOW, 50, { name: "Decrypt", operation: "decrypt" }),
    ],
    "looks of a service for somebody": [
      ...habit,
      ...looks(NOW, 50, { principal: principal("app", { via: "config.amazonaws.com" }) }),
    ],
    "an IaC role that looks at all keys each day, as they become more": hours(0, 40).flatMap(
      (day) => looks(day * DAY + 9, 6 + Math.floor(day / 2)),
    ),
  },
});

function looks(hour: number, keys: number, overrides: Partial<KmsEvent> = {}): KmsEvent[] {
  return hours(0, keys).map((nth) =>
    event({
      hour,
      second: (nth * 10) % 3600,
      name: "DescribeKey",
      operation: "read",
      keys: [key(keyArn(nth))],
      ...overrides,
    }),
  );
}
