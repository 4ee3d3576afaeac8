import type { KmsEvent } from "../src/detection/detector.ts";
import { event, hours, inHour, key, keyArn, person, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { keyDestruction } from "./key-destruction.ts";

const DAY = 24;
const NOW = 10 * DAY;
const habit = hours(0, 10).flatMap((day) => inHour(day * DAY, 2));
const TIDY = { principal: principal("infrastructure") };
const refused: Partial<KmsEvent> = { error: { code: "AccessDenied", class: "denied" } };

testDetector(keyDestruction, {
  fires: {
    "a key is scheduled for deletion": {
      events: [...habit, ...schedule(NOW, [1])],
      expect: {
        atLeast: "high",
        atMost: "high",
        title: "Key destruction",
        reasons: ["destructive-call"],
        withoutReasons: ["mass", "several-keys", "shortest-window", "did-before"],
        observed: { keysPerHour: 1, acts: "ScheduleKeyDeletion", shortestWindowDays: 30 },
        expected: { keysPerHour: 0 },
        kmsKey: keyArn(1),
        eventTime: "2026-02-12T00:00:00Z",
        alerts: 1,
      },
    },
    "without any history": schedule(0, [1]),
    "a key is disabled, a little less gravely": {
      events: schedule(NOW, [1], { name: "DisableKey", parameters: {} }),
      expect: {
        atLeast: "medium",
        atMost: "medium",
        observed: { acts: "DisableKey", shortestWindowDays: null },
      },
    },
    "imported key material is deleted": {
      events: schedule(NOW, [1], { name: "DeleteImportedKeyMaterial", parameters: {} }),
      expect: { atLeast: "high" },
    },
    "the shortest waiting period counts": {
      events: schedule(NOW, [1], { parameters: { pendingWindowInDays: 7 } }),
      expect: { reasons: ["shortest-window"], observed: { shortestWindowDays: 7 } },
    },
    "two keys": {
      events: schedule(NOW, [1, 2]),
      expect: {
        atLeast: "high",
        reasons: ["several-keys"],
        withoutReasons: ["mass"],
        kmsKey: null,
      },
    },
    "three keys within an hour, critically": {
      events: schedule(NOW, [1, 2, 3]),
      expect: {
        atLeast: "critical",
        title: "Mass destruction of keys",
        reasons: ["mass"],
        observed: { keysPerHour: 3 },
        alerts: 1,
      },
    },
    "the gravest of what was done to a key": {
      events: [
        ...schedule(NOW, [1], { name: "DisableKey", parameters: {} }),
        ...schedule(NOW, [1]),
      ],
      expect: { atLeast: "high", observed: { keysPerHour: 1, acts: "ScheduleKeyDeletion" } },
    },
    "refused attempts, at medium": {
      events: schedule(NOW, [1, 2, 3, 4], refused),
      expect: {
        atLeast: "medium",
        atMost: "medium",
        title: "Attempt to destroy keys",
        reasons: ["refused"],
        observed: { keysPerHour: 0, denied: 4 },
      },
    },
    "one that succeeds among refused attempts": {
      events: [...schedule(NOW, [1, 2, 3], refused), ...schedule(NOW, [4])],
      expect: { atLeast: "high", observed: { keysPerHour: 1, denied: 3 }, alerts: 1 },
    },
    "who retired keys before, less gravely": {
      events: [...schedule(0, [1]), ...schedule(NOW, [2])],
      learnUntilHour: DAY,
      expect: {
        atLeast: "medium",
        atMost: "medium",
        reasons: ["did-before"],
        expected: { actorKnown: true },
      },
    },
    "a key in use, more gravely": {
      events: [...uses(0, 20, 1), ...schedule(20 * DAY, [1])],
      expect: { atLeast: "high", reasons: ["in-use"] },
    },
    "a key in use disabled, gravely": {
      events: [
        ...uses(0, 20, 1),
        ...schedule(20 * DAY, [1], { name: "DisableKey", parameters: {} }),
      ],
      expect: { atLeast: "high", reasons: ["in-use"] },
    },
    "an idle key with a long waiting period, less gravely": {
      events: [...uses(0, 40, 2), ...schedule(40 * DAY, [1])],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["idle"] },
    },
    "an idle key with the shortest waiting period, a little less": {
      events: [
        ...uses(0, 40, 2),
        ...schedule(40 * DAY, [1], { parameters: { pendingWindowInDays: 7 } }),
      ],
      expect: { atLeast: "medium", reasons: ["idle", "shortest-window"] },
    },
    "a workload that administers keys and tidies up an idle one, low": {
      events: [...uses(0, 40, 2), ...administration(35), ...schedule(40 * DAY, [1], TIDY)],
      learnUntilHour: 40 * DAY,
      expect: { atMost: "low", reasons: ["idle", "administrator"] },
    },
    "such a workload and a key in use, at medium all the same": {
      events: [...uses(0, 40, 1), ...administration(35), ...schedule(40 * DAY, [1], TIDY)],
      learnUntilHour: 40 * DAY,
      expect: { atLeast: "medium", reasons: ["in-use", "administrator"] },
    },
    "a key that the same principal made for a try, low": {
      events: [
        ...inHour(NOW, 1, { name: "CreateKey", operation: "admin", keys: [key(keyArn(1))] }),
        ...inHour(NOW, 2, { keys: [key(keyArn(1))] }),
        ...schedule(NOW + 3, [1]),
      ],
      expect: { atMost: "low", reasons: ["own-young-key"], withoutReasons: ["in-use"] },
    },
    "a young key that somebody else made, gravely": {
      events: [
        ...inHour(NOW, 1, {
          name: "CreateKey",
          operation: "admin",
          keys: [key(keyArn(1))],
          principal: person("ada@example.com"),
        }),
        ...schedule(NOW + 3, [1]),
      ],
      expect: { atLeast: "high", withoutReasons: ["own-young-key"] },
    },
    "an account whose history is too short to call a key idle": {
      events: [...uses(0, 10, 2), ...schedule(NOW, [1])],
      expect: { atLeast: "high", withoutReasons: ["idle", "in-use"] },
    },
    "who retired an idle key before and destroys one in use, less excused": {
      events: [...uses(0, 40, 1), ...schedule(20 * DAY, [2]), ...schedule(40 * DAY, [1])],
      learnUntilHour: 40 * DAY,
      expect: { atLeast: "medium", reasons: ["in-use", "did-before"] },
    },
    "who was only refused before, in full": {
      events: [...schedule(0, [1], refused), ...schedule(NOW, [2])],
      learnUntilHour: DAY,
      expect: { atLeast: "high", withoutReasons: ["did-before"] },
    },
    "two people of one permission set each by themselves": {
      events: [
        ...schedule(NOW, [1, 2], { principal: person("ada@example.com") }),
        ...schedule(NOW, [3, 4], { principal: person("bob@example.com") }),
      ],
      expect: { alerts: 2, withoutReasons: ["mass"] },
    },
    "a record that comes a day late": {
      events: [...habit, ...schedule(NOW - 2 * DAY, [1])],
      inOrderGiven: true,
      expect: {
        atLeast: "high",
        title: "Key destruction (arrived late)",
        eventTime: "2026-02-10T00:00:00Z",
        alerts: 1,
      },
    },
    "a record that comes late, but is still told from a copy": {
      events: [...habit, ...schedule(NOW - DAY - 4, [1])],
      inOrderGiven: true,
      expect: { atLeast: "high", alerts: 1 },
    },
  },
  staysSilent: {
    "KMS deleting a key at the end of its waiting period": inHour(NOW, 1, {
      name: "DeleteKey",
      operation: "admin",
      serviceEvent: true,
      principal: principal("kms.amazonaws.com", { service: true }),
    }),
    "KMS deleting expired key material": inHour(NOW, 1, {
      name: "DeleteImportedKeyMaterial",
      operation: "admin",
      serviceEvent: true,
    }),
    "keys being used": habit,
    "keys being made, enabled, and kept from deletion": [
      "CreateKey",
      "EnableKey",
      "CancelKeyDeletion",
    ].flatMap((name) => inHour(NOW, 5, { name, operation: "admin" })),
    "a look at keys": inHour(NOW, 9, { name: "DescribeKey", operation: "read" }),
  },
});

/** A key used twice a day. */
function uses(from: number, to: number, number: number): KmsEvent[] {
  const keys = [key(keyArn(number))];
  return hours(from, to).flatMap((day) => inHour(day * DAY + 10, 2, { keys }));
}

/** A pipeline that writes policies on some days. */
function administration(days: number): KmsEvent[] {
  return hours(0, days)
    .filter((day) => day % 7 === 0)
    .flatMap((day) =>
      inHour(day * DAY + 12, 2, { ...TIDY, name: "PutKeyPolicy", operation: "admin" }),
    );
}

/** One key after another, a minute apart. */
function schedule(
  hour: number,
  numbers: readonly number[],
  overrides: Partial<KmsEvent> = {},
): KmsEvent[] {
  return numbers.map((number, index) =>
    event({
      hour,
      second: index * 60,
      name: "ScheduleKeyDeletion",
      operation: "admin",
      keys: [key(keyArn(number))],
      parameters: { pendingWindowInDays: 30 },
      ...overrides,
    }),
  );
}
