import type { KmsEvent } from "../src/detection/detector.ts";
import { event, hours, inHour, KEY, key, person, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { unusedRegion } from "./unused-region.ts";

const DAY = 24;
const NOW = 30 * DAY + 3;
const FAR = "af-south-1";
const far = key(KEY.replace("eu-west-1", FAR));
const api = principal("api");
const callers = [api, principal("worker"), principal("reader")];
const ada = person("ada@example.com");
const apply = principal("apply");

/** A month in which three workloads use two Regions, in the second one every other day. */
const habit = hours(0, 30).flatMap((day) => [
  ...callers.flatMap((caller) => inHour(day * DAY + 10, 2, { principal: caller })),
  ...inHour(day * DAY + 12, 1 - (day % 2), { principal: api, region: "eu-north-1" }),
]);
/** A role and a person who change keys now and then. */
const building = [4, 11, 18, 25].flatMap((day) =>
  [apply, ada].map((builder) => act("EnableKeyRotation", day * DAY + 9, builder)),
);

testDetector(unusedRegion, {
  fires: {
    "a person's single call in a Region that the account never used": {
      events: [...habit, ...use(NOW, 1, ada)],
      expect: {
        atLeast: "medium",
        atMost: "medium",
        title: "Region unused by an account",
        reasons: ["unused-region", "sole-caller"],
        withoutReasons: ["many-callers", "builders"],
        observed: { callsPerHour: 1, region: FAR, callers: 1 },
        expected: { callsPerHour: 0, regionsInUse: 2 },
        kmsKey: far.arn,
        eventTime: "2026-03-04T03:00:00Z",
        maturity: "mature",
        alerts: 1,
      },
    },
    "a workload there": {
      events: [...habit, ...use(NOW, 4, principal("api"))],
      expect: { atLeast: "medium" },
    },
    "once, however long it goes on, over midnight too": {
      events: [...habit, ...hours(20, 60).flatMap((hour) => use(NOW + hour, 3, ada))],
      expect: { alerts: 1 },
    },
    "a Region after a key was taken to what is none": {
      events: [
        ...habit,
        act("ReplicateKey", NOW - DAY, ada, "eu-west-1", { replicaRegion: "nowhere" }),
        ...use(NOW, 2, ada),
      ],
      expect: { atLeast: "medium", expected: { regionsInUse: 2 } },
    },
    "a key made there by a workload that never made any": {
      events: [...habit, ...building, act("CreateKey", NOW, principal("api"), FAR)],
      expect: { atLeast: "medium", withoutReasons: ["builders"] },
    },
    "a key made there by a person who changed one once": {
      events: [...habit, ...building.slice(0, 2), act("CreateKey", NOW, ada, FAR)],
      expect: { atLeast: "medium", withoutReasons: ["builders"] },
    },
    "an administrator who uses a key there and makes none": {
      events: [...habit, ...building, ...use(NOW, 2, ada)],
      expect: { atLeast: "medium", withoutReasons: ["builders"] },
    },
    "a workload that makes grants, which is no administration": {
      events: [
        ...habit,
        ...hours(0, 30).map((day) => act("CreateGrant", day * DAY + 10, principal("api"))),
        ...use(NOW, 2, principal("api")),
      ],
      expect: { atLeast: "medium", withoutReasons: ["builders"] },
    },
    "a Region that a scanner lists and describes keys in every day": {
      events: [...habit, ...scans(30), ...use(NOW, 2, ada)],
      expect: { atLeast: "medium" },
    },
    "a Region that only AWS services and their roles use": {
      events: [...habit, ...services(30), ...use(NOW, 2, ada)],
      expect: { atLeast: "medium" },
    },
    "a Region in which calls were refused before": {
      events: [
        ...habit,
        ...inHour(20 * DAY, 2, { ...there(ada), error: { code: "AccessDenied", class: "denied" } }),
        ...use(NOW, 2, ada),
      ],
      expect: { atLeast: "medium", alerts: 1, eventTime: "2026-03-04T03:00:00Z" },
    },
    "a key made there by the role that administers keys, only to be noted": {
      events: [...habit, ...building, act("CreateKey", NOW, apply, FAR), ...use(NOW, 4, api)],
      expect: { atMost: "low", reasons: ["builders"], alerts: 1 },
    },
    "a key made there by an administrator, only to be noted": {
      events: [...habit, ...building, act("CreateKey", NOW, ada, FAR)],
      expect: { atMost: "low", reasons: ["builders"], alerts: 1 },
    },
    "a stack of CloudFormation's, only to be noted": {
      events: [
        ...habit,
        act("CreateKey", NOW, { ...ada, via: "cloudformation.amazonaws.com" }, FAR),
      ],
      expect: { atMost: "low", reasons: ["builders"] },
    },
    "use an hour after it was opened, only to be noted": {
      events: [
        ...habit,
        ...building,
        event({ ...there(apply), hour: NOW, name: "DescribeKey", operation: "read" }),
        ...use(NOW + 1, 4, api),
      ],
      expect: { atMost: "low", reasons: ["begun-before"] },
    },
    "all workloads at once and some an hour later, only to be noted": {
      events: [
        ...habit,
        ...callers.flatMap((caller) => use(NOW, 2, caller)),
        ...use(NOW + 1, 2, api),
      ],
      expect: {
        atMost: "low",
        reasons: ["many-callers"],
        withoutReasons: ["sole-caller"],
        observed: { callers: 3 },
        alerts: 1,
      },
    },
  },
  staysSilent: {
    "Regions in use": habit,
    "looking around, by whoever": [...habit, ...building, ...scans(32)],
    "AWS services and their roles": [...habit, ...services(32)],
    "calls that were refused": [
      ...habit,
      ...inHour(NOW, 9, { ...there(ada), error: { code: "AccessDenied", class: "denied" } }),
    ],
    "random bytes": [
      ...habit,
      ...inHour(NOW, 2, { ...there(ada), name: "GenerateRandom", operation: "other", keys: [] }),
    ],
    "services of a Region to which the account's pipeline took a key": [
      ...habit,
      ...building,
      act("ReplicateKey", NOW, apply, "eu-west-1", { replicaRegion: FAR }),
      ...use(NOW + DAY, 4, api),
    ],
    "a Region to which a key was taken by anybody, which is told by another detector": [
      ...habit,
      act("ReplicateKey", NOW, ada, "eu-west-1", { replicaRegion: FAR }),
      ...use(NOW + DAY, 4, ada),
    ],
    "a Region whose keys the pipeline looks after": [
      ...habit,
      ...building,
      ...hours(10, 30).map((day) =>
        event({ ...there(apply), hour: day * DAY, name: "GetKeyPolicy", operation: "read" }),
      ),
      ...use(NOW, 4, api),
    ],
    "an account younger than two weeks": [
      ...hours(0, 12).flatMap((day) => inHour(day * DAY + 10, 5)),
      ...use(12 * DAY + 12, 3, ada),
    ],
    "an account that hardly ever uses KMS": [
      ...[0, 9, 20].flatMap((day) => inHour(day * DAY, 2)),
      ...use(NOW, 3, ada),
    ],
    "a copy in the trail of the key's account": [
      ...habit,
      ...use(NOW, 3, principal("theirs", { accountId: "444455556666" })),
    ],
    "a Region's name that is none": [
      ...habit,
      ...inHour(NOW, 3, { region: "__proto__" }),
      ...inHour(NOW, 3, { region: "constructor" }),
      act("ReplicateKey", NOW, ada, "eu-west-1", { replicaRegion: "__proto__" }),
    ],
    "an account that comes to ever new Regions": {
      events: hours(0, 40).flatMap((day) =>
        inHour(day * DAY + 10, 2, { region: `eu-west-${day}`, principal: callers[day % 3] ?? api }),
      ),
      learnUntilHour: 17 * DAY,
      below: "low",
    },
    "an account that comes to another Region every week": {
      events: [
        ...hours(0, 50).flatMap((day) => inHour(day * DAY + 10, 2)),
        ...[21, 28, 35, 42].flatMap((first, nth) =>
          hours(first, 50).flatMap((day) => inHour(day * DAY + 9, 2, { region: `eu-west-${nth}` })),
        ),
      ],
      learnUntilHour: 40 * DAY,
      below: "medium",
    },
  },
});

function there(caller: KmsEvent["principal"]): Partial<KmsEvent> {
  return { principal: caller, region: FAR, keys: [far] };
}

function use(hour: number, count: number, caller: KmsEvent["principal"]): KmsEvent[] {
  return inHour(hour, count, there(caller));
}

function act(
  name: string,
  hour: number,
  caller: KmsEvent["principal"],
  region = "eu-west-1",
  parameters: Record<string, unknown> = {},
): KmsEvent {
  return event({ hour, name, operation: "admin", principal: caller, region, parameters });
}

function scans(days: number): KmsEvent[] {
  const scanner = there(principal("posture"));
  return hours(0, days).flatMap((day) => [
    ...inHour(day * DAY + 1, 1, { ...scanner, name: "ListKeys", operation: "read", keys: [] }),
    ...inHour(day * DAY + 1, 1, { ...scanner, name: "DescribeKey", operation: "read" }),
  ]);
}

function services(days: number): KmsEvent[] {
  const arn = "arn:aws:iam::111122223333:role/aws-service-role/backup.amazonaws.com/AWSServiceRole";
  return hours(0, days).flatMap((day) => [
    ...use(day * DAY + 1, 2, principal("config.amazonaws.com", { service: true })),
    ...use(day * DAY + 2, 2, principal("AWSServiceRole", { key: arn, entity: arn })),
  ]);
}
