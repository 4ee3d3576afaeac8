import type { KmsEvent } from "../src/detection/detector.ts";
import { context, event, hours, inHour, key, KEY, keyArn } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { reEncryptSweep } from "./re-encrypt-sweep.ts";

const DAY = 24;
const NIGHT = 20 * DAY + 3;
const FOREIGN = keyArn(9, "999988887777");
const ours = { accounts: ["111122223333", "444455556666"] };

/** Twenty days of a role that decrypts. */
const habit = hours(0, 20 * DAY).flatMap((hour) => inHour(hour, 1));

testDetector(reEncryptSweep, {
  fires: {
    "objects moved under a foreign key, critically": {
      events: [...habit, ...sweep(NIGHT, 30, FOREIGN)],
      organization: ours,
      expect: {
        atLeast: "critical",
        reasons: ["foreign-destination", "many-contexts"],
        kmsKey: FOREIGN,
        observed: { distinctContexts: 30, destinationAccount: "999988887777" },
        alerts: 1,
      },
    },
    "a single one under a foreign key": {
      events: [...habit, ...sweep(NIGHT, 1, FOREIGN)],
      organization: ours,
      expect: { atLeast: "high", atMost: "high" },
    },
    "a foreign key, by a principal without history": {
      events: sweep(0, 30, FOREIGN),
      organization: ours,
      expect: { atLeast: "critical", maturity: "none" },
    },
    "objects moved under another own key by a role that never did so": {
      events: [...habit, ...sweep(NIGHT, 25, keyArn(2))],
      expect: {
        atLeast: "medium",
        atMost: "medium",
        reasons: ["new-pair", "never-re-encrypted", "many-contexts"],
      },
    },
    "hundreds of objects, gravely": {
      events: [...habit, ...sweep(NIGHT, 150, keyArn(2))],
      expect: { atLeast: "high", observed: { distinctContexts: 150 } },
    },
    "the same few contexts again and again, by the number of calls": {
      events: [...habit, ...sweep(NIGHT, 25, keyArn(2), { context: context("tenant", 1) })],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["many-calls"] },
    },
    "re-encryption without a context, by the number of calls": {
      events: [...habit, ...sweep(NIGHT, 25, keyArn(2), { context: undefined })],
      expect: { atLeast: "medium" },
    },
  },
  staysSilent: {
    "a re-key job on its usual pair": {
      events: [...habit, ...nightly(10, keyArn(2)), ...sweep(NIGHT, 200, keyArn(2))],
      learnUntilHour: NIGHT,
    },
    "a re-key job of a role that changes keys now and then, under a key that it uses": {
      events: [
        ...habit,
        ...nightly(12, keyArn(2)),
        ...inHour(12 * DAY, 5, { keys: [key(keyArn(3))] }),
        ...sweep(NIGHT, 60, keyArn(3)),
      ],
      below: "medium",
    },
    "a handful moved under another own key": {
      events: [...habit, ...sweep(NIGHT, 5, keyArn(2))],
      below: "medium",
    },
    "re-encryption under the same key": [...habit, ...sweep(NIGHT, 100, KEY)],
    "an approved partner's key": {
      events: sweep(0, 30, FOREIGN),
      organization: {
        ...ours,
        approvedForeignAccounts: [{ account: "999988887777", expiresMs: undefined }],
      },
    },
    "refused re-encryptions": [
      ...habit,
      ...sweep(NIGHT, 30, FOREIGN, { error: { code: "AccessDenied", class: "denied" } }),
    ],
    "a new pair in the learning days": [
      ...hours(0, 5 * DAY).flatMap((hour) => inHour(hour, 1)),
      ...sweep(5 * DAY, 60, keyArn(2)),
    ],
  },
});

function sweep(
  hour: number,
  count: number,
  destination: string,
  overrides: Partial<KmsEvent> = {},
): KmsEvent[] {
  return Array.from({ length: count }, (_, index) =>
    event({
      hour,
      second: Math.floor((index * 1800) / count),
      name: "ReEncrypt",
      operation: "reEncrypt",
      keys: [key(KEY), key(destination)],
      context: context("aws:s3:arn", index),
      ...overrides,
    }),
  );
}

function nightly(days: number, destination: string): KmsEvent[] {
  return hours(0, days).flatMap((day) => sweep(day * DAY + 3, 10, destination));
}
