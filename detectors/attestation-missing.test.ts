import type { KmsEvent } from "../src/detection/detector.ts";
import { hours, inHour, KEY, person, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { attestationMissing } from "./attestation-missing.ts";

const DAY = 24;
const attestation = "ee0d451a2ff9aaaa9bccd07700b9cab1";
const host = { principal: principal("enclave-host") };
const denied = { error: { code: "AccessDenied", class: "denied" } } as const;

testDetector(attestationMissing, {
  fires: {
    "the host of an enclave that asks by itself": {
      events: [...enclave(), ...inHour(20 * DAY, 3, host)],
      expect: {
        alerts: 1,
        atLeast: "medium",
        reasons: ["bare"],
        withoutReasons: ["stranger", "many", "person", "new-code"],
        title: "Attestation missing",
        kmsKey: KEY,
        observed: { callsWithoutAttestation: 3, refused: 0, callsOfNewCode: 0 },
        expected: { callsWithoutAttestation: 0, images: 1 },
        eventTime: "2026-02-22T00:00:00Z",
        maturity: "mature",
      },
    },
    "somebody else without attestation, gravely": {
      events: [...enclave(), ...inHour(20 * DAY, 12, { principal: person("ada@example.com") })],
      expect: { atLeast: "high", reasons: ["bare", "stranger", "many", "person"] },
    },
    "a call without attestation that the policy refuses": {
      events: [...enclave(), ...inHour(20 * DAY, 2, { ...host, ...denied })],
      expect: { atMost: "medium", reasons: ["bare-refused"], withoutReasons: ["bare"] },
    },
    "an image that was never attested, weakly": {
      events: [...enclave(), ...inHour(20 * DAY, 4, { ...host, attestation: "another" })],
      expect: { atMost: "low", title: "New code attested", reasons: ["new-code"] },
    },
    "each of two who call without attestation": {
      events: [
        ...enclave(),
        ...inHour(20 * DAY, 1, host),
        ...inHour(20 * DAY, 1, { principal: principal("other") }),
      ],
      expect: { alerts: 2 },
    },
  },
  staysSilent: {
    "calls out of the same enclave": enclave(),
    "a key that is never used with attestation": hours(0, 20 * DAY).flatMap((hour) =>
      inHour(hour, 2, host),
    ),
    "a key whose operation is attested in part only": [
      ...enclave(),
      ...hours(0, 20 * DAY).flatMap((hour) => inHour(hour, 1, { principal: principal("batch") })),
    ],
    "data keys made outside, where only decryption is attested": [
      ...enclave(),
      ...inHour(20 * DAY, 9, { name: "GenerateDataKey", operation: "dataKey" }),
    ],
    "encryption, which takes no attestation": [
      ...enclave(),
      ...inHour(20 * DAY, 9, { name: "Encrypt", operation: "encrypt" }),
    ],
    "a key in its first days": [...enclave(5), ...inHour(5 * DAY, 3, host)],
    "bare calls of a host, at medium and above, once they are its habit": {
      events: [
        ...enclave(),
        ...[20, 21, 22, 23, 24, 25].flatMap((day) => inHour(day * DAY, 2, host)),
      ],
      learnUntilHour: 25 * DAY,
      below: "medium",
    },
  },
});

/** Days of calls out of one enclave. */
function enclave(days = 20): KmsEvent[] {
  return hours(0, days * DAY).flatMap((hour) => inHour(hour, 2, { ...host, attestation }));
}
