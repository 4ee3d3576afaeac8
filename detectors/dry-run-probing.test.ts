import type { KmsEvent } from "../src/detection/detector.ts";
import { event, hours, inHour, key, keyArn } from "../test/support/events.ts";
import { dryRunProbing } from "./dry-run-probing.ts";
import { testDetector } from "../test/support/test-detector.ts";

const DAY = 24;
const NOW = 20 * DAY + 3;
const DRY = { code: "DryRunOperationException", class: "dryRun" } as const;
const OPERATIONS = ["Decrypt", "GenerateDataKey", "CreateGrant", "ReEncrypt"];

const habit = hours(0, 20).flatMap((day) => inHour(day * DAY + 10, 5));
/** A test suite of permissions that tries eight combinations every day. */
const suite = hours(0, 20).flatMap((day) => tries(day * DAY + 3, 4, 2));

testDetector(dryRunProbing, {
  fires: {
    "two operations on two keys": {
      events: [...habit, ...tries(NOW, 2, 2)],
      expect: {
        atLeast: "medium",
        reasons: ["dry-runs", "first-time"],
        observed: { differentTries: 4, keys: 2, operations: "Decrypt, GenerateDataKey" },
        expected: { differentTries: 0, differentTriesLimit: 2 },
        // One every ten seconds: the second is one too many.
        eventTime: "2026-02-22T03:00:10Z",
        alerts: 1,
      },
    },
    "by the first of each try, though the same are tried again": {
      events: [...tries(NOW, 2, 2), ...hours(1, 9).flatMap((nth) => again(NOW, nth * 300))],
      expect: { observed: { differentTries: 4 }, eventTime: "2026-02-22T03:00:10Z" },
    },
    "two tries, hours apart from two others": {
      events: [...tries(NOW, 1, 2), ...tries(NOW + 3, 2, 1)],
      expect: { atLeast: "medium", reasons: ["first-time"], alerts: 1 },
    },
    "three operations on one key": { events: tries(NOW, 1, 3), expect: { atLeast: "medium" } },
    "four operations on each of forty keys, gravely": {
      events: tries(NOW, 40, 4),
      expect: { atLeast: "high" },
    },
    "a test suite at its first run only": { events: suite, expect: { alerts: 1 } },
    "a test suite that tries ten times as much": {
      events: [...suite, ...tries(NOW, 40, 2)],
      expect: { alerts: 2, withoutReasons: ["first-time"] },
    },
    "once a day": {
      events: [...tries(NOW, 2, 2), ...tries(NOW + 1, 9, 4)],
      expect: { alerts: 1, observed: { differentTries: 36 } },
    },
  },
  staysSilent: {
    "a single try": [...habit, ...tries(NOW, 1, 1)],
    "two tries of one who now and then makes one": [
      ...hours(0, 20).flatMap((day) => tries(day * DAY + 3, 1, 1)),
      ...tries(NOW, 1, 2),
    ],
    "the same try again and again": [...habit, ...inHour(NOW, 50, { error: DRY })],
    "calls that are made in earnest": [...habit, ...tries(NOW, 5, 4, { error: undefined })],
    "calls that are refused": [
      ...habit,
      ...tries(NOW, 5, 4, { error: { code: "AccessDenied", class: "denied" } }),
    ],
  },
});

/** The third of the tries once more. */
function again(hour: number, second: number): KmsEvent[] {
  return [event({ hour, second, name: "Decrypt", keys: [key(keyArn(1))], error: DRY })];
}

function tries(
  hour: number,
  keys: number,
  operations: number,
  overrides: Partial<KmsEvent> = {},
): KmsEvent[] {
  return hours(0, keys * operations).map((nth) =>
    event({
      hour,
      second: nth * 10,
      name: OPERATIONS[nth % operations] ?? "",
      keys: [key(keyArn(Math.floor(nth / operations)))],
      error: DRY,
      ...overrides,
    }),
  );
}
