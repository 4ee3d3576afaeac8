import type { KmsEvent } from "../src/cloudtrail/event.ts";
import { ACCOUNT, context, hours, inHour, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { readShare } from "./read-share.ts";

const DAY = 24;
const NOW = 20 * DAY + 10;

/** Twenty days of six decrypts to four data keys, thirty calls an hour by day. */
const habit = byHour(0, 20 * DAY, (hour) => mix(hour, 18 + (hour % 5), 12));

/** An account that is not ours, where ours are listed. */
const foreign: Partial<KmsEvent> = {
  principal: { ...principal("vendor"), type: "AWSAccount", accountId: "999988887777" },
};

testDetector(readShare, {
  fires: {
    "decrypts that rise while the data keys do not, within what the hour may hold": {
      events: [...habit, ...mix(NOW, 130, 12)],
      expect: {
        atLeast: "high",
        title: "Decrypts rise alone",
        reasons: ["share"],
        observed: { decrypts: 130, otherCalls: 12, percentDecrypts: 92 },
        expected: { decrypts: 89, percentDecrypts: 62 },
        maturity: "mature",
        told: ["high", "high"],
        alerts: 1,
      },
    },
    "decrypts of a person, for whose query a service decrypts, low": {
      events: [...habit, ...mix(NOW, 130, 12)].map((one) => ({
        ...one,
        principal: { ...one.principal, human: true, via: "s3.amazonaws.com" },
      })),
      expect: { atLeast: "low", atMost: "low", reasons: ["share", "person"] },
    },
    "a smaller rise, less gravely": {
      events: [...habit, ...mix(NOW, 78, 12)],
      expect: { atLeast: "medium", atMost: "medium", alerts: 1 },
    },
    "a rise all day long that no hour shows": {
      events: [...habit, ...byHour(20 * DAY, 21 * DAY, (hour) => mix(hour, 38, 12))],
      expect: { atLeast: "medium", reasons: ["share"], alerts: 1 },
    },
    "once a day, however long it lasts": {
      events: [...habit, ...hours(NOW, NOW + 12).flatMap((hour) => mix(hour, 90, 12))],
      expect: { atLeast: "high" },
    },
    "different secrets that are read beside the usual": {
      events: [
        ...habit,
        ...mix(NOW, 20, 12),
        ...hours(0, 110).flatMap((at) => inHour(NOW, 1, { context: secret(at) })),
      ],
      expect: { atLeast: "high", observed: { decrypts: 130 } },
    },
  },
  staysSilent: {
    "a share that comes by chance in one hour of some thousands": [...habit, ...mix(NOW, 56, 12)],
    "one that comes by chance on one day of some ten thousand": [
      ...habit,
      ...byHour(20 * DAY, 21 * DAY, (hour) => mix(hour, 33, 12)),
    ],
    "a busy hour in which all calls rise alike": [...habit, ...mix(NOW, 180, 120)],
    "fewer of the other calls": [...habit, ...mix(NOW, 20, 6)],
    "a foreign account, whose volume follows its own business": {
      events: [...habit, ...mix(NOW, 130, 12)].map((one) => ({ ...one, ...foreign })),
      organization: { accounts: [ACCOUNT] },
    },
    "a handful more than its share": [...habit, ...mix(NOW, 20, 9)],
    "decrypts that fall while the others rise": [...habit, ...mix(NOW, 20, 60)],
    "data keys that come later in the hour": [
      ...habit,
      ...inHour(NOW, 60),
      ...inHour(NOW, 40, dataKey()).map((late) => ({ ...late, timeMs: late.timeMs + 59_000 })),
    ],
    "one who hardly does anything but decrypt": [
      ...byHour(0, 20 * DAY, (hour) => mix(hour, 40, 1)),
      ...mix(NOW, 130, 1),
    ],
    "one whose hours are now this, now that": [
      ...byHour(0, 20 * DAY, (hour) => mix(hour, hour % 2 === 0 ? 25 : 5, 12)),
      ...mix(NOW, 60, 12),
    ],
    "the first week": [...byHour(0, 6 * DAY, (hour) => mix(hour, 18, 12)), ...mix(6 * DAY, 90, 12)],
    "tasks that start at once and read the same secret each": [
      ...habit,
      ...mix(NOW, 18, 12),
      ...inHour(NOW, 90, { context: secret(1) }),
    ],
    "refused calls": [
      ...habit,
      ...mix(NOW, 18, 12),
      ...inHour(NOW, 90, { error: { code: "AccessDenied", class: "denied" } }),
    ],
    "an AWS service by itself": [
      ...byHour(0, 20 * DAY, (hour) => mix(hour, 18, 12).map(byService)),
      ...mix(NOW, 90, 12).map(byService),
    ],
    "a way of working that changed days ago": {
      events: [...habit, ...byHour(20 * DAY, 40 * DAY, (hour) => mix(hour, 40, 12))],
      learnUntilHour: 26 * DAY,
    },
  },
});

/** Calls of one hour: so many decrypts, and so many data keys. */
function mix(hour: number, decrypts: number, dataKeys: number): KmsEvent[] {
  return [...inHour(hour, decrypts), ...inHour(hour, dataKeys, dataKey())];
}

/** Working hours of every day. */
function byHour(from: number, to: number, of: (hour: number) => KmsEvent[]): KmsEvent[] {
  return hours(from, to)
    .filter((hour) => hour % DAY >= 8 && hour % DAY < 18)
    .flatMap(of);
}

function dataKey(): Partial<KmsEvent> {
  return { name: "GenerateDataKey", operation: "dataKey" };
}

function secret(at: number) {
  return context("SecretARN", at);
}

function byService(event: KmsEvent): KmsEvent {
  return { ...event, principal: principal("s3.amazonaws.com", { service: true }) };
}
