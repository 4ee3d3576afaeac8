import type { KmsEvent } from "../src/detection/detector.ts";
import { event, hours, inHour, key, keyArn, person, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { deniedProbing } from "./denied-probing.ts";

const DAY = 24;
const NOW = 20 * DAY + 3;
const REFUSED = { code: "AccessDenied", class: "denied" } as const;
const GUESSED = { code: "IncorrectKeyException", class: "invalid" } as const;
const BROKEN = { code: "KMSInvalidStateException", class: "state" } as const;

const third = { keys: [key(keyArn(2))] };

/** A role that never fails. */
const habit = hours(0, 20).flatMap((day) => inHour(day * DAY + 10, 5));
/** AWS Config asks twice a day for what it may not read, each time on the same eight keys. */
const recorder = hours(0, 40).flatMap((half) =>
  refused(half * 12, 8, { principal: principal("recorder", { via: "config.amazonaws.com" }) }),
);

testDetector(deniedProbing, {
  fires: {
    "a role that is refused on five keys in a row": {
      events: [...habit, ...refused(NOW, 5)],
      expect: {
        atLeast: "low",
        reasons: ["many-keys", "never-failed"],
        withoutReasons: ["several-operations", "by-services"],
        observed: { newKeysFailedOn: 5, failures: 5 },
        expected: { newKeysFailedOn: 0, newKeysLimit: 3, failures: 0 },
        // One a minute: the third key makes it probing.
        eventTime: "2026-02-22T03:02:00Z",
        alerts: 1,
        maturity: "mature",
      },
    },
    "three keys within half a day": {
      events: [...habit, ...refused(NOW, 2), ...refused(NOW + 8, 1, {}, 2)],
      expect: {
        atLeast: "low",
        reasons: ["many-keys", "never-failed"],
        observed: { newKeysFailedOn: 3, failures: 1 },
        eventTime: "2026-02-22T11:00:00Z",
        alerts: 1,
      },
    },
    "three keys around the end of an hour": {
      events: [...habit, ...refused(NOW, 2), ...refused(NOW + 1, 1, {}, 2)],
      expect: { atLeast: "low", reasons: ["many-keys", "never-failed"], alerts: 1 },
    },
    "a key an hour, for ten hours": {
      events: [...habit, ...hours(0, 10).flatMap((nth) => refused(NOW + nth, 1, {}, nth))],
      expect: { atLeast: "low", reasons: ["many-keys"], alerts: 1 },
    },
    "eight keys with several operations": {
      events: [
        ...habit,
        ...refused(NOW, 8),
        ...refused(NOW, 8, { name: "DescribeKey", operation: "read" }),
        ...refused(NOW, 8, { name: "ListGrants", operation: "read" }),
      ],
      expect: { atLeast: "medium", reasons: ["several-operations"] },
    },
    "thirty keys, gravely": {
      events: [...habit, ...refused(NOW, 30)],
      expect: { atLeast: "high", told: ["low", "high", "high"] },
    },
    "guesses with ciphertexts of other keys": {
      events: [...habit, ...refused(NOW, 10, { error: GUESSED })],
      expect: { atLeast: "medium" },
    },
    "a scanner that is refused on its few keys daily, where it goes on to twenty others": {
      events: [...recorder, ...refused(NOW, 30, { principal: principal("recorder") })],
      expect: {
        atLeast: "medium",
        withoutReasons: ["never-failed"],
        observed: { newKeysFailedOn: 22 },
      },
    },
    "once a day, for two hours of probing": {
      events: [...habit, ...refused(NOW, 5), ...refused(NOW + 1, 12)],
      expect: { alerts: 1, eventTime: "2026-02-22T03:02:00Z", observed: { newKeysFailedOn: 12 } },
    },
    "a new role only from ten keys on": {
      events: [...inHour(0, 3), ...refused(1, 10)],
      expect: { observed: { newKeysFailedOn: 10 }, expected: { newKeysLimit: 10 } },
    },
    "a hundred refusals on one key, low": {
      events: [...habit, ...inHour(NOW, 100, { error: REFUSED })],
      expect: { atLeast: "low", atMost: "low", reasons: ["many-failures"] },
    },
    "one who is refused on six more keys each day, until that is known of it": {
      events: [...habit, ...hours(20, 40).flatMap((day) => refused(day * DAY + 3, 6, {}, day * 6))],
      expect: { alerts: 2 },
    },
    "by the first refusal on each key, though the same are refused again": {
      events: [...habit, ...refused(NOW, 5), ...inHour(NOW, 9, { error: REFUSED, ...third })],
      expect: { eventTime: "2026-02-22T03:01:00Z" },
    },
    "a person": {
      events: [
        ...hours(0, 20).flatMap((day) => inHour(day * DAY, 3, { principal: person("ada") })),
        ...refused(NOW, 12, { principal: person("ada") }),
      ],
      expect: { atLeast: "medium" },
    },
  },
  staysSilent: {
    "AWS Config, from its first denial on": recorder,
    "a deployment that lacks one permission": [...habit, ...inHour(NOW, 60, { error: REFUSED })],
    "two refused keys": [...habit, ...refused(NOW, 2)],
    "a refused key a day": [
      ...habit,
      ...hours(0, 5).flatMap((day) => refused(NOW + day * DAY, 1, {}, day)),
    ],
    "a new role that is refused on nine keys": [...inHour(0, 3), ...refused(1, 9)],
    "calls that succeed": [...habit, ...refused(NOW, 30, { error: undefined })],
    "a key that is disabled, whoever uses it": [...habit, ...refused(NOW, 30, { error: BROKEN })],
    "the same keys a second time": {
      events: [...habit, ...refused(NOW, 30), ...refused(NOW + 30, 30)],
      learnUntilHour: NOW + 29,
    },
  },
});

/** One call a minute, each on another key and refused. */
function refused(
  hour: number,
  keys: number,
  overrides: Partial<KmsEvent> = {},
  from = 0,
): KmsEvent[] {
  return hours(0, keys).map((nth) =>
    event({
      hour,
      second: nth * 60,
      keys: [key(keyArn(from + nth))],
      error: REFUSED,
      ...overrides,
    }),
  );
}
