import type { KmsEvent } from "../src/detection/detector.ts";
import { event, hours, inHour, key, keyArn, person, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { grantStorm } from "./grant-storm.ts";

const DAY = 24;
const NOW = 20 * DAY;
const ada = person("ada@example.com");
const viaService: Partial<KmsEvent> = {
  principal: principal("AWSServiceRoleForAutoScaling", { via: "autoscaling.amazonaws.com" }),
};

testDetector(grantStorm, {
  fires: {
    "ten equal grants by one who never made any": {
      events: grants(NOW, 10),
      expect: {
        atLeast: "high",
        atMost: "high",
        title: "Storm of grants",
        reasons: ["identical", "first-time"],
        withoutReasons: ["created", "person"],
        observed: { identicalGrants: 10, grantsCreated: 10 },
        eventTime: "2026-02-22T00:00:00Z",
        alerts: 1,
      },
    },
    "a hundred equal grants, more gravely, told as they come": {
      events: grants(NOW, 100, { principal: ada }),
      expect: { atLeast: "high", reasons: ["identical", "person"], alerts: 1 },
    },
    "five equal grants by one who never made any, at medium": {
      events: grants(NOW, 5),
      expect: { atLeast: "medium", atMost: "medium", reasons: ["identical", "first-time"] },
    },
    "five equal grants by one who makes grants, at low": {
      events: [...hours(0, 10).flatMap((day) => grants(day * DAY, 1)), ...grants(NOW, 5)],
      expect: { atLeast: "low", atMost: "low", withoutReasons: ["first-time"] },
    },
    "grants revoked by the dozen": {
      events: revoked(NOW, 12),
      expect: {
        atLeast: "medium",
        title: "Storm of revocations",
        reasons: ["revoked"],
        observed: { grantsRevoked: 12 },
      },
    },
    "a storm over the end of an hour": {
      events: [
        ...differing(NOW - DAY, 1),
        ...revoked(NOW, 3),
        ...revoked(NOW + 1, 3),
        ...revoked(NOW + 40, 1),
      ],
      expect: { atLeast: "medium", observed: { grantsRevoked: 6 }, alerts: 1 },
    },
    "far more revoked than ever": {
      events: [
        ...differing(0, 1),
        ...hours(1, 10).flatMap((day) => revoked(day * DAY, 4)),
        ...revoked(NOW, 40),
      ],
      expect: { atLeast: "medium", alerts: 1 },
    },
    "five different grants by one who never made any": {
      events: differing(NOW, 5),
      expect: { atLeast: "medium", atMost: "medium", reasons: ["created"] },
    },
    "three grants revoked by one who never made or removed any": {
      events: revoked(NOW, 3),
      expect: { atLeast: "medium", atMost: "medium", reasons: ["revoked", "few"] },
    },
    "as many equal grants as others, which tell nothing more": {
      events: [...grants(NOW, 5), ...differing(NOW, 4)],
      expect: { reasons: ["identical"], withoutReasons: ["created"] },
    },
    "a few equal grants among many others": {
      events: [...grants(NOW, 5), ...differing(NOW, 30)],
      expect: { atLeast: "high", reasons: ["identical", "created"] },
    },
    "a flood of different grants": {
      events: differing(NOW, 70),
      expect: { reasons: ["created"], withoutReasons: ["identical"] },
    },
    "a flood of retired grants, at low": {
      events: inHour(NOW, 70, { name: "RetireGrant", operation: "admin" }),
      expect: { atLeast: "low", atMost: "low", reasons: ["retired"] },
    },
  },
  staysSilent: {
    "four equal grants": grants(NOW, 4),
    "the same grant once a day": hours(0, 20).flatMap((day) => grants(day * DAY, 1)),
    "the same grant on each of many keys, by one who makes some": [
      ...differing(NOW - 24, 1),
      ...hours(0, 40).flatMap((number) => grants(NOW, 1, { keys: [key(keyArn(number))] })),
    ],
    "different grants of an application that makes some": [
      ...differing(NOW - 24, 1),
      ...differing(NOW, 50),
    ],
    "some grants of one who never made any": differing(NOW, 4),
    "grants that a service makes for somebody": grants(NOW, 500, viaService),
    "grants that a service retires": inHour(NOW, 500, {
      name: "RetireGrant",
      operation: "admin",
      ...viaService,
    }),
    "revocations that were refused": revoked(NOW, 50, {
      error: { code: "AccessDenied", class: "denied" },
    }),
    "two grants revoked by one who never made or removed any": revoked(NOW, 2),
    "four grants revoked by one who makes some": [...differing(NOW - DAY, 1), ...revoked(NOW, 4)],
    "four grants revoked, and four more two hours later, by one who makes some": [
      ...differing(NOW - DAY, 1),
      ...revoked(NOW, 4),
      ...revoked(NOW + 2, 4),
    ],
    "a job that revokes as many every night": {
      events: hours(0, 20).flatMap((day) => revoked(day * DAY, 30)),
      learnUntilHour: DAY,
    },
  },
});

function grants(hour: number, count: number, overrides: Partial<KmsEvent> = {}): KmsEvent[] {
  return inHour(hour, count, {
    name: "CreateGrant",
    operation: "admin",
    parameters: {
      granteePrincipal: "arn:aws:iam::111122223333:user/reports",
      operations: ["Decrypt"],
    },
    ...overrides,
  });
}

/** Each for another table. */
function differing(hour: number, count: number): KmsEvent[] {
  return Array.from({ length: count }, (_, index) =>
    event({
      hour,
      second: index * 30,
      name: "CreateGrant",
      operation: "admin",
      parameters: {
        granteePrincipal: "arn:aws:iam::111122223333:role/worker",
        operations: ["Decrypt"],
        constraints: { encryptionContextEquals: { table: `table-${index}` } },
      },
    }),
  );
}

function revoked(hour: number, count: number, overrides: Partial<KmsEvent> = {}): KmsEvent[] {
  return inHour(hour, count, { name: "RevokeGrant", operation: "admin", ...overrides });
}
