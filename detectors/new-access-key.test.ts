import type { KmsEvent } from "../src/detection/detector.ts";
import { hours, inHour, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { newAccessKey } from "./new-access-key.ts";

const DAY = 24;
const NOW = 30 * DAY + 9;
const FIRST = "AKIA************ONE1";
const SECOND = "AKIA************TWO2";
const THIRD = "AKIA************TRI3";

const habit = hours(0, NOW).flatMap((hour) => inHour(hour, 2, uploader(FIRST)));
const theft = inHour(NOW, 5, uploader(SECOND));

testDetector(newAccessKey, {
  fires: {
    "a second key at work beside the first": {
      events: [
        ...habit,
        ...theft,
        ...hours(NOW, NOW + 12).flatMap((hour) => inHour(hour, 2, uploader(FIRST))),
      ],
      expect: {
        atLeast: "medium",
        atMost: "medium",
        reasons: ["new-access-key", "beside-the-other"],
        title: "Second access key of an IAM user beside the first",
        observed: { callsWithNewKey: 5, callsWithOtherKeys: 12, hours: 6, accessKey: SECOND },
        expected: { callsWithNewKey: 0, overlapHours: 6 },
        alerts: 2,
      },
    },
    "a second key of a user that pauses at night": {
      events: [
        ...hours(0, 30).flatMap((day) => inHour(day * DAY + 9, 20, uploader(FIRST))),
        ...inHour(29 * DAY + 15, 5, uploader(SECOND)),
        ...hours(30, 36).flatMap((day) => inHour(day * DAY + 9, 20, uploader(FIRST))),
      ],
      expect: { atLeast: "medium", observed: { hours: 18 }, alerts: 2 },
    },
    "a key that is rotated, low": {
      events: [
        ...habit,
        ...hours(NOW, NOW + 40).flatMap((hour) => inHour(hour, 2, uploader(SECOND))),
      ],
      expect: {
        atLeast: "low",
        atMost: "low",
        reasons: ["new-access-key"],
        withoutReasons: ["beside-the-other"],
        title: "New access key of an IAM user",
        observed: { callsWithNewKey: 2, accessKey: SECOND },
        expected: { callsWithNewKey: 0, knownAccessKeys: 1 },
        eventTime: "2026-03-04T09:00:00Z",
        alerts: 1,
      },
    },
    "a key that is rotated machine by machine, low": {
      events: [
        ...habit,
        ...hours(NOW, NOW + 40).flatMap((hour) => [
          ...inHour(hour, 8, uploader(SECOND)),
          ...(hour < NOW + 12 ? inHour(hour, 4, uploader(FIRST)) : []),
        ]),
      ],
      expect: { atMost: "low", alerts: 1 },
    },
    "a rotation of some hours, after which the new key is not used as much for long, low": {
      events: [
        ...habit,
        ...hours(NOW, NOW + 40).flatMap((hour) => [
          ...inHour(hour, 1, uploader(SECOND)),
          ...(hour < NOW + 5 ? inHour(hour, 20, uploader(FIRST)) : []),
        ]),
      ],
      expect: { atMost: "low", alerts: 1 },
    },
    "an overlap that is allowed for, low": {
      events: [
        ...habit,
        ...theft,
        ...hours(NOW, NOW + 12).flatMap((hour) => inHour(hour, 2, uploader(FIRST))),
      ],
      options: { overlapHours: 24 },
      expect: { atMost: "low", alerts: 1 },
    },
    "the next key after one that stayed, too": {
      events: [
        ...habit,
        ...theft,
        ...hours(NOW, NOW + 20 * DAY).flatMap((hour) => inHour(hour, 2, uploader(FIRST))),
        ...inHour(NOW + 10 * DAY, 5, uploader(THIRD)),
      ],
      learnUntilHour: NOW + 5 * DAY,
      expect: { atLeast: "medium", observed: { accessKey: THIRD }, alerts: 2 },
    },
  },
  staysSilent: {
    "the key that it always used": [
      ...habit,
      ...hours(NOW, NOW + 40).flatMap((hour) => inHour(hour, 9, uploader(FIRST))),
    ],
    "a user of whom less than two weeks are known": [
      ...hours(0, 12 * DAY).flatMap((hour) => inHour(hour, 2, uploader(FIRST))),
      ...inHour(12 * DAY, 5, uploader(SECOND)),
      ...hours(12 * DAY, 13 * DAY).flatMap((hour) => inHour(hour, 2, uploader(FIRST))),
    ],
    "a user who was seen on four days": [
      ...hours(0, 4).flatMap((week) => inHour(week * 7 * DAY + 9, 20, uploader(FIRST))),
      ...theft,
      ...inHour(NOW + 10, 20, uploader(FIRST)),
    ],
    "short-lived credentials of the same user": [
      ...habit,
      ...inHour(NOW, 5, uploader("ASIA************TWO2")),
      ...hours(NOW, NOW + 12).flatMap((hour) => inHour(hour, 2, uploader(FIRST))),
    ],
    "a key that a service passes on": [
      ...habit,
      ...inHour(NOW, 5, uploader(SECOND, { via: "secretsmanager.amazonaws.com" })),
      ...hours(NOW, NOW + 12).flatMap((hour) => inHour(hour, 2, uploader(FIRST))),
    ],
    "a new key that is refused": [
      ...habit,
      ...inHour(NOW, 5, {
        ...uploader(SECOND),
        error: { code: "AccessDenied", class: "denied" },
      }),
      ...hours(NOW, NOW + 12).flatMap((hour) => inHour(hour, 2, uploader(FIRST))),
    ],
  },
});

function uploader(
  accessKeyId: string,
  overrides: Parameters<typeof principal>[1] = {},
): { principal: KmsEvent["principal"] } {
  const own = { type: "IAMUser", session: undefined, accessKeyId };
  return { principal: principal("uploader", { ...own, ...overrides }) };
}
