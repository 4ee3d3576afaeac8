import type { KmsEvent } from "../src/detection/detector.ts";
import { hours, inHour, KEY, person, principal } from "../test/support/events.ts";
import { newSigner } from "./new-signer.ts";
import { testDetector } from "../test/support/test-detector.ts";

const DAY = 24;
const NOW = 30 * DAY + 10;
const stranger = { principal: principal("stranger") };

/** A month in which one service signed ten times in each hour of the day. */
const habit = hours(0, 30).flatMap((day) => byDay(day, 10));

testDetector(newSigner, {
  fires: {
    "a role that never signed with the key": {
      events: [...habit, ...signs(NOW, 1, stranger)],
      expect: {
        atLeast: "high",
        atMost: "high",
        reasons: ["new-signer", "hardly-ever"],
        withoutReasons: ["known-family", "person", "many-signatures"],
        title: "New signer of a key",
        kmsKey: KEY,
        observed: { signaturesPerHour: 1, firstSeen: true },
        expected: { signaturesPerHour: 0, firstSeen: false, knownSigners: 1 },
        eventTime: "2026-03-04T10:00:00Z",
        alerts: 1,
        maturity: "mature",
      },
    },
    "a person who signs a lot, gravely": {
      events: [...habit, ...signs(NOW, 60, { principal: person("ada") })],
      expect: { atLeast: "high", reasons: ["new-signer", "person", "many-signatures"] },
    },
    "codes for messages, and shared secrets": {
      events: [
        ...habit,
        ...signs(NOW, 1, { ...stranger, name: "GenerateMac" }),
        ...signs(NOW, 1, { principal: principal("other"), name: "DeriveSharedSecret" }),
      ],
      expect: { atLeast: "medium", alerts: 2 },
    },
    "a new member of a known family, for information at most": {
      events: [
        ...hours(0, 30).flatMap((day) =>
          byDay(day, 10, { principal: principal("stack-Signer-1A2B", { family: "stack-Signer" }) }),
        ),
        ...signs(NOW, 1, { principal: principal("stack-Signer-9Z8Y", { family: "stack-Signer" }) }),
      ],
      expect: { atMost: "informational", reasons: ["known-family"] },
    },
    "one who goes on, once": {
      events: [...habit, ...hours(NOW, NOW + 30).flatMap((hour) => signs(hour, 1, stranger))],
      expect: { alerts: 1 },
    },
    "twenty times the usual number, by the usual signer": {
      events: [...habit, ...signs(NOW, 200)],
      expect: {
        atLeast: "medium",
        title: "Spike of signatures",
        reasons: ["many-signatures"],
        observed: { signaturesPerHour: 200 },
        alerts: 1,
      },
    },
    "thousands, gravely": {
      events: [...habit, ...signs(NOW, 2000)],
      expect: { atLeast: "high" },
    },
    "a burst in the night of a service that signs by day": {
      events: [...habit, ...signs(30 * DAY + 2, 120)],
      expect: { atLeast: "medium" },
    },
  },
  staysSilent: {
    "the usual signer at twice its usual volume": [...habit, ...signs(NOW, 20)],
    "two and a half times the usual volume, however improbable": {
      events: [...habit, ...signs(NOW, 25)],
      options: { tailProbability: 0.4 },
    },
    "little more than once in the first weeks": {
      events: [...habit, ...signs(5 * DAY + 10, 100), ...signs(NOW, 110)],
      learnUntilHour: NOW,
      options: { tailProbability: 0.4, ratio: 1 },
    },
    "verification, which forges nothing": [
      ...habit,
      ...signs(NOW, 500, { ...stranger, name: "Verify" }),
      ...signs(NOW, 500, { ...stranger, name: "GetPublicKey", operation: "read" }),
    ],
    "a refused attempt": [
      ...habit,
      ...signs(NOW, 5, { ...stranger, error: { code: "AccessDenied", class: "denied" } }),
    ],
    "a new signer of a new key": [
      ...hours(0, 10).flatMap((day) => byDay(day, 10)),
      ...signs(10 * DAY, 5, stranger),
    ],
    "a new signer of a key that hardly signed": [
      ...signs(0, 5),
      ...signs(20 * DAY, 5),
      ...signs(NOW, 1, stranger),
    ],
    "a release every Friday": hours(0, 60).flatMap((day) =>
      signs(day * DAY + 12, day % 7 === 4 ? 300 : 2),
    ),
  },
});

function byDay(day: number, count: number, overrides: Partial<KmsEvent> = {}): KmsEvent[] {
  return hours(8, 18).flatMap((hour) => signs(day * DAY + hour, count, overrides));
}

function signs(hour: number, count: number, overrides: Partial<KmsEvent> = {}): KmsEvent[] {
  return inHour(hour, count, { name: "Sign", operation: "sign", ...overrides });
}
