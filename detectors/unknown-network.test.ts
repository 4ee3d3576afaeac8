import { expect, it } from "vitest";
import type { KmsEvent } from "../src/detection/detector.ts";
import { detect } from "../test/support/detection.ts";
import { event, hours, inHour, person, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { unknownNetwork } from "./unknown-network.ts";

const DAY = 24;
const NOW = 30 * DAY + 3;
const ELSEWHERE = from("203.0.113.7");
const callers = ["api", "worker", "reader"].map((name) => ({ principal: principal(name) }));

/** A month in which three workloads call through one gateway. */
const habit = hours(0, 30).flatMap((day) =>
  callers.flatMap((caller) => inHour(day * DAY + 10, 2, caller)),
);
const NEARBY = from("52.28.7.7");

testDetector(unknownNetwork, {
  fires: {
    "a workload in a network that no workload of the account ever came from": {
      events: [...habit, ...inHour(NOW, 4, { ...callers[0], ...ELSEWHERE })],
      expect: {
        atLeast: "high",
        atMost: "high",
        reasons: ["new-network", "sole-caller", "hardly-ever"],
        withoutReasons: ["many-callers"],
        observed: { callsPerHour: 4, network: "203.0.0.0/16", callers: 1 },
        expected: { callsPerHour: 0, knownNetworks: 1 },
        eventTime: "2026-03-04T03:00:00Z",
        maturity: "mature",
        alerts: 1,
      },
    },
    "a VPC endpoint of another account's": [
      ...habit,
      ...inHour(NOW, 4, { ...callers[0], vpcEndpointId: "vpce-0123456789" }),
    ],
    "refused calls too": [
      ...habit,
      ...inHour(NOW, 4, {
        ...callers[0],
        ...ELSEWHERE,
        error: { code: "AccessDenied", class: "denied" },
      }),
    ],
    "all workloads, who moved, only to be noted": {
      events: [
        ...habit,
        ...callers.flatMap((caller) => inHour(NOW, 4, { ...caller, ...ELSEWHERE })),
      ],
      expect: { atMost: "low", reasons: ["many-callers"], withoutReasons: ["sole-caller"] },
    },
    "a network that people of the account are in": [
      ...habit,
      ...hours(0, 30).flatMap((day) =>
        inHour(day * DAY + 9, 3, { principal: person("ada"), ...ELSEWHERE }),
      ),
      ...inHour(NOW, 4, { ...callers[0], ...ELSEWHERE }),
    ],
    "a new address in a known network, from which one workload alone calls": {
      events: [...atGateways(30), ...inHour(NOW, 6, { ...callers[0], ...NEARBY })],
      expect: {
        atLeast: "medium",
        atMost: "medium",
        reasons: ["new-address", "sole-caller"],
        observed: { calls: 6, address: "52.28.7.7", callers: 1 },
        expected: { calls: 0, knownAddresses: 6 },
        eventTime: "2026-03-04T03:00:00Z",
        alerts: 1,
      },
    },
    "the same, little by little, once": {
      events: [
        ...atGateways(30),
        ...inHour(NOW, 4, { ...callers[0], ...NEARBY }),
        ...inHour(NOW + 1, 4, { ...callers[0], ...NEARBY }),
        ...inHour(NOW + 2, 9, { ...callers[0], ...NEARBY }),
      ],
      expect: { reasons: ["new-address"], observed: { calls: 8 }, alerts: 1 },
    },
    "three calls from a new network, one an hour": {
      events: [
        ...atGateways(30),
        ...hours(NOW, NOW + 3).flatMap((hour) => inHour(hour, 1, { ...callers[0], ...ELSEWHERE })),
      ],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["new-address"], alerts: 1 },
    },
    "a new network, told once and not by its address again": {
      events: [
        ...atGateways(30),
        ...inHour(NOW, 4, { ...callers[0], ...ELSEWHERE }),
        ...inHour(NOW + 1, 4, { ...callers[0], ...ELSEWHERE }),
      ],
      expect: { reasons: ["new-network"], alerts: 1 },
    },
    "once a day": {
      events: [
        ...habit,
        ...inHour(NOW, 4, { ...callers[0], ...ELSEWHERE }),
        ...inHour(NOW + 1, 4, { ...callers[0], ...ELSEWHERE }),
      ],
      expect: { alerts: 1 },
    },
  },
  staysSilent: {
    "four calls from a new address in a known network": [
      ...atGateways(30),
      ...inHour(NOW, 4, { ...callers[0], ...NEARBY }),
    ],
    "a new address in a known network that others come from within the hour, as from a new gateway":
      [
        ...atGateways(30),
        ...inHour(NOW, 9, { ...callers[0], ...NEARBY }),
        event({ hour: NOW, second: 3000, ...callers[1], ...NEARBY }),
      ],
    "a new address in a known network that another came from an hour before": [
      ...atGateways(30),
      ...inHour(NOW - 1, 1, { ...callers[1], ...NEARBY }),
      ...inHour(NOW, 9, { ...callers[0], ...NEARBY }),
    ],
    "a new address in a known network that another came from in the night": [
      ...atGateways(30),
      ...inHour(NOW - 9, 1, { ...callers[1], ...NEARBY }),
      ...inHour(NOW, 9, { ...callers[0], ...NEARBY }),
    ],
    "a new address in a known network that two came from by turns": [
      ...atGateways(30),
      ...inHour(NOW - 9, 1, { ...callers[1], ...NEARBY }),
      ...inHour(NOW - 8, 1, { ...callers[0], ...NEARBY }),
      ...inHour(NOW, 9, { ...callers[1], ...NEARBY }),
    ],
    "a private address in a known network": [
      ...hours(0, 30).flatMap((day) =>
        inHour(day * DAY + 10, 3, { ...callers[0], ...from("10.1.2.3") }),
      ),
      ...inHour(NOW, 9, { ...callers[0], ...from("10.1.9.9") }),
    ],
    "a new address in a known network of an account whose hosts have their own": [
      ...hours(0, 30).flatMap((day) =>
        inHour(day * DAY + 10, 3, { ...callers[0], ...from(`52.28.0.${day}`) }),
      ),
      ...inHour(NOW, 9, { ...callers[0], ...from("52.28.9.9") }),
    ],
    "workloads as ever": habit,
    "two calls from elsewhere": [...habit, ...inHour(NOW, 2, { ...callers[0], ...ELSEWHERE })],
    "a person elsewhere": [...habit, ...inHour(NOW, 9, { principal: person("ada"), ...ELSEWHERE })],
    "a workload where another one has been for weeks": [
      ...habit,
      ...hours(0, 30).flatMap((day) => inHour(day * DAY + 5, 3, { ...callers[1], ...ELSEWHERE })),
      ...inHour(NOW, 9, { ...callers[0], ...ELSEWHERE }),
    ],
    "an account younger than two weeks": [
      ...hours(0, 12).flatMap((day) => inHour(day * DAY + 10, 5, callers[0])),
      ...inHour(12 * DAY + 12, 9, { ...callers[0], ...ELSEWHERE }),
    ],
    "a copy in the trail of the key's account": [
      ...habit,
      ...inHour(NOW, 9, {
        principal: principal("theirs", { accountId: "444455556666" }),
        ...ELSEWHERE,
      }),
    ],
    "calls through a service, which have no network": [
      ...habit,
      ...inHour(NOW, 9, {
        principal: principal("api", { via: "s3.amazonaws.com" }),
        source: { kind: "service", value: "s3.amazonaws.com" },
      }),
    ],
    "an account whose functions come from ever new addresses": {
      events: hours(0, 40).flatMap((day) =>
        inHour(day * DAY + 10, 4, { ...callers[day % 3], ...from(`100.${day}.1.1`) }),
      ),
    },
  },
});

it("is not told of a network that was known as the hour began and is forgotten within it", () => {
  // As many networks as are remembered: those of the first day are the longest unseen.
  const many = hours(0, 256).map((number) => ({ day: number === 0 ? 0 : 1, number }));
  const met = many.flatMap(({ day, number }) =>
    inHour(day * DAY + Math.floor(number / 16), 1, { ...callers[0], ...from(`20.${number}.1.1`) }),
  );
  const first = from("20.0.1.1");
  const batches = [
    [...met, ...habit.slice(-12).map((one) => ({ ...one, ...from("20.9.1.1") }))],
    [...inHour(NOW, 1, { ...callers[0], ...ELSEWHERE }), ...inHour(NOW + 1, 1, first)],
    // Closes the hour that brings a network more, and not the next one.
    inHour(NOW + 2, 2, from("20.9.1.1")),
    inHour(NOW + 1, 9, first),
  ];
  const { last } = detect(batches);
  const detectors = [...last.values()].map(({ detector }) => detector);
  expect(detectors).not.toContain(unknownNetwork.id);
});

function from(address: string): Pick<KmsEvent, "source"> {
  return { source: { kind: "address", value: address } };
}

/** Days in which workloads call through six gateways with public addresses. */
function atGateways(days: number): KmsEvent[] {
  return hours(0, days).flatMap((day) =>
    hours(1, 7).flatMap((gateway) =>
      callers.flatMap((caller) =>
        inHour(day * DAY + 8 + gateway, 1, { ...caller, ...from(`52.28.${gateway}.1`) }),
      ),
    ),
  );
}
