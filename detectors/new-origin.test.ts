import type { KmsEvent } from "../src/detection/detector.ts";
import { event, hours, inHour, person, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { newOrigin } from "./new-origin.ts";

const DAY = 24;
const NOW = 40 * DAY + 3;
const ELSEWHERE = from("203.0.113.7");
const USER: Partial<KmsEvent> = { principal: principal("on-premises", { type: "IAMUser" }) };
const SHELL = { userAgent: "aws-cli/2.9.19 Python/3.11.2 Linux/6.6.9-amd64" };
const KALI = { userAgent: "Boto3/1.26.90 Python/3.9.2 Linux/5.10.0-kali7-amd64" };
const FAR = { region: "sa-east-1" };

/** Forty days in one subnet, with one SDK, in one Region. */
const habit = daily(40, {});
const ada = { principal: person("ada@example.com") };
/** A function that KMS only ever saw behind Lambda. */
const behind = {
  principal: principal("function", { via: "lambda.amazonaws.com" }),
  source: { kind: "service", value: "lambda.amazonaws.com" },
  userAgent: "lambda.amazonaws.com",
} as const;
const behindLambda = daily(40, behind);
const traveller = hours(0, 40).flatMap((day) =>
  inHour(day * DAY + 10, 3, { ...ada, ...from(`100.${day}.1.1`) }),
);
/** A function whose every host has an address of its own. */
const roving = hours(0, 40).flatMap((day) =>
  inHour(day * DAY + 10, 3, { principal: principal("roving"), ...from(`100.${day}.1.1`) }),
);

testDetector(newOrigin, {
  fires: {
    "a workload in another network, low": {
      events: [...habit, ...inHour(NOW, 3, ELSEWHERE)],
      expect: {
        atLeast: "low",
        atMost: "low",
        reasons: ["new-network"],
        withoutReasons: ["new-client", "new-region", "attack-system"],
        title: "New network of a caller",
        observed: { callsPerHour: 3, new: "network 203.0.0.0/16" },
        expected: { callsPerHour: 0, knownNetworks: 1, knownClients: 1, knownRegions: 1 },
        eventTime: "2026-03-14T03:00:00Z",
        alerts: 1,
      },
    },
    "another VPC endpoint, low": {
      events: [...habit, ...inHour(NOW, 3, { vpcEndpointId: "vpce-0123456789" })],
      expect: { atMost: "low", reasons: ["new-network", "vpc-endpoint"] },
    },
    "another VPC endpoint beside the usual network, low": {
      events: [
        ...habit,
        ...inHour(NOW, 3, { vpcEndpointId: "vpce-0123456789" }),
        ...inHour(NOW + 2, 3),
      ],
      expect: { atMost: "low", reasons: ["new-network", "vpc-endpoint", "usual-ones-too"] },
    },
    "another client that reads, medium": {
      events: [...habit, ...inHour(NOW, 3, SHELL)],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["new-client", "reads-only"] },
    },
    "another client that only writes, low": {
      events: [
        ...habit,
        ...inHour(NOW, 3, { ...SHELL, name: "GenerateDataKey", operation: "dataKey" }),
      ],
      expect: { atLeast: "low", atMost: "low", withoutReasons: ["reads-only"] },
    },
    "another client that reads and writes, low": {
      events: [
        ...habit,
        ...inHour(NOW, 3, SHELL),
        ...inHour(NOW, 1, { ...SHELL, name: "GenerateDataKey", operation: "dataKey" }),
      ],
      expect: { atLeast: "low", atMost: "low", withoutReasons: ["reads-only"] },
    },
    "another Region, low, as rollouts begin": {
      events: [...habit, ...inHour(NOW, 3, FAR)],
      expect: { atLeast: "low", atMost: "low", title: "New Region of a caller" },
    },
    "another Region with many calls, medium": {
      events: [...habit, ...inHour(NOW, 30, FAR)],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["many-calls"] },
    },
    "another network for the long-term keys of a user, medium": {
      events: [...daily(40, USER), ...inHour(NOW, 3, { ...ELSEWHERE, ...USER })],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["new-network", "long-term-keys"] },
    },
    "another network with another client, high": {
      events: [...habit, ...inHour(NOW, 3, { ...ELSEWHERE, ...SHELL })],
      expect: { atLeast: "high", atMost: "high", reasons: ["new-network", "new-client"] },
    },
    "network, client and Region at once, high": {
      events: [...habit, ...inHour(NOW, 3, { ...ELSEWHERE, ...SHELL, ...FAR })],
      expect: { atLeast: "high", title: "Several new things about a caller" },
    },
    "one after the other within the hour, with an update for each": {
      events: [
        ...habit,
        event({ hour: NOW, second: 1, ...ELSEWHERE }),
        event({ hour: NOW, second: 9, ...SHELL }),
      ],
      expect: { atLeast: "high", told: ["low", "high", "high"] },
    },
    "the same SDK on a system for penetration tests, from elsewhere": {
      events: [
        ...daily(40, { userAgent: "aws-sdk-java/2.25" }),
        ...inHour(NOW, 3, { ...ELSEWHERE, ...KALI }),
      ],
      expect: { atLeast: "high", reasons: ["attack-system"] },
    },
    "a refused call from elsewhere": [
      ...habit,
      event({ hour: NOW, ...ELSEWHERE, error: { code: "AccessDenied", class: "denied" } }),
    ],
    "as many calls from another network as it ever made, told in steps, low": {
      events: [...daily(40, {}, 60), ...inHour(NOW, 60, ELSEWHERE)],
      expect: {
        atMost: "low",
        told: ["low", "low", "low", "low"],
        withoutReasons: ["many-calls", "beyond-busiest"],
      },
    },
    "more calls from another network than it ever made in an hour, medium": {
      events: [...habit, ...inHour(NOW, 11, ELSEWHERE)],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["new-network", "beyond-busiest"] },
    },
    "the same of a day after another that had as many, which taught nothing": {
      events: [
        ...habit,
        ...inHour(NOW, 60, ELSEWHERE),
        ...inHour(NOW + DAY, 60, from("198.51.100.7")),
      ],
      learnUntilHour: NOW + 1,
      expect: { reasons: ["new-network", "beyond-busiest"], alerts: 1 },
    },
    "a few calls more from another network than it ever made in an hour, low": {
      events: [...habit, ...inHour(NOW, 9, ELSEWHERE)],
      expect: { atMost: "low", withoutReasons: ["beyond-busiest"] },
    },
    "another client of one who is in a new network every day, at its own time": {
      events: [
        ...roving,
        ...inHour(NOW, 1, { principal: principal("roving"), ...from("101.1.1.1") }),
        event({ hour: NOW + 2, principal: principal("roving"), ...from("101.2.1.1") }),
        event({ hour: NOW + 2, second: 60, principal: principal("roving"), ...SHELL }),
      ],
      expect: {
        atLeast: "medium",
        reasons: ["new-client", "new-network"],
        eventTime: "2026-03-14T05:01:00Z",
        alerts: 1,
      },
    },
    "another network, and an hour later the usual one again, low, as with a second gateway": {
      events: [...habit, ...inHour(NOW, 3, ELSEWHERE), ...inHour(NOW + 2, 1)],
      expect: {
        atLeast: "low",
        atMost: "low",
        reasons: ["new-network", "usual-ones-too"],
        withoutReasons: ["hardly-ever"],
        title: "New network of a caller beside its usual one",
        observed: { new: "network 203.0.0.0/16" },
        eventTime: "2026-03-14T03:00:00Z",
        alerts: 1,
        told: ["low", "low", "low"],
      },
    },
    "another network from which it encrypts too, and the usual one again, low": {
      events: [
        ...habit,
        ...inHour(NOW, 3, ELSEWHERE),
        ...inHour(NOW, 1, { ...ELSEWHERE, name: "GenerateDataKey", operation: "dataKey" }),
        ...inHour(NOW + 2, 1),
      ],
      expect: {
        atMost: "low",
        reasons: ["new-network"],
        withoutReasons: ["usual-ones-too"],
      },
    },
    "another network and the usual one within an hour, low": {
      events: [
        ...habit,
        event({ hour: NOW, second: 60, ...ELSEWHERE }),
        event({ hour: NOW, second: 3000 }),
      ],
      expect: { atLeast: "low", atMost: "low", reasons: ["usual-ones-too"] },
    },
    "another client, and then the usual one again, medium": {
      events: [...habit, ...inHour(NOW, 3, SHELL), ...inHour(NOW + 5, 1)],
      expect: { atLeast: "medium", reasons: ["new-client", "usual-ones-too"] },
    },
    "a workload that moves while its last machine still runs, low": {
      events: [
        ...habit,
        event({ hour: NOW, second: 60, ...ELSEWHERE }),
        event({ hour: NOW, second: 1500 }),
        ...inHour(NOW + 1, 3, ELSEWHERE),
        ...inHour(NOW + 8, 3, ELSEWHERE),
      ],
      expect: { atMost: "low", withoutReasons: ["usual-ones-too"] },
    },
    "a person who travels and comes home, low": {
      events: [
        ...daily(40, ada),
        ...inHour(NOW, 3, { ...ada, ...ELSEWHERE }),
        ...inHour(NOW + 2, 3, ada),
      ],
      expect: { atMost: "low", withoutReasons: ["usual-ones-too"] },
    },
    "sixty calls of a person from another network, low still": {
      events: [...daily(40, ada), ...inHour(NOW, 60, { ...ada, ...ELSEWHERE })],
      expect: { atMost: "low", reasons: ["new-network", "many-calls"] },
    },
    "a person who never travelled, less than a workload": {
      events: [...daily(40, ada), ...inHour(NOW, 3, { ...ada, ...ELSEWHERE })],
      expect: { atLeast: "low", atMost: "low", reasons: ["new-network"] },
    },
    "once a day, however long it goes on": {
      events: [
        ...habit,
        ...hours(NOW, NOW + 6).flatMap((hour) => inHour(hour, 3, { ...ELSEWHERE, ...SHELL })),
      ],
      expect: { alerts: 1 },
    },
  },
  staysSilent: {
    "a principal as ever": [...habit, ...inHour(NOW, 500)],
    "another address in the same network": [...habit, ...inHour(NOW, 3, from("192.0.77.3"))],
    "a newer version of the same SDK": [
      ...habit,
      ...inHour(NOW, 3, { userAgent: "aws-sdk-java/2.99 md/new" }),
    ],
    "a principal younger than two weeks": [...daily(13, {}), ...inHour(13 * DAY, 3, ELSEWHERE)],
    "a principal that was hardly ever seen": [
      event({ hour: 0 }),
      event({ hour: 20 * DAY }),
      ...inHour(NOW, 3, ELSEWHERE),
    ],
    "a call through a service, which has no network": [
      ...habit,
      ...inHour(NOW, 3, {
        principal: principal("app", { via: "s3.amazonaws.com" }),
        source: { kind: "service", value: "s3.amazonaws.com" },
        userAgent: "s3.amazonaws.com",
      }),
    ],
    "most of the networks of one who is in a new one every day": {
      events: traveller,
      below: "low",
    },
    "a new network of a workload that is in one every day": {
      events: roving,
      learnUntilHour: 30 * DAY,
    },
    "its next one in the morning and the one before in the evening": {
      events: [
        ...roving,
        ...inHour(NOW, 1, { principal: principal("roving"), ...from("101.1.1.1") }),
        ...inHour(NOW + 2, 1, { principal: principal("roving"), ...from("100.39.1.1") }),
      ],
      learnUntilHour: 30 * DAY,
    },
    "the first direct use by one who came through a service alone": [
      ...behindLambda,
      ...inHour(NOW, 3, { principal: principal("function") }),
    ],
    "a second visit to the new network": {
      events: [...habit, ...inHour(NOW, 3, ELSEWHERE), ...inHour(NOW + DAY, 3, ELSEWHERE)],
      learnUntilHour: NOW + 1,
    },
  },
});

function daily(days: number, overrides: Partial<KmsEvent>, count = 3): KmsEvent[] {
  return hours(0, days).flatMap((day) => inHour(day * DAY + 10, count, overrides));
}

function from(value: string): Pick<KmsEvent, "source"> {
  return { source: { kind: "address", value } };
}
