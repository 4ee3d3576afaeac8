import type { KmsEvent } from "../src/detection/detector.ts";
import {
  event,
  hours,
  inHour,
  KEY,
  key,
  keyArn,
  person,
  principal,
} from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { aliasRepointed } from "./alias-repointed.ts";

const DAY = 24;
const NOW = 20 * DAY;
const ALIAS = "alias/orders";
const ada = person("ada@example.com");
const looks = hours(0, 20).flatMap((day) =>
  inHour(day * DAY, 1, { name: "DescribeKey", operation: "read" }),
);
/** Data keys are asked for by alias, every day. */
const uses = hours(0, 20).flatMap((day) =>
  inHour(day * DAY, 2, {
    name: "GenerateDataKey",
    operation: "dataKey",
    keys: [{ ...key(KEY), alias: ALIAS }],
  }),
);

testDetector(aliasRepointed, {
  fires: {
    "an alias in use pointed at another key": {
      events: [...looks, ...uses, ...repoint(NOW)],
      expect: {
        atLeast: "high",
        atMost: "high",
        title: "Alias of a key changed",
        reasons: ["repointed", "in-use", "new-actor"],
        withoutReasons: ["young-target"],
        observed: { aliasesRepointed: 1, aliasesDeleted: 0, inUse: true },
        eventTime: "2026-02-22T00:00:00Z",
        alerts: 1,
      },
    },
    "a new key as target counts, whenever in the hour it was made": {
      events: [...looks, ...uses, ...make(NOW, 300), ...repoint(NOW)],
      expect: { atLeast: "medium", reasons: ["young-target", "in-use"] },
    },
    "a key made five days before is a new one": {
      events: [...looks, ...make(NOW - 5 * DAY, 0), ...repoint(NOW)],
      expect: {
        atLeast: "medium",
        atMost: "medium",
        reasons: ["young-target", "new-actor"],
        withoutReasons: ["hardly-ever"],
      },
    },
    "the same by a pipeline, low": {
      events: [
        ...looks,
        ...make(NOW - 5 * DAY, 0),
        ...repoint(NOW, { principal: principal("pipeline") }),
      ],
      expect: { atLeast: "low", atMost: "low", reasons: ["young-target"] },
    },
    "a key made nine days before is not": {
      events: [...looks, ...make(NOW - 9 * DAY, 0), ...repoint(NOW)],
      expect: { atLeast: "high", reasons: ["hardly-ever"], withoutReasons: ["young-target"] },
    },
    "an unused alias without any history, at medium": {
      events: repoint(0),
      expect: { atLeast: "medium", atMost: "medium", withoutReasons: ["in-use", "new-actor"] },
    },
    "an alias of the same name in another Region is not in use": {
      events: [...looks, ...uses, ...repoint(NOW, { region: "us-east-1" })],
      expect: { withoutReasons: ["in-use"] },
    },
    "an alias in use deleted": {
      events: [...looks, ...uses, ...repoint(NOW, { name: "DeleteAlias" })],
      expect: { atLeast: "medium", reasons: ["deleted", "in-use"] },
    },
    "who does it regularly, at low": {
      events: [
        ...uses,
        ...[0, 5, 10, 20].flatMap((day) => repoint(day * DAY, { principal: principal("iac") })),
      ],
      learnUntilHour: 11 * DAY,
      expect: { atMost: "low", reasons: ["regular"], alerts: 1 },
    },
    "a refused attempt, at low": {
      events: repoint(NOW, { error: { code: "AccessDenied", class: "denied" } }),
      expect: { atMost: "low", title: "Attempt to change an alias", reasons: ["refused"] },
    },
  },
  staysSilent: {
    "unused aliases changed by who does it regularly": {
      events: [0, 5, 10, 20].flatMap((day) =>
        repoint(day * DAY, { name: "DeleteAlias", principal: principal("iac") }),
      ),
      learnUntilHour: 11 * DAY,
    },
    "aliases being made": repoint(NOW, { name: "CreateAlias" }),
    "aliases being used": uses,
  },
});

function repoint(hour: number, overrides: Partial<KmsEvent> = {}): KmsEvent[] {
  return [
    event({
      hour,
      name: "UpdateAlias",
      operation: "admin",
      principal: ada,
      keys: [{ ...key(keyArn(7)), alias: ALIAS }],
      parameters: { aliasName: ALIAS, targetKeyId: keyArn(7).split("/")[1] },
      ...overrides,
    }),
  ];
}

function make(hour: number, second: number): KmsEvent[] {
  const keys = [key(keyArn(7))];
  return [event({ hour, second, name: "CreateKey", operation: "admin", principal: ada, keys })];
}
