import type { KmsEvent } from "../src/detection/detector.ts";
import { hours, inHour, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { keyWideRise } from "./key-wide-rise.ts";

const DAY = 24;
const NOON = 21 * DAY + 12;

/** Three weeks in which six roles use the key, one each hour. */
const habit = hours(0, 21 * DAY).flatMap((hour) => crowd(hour, 1, 2, hour % 6));
/** Three weeks in which twelve services use the key all the time. */
const busy = hours(0, 21 * DAY).flatMap((hour) => crowd(hour, 12, 20));

/** Three weeks in which twelve services use the key a little, and one much. */
const uneven = hours(0, 21 * DAY).flatMap((hour) => [...crowd(hour, 12, 4), ...busiest(hour, 30)]);

testDetector(keyWideRise, {
  fires: {
    "ten principals, six decrypts each": {
      events: [...habit, ...crowd(NOON, 10, 6)],
      expect: {
        atLeast: "medium",
        reasons: ["key-users"],
        observed: { principals: 10, largestOfOne: 6, decryptsPerHour: 60 },
        alerts: 1,
      },
    },
    "thirty principals, more gravely": {
      events: [...habit, ...crowd(NOON, 30, 6)],
      expect: { atLeast: "high", atMost: "high", reasons: ["key-users", "hardly-ever"] },
    },
    "many principals, one of which has most, low": {
      events: [...habit, ...crowd(NOON, 30, 1), ...crowd(NOON, 1, 60, 40)],
      expect: { atMost: "low", reasons: ["key-users", "one-has-most"] },
    },
    "three times as many principals as ever, one decrypt each": {
      events: [...busy, ...crowd(NOON, 40, 1)],
      expect: {
        atLeast: "medium",
        reasons: ["key-users"],
        observed: { principals: 40 },
        expected: { principals: 11.8, principalsLimit: 25 },
        alerts: 1,
      },
    },
    "from when there were too many, not before": {
      events: [
        ...habit,
        ...crowd(NOON, 4, 1),
        ...crowd(NOON, 12, 1, 10).map((one) => ({ ...one, timeMs: one.timeMs + 1_800_000 })),
      ],
      expect: { reasons: ["key-users"], eventTime: "2026-02-23T12:30:00Z" },
    },
    "four hours in which all but the busiest do somewhat more": {
      events: [
        ...uneven,
        ...hours(NOON, NOON + 4).flatMap((hour) => [...crowd(hour, 12, 9), ...busiest(hour, 30)]),
      ],
      expect: {
        atLeast: "medium",
        title: "Many principals use a key more, hour after hour",
        reasons: ["key-run"],
        observed: { decrypts: 552, hours: 4, principals: 13 },
        alerts: 1,
      },
    },
    "two such hours, as one alert": {
      events: [...habit, ...crowd(NOON, 10, 6), ...crowd(NOON + 1, 10, 6)],
      expect: { alerts: 1 },
    },
  },
  staysSilent: {
    "the usual hours": habit,
    "two hours in which all but the busiest do somewhat more": [
      ...uneven,
      ...hours(NOON, NOON + 2).flatMap((hour) => [...crowd(hour, 12, 9), ...busiest(hour, 30)]),
    ],
    "such hours of customers, who are written for as well": [
      ...uneven,
      ...hours(0, 21 * DAY).flatMap((hour) => written(hour, 78)),
      ...hours(NOON, NOON + 4).flatMap((hour) => [
        ...crowd(hour, 12, 9),
        ...busiest(hour, 30),
        ...written(hour, 138),
      ]),
    ],
    "such hours of few principals": hours(0, 21 * DAY + 16).flatMap((hour) => [
      ...crowd(hour, 6, hour < NOON ? 8 : 18),
      ...busiest(hour, 30),
    ]),
    "twice as many principals as expected, once": [...busy, ...crowd(NOON, 20, 1)],
    "an hour in which each is three times as busy, as of a restart": [
      ...busy,
      ...crowd(NOON, 12, 60),
    ],
    "one culprit, which decrypt-spike tells": [...habit, ...crowd(NOON, 1, 500)],
    "one culprit among busy services": [
      ...busy,
      ...crowd(NOON, 11, 20),
      ...crowd(NOON, 1, 2000, 11),
    ],
    "two of them": [...habit, ...crowd(NOON, 2, 500)],
    "a key with a rush every noon": hours(0, 28 * DAY).flatMap((hour) =>
      crowd(hour, hour % DAY === 12 ? 12 : 1, 3),
    ),
    "a key in its learning days": [
      ...hours(0, 10 * DAY).flatMap((hour) => crowd(hour, 1, 2)),
      ...crowd(10 * DAY, 20, 6),
    ],
    "refused calls": [
      ...habit,
      ...crowd(NOON, 20, 6, 0, { error: { code: "AccessDenied", class: "denied" } }),
    ],
  },
});

function busiest(hour: number, count: number): KmsEvent[] {
  return inHour(hour, count, { principal: principal("busiest") });
}

function written(hour: number, count: number): KmsEvent[] {
  return inHour(hour, count, {
    name: "GenerateDataKey",
    operation: "dataKey",
    principal: principal("busiest"),
  });
}

/** Some principals, each decrypting so often in the hour. */
function crowd(
  hour: number,
  members: number,
  each: number,
  from = 0,
  overrides: Partial<KmsEvent> = {},
): KmsEvent[] {
  return hours(from, from + members).flatMap((nth) =>
    inHour(hour, each, { principal: principal(`service-${nth}`), ...overrides }),
  );
}
