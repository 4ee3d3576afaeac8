import type { KmsEvent } from "../src/cloudtrail/event.ts";
import {
  context,
  hours,
  inHour,
  KEY,
  key,
  keyArn,
  person,
  principal,
} from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { newContexts } from "./new-contexts.ts";

const DAY = 24;
const NOW = 30 * DAY + 9;
const ada = { principal: person("ada@example.com") };

/** Thirty days of reading for the same twelve tenants. */
const habit = daily(30, 12);

testDetector(newContexts, {
  fires: {
    "twenty tenants never read for before": {
      events: [...habit, ...walk(NOW, 100, 20)],
      expect: {
        atLeast: "medium",
        title: "Contexts never read before",
        reasons: ["new-contexts"],
        withoutReasons: ["person"],
        observed: { newContextsOfDay: 20 },
        expected: { newContextsOfDay: 0, knownContexts: 12 },
        kmsKey: KEY,
        // One every minute: the second is one too many.
        eventTime: "2026-03-04T09:01:00Z",
        maturity: "mature",
        alerts: 1,
      },
    },
    "two of them, less gravely": {
      events: [...habit, ...walk(NOW, 100, 2)],
      expect: { atLeast: "low", atMost: "medium", observed: { newContextsOfDay: 2 } },
    },
    "one an hour, by what the day adds up to": {
      events: [...habit, ...hours(0, 6).flatMap((nth) => walk(NOW + nth, 100 + nth, 1))],
      expect: { atLeast: "medium", observed: { newContextsOfDay: 6 }, alerts: 1 },
    },
    "two hundred of them, gravely": {
      events: [...habit, ...walk(NOW, 100, 200)],
      expect: { atLeast: "high" },
    },
    "a person, less gravely": {
      events: [...daily(30, 12, ada), ...walk(NOW, 100, 20, ada)],
      expect: { reasons: ["new-contexts", "person"] },
    },
    "a new feature that writes what it reads, less gravely": {
      events: [
        ...habit,
        ...walk(NOW, 100, 20),
        ...walk(NOW, 100, 5, { name: "GenerateDataKey", operation: "dataKey" }),
      ],
      expect: { atMost: "medium", reasons: ["new-contexts", "writes-too"] },
    },
    "under its own key, though another one is new": {
      events: [
        ...habit,
        ...walk(NOW, 100, 10, { keys: [key(keyArn(2))] }),
        ...walk(NOW, 100, 10).map((one) => ({ ...one, timeMs: one.timeMs + 1000 })),
      ],
      expect: { observed: { newContextsOfDay: 10 }, eventTime: "2026-03-04T09:01:01Z" },
    },
    "ReEncrypt as well as Decrypt": {
      events: [...habit, ...walk(NOW, 100, 20, { name: "ReEncrypt", operation: "reEncrypt" })],
      expect: { atLeast: "medium" },
    },
    "who once read everything, from a month later on": {
      events: [
        ...daily(10, 12),
        ...walk(10 * DAY, 1000, 180),
        ...hours(41, 70).flatMap((day) => walk(day * DAY + 9, 0, 12)),
        ...walk(70 * DAY + 9, 100, 20),
      ],
      learnUntilHour: 42 * DAY,
      expect: { atLeast: "medium", expected: { knownContexts: 12 } },
    },
  },
  staysSilent: {
    "the same tenants, however often": [...habit, ...walk(NOW, 0, 12), ...walk(NOW + 1, 0, 12)],
    "a single new one": [...habit, ...walk(NOW, 100, 1)],
    "a new one every day, as customers come": hours(0, 40).flatMap((day) =>
      walk(day * DAY + 9, day, 3),
    ),
    "one who reads ever new objects": hours(0, 30).flatMap((day) =>
      walk(day * DAY + 9, 100 * day, 40),
    ),
    "one who read everything once, a week later": {
      events: [...daily(20, 12), ...walk(20 * DAY + 11, 1000, 180), ...walk(27 * DAY, 100, 20)],
      learnUntilHour: 22 * DAY,
    },
    "the first two weeks": [...daily(12, 12), ...walk(12 * DAY + 10, 100, 20)],
    "one who has hardly read anything": [
      ...walk(0, 0, 2),
      ...walk(10 * DAY, 0, 2),
      ...walk(20 * DAY, 100, 20),
    ],
    "contexts under a key that is new to it": [
      ...habit,
      ...walk(NOW, 100, 20, { keys: [key(keyArn(2))] }),
    ],
    "what it wrote before": [
      ...habit,
      ...walk(NOW, 100, 20, { name: "GenerateDataKey", operation: "dataKey" }),
      ...walk(NOW + 5, 100, 20),
    ],
    "data keys": [
      ...habit,
      ...walk(NOW, 100, 20, { name: "GenerateDataKey", operation: "dataKey" }),
    ],
    "refused calls": [
      ...habit,
      ...walk(NOW, 100, 20, { error: { code: "AccessDenied", class: "denied" } }),
    ],
    "calls without a context": [...habit, ...inHour(NOW, 60)],
    "secrets, which new-secrets looks at": [
      ...habit,
      ...hours(0, 20).flatMap((nth) => inHour(NOW, 1, { context: context("SecretARN", nth) })),
    ],
    "an AWS service by itself": [
      ...daily(30, 12, { principal: principal("s3.amazonaws.com", { service: true }) }),
      ...walk(NOW, 100, 20, { principal: principal("s3.amazonaws.com", { service: true }) }),
    ],
  },
});

/** So many tenants read for every day. */
function daily(days: number, tenants: number, overrides: Partial<KmsEvent> = {}): KmsEvent[] {
  return hours(0, days).flatMap((day) => walk(day * DAY + 9, 0, tenants, overrides));
}

/** One read for each of so many tenants, one a minute. */
function walk(
  hour: number,
  from: number,
  tenants: number,
  overrides: Partial<KmsEvent> = {},
): KmsEvent[] {
  return hours(from, from + tenants).flatMap((tenant, nth) =>
    inHour(hour, 1, { context: context("tenant", tenant), ...overrides }).map((one) => ({
      ...one,
      timeMs: one.timeMs + (nth % 60) * 60_000,
    })),
  );
}
