import type { KmsEvent } from "../src/detection/detector.ts";
import {
  ACCOUNT,
  event,
  hours,
  inHour,
  KEY,
  key,
  keyArn,
  principal,
  START_MS,
} from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { foreignAccount } from "./foreign-account.ts";

const DAY = 24;
const NOW = 10 * DAY;
const FOREIGN = "999988887777";
const foreignKey = keyArn(9, FOREIGN);
const declared = { accounts: [ACCOUNT] };
/** Approved until the sixth day. */
const approved = {
  ...declared,
  approvedForeignAccounts: [{ account: FOREIGN, expiresMs: START_MS + 5 * DAY * 3_600_000 }],
};

const habit = hours(0, 10).flatMap((day) => inHour(day * DAY, 2));
const outbound: Partial<KmsEvent> = { keys: [key(foreignKey)] };
const inbound: Partial<KmsEvent> = { principal: principal("visitor", { accountId: FOREIGN }) };
const look: Partial<KmsEvent> = { ...inbound, name: "DescribeKey", operation: "read" };
const encrypting: Partial<KmsEvent> = { name: "GenerateDataKey", operation: "dataKey" };
const refused: Partial<KmsEvent> = { error: { code: "AccessDenied", class: "denied" } };
/** The other account's own trail arrives as well. */
const otherTrail = inHour(NOW - 5, 1, {
  principal: principal("local", { accountId: FOREIGN }),
  keys: [key(foreignKey)],
  recipientAccountId: FOREIGN,
});

testDetector(foreignAccount, {
  fires: {
    "a foreign key that was used once, then for thousands of objects": {
      events: [
        ...habit,
        ...inHour(NOW, 1, { ...outbound, ...encrypting }),
        ...inHour(NOW + DAY, 2000, { ...outbound, ...encrypting }),
      ],
      organization: declared,
      expect: {
        atLeast: "critical",
        alerts: 2,
        title: "Foreign key used in bulk",
        reasons: ["bulk", "encrypts-under-foreign-key"],
        observed: { callsPerHour: 2000 },
      },
    },
    "an account that is not listed uses our key": {
      events: [...habit, ...inHour(NOW, 2, inbound)],
      organization: declared,
      expect: {
        atLeast: "high",
        atMost: "high",
        title: "Key used by a foreign account",
        reasons: ["foreign-caller"],
        withoutReasons: ["learning", "denied-only"],
        observed: { foreignAccount: FOREIGN, direction: "inbound", decrypts: 2 },
        kmsKey: KEY,
        eventTime: "2026-02-12T00:00:00Z",
        alerts: 1,
      },
    },
    "our principal uses the key of an account that is not listed": {
      events: [...habit, ...inHour(NOW, 2, outbound)],
      organization: declared,
      expect: {
        atLeast: "high",
        title: "Foreign key used",
        observed: { foreignAccount: FOREIGN, direction: "outbound" },
        kmsKey: foreignKey,
      },
    },
    "twenty encrypting calls under a foreign key, critically": {
      events: [...habit, ...inHour(NOW, 20, { ...outbound, ...encrypting })],
      organization: declared,
      expect: {
        atLeast: "critical",
        reasons: ["encrypts-under-foreign-key"],
        observed: { encrypts: 20, decrypts: 0 },
      },
    },
    "twenty decrypts by a foreign account, more gravely": {
      events: [...habit, ...inHour(NOW, 20, inbound)],
      organization: declared,
      expect: { atLeast: "high", reasons: ["many-decrypts"] },
    },
    "ReEncrypt to a foreign key": {
      events: [
        ...habit,
        ...inHour(NOW, 20, {
          name: "ReEncrypt",
          operation: "reEncrypt",
          keys: [key(KEY), key(foreignKey)],
        }),
      ],
      organization: declared,
      expect: { atLeast: "critical", kmsKey: foreignKey },
    },
    "a grant on a foreign key": {
      events: inHour(NOW, 1, { ...outbound, name: "CreateGrant", operation: "admin" }),
      organization: declared,
      expect: { atLeast: "high" },
    },
    "refused calls alone, at medium": {
      events: [...habit, ...inHour(NOW, 5, { ...outbound, ...refused })],
      organization: declared,
      expect: { atLeast: "medium", atMost: "medium", reasons: ["denied-only"] },
    },
    "a call that succeeds the day after one that was refused": {
      events: [
        ...habit,
        ...inHour(NOW, 1, { ...outbound, ...refused }),
        ...inHour(NOW + DAY, 20, { ...outbound, ...encrypting }),
      ],
      organization: declared,
      expect: { atLeast: "critical", alerts: 2 },
    },
    "an account whose approval has run out": {
      events: [...habit, ...inHour(NOW, 2, inbound)],
      organization: approved,
      expect: { atLeast: "high" },
    },
    "an unknown account while nothing is listed and all is learned, low": {
      events: inHour(5, 2, inbound),
      expect: {
        atLeast: "low",
        atMost: "low",
        reasons: ["learning"],
        expected: { accountsListed: false },
      },
    },
    "an unknown account while nothing is listed, after a week": {
      events: [...habit, ...inHour(NOW, 2, inbound)],
      expect: { atLeast: "high", withoutReasons: ["learning"] },
    },
    "an account whose own trail came in the same hour only": {
      events: [
        ...habit,
        ...inHour(NOW, 1, { ...inbound, recipientAccountId: FOREIGN }),
        ...inHour(NOW, 2, inbound),
      ],
    },
    "once for two hours": {
      events: [...habit, ...inHour(NOW, 2, inbound), ...inHour(NOW + 1, 2, inbound)],
      organization: declared,
      expect: { alerts: 1 },
    },
    "an outsider's look at a key, at medium": {
      events: [...habit, ...inHour(NOW, 2, look)],
      organization: declared,
      expect: {
        atLeast: "medium",
        atMost: "medium",
        title: "Key looked at by a foreign account",
        reasons: ["foreign-look"],
        withoutReasons: ["denied-only"],
        alerts: 1,
      },
    },
    "use of a key by an outsider who looked at it before": {
      events: [...habit, ...inHour(NOW, 2, look), ...inHour(NOW + 5, 2, inbound)],
      organization: declared,
      expect: { atLeast: "high", reasons: ["foreign-caller"], alerts: 2 },
    },
    "a record that comes a day late": {
      events: [...habit, ...inHour(NOW - 2 * DAY, 1, outbound)],
      organization: declared,
      inOrderGiven: true,
      expect: { atLeast: "high", title: "Foreign key used (arrived late)" },
    },
  },
  staysSilent: {
    "a known vendor that is as busy as ever": {
      events: hours(0, 30).flatMap((day) => inHour(day * DAY, 200, inbound)),
      organization: declared,
      learnUntilHour: 3 * DAY,
    },
    "our accounts among themselves": {
      events: [...habit, ...inHour(NOW, 30, outbound), ...inHour(NOW, 30, inbound)],
      organization: { accounts: [ACCOUNT, FOREIGN] },
    },
    "an approved account": {
      events: [...inHour(4 * DAY, 30, inbound), ...inHour(4 * DAY, 30, outbound)],
      organization: approved,
    },
    "an account whose own trail arrives too": [
      ...habit,
      ...otherTrail,
      ...inHour(NOW, 30, inbound),
      ...inHour(NOW, 30, outbound),
    ],
    "an AWS service": {
      events: inHour(NOW, 30, {
        ...outbound,
        principal: principal("s3.amazonaws.com", { service: true }),
      }),
      organization: declared,
    },
    "an outsider's second look": {
      events: hours(0, 3).flatMap((day) => inHour(day * DAY, 2, look)),
      organization: declared,
      learnUntilHour: DAY,
    },
    "a look that was refused": {
      events: inHour(NOW, 2, { ...look, error: { code: "AccessDenied", class: "denied" } }),
      organization: declared,
    },
    "the look at a foreign key": {
      events: inHour(NOW, 30, { ...outbound, name: "DescribeKey", operation: "read" }),
      organization: declared,
    },
    "calls that name no key": {
      events: inHour(NOW, 3, { keys: [], name: "GenerateRandom", operation: "other" }),
      organization: declared,
    },
    "a VPC endpoint's view of a call": {
      events: inHour(NOW, 3, { ...outbound, networkActivity: true }),
      organization: declared,
    },
    "a foreign account from the second day of its use on": {
      events: hours(0, 10).flatMap((day) => [
        event({ hour: day * DAY }),
        ...inHour(day * DAY, 3, inbound),
      ]),
      organization: declared,
      learnUntilHour: DAY,
    },
  },
});
