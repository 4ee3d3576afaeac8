import { nothingDeclared } from "../src/detection/declarations.ts";
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
import { unexpectedPrincipal } from "./unexpected-principal.ts";

const DAY = 24;
const NOW = 60 * DAY + 3;
const FOREIGN = "999988887777";

/** Two months in which one role used the key. */
const exclusive = daily(60, () => "app");
const stranger = { principal: principal("stranger") };
/** A key of which a new role of a preview environment makes use each day. */
const crowded = daily(60, (day) => `preview-${day}-branch`);

testDetector(unexpectedPrincipal, {
  fires: {
    "a role new to a mature key that one role uses": {
      events: [...exclusive, ...inHour(NOW, 3, stranger)],
      expect: {
        atLeast: "medium",
        reasons: ["new-principal", "exclusive-key"],
        withoutReasons: ["known-family", "person", "writes-too"],
        kmsKey: KEY,
        observed: { callsByPrincipal: 3, firstSeen: true },
        expected: { knownPrincipals: 1, callsByPrincipal: 0 },
        eventTime: "2026-04-03T03:00:00Z",
        maturity: "mature",
        alerts: 1,
      },
    },
    "a single call by such a role, low": {
      events: [...exclusive, ...inHour(NOW, 1, stranger)],
      expect: { atMost: "low", reasons: ["few-calls"], withoutReasons: ["many-calls"] },
    },
    "one read for a person through a service": {
      events: [
        ...exclusive,
        ...inHour(NOW, 1, {
          principal: { ...person("ada@example.com"), via: "s3.amazonaws.com" },
        }),
      ],
      expect: { atLeast: "medium", reasons: ["exclusive-key"], withoutReasons: ["query"] },
    },
    "such a role that encrypts too, less": {
      events: [
        ...exclusive,
        ...inHour(NOW, 3, stranger),
        ...inHour(NOW, 1, { ...stranger, name: "GenerateDataKey", operation: "dataKey" }),
      ],
      expect: { atMost: "low", reasons: ["writes-too"] },
    },
    "another person of the same permission set on a key that one person uses": {
      events: [
        ...exclusive.map((one) => ({ ...one, principal: person("bo@example.com") })),
        ...inHour(NOW, 3, { principal: person("ada@example.com") }),
      ],
      expect: { atLeast: "low", reasons: ["known-family", "person"], alerts: 1 },
    },
    "a person new to such a key": {
      events: [...exclusive, ...inHour(NOW, 3, { principal: person("ada@example.com") })],
      expect: { atLeast: "medium", reasons: ["new-principal", "person"] },
    },
    "a role through a service that nobody used the key through": {
      events: [
        ...exclusive,
        ...inHour(NOW, 3, { principal: principal("stranger", { via: "s3.amazonaws.com" }) }),
      ],
      expect: { reasons: ["new-way"] },
    },
    "a new member of a known family, for information only": {
      events: [
        ...daily(60, () => "stack-AppRole-1A2B3C4D5E6F", "stack-AppRole"),
        ...inHour(NOW, 3, {
          principal: principal("stack-AppRole-9Z8Y7X6W5V4U", { family: "stack-AppRole" }),
        }),
      ],
      expect: { atMost: "informational", reasons: ["known-family"] },
    },
    "the same family name in another account, fully": {
      events: [
        ...daily(60, () => "stack-AppRole-1A2B3C4D5E6F", "stack-AppRole"),
        ...inHour(NOW, 3, {
          principal: principal("stack-AppRole-9Z8Y7X6W5V4U", {
            family: "stack-AppRole",
            accountId: FOREIGN,
          }),
        }),
      ],
      expect: { atLeast: "medium", withoutReasons: ["known-family"] },
    },
    "one more caller of a key that has a new one every day, low at most": {
      events: [...crowded, ...inHour(NOW, 3, stranger)],
      expect: { atMost: "low" },
    },
    "many calls of one more caller, where five have used the key for long, low": {
      events: [
        ...["a", "b", "c", "d", "e"].flatMap((name) => daily(60, () => name)),
        ...inHour(NOW, 12, stranger),
      ],
      expect: { atLeast: "low", atMost: "low", reasons: ["new-principal", "many-calls"] },
    },
    "once for two hours of use": {
      events: [...exclusive, ...inHour(NOW, 3, stranger), ...inHour(NOW + 1, 3, stranger)],
      expect: { alerts: 1, eventTime: "2026-04-03T03:00:00Z" },
    },
    "with its first hour's number of calls": {
      events: [...exclusive, ...inHour(NOW, 25, stranger)],
      expect: { reasons: ["many-calls"], observed: { callsByPrincipal: 25 } },
    },
    "the outsider's call in the key owner's own trail": {
      events: [
        ...exclusive,
        ...inHour(NOW, 3, { principal: principal("stranger", { accountId: FOREIGN }) }),
      ],
      expect: { atLeast: "medium" },
    },
    "the destination key of ReEncrypt": {
      events: [
        ...exclusive,
        ...inHour(NOW, 3, {
          name: "ReEncrypt",
          operation: "reEncrypt",
          keys: [key(keyArn(2)), key(KEY)],
          ...stranger,
        }),
      ],
      expect: { kmsKey: KEY },
    },
  },
  staysSilent: {
    "a role that is declared to use the key": {
      events: [...exclusive, ...inHour(NOW, 30, stranger)],
      organization: {
        declarations: {
          ...nothingDeclared,
          expectedPrincipals: [
            { key: KEY, principals: [stranger.principal.key], owner: "payments-team" },
          ],
        },
      },
    },
    "who used the key all along": [...exclusive, ...inHour(NOW, 500)],
    "a new role on a young key": [...daily(13, () => "app"), ...inHour(13 * DAY, 3, stranger)],
    "a new role on a key that is hardly used": [
      ...daily(40, () => "app").slice(0, 30),
      event({ hour: 39 * DAY }),
      ...inHour(NOW, 3, stranger),
    ],
    "an AWS service": [
      ...exclusive,
      ...inHour(NOW, 3, { principal: principal("ebs.amazonaws.com", { service: true }) }),
    ],
    "a role that only looked at the key": [
      ...exclusive,
      ...inHour(NOW, 3, { ...stranger, name: "DescribeKey", operation: "read" }),
    ],
    "a role that was refused": [
      ...exclusive,
      ...inHour(NOW, 3, { ...stranger, error: { code: "AccessDenied", class: "denied" } }),
    ],
    "a role that came while the key was young, ever after": [
      ...daily(60, (day) => (day === 10 ? "stranger" : "app")),
      ...inHour(NOW, 3, stranger),
    ],
    "another session of the same role": [
      ...exclusive,
      ...inHour(NOW, 3, { principal: principal("app", { session: "i-0fff" }) }),
    ],
    "the caller's copy of a call on somebody else's key": [
      ...exclusive,
      ...inHour(NOW, 3, {
        principal: principal("stranger", { accountId: FOREIGN }),
        recipientAccountId: FOREIGN,
      }),
    ],
    "most of what a crowded key brings, from medium on": {
      events: crowded,
      below: "medium",
    },
  },
});

/** Two calls a day by the role of that day. */
function daily(days: number, role: (day: number) => string, family?: string): KmsEvent[] {
  return hours(0, days).flatMap((day) => {
    const name = role(day);
    return inHour(day * DAY + 10, 2, { principal: principal(name, { family: family ?? name }) });
  });
}
