import type { KmsEvent } from "../src/detection/detector.ts";
import { event, hours, key, KEY, keyArn, person, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { keyRevived } from "./key-revived.ts";

const DAY = 24;
const ada = person("ada@example.com");

testDetector(keyRevived, {
  fires: {
    "a deletion cancelled and the key enabled by somebody who never did so": {
      events: [...quiet(), act(20 * DAY, "CancelKeyDeletion"), act(20 * DAY, "EnableKey")],
      expect: {
        alerts: 1,
        atLeast: "low",
        atMost: "low",
        title: "Deletion of a key cancelled",
        reasons: ["deletion-cancelled", "enabled", "new-actor"],
        observed: { deletionsCancelled: 1, keysEnabled: 1 },
        kmsKey: KEY,
        eventTime: "2026-02-22T00:00:00Z",
      },
    },
    "a key enabled again by somebody who never did so": {
      events: [...quiet(), act(20 * DAY, "EnableKey")],
      expect: { title: "Key enabled again", reasons: ["enabled", "new-actor"] },
    },
    "each of two people": {
      events: [
        ...quiet(),
        act(20 * DAY, "CancelKeyDeletion"),
        act(20 * DAY, "CancelKeyDeletion", { principal: person("bob@example.com") }),
      ],
      expect: { alerts: 2 },
    },
  },
  staysSilent: {
    "a team that enables keys every few days": {
      events: [...quiet(), ...[1, 4, 8, 12, 16, 20].map((day) => act(day * DAY, "EnableKey"))],
      learnUntilHour: 16 * DAY,
    },
    "a refused call": [
      ...quiet(),
      act(20 * DAY, "CancelKeyDeletion", { error: { code: "AccessDenied", class: "denied" } }),
    ],
    "a key enabled in an account's first days": [act(DAY, "EnableKey")],
    "rotation switched on": [...quiet(), act(20 * DAY, "EnableKeyRotation")],
    "a service that enables a key": [
      ...quiet(),
      act(20 * DAY, "EnableKey", { principal: principal("kms", { service: true }) }),
    ],
  },
});

/** Three weeks in which somebody looks at keys. */
function quiet(): KmsEvent[] {
  return hours(0, 20 * DAY)
    .filter((hour) => hour % 6 === 0)
    .map((hour) => event({ hour, name: "DescribeKey", operation: "read", keys: [key(keyArn(1))] }));
}

function act(hour: number, name: string, overrides: Partial<KmsEvent> = {}): KmsEvent {
  return event({ hour, name, operation: "admin", principal: ada, ...overrides });
}
