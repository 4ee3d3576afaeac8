import type { KmsEvent } from "../src/detection/detector.ts";
import { ACCOUNT, context, hours, inHour, person, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { sustainedRise } from "./sustained-rise.ts";

const DAY = 24;
const NOW = 30 * DAY + 10;
const dataKey: Partial<KmsEvent> = { name: "GenerateDataKey", operation: "dataKey" };
const ada = { principal: person("ada@example.com") };

/** A service of ten to thirteen decrypts in each hour. */
const service = hours(0, NOW).flatMap((hour) => inHour(hour, 10 + (hour % 4)));
/** A person who reads eight things on a working morning. */
const mornings = hours(0, 30).flatMap((day) =>
  day % 7 < 5 ? [...inHour(day * DAY + 9, 5, ada), ...inHour(day * DAY + 10, 3, ada)] : [],
);

testDetector(sustainedRise, {
  fires: {
    "a workload that decrypts twice as much for three hours": {
      events: [...service, ...run([24, 24, 24])],
      expect: {
        atLeast: "medium",
        atMost: "medium",
        alerts: 1,
        title: "Decrypts rise for hours",
        reasons: ["sustained"],
        withoutReasons: ["rises-often"],
        observed: { decryptsInHours: 72, hours: 3, hoursWithDecrypts: 3 },
        expected: { decryptsInHours: 36, decryptsInHoursLimit: 53 },
        eventTime: "2026-03-04T12:57:30Z",
      },
    },
    "twice as much, while what it writes does not rise: more gravely": {
      events: [
        ...service,
        ...hours(0, NOW + 3).flatMap((hour) => inHour(hour, 20, dataKey)),
        ...run([36, 36, 36]),
      ],
      expect: { atLeast: "medium", reasons: ["sustained", "rose-alone"] },
    },
    "three times as much of everything, for once": {
      events: [
        ...service,
        ...hours(0, NOW).flatMap((hour) => inHour(hour, 6, dataKey)),
        ...run([36, 36, 36]),
        ...run([18, 18, 18], dataKey),
      ],
      expect: { atLeast: "medium", reasons: ["sustained"], withoutReasons: ["rose-alike"] },
    },
    "twice as much by one that hardly does anything else, whose other calls tell nothing": {
      events: [
        ...service,
        ...hours(0, NOW).flatMap((hour) => inHour(hour, 1, dataKey)),
        ...run([24, 24, 24]),
        ...run([2, 2, 2], dataKey),
      ],
      expect: { atLeast: "medium", withoutReasons: ["rose-alike"] },
    },
    "a person who reads just more than three times what they ever did, low": {
      events: [...mornings, ...run([7, 7, 6, 6], ada)],
      expect: { atLeast: "low", atMost: "low", reasons: ["sustained"] },
    },
    "the more, the more gravely": {
      events: [...service, ...run([120, 120, 120])],
      expect: { atLeast: "medium", alerts: 1 },
    },
    "two hours of it, over the end of a day": {
      events: [
        ...hours(0, 31 * DAY - 1).flatMap((hour) => inHour(hour, 10)),
        ...inHour(31 * DAY - 1, 24),
        ...inHour(31 * DAY, 24),
      ],
      expect: { observed: { decryptsInHours: 58 }, alerts: 1 },
    },
    "a person who reads for hours several times what they ever did": {
      events: [...mornings, ...run([9, 12, 0, 11, 10], ada)],
      expect: {
        atLeast: "medium",
        atMost: "medium",
        alerts: 1,
        title: "A person reads for hours as never before",
        observed: { decryptsInHours: 32, hours: 6 },
        expected: { decryptsInHours: 8 },
      },
    },
    "a person who reads the same secrets again and again": {
      events: [...mornings, ...run([9, 12, 11, 10], { ...ada, context: context("SecretARN", 1) })],
      expect: { observed: { decryptsInHours: 32 } },
    },
    "again on another day, less gravely": {
      events: [
        ...service,
        ...run([30, 30, 30]),
        ...hours(NOW + 3, NOW + DAY).flatMap((hour) => inHour(hour, 11)),
        ...run([60, 60, 60], {}, NOW + DAY),
      ],
      learnUntilHour: NOW + 12,
      expect: { atMost: "low", reasons: ["sustained", "rises-often"] },
    },
  },
  staysSilent: {
    "a busy service as ever": service,
    "half as much again for three hours, whatever else it does": [...service, ...run([20, 18, 18])],
    "a third more for three hours": [...service, ...run([16, 16, 16])],
    "twice as much of everything": [
      ...service,
      ...hours(0, NOW).flatMap((hour) => inHour(hour, 6, dataKey)),
      ...run([24, 24, 24]),
      ...run([12, 12, 12], dataKey),
    ],
    "what came in one hour": [...service, ...run([60, 10, 10])],
    "twice as much of very little": [
      ...hours(0, NOW).flatMap((hour) => inHour(hour, 3)),
      ...run([7, 7, 7]),
    ],
    "as much as three weeks before": {
      events: [
        ...hours(0, NOW).flatMap((hour) =>
          inHour(hour, hour >= 9 * DAY && hour < 9 * DAY + 3 ? 20 : 10),
        ),
        ...run([24, 24, 24]),
      ],
    },
    "a job of two hours a night that has more to do": [
      ...hours(0, 30).flatMap((day) => [
        ...inHour(day * DAY + 2, 20),
        ...inHour(day * DAY + 3, 20),
      ]),
      ...inHour(30 * DAY + 2, 60),
      ...inHour(30 * DAY + 3, 60),
    ],
    "tasks that read the same secret": [
      ...service,
      ...run([60, 60, 60], { context: context("SecretARN", 1) }),
    ],
    "a service of two weeks": hours(0, 14 * DAY).flatMap((hour) =>
      inHour(hour, hour >= 14 * DAY - 4 ? 40 : 10),
    ),
    "a person's query, which comes at once": [...mornings, ...run([4, 60, 3], ada)],
    "hardly three times what six hours of the days of learning held": [
      ...mornings,
      ...run([3, 3, 3, 3, 3], ada, 15 * DAY + 9),
      ...run([14, 15, 0, 15, 14], ada),
    ],
    "two hours of a person": [...mornings, ...run([16, 16], ada)],
    "a person with few days": [...mornings.slice(0, 5 * 8), ...run([9, 12, 11, 10], ada)],
    "a person's busy day of twice the usual": [...mornings, ...run([6, 6, 5, 4], ada)],
    "an account that is not ours": {
      events: [...service, ...run([24, 24, 24])].map((one) => ({
        ...one,
        principal: { ...principal("vendor"), type: "AWSAccount", accountId: "999988887777" },
      })),
      organization: { accounts: [ACCOUNT] },
    },
    "calls that are refused": [
      ...service,
      ...run([60, 60, 60], { error: { code: "AccessDenied", class: "denied" } }),
    ],
  },
});

/** So many decrypts in each of the hours from now on. */
function run(counts: readonly number[], overrides: Partial<KmsEvent> = {}, from = NOW): KmsEvent[] {
  return counts.flatMap((count, nth) => inHour(from + nth, count, overrides));
}
