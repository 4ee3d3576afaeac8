import { expect, it } from "vitest";
import { ACCOUNT, context, event, hours, inHour, principal } from "../test/support/events.ts";
import { Engine } from "../src/detection/engine.ts";
import { engineOptions } from "../test/support/detection.ts";
import { testDetector } from "../test/support/test-detector.ts";
import type { KmsEvent } from "../src/detection/detector.ts";
import { decryptSpike } from "./decrypt-spike.ts";

const DAY = 24;
/** Tuesday, 17 February, 03:00 UTC: after two weeks of habit. */
const NIGHT = 15 * DAY + 3;

const steady = usage(15, () => 3);
const nightly = usage(24, (hour) => (hour % DAY === 2 ? 400 : 1));
const idle = usage(15, (hour) => (hour % (7 * DAY) === 9 ? 20 : 0));

const foreign: Partial<KmsEvent> = {
  principal: { ...principal("vendor"), type: "AWSAccount", accountId: "999988887777" },
};
const dataKey: Partial<KmsEvent> = { name: "GenerateDataKey", operation: "dataKey" };
/** Thirty decrypts to twenty data keys. */
const writing = [...usage(15, () => 30), ...usage(15, () => 20, dataKey)];

testDetector(decryptSpike, {
  fires: {
    "ten times the usual hour": {
      events: [...usage(15, () => 30), ...inHour(NIGHT, 300)],
      expect: {
        atLeast: "medium",
        reasons: ["hour-volume"],
        observed: { decryptsPerHour: 300 },
        maturity: "mature",
        alerts: 1,
      },
    },
    "ten times the usual hour of a service that writes as well, alone: more gravely": {
      events: [...writing, ...inHour(NIGHT, 300), ...inHour(NIGHT, 20, dataKey)],
      expect: { reasons: ["hour-volume", "rose-alone"], withoutReasons: ["rose-alike"] },
    },
    "ten times the usual hour with ten times the data keys, less gravely": {
      events: [...writing, ...inHour(NIGHT, 300), ...inHour(NIGHT, 200, dataKey)],
      expect: {
        atMost: "low",
        reasons: ["hour-volume", "rose-alike"],
        withoutReasons: ["rose-alone"],
      },
    },
    "a hundred times the usual hour with as many data keys, low": {
      events: [...writing, ...inHour(NIGHT, 3000), ...inHour(NIGHT, 2000, dataKey)],
      expect: { atLeast: "low", atMost: "low", reasons: ["rose-alike"] },
    },
    "a hundred times the usual hour, gravely": {
      events: [...steady, ...inHour(NIGHT, 1200)],
      expect: { atLeast: "high", reasons: ["hour-volume", "five-minute-volume", "ratio"] },
    },
    "ReEncrypt reveals as much as Decrypt": [
      ...steady,
      ...inHour(NIGHT, 300, { name: "ReEncrypt", operation: "reEncrypt" }),
    ],
    "a burst of five minutes that the hour as a whole would hide": {
      events: [...usage(15, () => 30), ...burst(NIGHT, 80, 240)],
      expect: {
        atLeast: "medium",
        reasons: ["five-minute-volume"],
        withoutReasons: ["hour-volume"],
        observed: { decryptsPerHour: 80, decryptsPerFiveMinutes: 80 },
      },
    },
    "a day of many hours each below its limit": {
      events: [...steady, ...hours(15 * DAY, 16 * DAY).flatMap((hour) => inHour(hour, 15))],
      expect: {
        reasons: ["day-volume"],
        observed: { decryptsPerDay: 15 * 24 },
        expected: { decryptsPerDay: 72 },
        alerts: 1,
      },
    },
    "the next night as well, since the first one taught nothing": {
      events: [...steady, ...inHour(NIGHT, 300), ...inHour(NIGHT + DAY, 300)],
      expect: { alerts: 2, expected: { decryptsPerHourLimit: 20 } },
    },
    "the first three nights of a new nightly job": {
      events: [
        ...usage(15, () => 3),
        ...hours(15, 22).flatMap((day) => [
          ...hours(0, 24).flatMap((hour) => inHour(day * DAY + hour, 3)),
          ...inHour(day * DAY + 2, 1000),
        ]),
      ],
      expect: { alerts: 3, atLeast: "high" },
    },
    "both hours of a new nightly job of two hours, for three nights": {
      events: [
        ...usage(15, () => 3),
        ...[15, 16, 17, 18].flatMap((day) => [
          ...inHour(day * DAY + 1, 1000),
          ...inHour(day * DAY + 2, 1000),
        ]),
      ],
      expect: { alerts: 6 },
    },
    "a job that suddenly does more than twice as much, for three nights again": {
      events: [
        ...usage(15, () => 3),
        ...[300, 300, 3000, 3000].flatMap((count, night) => inHour((15 + night) * DAY + 2, count)),
      ],
      expect: { alerts: 4 },
    },
    "three loud nights at other times of the night each, of which the fourth is a habit": {
      events: [
        ...usage(21, () => 3),
        ...[15 * DAY + 1, 16 * DAY + 4, 17 * DAY + 7, 18 * DAY + 10].flatMap((hour) =>
          inHour(hour, 1000),
        ),
      ],
      expect: { alerts: 3 },
    },
    "a night ten times as large as those of a job that is known": {
      events: [
        ...hours(0, 21).flatMap((day) => inHour(day * DAY + 2, 60)),
        ...inHour(21 * DAY + 2, 600),
      ],
    },
    "a role that is idle but for one hour a week": {
      events: [...idle, ...inHour(NIGHT, 150)],
      expect: {
        reasons: ["hour-volume"],
        withoutReasons: ["ratio"],
        observed: { decryptsPerHour: 150 },
      },
    },
    "such a role far beyond its busiest hour": {
      events: [...idle, ...inHour(NIGHT, 300)],
      expect: { reasons: ["hour-volume", "ratio"], expected: { decryptsOfBusiestHour: 20 } },
    },
    "a steady role that its own scatter would let go further": {
      events: [
        ...usage(28, (hour) => (hour % 9 === 0 ? 29 : hour % 5)),
        ...burst(28 * DAY + 17, 110, 3500),
      ],
      expect: { reasons: ["hour-volume"], observed: { decryptsPerHour: 110 } },
    },
    "three hundred different secrets": {
      events: [...steady, ...reads(NIGHT, 300, 300)],
      expect: { atLeast: "medium", observed: { decryptsPerHour: 300 } },
    },
    "the same five secrets, far more often than on any day": {
      events: [...steady, ...reads(NIGHT, 1300, 5)],
      expect: {
        atLeast: "medium",
        reasons: ["hour-volume"],
        // Five, one for every 32 of the others, and each beyond 400 of them.
        observed: { decryptsPerHour: 5 + 40 + 895, decryptsPerFiveMinutes: 5 },
        alerts: 1,
      },
    },
    "the same five secrets, a little in each hour of a day": {
      events: [...steady, ...hours(15 * DAY, 16 * DAY).flatMap((hour) => reads(hour, 60, 5))],
      expect: { reasons: ["hour-volume"] },
    },
    "just over the limit, low": {
      events: [...steady, ...inHour(NIGHT, 24)],
      expect: { atMost: "low" },
    },
    "a little over the limit and done within half an hour, at medium": {
      events: [...steady, ...burst(NIGHT, 28, 1500)],
      expect: {
        atLeast: "medium",
        reasons: ["hour-volume", "short"],
        withoutReasons: ["spread", "five-minute-volume"],
      },
    },
    "as many over the whole hour, at low": {
      events: [...steady, ...burst(NIGHT, 28, 3600)],
      expect: { atMost: "low", reasons: ["spread"], withoutReasons: ["short"] },
    },
    "a person's query through a service, low": {
      events: [...steady.map(query), ...inHour(NIGHT, 300).map(query)],
      expect: { reasons: ["person"], atLeast: "low", atMost: "low" },
    },
    "what a person reads through a service one after another, at no machine's pace": {
      events: [...steady.map(query), ...inHour(NIGHT, 240).map(query)],
      expect: { reasons: ["person"], atLeast: "medium", observed: { decryptsPerFiveMinutes: 20 } },
    },
    "four times as many as in the busiest hour ever, however spread": {
      events: [...usage(15, () => 60), ...inHour(NIGHT, 300)],
      expect: { atLeast: "medium", reasons: ["hour-volume"], withoutReasons: ["spread"] },
    },
    "a person who reads three hundred secrets through Secrets Manager": {
      events: [...steady, ...reads(NIGHT, 300, 300)].map(fromStore),
      expect: { atLeast: "high", reasons: ["hour-volume", "person"] },
    },
    "a person who reads five secrets three hundred times": {
      events: [...steady, ...reads(NIGHT, 300, 5)].map(byPerson),
      expect: { atLeast: "medium", reasons: ["hour-volume", "person"] },
    },
    "bursts that come now and then at any hour, less each time": {
      events: [
        ...usage(29, () => 3),
        ...[15, 18].flatMap((day) => inHour(day * DAY + 5 + (day % 7), 200)),
        ...inHour(28 * DAY + 1, 250),
      ],
      learnUntilHour: 28 * DAY,
      expect: { reasons: ["rises-often"], atMost: "medium" },
    },
    "a lasting change of level, once an hour on its first hours and once a day from then on": {
      events: [
        ...usage(15, () => 3),
        ...hours(15 * DAY, 16 * DAY).flatMap((hour) => inHour(hour, 60)),
      ],
      expect: { alerts: 5 },
    },
    "in the minute in which the limit was crossed": {
      // One a second: the 16th within five minutes comes in the first minute.
      events: [...steady, ...burst(NIGHT, 300, 300)],
      expect: { eventTime: "2026-02-17T03:00:59Z" },
    },
    "in the minute in which the hour crossed it, where five minutes alone did not": {
      // One a minute: the 21st comes with the twenty-first minute.
      events: [...steady, ...burst(NIGHT, 60, 3600)],
      expect: { eventTime: "2026-02-17T03:20:00Z", withoutReasons: ["five-minute-volume"] },
    },
    "once for a spike over the end of an hour, in each hour": {
      events: [...steady, ...burst(NIGHT, 400, 3600), ...burst(NIGHT + 1, 400, 3600)],
      expect: { alerts: 2 },
    },
    "a principal two days old where the configuration does not wait": {
      events: [...usage(2, () => 3), ...inHour(2 * DAY, 300)],
      options: { learningDays: 1 },
      expect: { maturity: "learning" },
    },
    "a nightly job's volume in the afternoon, as what may be a run by hand": {
      events: [...nightly, ...inHour(24 * DAY + 15, 400)],
      expect: {
        atLeast: "medium",
        atMost: "medium",
        title: "Usual volume at a strange hour",
        reasons: ["hour-volume", "usual-at-other-hours"],
      },
    },
    "a theft at an hour of its own, far below the nightly peak": {
      events: [...nightly, ...inHour(24 * DAY + 15, 60)],
      expect: { reasons: ["hour-volume"], expected: { decryptsPerHourLimit: 40 } },
    },
    "sixty in five minutes by a role that decrypts three times a day": {
      events: [...usage(21, (hour) => (hour % DAY === 9 ? 3 : 0)), ...burst(21 * DAY + 9, 60, 300)],
      expect: { atLeast: "high", reasons: ["five-minute-volume", "ratio"] },
    },
    "the theft after two weeks in which a little more was taken each night": {
      events: [
        ...usage(30, (hour) => 2 + (hour >= 16 * DAY && hour % DAY === 3 ? hour / DAY - 14 : 0)),
        ...inHour(30 * DAY + 3, 100),
      ],
      expect: { atLeast: "medium", alerts: 1 },
    },
  },
  staysSilent: {
    "bursts at any hour, once three days have shown that they come": {
      events: [
        ...usage(29, () => 3),
        ...[15, 18, 21].flatMap((day) => inHour(day * DAY + 5 + (day % 7), 200)),
        ...inHour(28 * DAY + 1, 220),
      ],
      learnUntilHour: 28 * DAY,
    },
    "a run by hand, once such runs are known": {
      events: [...nightly, ...inHour(20 * DAY + 15, 400), ...inHour(23 * DAY + 13, 400)],
      learnUntilHour: 22 * DAY,
    },
    "a principal without history": inHour(0, 5000),
    "a principal six days old": [...usage(6, () => 3), ...inHour(6 * DAY, 5000)],
    "a steady principal, as busy as ever": usage(21, () => 40),
    "a nightly job at its own hour": nightly,
    "a nightly job one hour later, as daylight saving time moves it": [
      ...nightly.filter(({ timeMs }) => timeMs < at(21 * DAY)),
      ...hours(21, 24).flatMap((day) => inHour(day * DAY + 3, 400)),
    ],
    "a monthly job, from its second month on": {
      events: [
        ...usage(64, (hour) => (hour % (4 * DAY) === 7 ? 1 : 0)),
        ...[0, 1, 2].flatMap((month) => inHour((3 + 30 * month) * DAY + 4, 600)),
      ],
    },
    "a weekly job": usage(29, (hour) => (hour % (7 * DAY) === 6 * DAY + 4 ? 600 : 1)),
    "office hours, weekends off": usage(28, officeHours),
    "growth of ten per cent a week": usage(42, (hour) =>
      Math.round(20 * 1.1 ** Math.floor(hour / (7 * DAY))),
    ),
    "twice the usual volume": [...usage(15, () => 60), ...inHour(NIGHT, 120)],
    "twenty decrypts, the floor, by a quiet role": [...steady, ...inHour(NIGHT, 20)],
    "a day with as many repeated reads of secrets as a day before it had": [
      ...steady,
      ...reads(7 * DAY, 500, 5),
      ...reads(NIGHT, 450, 5),
    ],
    "a foreign account, whose volume follows its own business": {
      events: [...usage(15, () => 3, foreign), ...inHour(NIGHT, 600, foreign)],
      organization: { accounts: [ACCOUNT] },
    },
    "a person who reads five secrets a hundred times": [...steady, ...reads(NIGHT, 100, 5)].map(
      byPerson,
    ),
    "sixty tasks that start within ten minutes and read the same five secrets": [
      ...steady,
      ...reads(NIGHT, 300, 5),
    ],
    "failed decrypts": [
      ...steady,
      ...inHour(NIGHT, 400, { error: { code: "AccessDenied", class: "denied" } }),
    ],
    "encryption, which reveals nothing": [
      ...steady,
      ...inHour(NIGHT, 400, { name: "GenerateDataKey", operation: "dataKey" }),
    ],
    "an AWS service by itself": [
      ...steady,
      ...inHour(NIGHT, 400, { principal: principal("s3.amazonaws.com", { service: true }) }),
    ],
    "two roles that are each as busy as ever, whatever their sum": [
      ...usage(15, () => 20),
      ...usage(15, () => 20, { principal: principal("other") }),
    ],
    "the key owner's copy of a call, which the caller's account counts": [
      ...steady,
      ...inHour(NIGHT, 400, { recipientAccountId: "999988887777" }),
    ],
  },
});

it("decrypt-spike remembers three days of alarmed hours at most", () => {
  const options = decryptSpike.options.parse({ learningDays: 0 });
  const baseline = decryptSpike.newBaseline();
  for (let hour = 1; hour <= 200; hour += 1) {
    const limits = decryptSpike.limits(baseline, hour, options);
    const bucket = { ...decryptSpike.newBucket(), count: 10 * limits.hour };
    decryptSpike.fold(baseline, hour, bucket, limits, options);
  }
  expect(baseline.alarms.length).toBe(72);
});

it("decrypt-spike draws hours with decrypts, not those in which all calls encrypt", () => {
  const options = decryptSpike.options.parse({});
  const detectors = [{ detector: decryptSpike, options, shadow: false }];
  const engine = new Engine(engineOptions({ detectors }), undefined);
  engine.process([...inHour(1, 4), ...inHour(2, 4, dataKey), ...inHour(3, 2)]);
  engine.finish();
  expect(engine.take().history.map(({ decrypts }) => decrypts)).toEqual([4, 2]);
});

/** What a principal decrypts hour by hour over some days. */
function usage(
  days: number,
  count: (hour: number) => number,
  overrides: Partial<KmsEvent> = {},
): KmsEvent[] {
  return hours(0, days * DAY).flatMap((hour) =>
    inHour(hour, count(hour), { context: context("aws:s3:arn", hour % 7), ...overrides }),
  );
}

/** Decrypts from the start of an hour on, evenly over some seconds. */
function burst(hour: number, count: number, seconds: number): KmsEvent[] {
  return Array.from({ length: count }, (_, index) =>
    event({ hour, second: Math.floor((index * seconds) / count) }),
  );
}

/** Decrypts for Secrets Manager within ten minutes, of so many secrets in turn. */
function reads(hour: number, count: number, secrets: number): KmsEvent[] {
  return burst(hour, count, 600).map((one, index) => ({
    ...one,
    context: context("SecretARN", index % secrets),
  }));
}

function officeHours(hour: number): number {
  const isWorkday = Math.floor(hour / DAY) % 7 < 5;
  return isWorkday && hour % DAY >= 8 && hour % DAY < 18 ? 80 : 0;
}

function at(hour: number): number {
  return event({ hour }).timeMs;
}

function byPerson(one: KmsEvent): KmsEvent {
  return { ...one, principal: { ...one.principal, human: true } };
}

function fromStore(one: KmsEvent): KmsEvent {
  const via = "secretsmanager.amazonaws.com";
  return { ...one, principal: { ...one.principal, human: true, via } };
}

function query(one: KmsEvent): KmsEvent {
  return { ...one, principal: { ...one.principal, human: true, via: "s3.amazonaws.com" } };
}
