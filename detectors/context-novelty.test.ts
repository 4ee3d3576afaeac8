import type { KmsEvent } from "../src/detection/detector.ts";
import {
  context,
  event,
  hours,
  inHour,
  KEY,
  key,
  keyArn,
  person,
  principal,
} from "../test/support/events.ts";
import { contextNovelty } from "./context-novelty.ts";
import { testDetector } from "../test/support/test-detector.ts";

const DAY = 24;
const NOW = 40 * DAY + 3;
const OWN = { context: context("tenant", 1) };
const OTHERS = { context: context("Department", 1) };
const byService = { principal: principal("app", { via: "s3.amazonaws.com" }) };

/** Forty days with one name of context. */
const habit = daily(40, () => OWN);
const otherKey = { keys: [key(keyArn(2))] };

testDetector(contextNovelty, {
  fires: {
    "names that the principal never used, where it only reads": {
      events: [...habit, ...inHour(NOW, 3, OTHERS)],
      expect: {
        atLeast: "medium",
        atMost: "medium",
        reasons: ["new-context", "reads-only"],
        withoutReasons: [
          "writes-too",
          "known-elsewhere",
          "by-service",
          "many-calls",
          "context-missing",
        ],
        title: "New encryption context",
        kmsKey: KEY,
        observed: { calls: 3, contextNames: "Department" },
        expected: { calls: 0 },
        eventTime: "2026-03-14T03:00:00Z",
        alerts: 1,
      },
    },
    "sixty such calls, gravely": {
      events: [...habit, ...inHour(NOW, 60, OTHERS)],
      expect: { atLeast: "high", reasons: ["many-calls"], told: ["medium", "high", "high"] },
    },
    "fifty such calls beside a write, medium": {
      events: [
        ...habit,
        ...inHour(NOW, 50, OTHERS),
        ...inHour(NOW, 1, { ...OTHERS, name: "Encrypt", operation: "encrypt" }),
      ],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["writes-too", "many-calls"] },
    },
    "names under which it writes too, as a new feature does, low": {
      events: [
        ...habit,
        ...inHour(NOW, 3, OTHERS),
        ...inHour(NOW, 1, { ...OTHERS, name: "GenerateDataKey", operation: "dataKey" }),
      ],
      expect: { atMost: "low", reasons: ["writes-too"], withoutReasons: ["reads-only"] },
    },
    "no context where there always was one": {
      events: [...habit, ...inHour(NOW, 3)],
      expect: {
        atLeast: "medium",
        reasons: ["context-missing", "never-without"],
        title: "Encryption context missing",
        observed: { contextNames: "no context" },
      },
    },
    "no context by a person, who leaves it out on the command line, less": {
      events: [...habit, ...inHour(NOW, 3)].map((one) => ({ ...one, principal: person("ada") })),
      expect: {
        atMost: "low",
        reasons: ["context-missing", "person"],
        withoutReasons: ["never-without", "reads-only"],
      },
    },
    "names that it uses with another key, less": {
      events: [
        ...habit,
        ...daily(40, () => ({ ...OTHERS, ...otherKey })),
        ...inHour(NOW, 3, OTHERS),
      ],
      expect: { atMost: "low", reasons: ["known-elsewhere"] },
    },
    "names that a service gives, less": {
      events: [...habit, ...inHour(NOW, 3, { ...OTHERS, ...byService })],
      expect: { atMost: "low", reasons: ["by-service"], withoutReasons: ["hardly-ever"] },
    },
    "a name that JavaScript reserves": {
      events: [...habit, ...inHour(NOW, 3, { context: context("__proto__", 1) })],
      expect: { observed: { contextNames: "__proto__" }, alerts: 1 },
    },
    "names of the source of a re-encryption": [
      ...habit,
      ...inHour(NOW, 3, { ...OTHERS, name: "ReEncrypt", operation: "reEncrypt" }),
    ],
    "once a day": {
      events: [...habit, ...inHour(NOW, 3, OTHERS), ...inHour(NOW + 1, 3, OTHERS)],
      expect: { alerts: 1 },
    },
  },
  staysSilent: {
    "other values of the same names": [
      ...habit,
      ...hours(0, 50).map((nth) =>
        event({ hour: NOW, second: nth, context: context("tenant", nth) }),
      ),
    ],
    "a key that is new to the principal": [...habit, ...inHour(NOW, 3, { ...OTHERS, ...otherKey })],
    "a key that it hardly uses": [...daily(10, () => OWN, 1), ...inHour(NOW, 3, OTHERS)],
    "a key that it has used enough since an hour ago only": [
      ...daily(14, () => OWN, 1),
      ...inHour(20 * DAY, 20, OWN),
      ...hours(0, 20).map((nth) => event({ hour: 20 * DAY + 1, second: 3560 + nth, ...OTHERS })),
      ...hours(0, 20).map((nth) => event({ hour: 20 * DAY + 2, second: nth, ...OWN })),
    ],
    "a key that it uses for ten days": [
      ...daily(10, () => OWN, 10),
      ...inHour(10 * DAY + 1, 3, OTHERS),
    ],
    "refused calls": [
      ...habit,
      ...inHour(NOW, 3, { ...OTHERS, error: { code: "AccessDenied", class: "denied" } }),
    ],
    "signatures, which have no context": [
      ...habit,
      ...inHour(NOW, 3, { name: "Sign", operation: "sign" }),
    ],
    "one who meets new names every day, from low on": {
      events: daily(60, (day) => ({ context: context(`field-${day}`, 1) })),
      below: "low",
    },
    "the same names the day after": {
      events: [...habit, ...inHour(NOW, 3, OTHERS), ...inHour(NOW + DAY, 3, OTHERS)],
      learnUntilHour: NOW + 1,
    },
  },
});

function daily(days: number, what: (day: number) => Partial<KmsEvent>, count = 3): KmsEvent[] {
  return hours(0, days).flatMap((day) => inHour(day * DAY + 10, count, what(day)));
}
