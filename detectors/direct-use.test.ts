import type { KmsEvent } from "../src/detection/detector.ts";
import { event, hours, inHour, key, KEY, person, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { directUse } from "./direct-use.ts";

const DAY = 24;
const NOW = 40 * DAY + 3;
const OWN = key(KEY.replace("0b6f", "1c7a").replace("8b90", "4d21"));
const OTHER = key(KEY.replace("0b6f", "2d8b").replace("8b90", "77aa"));
const SECRETS = "secretsmanager.amazonaws.com";
const DENIED = { error: { code: "AccessDenied", class: "denied" } } as const;
const DATA_KEY = { name: "GenerateDataKey", operation: "dataKey" } as const;
const ADA = person("ada@example.com");

/** A service that has a key of its own and reads secrets under another. */
const reader = [...daily(0, 40, { keys: [OWN] }), ...daily(0, 40, through(SECRETS))];
/** One that KMS only ever saw behind Secrets Manager, a few times a day. */
const behind = daily(0, 40, through(SECRETS), 5);

testDetector(directUse, {
  fires: {
    "a direct decrypt under the key of its secrets, medium": {
      events: [...reader, ...inHour(NOW, 3)],
      expect: {
        atLeast: "medium",
        atMost: "medium",
        reasons: ["direct", "reads-only"],
        withoutReasons: ["never-direct", "many-calls", "person", "turned-before"],
        title: "Direct use of a key reached through services",
        observed: { callsPerHour: 3, newlyDirectKeys: 1 },
        expected: { callsPerHour: 0, newlyDirectKeys: 0, keysByServices: 1 },
        eventTime: "2026-03-14T03:00:00Z",
        kmsKey: KEY,
        alerts: 1,
      },
    },
    "a single one after two weeks, medium": {
      events: [
        ...daily(0, 20, { keys: [OWN] }),
        ...daily(5, 20, through(SECRETS)),
        event({ hour: 20 * DAY + 3 }),
      ],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["direct"] },
    },
    "a refused try, medium": {
      events: [...reader, event({ hour: NOW, ...DENIED })],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["direct", "reads-only"] },
    },
    "a key that it never used and then the key of its secrets, told again": {
      events: [
        ...behind,
        event({ hour: NOW, second: 1, keys: [OTHER], ...DENIED }),
        event({ hour: NOW, second: 9 }),
      ],
      expect: { atLeast: "high", told: ["low", "high", "high"], reasons: ["never-direct"] },
    },
    "sixty refused ones, as of a broken release, low": {
      events: [...reader, ...inHour(NOW, 60, DENIED)],
      expect: { atMost: "low", reasons: ["refused"], withoutReasons: ["many-calls", "reads-only"] },
    },
    "sixty in an hour, high": {
      events: [...reader, ...inHour(NOW, 60)],
      expect: { atLeast: "high", reasons: ["direct", "many-calls", "reads-only"] },
    },
    "the same of one who never called KMS directly, low": {
      events: [...behind, ...inHour(NOW, 60, DENIED)],
      expect: { atMost: "low", reasons: ["direct", "never-direct", "refused"] },
    },
    "one who never called KMS directly, on the key of its secrets, high": {
      events: [...behind, ...inHour(NOW, 3)],
      expect: { atLeast: "high", atMost: "high", reasons: ["direct", "never-direct"] },
    },
    "one who never called KMS directly, on a key that it never used, low": {
      events: [...behind, ...inHour(NOW, 3, { keys: [OTHER] })],
      expect: {
        atLeast: "low",
        atMost: "low",
        reasons: ["first-direct"],
        withoutReasons: ["direct", "never-direct"],
        title: "Direct use by one who came through services",
        observed: { newlyDirectKeys: 0 },
      },
    },
    "the same after however many calls through services, low": {
      events: [...daily(0, 40, through(SECRETS), 500), ...inHour(NOW, 3, { keys: [OTHER] })],
      expect: { atLeast: "low", atMost: "low", reasons: ["first-direct"] },
    },
    "the same with many calls, medium": {
      events: [
        ...behind,
        ...daily(0, 40, through(SECRETS), 30),
        ...inHour(NOW, 60, { keys: [OTHER] }),
      ],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["first-direct", "many-calls"] },
    },
    "one that encrypts under it as well, low, as a new feature does": {
      events: [...reader, ...inHour(NOW, 3), ...inHour(NOW, 1, DATA_KEY)],
      expect: { atMost: "low", reasons: ["direct"], withoutReasons: ["reads-only"] },
    },
    "a person, low": {
      events: [
        ...daily(0, 40, { principal: { ...ADA, via: SECRETS } }, 5),
        ...inHour(NOW, 12, { principal: ADA }),
      ],
      expect: { atMost: "low", reasons: ["direct", "person"], withoutReasons: ["never-direct"] },
    },
    "a second key by one who turned to direct calls before, low": {
      events: [
        ...reader,
        ...daily(0, 40, { ...through("s3.amazonaws.com"), keys: [OTHER] }),
        ...daily(36, 40, { keys: [OTHER] }),
        ...inHour(NOW, 3),
      ],
      expect: { atMost: "low", reasons: ["direct", "turned-before"] },
      learnUntilHour: NOW - 1,
    },
    "once a day, however long it goes on": {
      events: [...reader, ...hours(NOW, NOW + 6).flatMap((hour) => inHour(hour, 3))],
      expect: { alerts: 1 },
    },
  },
  staysSilent: {
    "secrets through the service, and direct calls on its own key": [
      ...reader,
      ...inHour(NOW, 50, { keys: [OWN] }),
      ...inHour(NOW, 50, through(SECRETS)),
    ],
    "direct calls on another key of one who calls directly": [
      ...reader,
      ...inHour(NOW, 50, { keys: [OTHER] }),
    ],
    "a key reached through a service for less than two weeks": [
      ...daily(0, 40, { keys: [OWN] }),
      ...daily(28, 40, through(SECRETS), 5),
      ...inHour(NOW, 3),
    ],
    "a key that was reached through a service a few times": [
      ...daily(0, 40, { keys: [OWN] }),
      ...daily(0, 14, through(SECRETS), 30),
      ...inHour(NOW, 3),
    ],
    "a key that was always used in both ways": [...reader, ...daily(3, 6, {}), ...inHour(NOW, 3)],
    "one who only looks at the key directly": [
      ...behind,
      ...inHour(NOW, 3, { name: "DescribeKey", operation: "read" }),
    ],
    "a release that goes on using the key directly, on the days after": {
      events: [...reader, ...hours(0, 5).flatMap((day) => inHour(NOW + day * DAY, 3))],
      learnUntilHour: NOW + 1,
    },
  },
});

/** Some calls at ten o'clock on each of these days. */
function daily(from: number, to: number, overrides: Partial<KmsEvent>, count = 2): KmsEvent[] {
  return hours(from, to).flatMap((day) => inHour(day * DAY + 10, count, overrides));
}

function through(service: string): Partial<KmsEvent> {
  return {
    principal: principal("app", { via: service }),
    source: { kind: "service", value: service },
    userAgent: service,
  };
}
