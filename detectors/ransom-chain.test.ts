import type { KmsEvent } from "../src/detection/detector.ts";
import { ACCOUNT, event, hours, inHour, key, keyArn, person } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { ransomChain } from "./ransom-chain.ts";

const DAY = 24;
const START = 15 * DAY + 20;
const OTHER = "444455556666";
const who = { principal: person("ada@example.com") };
const foreign = [key(keyArn(9, "999988887777"))];
const denied = { code: "AccessDenied", class: "denied" } as const;

testDetector(ransomChain, {
  fires: {
    "objects written under a foreign key, and keys destroyed hours later, over midnight": {
      events: [...past(), ...encrypted(START), ...destroyed(START + 8, 3)],
      expect: {
        alerts: 1,
        atLeast: "high",
        reasons: ["foreign-key", "destroyed", "many-keys"],
        withoutReasons: ["whole-chain", "regular"],
        observed: { stages: 2, "foreign-key": 20, destroyed: 3 },
        expected: { stages: 0, chainsBefore: 0 },
        eventTime: "2026-02-18T04:00:00Z",
        kmsKey: null,
      },
    },
    "the whole chain with material of its own, as the gravest there is": {
      events: [
        ...past(),
        admin(START, "CreateKey", { parameters: { origin: "EXTERNAL" } }),
        admin(START + 1, "ImportKeyMaterial"),
        ...moved(START + 2, 30),
        ...destroyed(START + 3, 1),
      ],
      expect: { atLeast: "critical", reasons: ["own-material", "re-encrypted", "whole-chain"] },
    },
    "once, whatever of its ordinary work comes on the day after": {
      events: [
        ...past(),
        ...hours(0, START).map((hour) => event({ hour, recipientAccountId: OTHER })),
        ...moved(START, 30),
        ...destroyed(START + 1, 3),
        ...encrypted(START + 6, [key(keyArn(9, OTHER))]),
      ],
      expect: { alerts: 1, reasons: ["re-encrypted", "destroyed"] },
    },
    "a policy that locks its owner out, and revoked grants": {
      events: [
        ...past(),
        admin(START, "PutKeyPolicy", { parameters: { bypassPolicyLockoutSafetyCheck: true } }),
        ...inHour(START + 1, 6, { ...who, name: "RevokeGrant", operation: "admin" }),
      ],
      expect: { atMost: "medium", reasons: ["lockout", "cut-off"] },
    },
    "data moved to a new key whose predecessor is disabled, no more than medium": {
      events: [
        ...past(),
        admin(START, "CreateKey"),
        ...moved(START + 1, 30),
        admin(START + 2, "DisableKey"),
      ],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["new-key", "whole-chain"] },
    },
  },
  staysSilent: {
    "keys destroyed, and nothing else": [...past(), ...destroyed(START, 5)],
    "encryption under a foreign key, and nothing else": [...past(), ...encrypted(START)],
    "a key made and deleted again": [
      ...past(),
      admin(START, "CreateKey"),
      ...destroyed(START + 1, 1),
    ],
    "steps that lie more than a day apart": [
      ...past(),
      ...encrypted(START),
      ...destroyed(START + 25, 3),
    ],
    "encryption under a key of another account of the organization": [
      ...past(),
      ...hours(0, START).map((hour) => event({ hour, recipientAccountId: OTHER })),
      ...encrypted(START, [key(keyArn(9, OTHER))]),
      ...destroyed(START + 1, 3),
    ],
    "encryption under the key of an approved account": {
      events: [...past(), ...encrypted(START), ...destroyed(START + 1, 3)],
      organization: {
        approvedForeignAccounts: [{ account: "999988887777", expiresMs: undefined }],
      },
    },
    "the maintenance of a key store": [
      ...past(),
      admin(START, "DisconnectCustomKeyStore"),
      admin(START, "UpdateCustomKeyStore"),
      admin(START + 1, "ConnectCustomKeyStore"),
    ],
    "steps that were refused": [
      ...past(),
      ...encrypted(START),
      ...destroyed(START + 1, 3).map((one) => ({ ...one, error: denied })),
    ],
    "steps of two people": [
      ...past(),
      ...encrypted(START),
      ...destroyed(START + 1, 2).map((one) => ({ ...one, principal: person("bob@example.com") })),
    ],
    "a migration of keys that is done every day, at medium and above": {
      events: [8, 9, 10, 11, 12, 13].flatMap((day) => [
        admin(day * DAY, "CreateKey"),
        ...moved(day * DAY + 1, 30),
        admin(day * DAY + 2, "DisableKey"),
      ]),
      learnUntilHour: 13 * DAY,
      below: "medium",
    },
  },
});

function past(): KmsEvent[] {
  return hours(0, START).flatMap((hour) => (hour % DAY === 9 ? inHour(hour, 2, who) : []));
}

function admin(hour: number, name: string, overrides: Partial<KmsEvent> = {}): KmsEvent {
  return event({ ...who, hour, name, operation: "admin", ...overrides });
}

function encrypted(hour: number, keys = foreign): KmsEvent[] {
  return inHour(hour, 20, { ...who, name: "GenerateDataKey", operation: "dataKey", keys });
}

function moved(hour: number, count: number): KmsEvent[] {
  const keys = [key(keyArn(1)), key(keyArn(2))];
  return inHour(hour, count, { ...who, name: "ReEncrypt", operation: "reEncrypt", keys });
}

function destroyed(hour: number, count: number): KmsEvent[] {
  return hours(0, count).map((number) =>
    admin(hour, "ScheduleKeyDeletion", {
      keys: [key(keyArn(number, ACCOUNT))],
      parameters: { pendingWindowInDays: 7 },
    }),
  );
}
