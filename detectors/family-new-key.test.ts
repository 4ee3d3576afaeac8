import type { KmsEvent } from "../src/detection/detector.ts";
import { hours, inHour, KEY, key, keyArn, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { familyNewKey } from "./family-new-key.ts";

const DAY = 24;
const NOW = 40 * DAY + 3;
const OTHER = { keys: [key(keyArn(2))] };

/** Forty days in which ever new members of a family use one key. */
const habit = daily(40, () => KEY);
const stray = { ...OTHER, ...member(99) };

testDetector(familyNewKey, {
  fires: {
    "a member never seen before uses a key that the family never used": {
      events: [...habit, ...inHour(NOW, 4, stray)],
      expect: {
        atLeast: "medium",
        reasons: ["new-key", "many-calls"],
        withoutReasons: ["deployed"],
        kmsKey: keyArn(2),
        observed: { calls: 4, members: 1, firstUse: true },
        expected: { calls: 0, members: 0, firstUse: false, knownKeys: 1 },
        eventTime: "2026-03-14T03:00:00Z",
        maturity: "mature",
        alerts: 1,
      },
    },
    "one call, low": {
      events: [...habit, ...inHour(NOW, 1, stray)],
      expect: { atLeast: "low", atMost: "low", withoutReasons: ["many-calls"] },
    },
    "three members at once, less": {
      events: [
        ...habit,
        ...[97, 98, 99].flatMap((nth) => inHour(NOW, 2, { ...OTHER, ...member(nth) })),
      ],
      expect: { atMost: "low", reasons: ["deployed"], observed: { members: 3 }, alerts: 1 },
    },
    "a family that meets a new key every other day, low": {
      events: [
        ...daily(40, (day) => (day % 2 === 0 ? keyArn(100 + day) : KEY)),
        ...inHour(NOW, 4, stray),
      ],
      learnUntilHour: NOW,
      expect: { atMost: "low", alerts: 1 },
    },
  },
  staysSilent: {
    "another member with the family's key": [...habit, ...inHour(NOW, 400, member(99))],
    "a family of less than two weeks": [...daily(13, () => KEY), ...inHour(13 * DAY, 4, stray)],
    "a family that hardly ever calls": [
      ...daily(40, () => KEY).slice(0, 20),
      ...inHour(NOW, 4, stray),
    ],
    "a family of that name in another account": [
      ...habit,
      ...inHour(NOW, 4, {
        ...OTHER,
        principal: { ...member(99).principal, accountId: "444455556666" },
      }),
    ],
    "a role without a generated name: see new-key": [
      ...hours(0, 40).flatMap((day) => inHour(day * DAY, 3)),
      ...inHour(NOW, 4, OTHER),
    ],
    "people of a permission set": [
      ...habit,
      ...inHour(NOW, 4, { ...OTHER, principal: { ...member(99).principal, human: true } }),
    ],
    "a refused call": [
      ...habit,
      ...inHour(NOW, 4, { ...stray, error: { code: "AccessDenied", class: "denied" } }),
    ],
  },
});

function member(nth: number) {
  const suffix = `9Z8Y7X${String(nth).padStart(6, "0")}`;
  return { principal: principal(`orders-TaskRole-${suffix}`, { family: "orders-TaskRole" }) };
}

/** Three calls a day by that day's member, with that day's key. */
function daily(days: number, keyOf: (day: number) => string): KmsEvent[] {
  return hours(0, days).flatMap((day) =>
    inHour(day * DAY + 10, 3, { keys: [key(keyOf(day))], ...member(day) }),
  );
}
