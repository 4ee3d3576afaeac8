import type { KmsEvent } from "../src/detection/detector.ts";
import { ACCOUNT, context, hours, inHour, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { slowDrift } from "./slow-drift.ts";

const DAY = 24;

const dataKey: Partial<KmsEvent> = { name: "GenerateDataKey", operation: "dataKey" };

/** An account that is not ours, where ours are listed. */
const foreign: Partial<KmsEvent> = {
  principal: { ...principal("vendor"), type: "AWSAccount", accountId: "999988887777" },
};

testDetector(slowDrift, {
  fires: {
    "forty per cent more for two weeks": {
      events: daily(42, (day) => (day >= 28 ? 168 : 120)),
      expect: {
        atLeast: "medium",
        atMost: "medium",
        reasons: ["drift"],
        withoutReasons: ["few", "steep"],
        alerts: 1,
      },
    },
    "forty per cent more, while what it writes does not rise: more gravely": {
      events: [...daily(42, (day) => (day >= 28 ? 168 : 120)), ...daily(42, () => 80, dataKey)],
      expect: { atLeast: "high", reasons: ["drift", "rose-alone"] },
    },
    "forty per cent more of everything, as gravely as of decrypts": {
      events: [
        ...daily(42, (day) => (day >= 28 ? 168 : 120)),
        ...daily(42, (day) => (day >= 28 ? 112 : 80), dataKey),
      ],
      expect: {
        atLeast: "medium",
        atMost: "medium",
        reasons: ["drift"],
        withoutReasons: ["rose-alike", "rose-alone"],
      },
    },
    "two thirds more of everything for a week and a half, less gravely": {
      events: [
        ...daily(38, (day) => (day >= 28 ? 220 : 120) + 60 * (day % 2)),
        ...daily(38, (day) => (day >= 28 ? 147 : 80) + 40 * (day % 2), dataKey),
      ],
      expect: { atMost: "low", reasons: ["drift", "rose-alike"] },
    },
    "a rise of everything that fills the quiet hours, less gravely": {
      events: [
        ...byDay(32, (day, hour) => daytime(hour) + (day >= 28 ? 4 : 0)),
        ...byDay(32, (day, hour) => daytime(hour) + (day >= 28 ? 4 : 0)).map((one) => ({
          ...one,
          ...dataKey,
        })),
      ],
      expect: { atMost: "low", reasons: ["quiet-hours", "rose-alike"] },
    },
    "twice as much of everything, on each of four days: too steady for growth": {
      events: [
        ...daily(34, (day) => (day >= 28 ? 240 : 120)),
        ...daily(34, (day) => (day >= 28 ? 160 : 80), dataKey),
      ],
      expect: { atLeast: "medium", reasons: ["drift", "steep"], withoutReasons: ["rose-alike"] },
    },
    "a job's runs of an hour that grow with their data, low": {
      events: byDay(34, (day, hour) => (day >= 28 ? 300 : 120) * Number(hour === 2)),
      expect: { atMost: "low", reasons: ["drift", "steep", "job"], alerts: 1 },
    },
    "as much more in six hours of the day": {
      events: byDay(34, (day, hour) => (day >= 28 ? 50 : 20) * Number(hour < 6)),
      expect: { atLeast: "medium", reasons: ["drift", "steep"], withoutReasons: ["job"] },
    },
    "a job from which somebody takes a little all around the clock": {
      events: byDay(34, (day, hour) => (hour === 2 ? 120 : 0) + (day >= 28 ? 4 : 0)),
      expect: { atLeast: "medium", reasons: ["drift"], withoutReasons: ["job"] },
    },
    "as much more of twenty a day, twice over and alone, low": {
      events: [...daily(34, (day) => (day >= 28 ? 48 : 20)), ...daily(34, () => 60, dataKey)],
      expect: { atMost: "low", reasons: ["rose-alone", "few"] },
    },
    "as much more of twenty a day, less gravely": {
      events: daily(42, (day) => (day >= 28 ? 32 : 20)),
      expect: { atMost: "low", reasons: ["drift", "few"], alerts: 1 },
    },
    "twice and a half as much for five days, more gravely": {
      events: daily(34, (day) => (day >= 28 ? 300 : 120)),
      expect: { atLeast: "medium", atMost: "medium", reasons: ["drift", "steep"], alerts: 1 },
    },
    "a little more all around the clock, where nights are quiet": {
      events: byDay(32, (day, hour) => daytime(hour) + (day >= 28 ? 4 : 0)),
      expect: {
        atLeast: "medium",
        atMost: "medium",
        reasons: ["drift", "quiet-hours"],
        observed: { percentInQuietHours: 30 },
        expected: { percentInQuietHours: 17 },
        alerts: 1,
      },
    },
    "twice and a half as much, all around the clock, gravely": {
      events: byDay(32, (day, hour) => daytime(hour) + (day >= 28 ? 10 : 0)),
      expect: { atLeast: "high", atMost: "high", reasons: ["drift", "steep", "quiet-hours"] },
    },
    "a rise that follows the usual hours": {
      events: byDay(40, (day, hour) => daytime(hour) * (day >= 28 ? 1.5 : 1)),
      expect: {
        atLeast: "medium",
        atMost: "medium",
        reasons: ["drift"],
        withoutReasons: ["quiet-hours"],
        alerts: 1,
      },
    },
    "a rise that leans to the quiet hours a little, by its volume alone": {
      events: byDay(40, (day, hour) => (day >= 28 ? 1.25 : 1) * daytime(hour) + leaning(day)),
      expect: { reasons: ["drift"], withoutReasons: ["quiet-hours"] },
    },
    "a rise on top of weekends that are quieter": {
      events: daily(42, (day) => (day % 7 >= 5 ? 24 : 72) * (day >= 28 ? 1.6 : 1)),
      expect: { atLeast: "low", alerts: 1 },
    },
    "a patient intruder's ramp": {
      events: daily(44, (day) => 60 + (day >= 28 ? 6 * (day - 27) : 0)),
      expect: { atLeast: "low" },
    },
  },
  staysSilent: {
    "a foreign account, whose volume follows its own business": {
      events: daily(42, (day) => (day >= 28 ? 84 : 60)).map((one) => ({ ...one, ...foreign })),
      organization: { accounts: [ACCOUNT] },
    },
    "the same every day": daily(42, () => 60),
    "the rhythm of the week": daily(49, (day) => (day % 7 >= 5 ? 12 : 96)),
    "growth of ten per cent a week": daily(49, (day) => 60 * 1.1 ** (day / 7)),
    "a single wild day, which decrypt-spike tells": daily(42, (day) => (day === 30 ? 1200 : 60)),
    "days that scatter by a quarter": daily(49, (day) => 60 + 15 * Math.sin(day * 2.4)),
    "fewer than a dozen a day": daily(42, (day) => (day >= 28 ? 11 : 6)),
    "a fall, as when bucket keys are switched on": daily(42, (day) => (day >= 28 ? 5 : 60)),
    "a campaign of three days, at the usual hours": byDay(
      42,
      (day, hour) => daytime(hour) * (day >= 28 && day < 31 ? 1.6 : 1),
    ),
    "as much as ever, around the clock instead of by day": byDay(42, (day, hour) =>
      day >= 28 ? 6 : daytime(hour),
    ),
    "one night of more": byDay(
      42,
      (day, hour) => daytime(hour) + (day === 30 && hour < 6 ? 20 : 0),
    ),
    "clocks that change by an hour": byDay(42, (day, hour) =>
      daytime((hour + (day >= 28 ? 1 : 0)) % DAY),
    ),
    "holidays, and the return from them": daily(49, (day) => (day >= 28 && day < 35 ? 10 : 60)),
    "the same secrets, read by more and more tasks": byDay(
      40,
      (day, hour) => daytime(hour) * (day >= 28 ? 2 : 1),
    ).map((one) => ({ ...one, context: context("SecretARN", 1) })),
    "the days of learning": daily(12, (day) => (day >= 7 ? 200 : 60)),
    "failed decrypts": daily(42, () => 60).concat(
      daily(42, (day) => (day >= 28 ? 90 : 0), {
        error: { code: "AccessDenied", class: "denied" },
      }),
    ),
  },
});

/** So many decrypts in each hour of each day. */
function byDay(days: number, count: (day: number, hour: number) => number): KmsEvent[] {
  return hours(0, days).flatMap((day) =>
    hours(0, DAY).flatMap((hour) => inHour(day * DAY + hour, Math.round(count(day, hour)))),
  );
}

/** A service of the office's hours that is not wholly quiet at night. */
function daytime(hour: number): number {
  return hour >= 8 && hour < 18 ? 12 : 2;
}

/** So that two calls of a night become three. */
function leaning(day: number): number {
  return day >= 28 ? 0.4 : 0;
}

/** So many decrypts a day, in twelve of its hours. */
function daily(
  days: number,
  count: (day: number) => number,
  overrides: Partial<KmsEvent> = {},
): KmsEvent[] {
  return hours(0, days).flatMap((day) =>
    hours(0, 12).flatMap((nth) => {
      const whole = Math.round(count(day));
      const share = Math.floor(whole / 12) + (nth < whole % 12 ? 1 : 0);
      return inHour(day * DAY + 2 * nth, share, overrides);
    }),
  );
}
