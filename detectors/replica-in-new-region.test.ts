import type { KmsEvent } from "../src/detection/detector.ts";
import { event, hours, inHour, key, person, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { replicaInNewRegion } from "./replica-in-new-region.ts";

const DAY = 24;
const NOW = 20 * DAY;
const ada = person("ada@example.com");
const abroad = key("arn:aws:kms:us-east-1:111122223333:key/0b6f4a8e-3333-4c2d-9a3b-2f6d5e7c8b90");
/** Keys in two Regions are looked at, and a scanner lists keys in a third, which has none. */
const looks = hours(0, 20).flatMap((day) => [
  ...inHour(day * DAY, 1, { name: "DescribeKey", operation: "read" }),
  ...inHour(day * DAY, 1, { name: "DescribeKey", operation: "read", keys: [abroad] }),
  ...inHour(day * DAY, 1, { name: "ListKeys", operation: "read", keys: [], region: "sa-east-1" }),
]);

testDetector(replicaInNewRegion, {
  fires: {
    "a replica where the account has no key": {
      events: [...looks, ...replica(NOW, "sa-east-1")],
      expect: {
        atLeast: "high",
        atMost: "high",
        title: "Key taken to another Region",
        reasons: ["new-region", "new-actor"],
        withoutReasons: ["known-region"],
        observed: { regions: "sa-east-1", newRegions: 1 },
        eventTime: "2026-02-22T00:00:00Z",
        alerts: 1,
      },
    },
    "another primary where the account has no key": {
      events: [
        ...looks,
        ...replica(NOW, "", {
          name: "UpdatePrimaryRegion",
          parameters: { primaryRegion: "me-south-1" },
        }),
      ],
      expect: { atLeast: "high", observed: { regions: "me-south-1" } },
    },
    "a replica in a known Region by one who never made any, at medium": {
      events: [...looks, ...replica(NOW, "us-east-1")],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["known-region", "new-actor"] },
    },
    "a replica before Regions are learned, at low": {
      events: [...looks.slice(0, 6), ...replica(2 * DAY, "sa-east-1")],
      expect: { atLeast: "low", atMost: "low", reasons: ["unlearned-region"] },
    },
    "a second replica there a day later, at low": {
      events: [...looks, ...replica(NOW, "sa-east-1"), ...replica(NOW + DAY, "sa-east-1")],
      learnUntilHour: NOW + 1,
      expect: { atMost: "low", reasons: ["known-region"] },
    },
    "a refused attempt, at low": {
      events: [
        ...looks,
        ...replica(NOW, "sa-east-1", { error: { code: "AccessDenied", class: "denied" } }),
      ],
      expect: { atMost: "low", title: "Attempt to replicate a key", reasons: ["refused"] },
    },
  },
  staysSilent: {
    "replicas in a known Region by who makes them regularly": {
      events: [0, 5, 10, 20].flatMap((day) =>
        replica(day * DAY, "us-east-1", { principal: principal("iac") }),
      ),
      learnUntilHour: 11 * DAY,
    },
    "the second record that KMS itself writes": replica(NOW, "", {
      name: "UpdatePrimaryRegion",
      parameters: undefined,
      keys: [],
    }),
    "a Region's name that is none": replica(NOW, "__proto__"),
    "looking around": looks,
  },
});

function replica(
  hour: number,
  replicaRegion: string,
  overrides: Partial<KmsEvent> = {},
): KmsEvent[] {
  return [
    event({
      hour,
      name: "ReplicateKey",
      operation: "admin",
      principal: ada,
      parameters: { replicaRegion },
      ...overrides,
    }),
  ];
}
