import type { KmsEvent } from "../src/detection/detector.ts";
import { context, event, hours, inHour, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { newSecrets } from "./new-secrets.ts";

const DAY = 24;
const NOW = 40 * DAY + 3;

/** Forty days with two secrets. */
const habit = daily(40, (day) => day % 2);
/** Forty days with another secret on every fourth. */
const nowAndThen = daily(40, (day) => (day % 4 === 0 ? day : 1));

testDetector(newSecrets, {
  fires: {
    "six secrets that it never read": {
      events: [...habit, ...read(NOW, hours(10, 16))],
      expect: {
        atLeast: "high",
        atMost: "high",
        reasons: ["new-secrets", "hardly-ever"],
        withoutReasons: ["person", "own-writes"],
        observed: { newSecretsOfDay: 6 },
        expected: { newSecretsOfDay: 0, knownSecrets: 2 },
        // Two make it an alert; one is read each minute.
        eventTime: "2026-03-14T03:01:00Z",
        maturity: "mature",
        alerts: 1,
      },
    },
    "forty secrets, gravely": {
      events: [...habit, ...read(NOW, hours(10, 50))],
      expect: { atLeast: "high" },
    },
    "one an hour, by the day's sum": {
      events: [...habit, ...hours(0, 6).flatMap((nth) => read(NOW + nth * 2, [10 + nth]))],
      expect: { atLeast: "medium", observed: { newSecretsOfDay: 6 }, alerts: 1 },
    },
    "the same one in hours in a row counts once": {
      events: [
        ...habit,
        ...read(NOW, [10]),
        ...read(NOW + 1, [10, 11]),
        ...read(NOW + 2, [10, 11]),
      ],
      expect: { observed: { newSecretsOfDay: 2 } },
    },
    "a parameter as much as a secret": {
      events: [...habit, ...read(NOW, hours(10, 16), "PARAMETER_ARN")],
      expect: { atLeast: "medium" },
    },
    "a person, less": {
      events: [...habit.map(byPerson), ...read(NOW, hours(10, 14)).map(byPerson)],
      expect: { reasons: ["person"] },
    },
    "what it created within the hour and reads back, low": {
      events: [...habit, ...read(NOW, hours(10, 14)), ...write(NOW, hours(10, 14))],
      expect: { atMost: "low", reasons: ["own-writes"] },
    },
    "twenty, by one who reads a new one now and then, gravely": {
      events: [...nowAndThen, ...read(NOW, hours(100, 120))],
      learnUntilHour: NOW,
      expect: { atLeast: "high", atMost: "high", reasons: ["more-than-ever"] },
    },
    "twenty, by one who read as many on a day before, low at most": {
      events: [
        ...nowAndThen,
        ...read(30 * DAY + 12, hours(200, 218)),
        ...read(NOW, hours(100, 120)),
      ],
      learnUntilHour: NOW,
      expect: { atMost: "low", withoutReasons: ["more-than-ever"] },
    },
    "one who reads new ones every day, low at most": {
      events: [...daily(40, (day) => day), ...read(NOW, hours(100, 104))],
      learnUntilHour: NOW,
      expect: { atMost: "low" },
    },
  },
  staysSilent: {
    "its own two, however often": [
      ...habit,
      ...hours(0, 60).flatMap((nth) => read(NOW, [nth % 2])),
    ],
    "one new secret": [...habit, ...read(NOW, [10])],
    "a principal of less than two weeks": [
      ...daily(13, (day) => day % 2),
      ...read(13 * DAY, hours(10, 20)),
    ],
    "a principal that hardly reads any": [
      ...daily(40, () => 0).filter((_, index) => index % 20 === 0),
      ...read(NOW, hours(10, 20)),
    ],
    "objects, which are new every day": [
      ...habit,
      ...hours(0, 60).flatMap((nth) => read(NOW, [nth], "aws:s3:arn")),
    ],
    "secrets that it only writes": [...habit, ...write(NOW, hours(10, 20))],
    "refused reads": [
      ...habit,
      ...read(NOW, hours(10, 20)).map((one) => ({
        ...one,
        error: { code: "AccessDenied", class: "denied" as const },
      })),
    ],
  },
});

/** One after the other, a minute apart. */
function read(hour: number, numbers: readonly number[], name = "SecretARN"): KmsEvent[] {
  return numbers.map((number, index) =>
    event({ hour, second: (index % 60) * 60, context: context(name, number) }),
  );
}

function write(hour: number, numbers: readonly number[]): KmsEvent[] {
  return read(hour, numbers).map((one) => ({
    ...one,
    eventId: `${one.eventId}-w`,
    name: "GenerateDataKey",
    operation: "dataKey",
  }));
}

/** A secret read twice a day. */
function daily(days: number, secret: (day: number) => number): KmsEvent[] {
  return hours(0, days).flatMap((day) =>
    inHour(day * DAY + 10, 2, { context: context("SecretARN", secret(day)) }),
  );
}

function byPerson(one: KmsEvent): KmsEvent {
  return { ...one, principal: principal("app", { human: true }) };
}
