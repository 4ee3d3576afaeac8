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
    "one an hour, together no more than on many a day, low": {
      events: [...habit, ...hours(0, 6).flatMap((nth) => walk(NOW + nth, 100 + nth, 1))],
      expect: {
        atLeast: "low",
        atMost: "low",
        reasons: ["as-on-other-days"],
        alerts: 1,
      },
    },
    "two hundred of them, gravely": {
      events: [...habit, ...walk(NOW, 100, 200)],
      expect: { atLeast: "high" },
    },
    "a person, less gravely": {
      events: [...daily(30, 12, ada), ...walk(NOW, 100, 20, ada)],
      expect: { reasons: ["new-contexts", "person"] },
    },
    "twenty, by a person who meets new ones now and then, more than ever": {
      events: [...daily(30, 12, ada), ...walk(16 * DAY, 50, 4, ada), ...walk(NOW, 100, 20, ada)],
      learnUntilHour: NOW,
      expect: { atLeast: "medium", reasons: ["new-contexts", "more-than-ever", "person"] },
    },
    "twelve, by one who met eight on a day before": {
      events: [...habit, ...walk(16 * DAY, 50, 8), ...walk(NOW, 100, 12)],
      learnUntilHour: NOW,
      expect: { withoutReasons: ["more-than-ever"] },
    },
    "three a day, from the third day on more gravely": {
      events: [...habit, ...hours(0, 3).flatMap((day) => walk(NOW + day * DAY, 100 + 3 * day, 3))],
      learnUntilHour: NOW + 2 * DAY,
      expect: { reasons: ["new-contexts", "day-after-day"] },
    },
    "three a day, of which one was a week before": {
      events: [...habit, ...[0, 7, 9].flatMap((day) => walk(NOW + day * DAY, 100 + 3 * day, 3))],
      learnUntilHour: NOW + 9 * DAY,
      expect: { withoutReasons: ["day-after-day"] },
    },
    "three a day, by one who met several in other weeks too": {
      events: [
        ...habit,
        ...[15, 18, 21].flatMap((day) => walk(day * DAY + 9, 200 + 3 * day, 3)),
        ...hours(0, 3).flatMap((day) => walk(NOW + day * DAY, 100 + 3 * day, 3)),
      ],
      learnUntilHour: NOW + 2 * DAY,
      expect: { withoutReasons: ["day-after-day"] },
    },
    "one a day, which releases bring as well": {
      events: [
        ...habit,
        ...[0, 1].flatMap((day) => walk(NOW + day * DAY, 100 + day, 1)),
        ...walk(NOW + 2 * DAY, 110, 3),
      ],
      learnUntilHour: NOW + 2 * DAY,
      expect: { withoutReasons: ["day-after-day"] },
    },
    "one other bucket, by several of its objects": {
      events: [...objects(30, 3), ...inBucket(NOW, 7, 4)],
      expect: {
        atLeast: "medium",
        atMost: "medium",
        reasons: ["new-contexts", "other-bucket"],
        observed: { newContextsOfDay: 1 },
        alerts: 1,
      },
    },
    "other buckets, whatever the objects": {
      events: [...objects(30, 3), ...inBucket(NOW, 7, 20), ...inBucket(NOW, 8, 20)],
      expect: { atLeast: "medium", observed: { newContextsOfDay: 2 }, alerts: 1 },
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
    "three objects of another bucket": [...objects(30, 3), ...inBucket(NOW, 7, 3)],
    "ever new objects of the same buckets": [...objects(31, 3), ...inBucket(NOW, 1, 200)],
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

/** Objects of a bucket, each new. */
function inBucket(hour: number, bucket: number, count: number): KmsEvent[] {
  return inHour(hour, count).map((one, nth) => ({
    ...one,
    context: {
      ...context("aws:s3:arn", 10_000 + hour * 1000 + bucket * 300 + nth),
      place: context("aws:s3:arn", bucket).fingerprint,
    },
  }));
}

/** So many days with objects of so many buckets. */
function objects(days: number, buckets: number): KmsEvent[] {
  return hours(0, days).flatMap((day) =>
    hours(0, buckets).flatMap((bucket) => inBucket(day * DAY + 9, bucket, 10)),
  );
}
