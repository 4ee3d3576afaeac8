import type { KmsEvent } from "../src/detection/detector.ts";
import { context, event, hours, inHour, key, keyArn } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { foreignEncryption } from "./foreign-encryption.ts";

const DAY = 24;
const NIGHT = 20 * DAY + 3;
const FOREIGN = keyArn(9, "999988887777");
const ours = { accounts: ["111122223333", "444455556666"] };
const habit = hours(0, 20 * DAY).flatMap((hour) =>
  inHour(hour, 1, {
    name: "GenerateDataKey",
    operation: "dataKey",
    context: context("aws:s3:arn", hour),
  }),
);

testDetector(foreignEncryption, {
  fires: {
    "objects written again under a foreign key": {
      events: [...habit, ...writing(NIGHT, 15, FOREIGN)],
      organization: ours,
      expect: {
        atLeast: "high",
        reasons: ["foreign-key", "stored-data"],
        kmsKey: FOREIGN,
        observed: { distinctContexts: 15, keyAccount: "999988887777" },
        alerts: 1,
      },
    },
    "a hundred of them, critically": {
      events: [...habit, ...writing(NIGHT, 100, FOREIGN)],
      organization: ours,
      expect: { atLeast: "critical", reasons: ["many-contexts"] },
    },
    "by a principal without history": {
      events: writing(0, 15, FOREIGN),
      organization: ours,
      expect: { atLeast: "high", maturity: "none" },
    },
    "direct encryption without a context": {
      events: writing(0, 12, FOREIGN, {
        name: "Encrypt",
        operation: "encrypt",
        context: undefined,
      }),
      organization: ours,
      expect: { atMost: "medium", withoutReasons: ["stored-data"] },
    },
    "many objects under an own key that is new to the role, weakly": {
      events: [...habit, ...writing(NIGHT, 60, keyArn(2))],
      expect: { atLeast: "low", atMost: "low", reasons: ["new-key"] },
    },
  },
  staysSilent: {
    "a few calls, which foreign-account tells": {
      events: [...habit, ...writing(NIGHT, 9, FOREIGN)],
      organization: ours,
    },
    "a central account's key": {
      events: [...habit, ...writing(NIGHT, 40, keyArn(4, "444455556666"))],
      organization: ours,
    },
    "an approved partner's key": {
      events: writing(0, 100, FOREIGN),
      organization: {
        ...ours,
        approvedForeignAccounts: [{ account: "999988887777", expiresMs: undefined }],
      },
    },
    "its own account's key, before any trail is known to be ours": writing(0, 40, keyArn(2)),
    "many records that are no stored objects, under an own new key": [
      ...habit,
      ...Array.from({ length: 80 }, (_, index) =>
        event({
          hour: NIGHT,
          second: index,
          operation: "dataKey",
          keys: [key(keyArn(2))],
          context: context("tenant", index),
        }),
      ),
    ],
    "one object again and again": {
      events: [...habit, ...writing(NIGHT, 80, FOREIGN, { context: context("aws:s3:arn", 1) })],
      organization: ours,
    },
    "refused calls": {
      events: writing(0, 40, FOREIGN, { error: { code: "AccessDenied", class: "denied" } }),
      organization: ours,
    },
    "decryption under a foreign key, which foreign-account tells": {
      events: writing(0, 40, FOREIGN, { name: "Decrypt", operation: "decrypt" }),
      organization: ours,
    },
  },
});

function writing(
  hour: number,
  count: number,
  arn: string,
  overrides: Partial<KmsEvent> = {},
): KmsEvent[] {
  return Array.from({ length: count }, (_, index) =>
    event({
      hour,
      second: Math.floor((index * 1800) / count),
      name: "GenerateDataKey",
      operation: "dataKey",
      keys: [key(arn)],
      context: context("aws:s3:arn", index),
      ...overrides,
    }),
  );
}
