import { describe, expect, it } from "vitest";
import type { KmsEvent } from "../src/detection/detector.ts";
import { detect } from "../test/support/detection.ts";
import { context, event, hours, inHour } from "../test/support/events.ts";
import { eventOf, HAS_PUBLISHED, type Json, published } from "../test/support/parsing.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { gunzipSync } from "node:zlib";
import { contextFanOut } from "./context-fan-out.ts";

const DAY = 24;
/** Thursday, 12 February, 03:00 UTC: after ten days of habit. */
const NIGHT = 10 * DAY + 3;

/** Ten days of reading the same three secrets. */
const ownSecrets = hours(0, 10 * DAY).flatMap((hour) => secrets(hour, 0, 3));
/** Ten days of reading about 25 objects an hour, others each time. */
const objectReader = hours(0, 10 * DAY).flatMap((hour) => objects(hour, 25));

testDetector(contextFanOut, {
  fires: {
    "the theft of a secrets store by a principal without history": {
      events: secrets(2, 0, 40),
      expect: {
        atLeast: "medium",
        title: "Many secrets read",
        reasons: ["distinct-secrets"],
        withoutReasons: ["own-writes", "own-history"],
        observed: { secretsPerHour: 40, secretsReadBeyondOwnWritesPerHour: 40 },
        expected: { secretsPerHour: 0, secretsPerHourLimit: 20 },
        // One a second from second 0 on: the twentieth makes it fire.
        eventTime: "2026-02-02T02:00:19Z",
        maturity: "none",
        alerts: 1,
      },
    },
    "the theft of parameters as that of secrets": {
      events: secrets(2, 0, 40, { context: "PARAMETER_ARN" }),
      expect: { atLeast: "medium" },
    },
    "a theft ten times what the principal has read for days, gravely": {
      events: [...ownSecrets, ...secrets(NIGHT, 0, 60)],
      expect: { atLeast: "high", reasons: ["own-history"], expected: { secretsPerHour: 3 } },
    },
    "the set-up of secrets, each read back once, for information only": {
      events: setUp(2, 40),
      expect: {
        atMost: "informational",
        title: "Many secrets set up",
        reasons: ["own-writes"],
        observed: { secretsPerHour: 40, secretsReadBeyondOwnWritesPerHour: 0 },
      },
    },
    "a theft after the set-up, as the theft": {
      events: [...setUp(2, 40), ...secrets(2, 0, 40, { second: 1800 })],
      expect: {
        atLeast: "medium",
        title: "Many secrets read",
        withoutReasons: ["own-writes"],
        eventTime: "2026-02-02T02:30:19Z",
        told: ["informational", "medium", "medium"],
        alerts: 1,
      },
    },
    "ten times the usual number of objects": {
      events: [...objectReader, ...objects(NIGHT, 400)],
      expect: { atLeast: "medium", reasons: ["distinct-contexts"], maturity: "young" },
    },
    "more the more objects it is": {
      events: [...objectReader, ...objects(NIGHT, 3000)],
      expect: { atLeast: "high" },
    },
    "secrets in each hour by themselves": {
      events: [...secrets(2, 0, 40), ...secrets(3, 0, 40)],
      expect: { alerts: 2 },
    },
  },
  staysSilent: {
    "nineteen secrets, below the floor": secrets(2, 0, 19),
    "a workload that reads its three secrets a thousand times": hours(0, 250).flatMap((index) =>
      secrets(2, 0, 3, { second: index }),
    ),
    "an objects reader, as ever": objectReader,
    "an objects reader in its first week": [
      ...hours(0, 6 * DAY).flatMap((hour) => objects(hour, 3)),
      ...objects(6 * DAY, 2000),
    ],
    "the same object over and over": [
      ...objectReader,
      ...inHour(NIGHT, 2000, { context: context("aws:s3:arn", 1) }),
    ],
    "calls without a context": [...objectReader, ...inHour(NIGHT, 2000)],
    "refused reads": secrets(2, 0, 40, { error: { code: "AccessDenied", class: "denied" } }),
    "secrets written and not read": setUp(2, 40).filter(({ name }) => name === "GenerateDataKey"),
    "new versions of one secret": inHour(2, 40, {
      context: {
        keys: ["SecretARN", "SecretVersionId"],
        fingerprint: "00c0ffee00c0ffee",
        place: undefined,
      },
    }),
    "a rotator of forty secrets, from its second week on": {
      events: hours(0, 14).flatMap((day) => secrets(day * DAY + 2, 0, 40)),
      learnUntilHour: 7 * DAY,
    },
  },
});

describe.skipIf(!HAS_PUBLISHED)(
  "context-fan-out tells a published theft from its set-up (needs ../shared/fixtures)",
  () => {
    const events = HAS_PUBLISHED ? publishedEvents() : [];
    const theft = events.filter(isTheft);

    it("has the 62 reads of the theft to look for", () => {
      expect(events).toHaveLength(240);
      expect(theft).toHaveLength(62);
    });

    it("is informed of the set-up without the theft, and no more", () => {
      const alerts = alertsOfEleven(events.filter((one) => !isTheft(one)));
      expect(alerts.map(({ severity }) => severity)).toEqual(["informational"]);
    });

    it("finds the theft, at the time of one of its reads", () => {
      const [alert, ...others] = alertsOfEleven(events);
      expect(others).toEqual([]);
      expect(alert?.score).toBeGreaterThanOrEqual(40);
      expect(theft.map(({ timeMs }) => timeMs)).toContain(Date.parse(alert?.eventTime ?? ""));
    });
  },
);

function alertsOfEleven(events: readonly KmsEvent[]) {
  const options = contextFanOut.options.parse({});
  const found = detect([events], {
    detectors: [{ detector: contextFanOut, options, shadow: false }],
  });
  return [...found.last.values()].filter(({ window }) => window.start === "2023-07-10T11:00:00Z");
}

function publishedEvents(): KmsEvent[] {
  const lines = gunzipSync(published("trail-invictus.ndjson.gz")).toString().trim().split("\n");
  return lines
    .map((line) => JSON.parse(line) as Json)
    .filter(({ eventSource }) => eventSource === "kms.amazonaws.com")
    .map(eventOf);
}

/** The two bursts in which the staged attack reads twenty secrets and forty-two parameters. */
function isTheft({ timeMs, operation }: KmsEvent): boolean {
  const time = new Date(timeMs).toISOString().slice(11, 19);
  const isSecrets = time >= "11:57:51" && time <= "11:57:54";
  const isParameters = time >= "11:58:27" && time <= "11:58:28";
  return operation === "decrypt" && (isSecrets || isParameters);
}

interface Reading {
  readonly context?: string;
  readonly second?: number;
  readonly error?: KmsEvent["error"];
}

/** Reads of secrets number `from` to `to`, one a second. */
function secrets(hour: number, from: number, to: number, reading: Reading = {}): KmsEvent[] {
  const { context: name = "SecretARN", second = 0, error } = reading;
  return hours(from, to).map((secret) =>
    event({ hour, second: second + secret - from, context: context(name, secret), error }),
  );
}

/** Secrets made, each encrypted and read back in the same second. */
function setUp(hour: number, count: number): KmsEvent[] {
  return hours(0, count).flatMap((secret) => {
    const made = { hour, second: secret, context: context("SecretARN", secret) };
    return [event({ ...made, name: "GenerateDataKey", operation: "dataKey" }), event(made)];
  });
}

/** Reads of objects that nobody read before, spread over the hour. */
function objects(hour: number, count: number): KmsEvent[] {
  return hours(0, count).map((index) =>
    event({
      hour,
      second: Math.floor((index * 3600) / count),
      context: context("aws:s3:arn", hour * 10_000 + index),
    }),
  );
}
