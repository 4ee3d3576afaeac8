import type { KmsEvent } from "../src/detection/detector.ts";
import { hours, inHour, KEY, person, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { newOperation } from "./new-operation.ts";

const DAY = 24;
const NOW = 40 * DAY + 3;
const ada = { principal: person("ada@example.com") };

/** Forty days of nothing but data keys. */
const habit = daily(40, dataKey());
const dailyOfAda = daily(40, { ...dataKey(), ...ada });

testDetector(newOperation, {
  fires: {
    "one that only wrote reads": {
      events: [...habit, ...inHour(NOW, 3)],
      expect: {
        atLeast: "high",
        atMost: "high",
        title: "New operation of a caller",
        reasons: ["new-operation", "reading", "hardly-ever"],
        kmsKey: KEY,
        observed: { newOperations: "Decrypt", calls: 3 },
        expected: { newOperations: "", calls: 0 },
        eventTime: "2026-03-14T03:00:00Z",
        maturity: "mature",
        alerts: 1,
      },
    },
    "a single read, less": {
      events: [...habit, ...inHour(NOW, 1)],
      expect: { atMost: "low", reasons: ["reading"] },
    },
    "a single signature of one that never signed": {
      events: [...habit, ...inHour(NOW, 1, { name: "Sign", operation: "sign" })],
      expect: { atLeast: "medium", reasons: ["signing"] },
    },
    "a person who only wrote reads": {
      events: [...dailyOfAda, ...inHour(NOW, 3, ada)],
      expect: { atLeast: "medium", reasons: ["reading"] },
    },
    "a workload that asks which keys there are": {
      events: [...habit, ...inHour(NOW, 1, admin("ListKeys", "read"))],
      expect: { atLeast: "medium", reasons: ["list"] },
    },
    "a workload that looks at several keys, low": {
      events: [...habit, ...inHour(NOW, 3, admin("GetKeyPolicy", "read"))],
      expect: { atLeast: "low", atMost: "low", reasons: ["look"] },
    },
    "a workload that looks at one, hardly": {
      events: [...habit, ...inHour(NOW, 1, admin("DescribeKey", "read"))],
      expect: { atMost: "informational", reasons: ["look"] },
    },
    "a workload that only read and encrypts, hardly": {
      events: [...daily(40, {}), ...inHour(NOW, 2, dataKey())],
      expect: { atMost: "informational", reasons: ["writing"] },
    },
    "a workload that only read and encrypts a lot": {
      events: [...daily(40, {}), ...inHour(NOW, 12, dataKey())],
      expect: { atLeast: "medium", reasons: ["writing"] },
    },
    "a person who looks at keys, hardly": {
      events: [...dailyOfAda, ...inHour(NOW, 3, { ...admin("ListKeys", "read"), ...ada })],
      expect: { atMost: "informational", reasons: ["list"] },
    },
    "a person who looks at keys in four ways, none of them ever before": {
      events: [...dailyOfAda, ...survey(4)],
      expect: { atLeast: "medium", reasons: ["survey", "list"], alerts: 1 },
    },
    "a person who looks at keys in three, hardly": {
      events: [...dailyOfAda, ...survey(3)],
      expect: { atMost: "informational", withoutReasons: ["survey"] },
    },
    "a workload that makes a grant": {
      events: [...habit, ...inHour(NOW, 1, admin("CreateGrant", "admin"))],
      expect: { atLeast: "medium", reasons: ["grant"] },
    },
    "a tool that makes its first key, hardly": {
      events: [
        ...habit,
        ...inHour(NOW, 1, admin("CreateKey", "admin")),
        ...inHour(NOW, 1, admin("TagResource", "admin")),
      ],
      expect: {
        atMost: "informational",
        reasons: ["administration"],
        observed: { newOperations: "CreateKey, TagResource" },
        alerts: 1,
      },
    },
    "by the gravest of several, once a day": {
      events: [
        ...habit,
        ...inHour(NOW, 1, admin("DescribeKey", "read")),
        ...inHour(NOW, 3),
        ...inHour(NOW + 2, 1, admin("ListKeys", "read")),
      ],
      expect: { atLeast: "medium", reasons: ["reading"], alerts: 1 },
    },
  },
  staysSilent: {
    "operations that it has called before": [...habit, ...inHour(NOW, 50, dataKey())],
    "the first two weeks": [...daily(12, dataKey(), 10), ...inHour(12 * DAY, 3)],
    "one who hardly calls anything": [...daily(20, dataKey(), 1), ...inHour(20 * DAY, 3)],
    "refused calls": [
      ...habit,
      ...inHour(NOW, 9, { error: { code: "AccessDenied", class: "denied" } }),
    ],
    "an AWS service by itself": [
      ...daily(40, { ...dataKey(), principal: principal("s3.amazonaws.com", { service: true }) }),
      ...inHour(NOW, 9, { principal: principal("s3.amazonaws.com", { service: true }) }),
    ],
    "what is no name of an operation": [...habit, ...inHour(NOW, 9, { name: "__proto__" })],
  },
});

/** Ways of looking at keys, one call each. */
function survey(ways: number): KmsEvent[] {
  return ["ListKeys", "ListAliases", "GetKeyPolicy", "ListGrants"]
    .slice(0, ways)
    .flatMap((name) => inHour(NOW, 1, { ...admin(name, "read"), ...ada }));
}

function dataKey(): Partial<KmsEvent> {
  return { name: "GenerateDataKey", operation: "dataKey" };
}

function admin(name: string, operation: "read" | "admin"): Partial<KmsEvent> {
  return { name, operation };
}

/** So many calls a day, for some days. */
function daily(days: number, overrides: Partial<KmsEvent>, count = 5): KmsEvent[] {
  return hours(0, days).flatMap((day) => inHour(day * DAY + 9, count, overrides));
}
