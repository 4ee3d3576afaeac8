import type { KmsEvent } from "../src/detection/detector.ts";
import { hours, inHour, KEY, person, principal } from "../test/support/events.ts";
import { newSigner } from "./new-signer.ts";
import { testDetector } from "../test/support/test-detector.ts";

const DAY = 24;
const NOW = 30 * DAY + 10;
const NIGHT = 30 * DAY + 2;
const stranger = { principal: principal("stranger") };
const usually = { signing: "RSASSA_PSS_SHA_256 DIGEST" };
const otherwise = { signing: "RSASSA_PKCS1_V1_5_SHA_256 RAW" };

/** A month in which one service signed ten times in each hour of the day. */
const habit = hours(0, 30).flatMap((day) => byDay(day, 10));
/** The same where records tell how. */
const method = hours(0, 30).flatMap((day) => byDay(day, 10, usually));

/** A month of six instances that sign thrice each in every hour of the day. */
const fleet = hours(0, 30).flatMap((day) => hours(8, 18).flatMap((hour) => shared(day, hour, 3)));

/** At three hours of a day, from one signature to seven. */
const seldom = hours(0, 30).flatMap((day) =>
  [9, 12, 15].flatMap((hour) => signs(day * DAY + hour, 1 + (day % 7))),
);

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
      expect: { atLeast: "medium", title: "Signatures at a quiet hour" },
    },
    "less in the night than in any hour of the day, three hours on": {
      events: [...habit, ...hours(NIGHT, NIGHT + 3).flatMap((hour) => signs(hour, 8))],
      expect: {
        atLeast: "medium",
        atMost: "medium",
        title: "Signatures at a quiet hour",
        reasons: ["many-signatures"],
        observed: { signaturesPerHour: 8 },
        eventTime: "2026-03-04T02:45:00Z",
        alerts: 3,
      },
    },
    "little in the night, however busy the first weekend was": {
      events: [...hours(0, 30).flatMap((day) => byDay(day, 30)), ...signs(NIGHT, 14)],
      expect: { atLeast: "medium", title: "Signatures at a quiet hour" },
    },
    "the usual signer, by an algorithm that the key never signed with": {
      events: [...method, ...signs(NOW, 10, usually), ...signs(NOW, 3, otherwise)],
      expect: {
        atLeast: "medium",
        title: "Signatures of a new kind",
        reasons: ["new-method"],
        withoutReasons: ["many-signatures"],
        observed: { signaturesPerHour: 3, method: "RSASSA_PKCS1_V1_5_SHA_256 RAW" },
        expected: { signaturesPerHour: 0 },
        eventTime: "2026-03-04T10:00:00Z",
        alerts: 1,
      },
    },
    "many of another kind of message": {
      events: [...method, ...signs(NOW, 12, { signing: "RSASSA_PSS_SHA_256 RAW" })],
      expect: { atLeast: "high", reasons: ["new-method", "many-signatures"], alerts: 1 },
    },
    "a release that signs in another way from now on, once": {
      events: [...method, ...hours(30, 34).flatMap((day) => byDay(day, 10, otherwise))],
      expect: { title: "Signatures of a new kind", alerts: 1 },
    },
    "somebody new by another algorithm, in one alert": {
      events: [...method, ...signs(NOW, 3, { ...stranger, ...otherwise })],
      expect: {
        atLeast: "high",
        title: "New signer of a key",
        reasons: ["new-signer", "new-method"],
        alerts: 1,
      },
    },
    "one instance of a fleet that signs more than all of them are expected to": {
      events: [...fleet, ...shared(30, 10, 3), ...signs(NOW, 60, through(2))],
      expect: {
        atLeast: "medium",
        title: "One session signs more than any did",
        reasons: ["one-session"],
        withoutReasons: ["many-signatures", "two-hours"],
        observed: { signaturesPerHour: 78, signaturesOfSession: 63 },
        eventTime: "2026-03-04T10:45:00Z",
        alerts: 1,
      },
    },
    "two and a half times as much for two hours, with a steady key": {
      events: [...habit, ...signs(NOW, 25), ...signs(NOW + 1, 26)],
      expect: {
        atLeast: "medium",
        atMost: "high",
        title: "Spike of signatures over two hours",
        reasons: ["two-hours"],
        withoutReasons: ["many-signatures", "one-session"],
        observed: { signaturesPerHour: 26, signaturesInTwoHours: 51 },
        alerts: 1,
      },
    },
    "twenty-two signatures in two hours with a key that makes a dozen a day": {
      events: [...seldom, ...signs(NOW, 10), ...signs(NOW + 1, 12)],
      expect: { atLeast: "medium", reasons: ["two-hours"], observed: { signaturesInTwoHours: 22 } },
    },
    "a burst with such a key, and not the few that follow": {
      events: [...seldom, ...signs(NOW, 40), ...signs(NOW + 1, 2)],
      expect: { withoutReasons: ["two-hours"], alerts: 1 },
    },
    "a burst, and not what usually follows": {
      events: [...habit, ...signs(NOW, 45), ...signs(NOW + 1, 12)],
      expect: { title: "One session signs more than any did", alerts: 1 },
    },
    "ten times the usual number with a key of ten days": {
      events: [...hours(0, 10).flatMap((day) => byDay(day, 10)), ...signs(10 * DAY + 10, 120)],
      expect: { atLeast: "medium", reasons: ["many-signatures"], maturity: "young" },
    },
  },
  staysSilent: {
    "a fleet that signs twice as much, alike": [...fleet, ...shared(30, 10, 6)],
    "one instance that signs no more than twice what one did before, as a leader does": {
      events: [...fleet, ...signs(20 * DAY + 10, 50, through(1)), ...signs(NOW, 60, through(2))],
      learnUntilHour: NOW,
    },
    "one instance that signs as much as all do together on a busy day": [
      ...hours(0, 30).flatMap((day) =>
        hours(8, 18).flatMap((hour) => shared(day, hour, day % 3 === 0 ? 9 : 1)),
      ),
      ...signs(NOW, 80, through(2)),
    ],
    "two and a half times as much in two hours that are apart": [
      ...habit,
      ...signs(NOW, 25),
      ...signs(NOW + 1, 10),
      ...signs(NOW + 2, 25),
    ],
    "two hours that hold no more than two of a month ago": {
      events: [
        ...habit,
        ...signs(DAY + 10, 15),
        ...signs(DAY + 11, 15),
        ...signs(NOW, 25),
        ...signs(NOW + 1, 26),
      ],
      learnUntilHour: NOW,
    },
    "two hours of twice what a key that signs in bursts ever signed": [
      ...hours(0, 30).flatMap((day) => signs(day * DAY + 8 + ((day * 7) % 10), 40)),
      ...signs(NOW, 45),
      ...signs(NOW + 1, 45),
    ],
    "ten times the usual number with a key of five days": [
      ...hours(0, 5).flatMap((day) => byDay(day, 10)),
      ...signs(5 * DAY + 10, 120),
    ],
    "the first signatures of a day an hour early, as daylight saving time has it": [
      ...habit,
      ...signs(30 * DAY + 7, 10),
    ],
    "in the night, no more than a night brought before": {
      events: [...habit, ...signs(10 * DAY + 2, 40), ...signs(NIGHT, 20)],
      options: {
        tailProbability: 1e-9,
        quietTailProbability: 0.1,
        ratio: 1,
        learningDaysOfVolume: 14,
      },
    },
    "a few in the night, however improbable": {
      events: [...habit, ...signs(NIGHT, 6)],
      options: { quietTailProbability: 0.4 },
    },
    "at night with a key that signs in bursts, as build jobs do": [
      ...hours(0, 30).flatMap((day) => signs(day * DAY + 8 + ((day * 7) % 10), 40)),
      ...signs(NIGHT, 15),
    ],
    "at night with a key that hardly signs by day": [
      ...hours(0, 30).flatMap((day) => byDay(day, 2)),
      ...signs(NIGHT, 10),
    ],
    "one of two algorithms that the key always signed with": [
      ...hours(0, 30).flatMap((day) => [...byDay(day, 9, usually), ...byDay(day, 1, otherwise)]),
      ...signs(NOW, 10, otherwise),
    ],
    "an algorithm, where records told none before": [...habit, ...signs(NOW, 5, otherwise)],
    "an algorithm that is new to a new key": [
      ...hours(0, 10).flatMap((day) => byDay(day, 10, usually)),
      ...signs(10 * DAY, 5, otherwise),
    ],
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

/** In one hour of a day, so many signatures through each of six sessions. */
function shared(day: number, hour: number, each: number): KmsEvent[] {
  return hours(0, 6).flatMap((session) => signs(day * DAY + hour, each, through(session)));
}

function through(session: number): Partial<KmsEvent> {
  return { principal: principal("app", { session: `i-${session}` }) };
}

function signs(hour: number, count: number, overrides: Partial<KmsEvent> = {}): KmsEvent[] {
  return inHour(hour, count, { name: "Sign", operation: "sign", ...overrides });
}
