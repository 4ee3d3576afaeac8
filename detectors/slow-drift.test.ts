import type { KmsEvent } from "../src/detection/detector.ts";
import { hours, inHour } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { slowDrift } from "./slow-drift.ts";

const DAY = 24;

testDetector(slowDrift, {
  fires: {
    "forty per cent more for two weeks": {
      events: daily(42, (day) => (day >= 28 ? 84 : 60)),
      expect: { atLeast: "low", atMost: "low", reasons: ["drift"], alerts: 1 },
    },
    "twice and a half as much for five days, more gravely": {
      events: daily(34, (day) => (day >= 28 ? 150 : 60)),
      expect: { atLeast: "medium", atMost: "medium", reasons: ["drift", "steep"], alerts: 1 },
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
    "the same every day": daily(42, () => 60),
    "the rhythm of the week": daily(49, (day) => (day % 7 >= 5 ? 12 : 96)),
    "growth of ten per cent a week": daily(49, (day) => 60 * 1.1 ** (day / 7)),
    "a single wild day, which decrypt-spike tells": daily(42, (day) => (day === 30 ? 1200 : 60)),
    "days that scatter by a quarter": daily(49, (day) => 60 + 15 * Math.sin(day * 2.4)),
    "fewer than a dozen a day": daily(42, (day) => (day >= 28 ? 11 : 6)),
    "a fall, as when bucket keys are switched on": daily(42, (day) => (day >= 28 ? 5 : 60)),
    "holidays, and the return from them": daily(49, (day) => (day >= 28 && day < 35 ? 10 : 60)),
    "the days of learning": daily(12, (day) => (day >= 7 ? 200 : 60)),
    "failed decrypts": daily(42, () => 60).concat(
      daily(42, (day) => (day >= 28 ? 90 : 0), {
        error: { code: "AccessDenied", class: "denied" },
      }),
    ),
  },
});

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
