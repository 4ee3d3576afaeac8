import type { KmsEvent } from "../src/detection/detector.ts";
import { hours, inHour, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { sessionShare } from "./session-share.ts";

const DAY = 24;
const NOW = 20 * DAY + 3;

/** Twenty days of five instances, each with two to five decrypts an hour. */
const habit = hours(0, 20 * DAY).flatMap((hour) => fleet(hour, 5, (nth) => 2 + ((hour + nth) % 4)));

testDetector(sessionShare, {
  fires: {
    "one instance that reads what the others do not, at a volume that passes for a busy hour": {
      events: [...habit, ...fleet(NOW, 5, (nth) => (nth === 3 ? 30 : 3))],
      expect: {
        atLeast: "high",
        reasons: ["one-session", "steep"],
        observed: {
          decryptsOfSession: 30,
          decryptsPerHour: 42,
          sessions: 5,
          session: "instance-3",
        },
        expected: { decryptsOfSession: 12, decryptsOfSessionLimit: 7, percentOfBusiestSession: 29 },
        // The last of thirty that are spread over the hour.
        eventTime: "2026-02-22T03:58:00Z",
        maturity: "mature",
        told: ["high", "high"],
        alerts: 1,
      },
    },
    "less of it, less gravely": {
      events: [...habit, ...fleet(NOW, 5, (nth) => (nth === 3 ? 20 : 3))],
      expect: {
        atLeast: "medium",
        atMost: "medium",
        reasons: ["one-session"],
      },
    },
    "once a day, however long it lasts": {
      events: [
        ...habit,
        ...hours(NOW, NOW + 8).flatMap((hour) => fleet(hour, 5, (nth) => (nth === 3 ? 30 : 3))),
      ],
      expect: { alerts: 1 },
    },
    "again on the next day, less gravely": {
      events: [
        ...habit,
        ...fleet(NOW, 5, (nth) => (nth === 3 ? 30 : 3)),
        ...fleet(NOW + DAY, 5, (nth) => (nth === 3 ? 60 : 3)),
      ],
      learnUntilHour: NOW + 12,
      expect: { reasons: ["one-session", "rises-often"], alerts: 1 },
    },
    "a theft after a day-long one of the week before, which taught next to nothing": {
      events: [
        ...habit,
        ...hours(NOW, NOW + DAY).flatMap((hour) => fleet(hour, 5, (nth) => (nth === 3 ? 30 : 3))),
        ...hours(NOW + DAY, NOW + 7 * DAY).flatMap((hour) => fleet(hour, 5, () => 3)),
        ...fleet(NOW + 7 * DAY, 5, (nth) => (nth === 3 ? 20 : 3)),
      ],
      learnUntilHour: NOW + 6 * DAY,
      expect: { reasons: ["one-session"], alerts: 1 },
    },
    "one instance, where an hour of countless sessions came before": {
      events: [
        ...habit,
        ...hours(18 * DAY, 19 * DAY).flatMap((hour) => [
          ...fleet(hour, 201, () => 1),
          ...fleet(hour, 1, () => 300),
        ]),
        ...fleet(NOW, 5, (nth) => (nth === 3 ? 30 : 3)),
      ],
      expect: { reasons: ["one-session"], alerts: 1 },
    },
    "one instance that reads somewhat more for hours, too little in each": {
      events: [
        ...habit,
        ...hours(NOW, NOW + 4).flatMap((hour) => fleet(hour, 5, (nth) => (nth === 3 ? 7 : 1))),
      ],
      expect: {
        atLeast: "medium",
        atMost: "medium",
        reasons: ["one-session-for-hours"],
        observed: {
          decryptsOfSession: 21,
          decryptsPerFourHours: 33,
          sessions: 5,
          session: "instance-3",
        },
        told: ["medium", "medium"],
        alerts: 1,
      },
    },
    "hours of it, then an hour of more on the same day, more gravely": {
      events: [
        ...habit,
        ...hours(NOW, NOW + 4).flatMap((hour) => fleet(hour, 5, (nth) => (nth === 3 ? 7 : 1))),
        ...fleet(NOW + 8, 5, (nth) => (nth === 3 ? 30 : 3)),
      ],
      expect: { atLeast: "high", reasons: ["one-session", "steep"], alerts: 2 },
    },
    "hours of it, one of them without any other call": {
      events: [
        ...habit,
        ...hours(NOW, NOW + 4).flatMap((hour) =>
          hour === NOW + 1 ? [] : fleet(hour, 5, (nth) => (nth === 3 ? 7 : 0)),
        ),
      ],
      expect: { reasons: ["one-session-for-hours"], alerts: 1 },
    },
    "a leader that works for all from now on, on three days, until it is a habit": {
      events: [
        ...habit,
        ...hours(NOW, NOW + 5 * DAY).flatMap((hour) =>
          fleet(hour, 5, (nth) => (nth === 0 ? 30 : 3)),
        ),
      ],
      expect: { alerts: 3 },
    },
  },
  staysSilent: {
    "the usual hours": habit,
    "one that takes a little": [
      ...habit,
      ...hours(NOW, NOW + 12).flatMap((hour) => fleet(hour, 5, (nth) => (nth === 3 ? 4 : 1))),
    ],
    "each in its turn for hours": [
      ...habit,
      ...hours(NOW, NOW + 12).flatMap((hour) =>
        fleet(hour, 5, (nth) => (nth === hour % 5 ? 7 : 1)),
      ),
    ],
    "two hours of somewhat more": [
      ...habit,
      ...hours(NOW, NOW + 2).flatMap((hour) => fleet(hour, 5, (nth) => (nth === 3 ? 7 : 0))),
    ],
    "two hours of much more, where an hour is no alarm": {
      events: [
        ...habit,
        ...hours(NOW, NOW + 2).flatMap((hour) => fleet(hour, 5, (nth) => (nth === 3 ? 20 : 0))),
      ],
      options: { floorPerHour: 50 },
    },
    "one hour in four of somewhat more": [
      ...habit,
      ...hours(NOW, NOW + 16).flatMap((hour) =>
        fleet(hour, 5, (nth) => (nth === 3 && hour % 4 === 0 ? 7 : 1)),
      ),
    ],
    "hours of which one makes nearly all, where that is no alarm": {
      events: [
        ...habit,
        ...hours(NOW, NOW + 4).flatMap((hour) =>
          fleet(hour, 5, (nth) => (nth === 3 ? 2 : 0) + (nth === 3 && hour === NOW ? 18 : 0)),
        ),
      ],
      options: { floorPerHour: 50 },
    },
    "hours of which one has more sessions than can be told apart": [
      ...habit,
      ...hours(NOW, NOW + 3).flatMap((hour) => [
        ...fleet(hour, 5, (nth) => (nth === 3 ? 6 : 1)),
        ...(hour === NOW + 1 ? fleet(hour, 201, () => 1) : []),
      ]),
    ],
    "no more than a leader did for hours of the week before": [
      ...habit,
      ...hours(10 * DAY, 10 * DAY + 4).flatMap((hour) =>
        fleet(hour, 5, (nth) => (nth === 3 ? 7 : 1)),
      ),
      ...hours(NOW, NOW + 4).flatMap((hour) => fleet(hour, 5, (nth) => (nth === 3 ? 7 : 1))),
    ],
    "instances that all do more": [...habit, ...fleet(NOW, 5, () => 30)],
    "one session that does all, always": [
      ...hours(0, 20 * DAY).flatMap((hour) => fleet(hour, 1, () => 10)),
      ...fleet(NOW, 1, () => 200),
    ],
    "seven decrypts of one session": [...habit, ...fleet(NOW, 5, (nth) => (nth === 3 ? 7 : 0))],
    "no more than each session had in a busy hour before": [
      ...habit,
      ...fleet(10 * DAY, 5, () => 40),
      ...fleet(NOW, 5, (nth) => (nth === 3 ? 30 : 3)),
    ],
    "the first two weeks": [
      ...habit.filter(({ timeMs }) => timeMs < (habit[0]?.timeMs ?? 0) + 10 * DAY * 3_600_000),
      ...fleet(10 * DAY + 3, 5, (nth) => (nth === 3 ? 30 : 3)),
    ],
    "more sessions than can be told apart": [
      ...habit,
      ...fleet(NOW, 201, () => 1),
      ...fleet(NOW, 1, () => 300),
    ],
    "refused calls": [
      ...habit,
      ...fleet(NOW, 1, () => 100).map((one): KmsEvent => ({
        ...one,
        error: { code: "AccessDenied", class: "denied" },
      })),
    ],
    "people, whose sessions are their names": [
      ...habit,
      ...fleet(NOW, 5, (nth) => (nth === 3 ? 30 : 3)),
    ].map((one) => ({ ...one, principal: { ...one.principal, human: true } })),
    "one session that makes nearly all, always": [
      ...hours(0, 20 * DAY).flatMap((hour) => fleet(hour, 2, (nth) => (nth === 0 ? 20 : 1))),
      ...fleet(NOW, 2, (nth) => (nth === 0 ? 200 : 0)),
    ],
  },
});

/** Decrypts of so many instances of a service within an hour. */
function fleet(hour: number, instances: number, count: (nth: number) => number): KmsEvent[] {
  return hours(0, instances).flatMap((nth) =>
    inHour(hour, count(nth), { principal: principal("app", { session: `instance-${nth}` }) }),
  );
}
