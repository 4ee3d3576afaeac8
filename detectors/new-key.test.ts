import type { KmsEvent } from "../src/detection/detector.ts";
import { event, hours, inHour, KEY, key, keyArn, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { newKey } from "./new-key.ts";

const DAY = 24;
const NOW = 40 * DAY + 3;
const OTHER = { keys: [key(keyArn(2))] };
const byService = { principal: principal("app", { via: "s3.amazonaws.com" }) };

const byPerson = { principal: principal("app", { human: true }) };

/** Forty days with one key. */
const habit = daily(40, () => KEY);

testDetector(newKey, {
  fires: {
    "a principal that kept to one key uses another": {
      events: [...habit, ...inHour(NOW, 3, OTHER)],
      expect: {
        atLeast: "medium",
        atMost: "medium",
        reasons: ["new-key", "many-calls"],
        withoutReasons: ["by-service", "own-key"],
        kmsKey: keyArn(2),
        observed: { newKeys: 1, calls: 3 },
        expected: { newKeys: 0, calls: 0, knownKeys: 1 },
        eventTime: "2026-03-14T03:00:00Z",
        maturity: "mature",
        alerts: 1,
      },
    },
    "hundreds of calls with it, medium and no more: what the key says of it decides": {
      events: [...habit, ...inHour(NOW, 400, OTHER)],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["many-calls"] },
    },
    "fifteen calls with it, medium": {
      events: [...habit, ...inHour(NOW, 15, OTHER)],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["many-calls"] },
    },
    "two calls, low, as releases begin": {
      events: [...habit, ...inHour(NOW, 2, OTHER)],
      expect: { atMost: "low", withoutReasons: ["many-calls"] },
    },
    "fourteen calls of a person, low: people look into what is new to them": {
      events: [...habit, ...inHour(NOW, 14, { ...OTHER, ...byPerson })],
      expect: { atLeast: "low", atMost: "low", reasons: ["new-key"] },
    },
    "fifteen calls of a person, medium": {
      events: [...habit, ...inHour(NOW, 15, { ...OTHER, ...byPerson })],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["many-calls"] },
    },
    "a single call, less": {
      events: [...habit, ...inHour(NOW, 1, OTHER)],
      expect: { atMost: "low", withoutReasons: ["many-calls"] },
    },
    "calls that a service made, less": {
      events: [...habit, ...inHour(NOW, 3, { ...OTHER, ...byService })],
      expect: { reasons: ["by-service"] },
    },
    "a key that it made itself, for information only": {
      events: [
        ...habit,
        ...inHour(NOW, 1, { ...OTHER, name: "CreateKey", operation: "admin" }),
        ...inHour(NOW, 3, OTHER),
      ],
      expect: { atMost: "informational", reasons: ["own-key"], observed: { calls: 3 } },
    },
    "two new keys of one day, once": {
      events: [
        ...habit,
        ...inHour(NOW, 3, OTHER),
        ...inHour(NOW + 4, 3, { keys: [key(keyArn(3))] }),
      ],
      expect: { alerts: 1 },
    },
    "the destination key of ReEncrypt": {
      events: [
        ...habit,
        event({
          hour: NOW,
          name: "ReEncrypt",
          operation: "reEncrypt",
          keys: [key(KEY), key(keyArn(2))],
        }),
      ],
      expect: { observed: { newKeys: 1 } },
    },
    "one who meets a new key every other day, for information only": {
      events: [
        ...daily(40, (day) => (day % 2 === 0 ? keyArn(100 + day) : KEY)),
        ...inHour(NOW, 3, OTHER),
      ],
      learnUntilHour: NOW,
      expect: { atMost: "informational", alerts: 1 },
    },
  },
  staysSilent: {
    "a key that it makes and does not use": [
      ...habit,
      ...inHour(NOW, 1, { ...OTHER, name: "CreateKey", operation: "admin" }),
    ],
    "its own key": [...habit, ...inHour(NOW, 500)],
    "a principal of less than two weeks": [...daily(13, () => KEY), ...inHour(13 * DAY, 3, OTHER)],
    "a principal that hardly ever calls": [
      ...hours(0, 6).flatMap((week) => inHour(week * 7 * DAY, 2)),
      ...inHour(42 * DAY, 3, OTHER),
    ],
    "a refused call: see denied-probing": [
      ...habit,
      ...inHour(NOW, 3, { ...OTHER, error: { code: "AccessDenied", class: "denied" } }),
    ],
    "a look at another key": [
      ...habit,
      ...inHour(NOW, 3, { ...OTHER, name: "DescribeKey", operation: "read" }),
    ],
    "a call that names no key": [...habit, ...inHour(NOW, 3, { keys: [] })],
  },
});

/** Two calls a day with the key of that day. */
function daily(days: number, keyOf: (day: number) => string): KmsEvent[] {
  return hours(0, days).flatMap((day) => inHour(day * DAY + 10, 2, { keys: [key(keyOf(day))] }));
}
