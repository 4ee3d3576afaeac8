import * as fc from "fast-check";
import { type Alert, severityOf } from "../../src/detection/alert.ts";

/** Text as an attacker chooses it: any characters, lone surrogates and control characters included. */
const text = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 60 }) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 60 }) },
  { weight: 1, arbitrary: fc.constantFrom("\ud800", "\uffff\ufffe", "\u0000\r\n", "é漢字🦅", "") },
);
const account = fc
  .integer({ min: 0, max: 999_999_999_999 })
  .map((id) => String(id).padStart(12, "0"));
const region = fc.constantFrom("eu-central-1", "us-east-1", "us-gov-west-1", "cn-north-1");
const time = fc
  .date({
    min: new Date("2000-01-01T00:00:00Z"),
    max: new Date("2099-12-31T00:00:00Z"),
    noInvalidDate: true,
  })
  .chain((date) => fc.constantFrom(date.toISOString(), date.toISOString().replace(/\.\d+Z$/, "Z")));
const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom("AWS Internal", "config.amazonaws.com", "::ffff:192.0.2.1", "fe80::1%eth0", "::"),
  text,
);
const numbers = fc.dictionary(
  fc.oneof(fc.constantFrom("decryptsPerHour", "keys", "hour"), text),
  fc.oneof(
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    text,
    fc.boolean(),
    fc.constant(null),
  ),
  { maxKeys: 6 },
);
const principal = fc.record({
  key: fc.oneof(
    account.map((id) => `arn:aws:iam::${id}:role/app`),
    fc.constant("s3.amazonaws.com"),
    text,
  ),
  type: fc.constantFrom("AssumedRole", "IAMUser", "Root", "AWSService", "FederatedUser"),
  accountId: fc.option(account),
  name: text,
  session: fc.option(text),
  via: fc.option(fc.constantFrom("s3.amazonaws.com", "ebs.amazonaws.com")),
});
const kmsKey = fc.tuple(account, region, fc.uuid()).map(([accountId, region, id]) => ({
  arn: `arn:aws:kms:${region}:${accountId}:key/${id}`,
  accountId,
  region,
}));

/** Any alert that the contract allows, hostile texts included. */
export const anyAlert: fc.Arbitrary<Alert> = fc
  .record({
    schemaVersion: fc.constant("1.0" as const),
    alertId: fc.oneof(fc.uuid(), fc.constantFrom("0", "f".repeat(40))),
    revision: fc.nat({ max: 1000 }),
    status: fc.constantFrom("created" as const, "updated" as const, "closed" as const),
    detector: fc.constantFrom("decrypt-spike", "new-principal", "key-deletion"),
    detectorVersion: fc.nat({ max: 9 }),
    title: text,
    summary: text,
    score: fc.integer({ min: 0, max: 100 }),
    eventTime: time,
    window: fc.record({ start: time, end: time }),
    principal: fc.option(principal),
    kmsKey: fc.option(kmsKey),
    accountId: fc.option(account),
    region: fc.option(region),
    observed: numbers,
    expected: numbers,
    baseline: fc.record({
      maturity: fc.constantFrom(
        "none" as const,
        "learning" as const,
        "young" as const,
        "mature" as const,
      ),
      daysLearned: fc.double({ min: 0, max: 4000, noNaN: true }),
      samples: fc.nat(),
    }),
    reasons: fc.array(
      fc.record({ code: text, text, weight: fc.double({ min: 0, max: 1, noNaN: true }) }),
      {
        maxLength: 5,
      },
    ),
    evidence: fc.record({
      eventCount: fc.nat(),
      eventIds: fc.array(fc.uuid(), { maxLength: 20 }),
      sourceAddresses: fc.array(address, { maxLength: 20 }),
      userAgents: fc.array(text, { maxLength: 20 }),
    }),
    attack: fc.array(
      fc.record({
        technique: fc.constantFrom("T1555.006", "T1485", "T1078.004"),
        name: text,
        tactic: fc.constantFrom("Credential Access", "Impact", "Persistence"),
      }),
      { maxLength: 3 },
    ),
    attackVersion: fc.constant("18.0"),
    triage: fc.array(text, { maxLength: 5 }),
    links: fc.dictionary(fc.constantFrom("console", "runbook"), fc.oneof(fc.webUrl(), text)),
    replay: fc.boolean(),
  })
  .map((alert) => ({ ...alert, severity: severityOf(alert.score) }));

let made = 0;

/** A plain valid alert with an id of its own unless it is given one. */
export function alertOf(changes: Partial<Alert> = {}): Alert {
  made += 1;
  return {
    schemaVersion: "1.0",
    alertId: `00000000-0000-4000-8000-${String(made).padStart(12, "0")}`,
    revision: 0,
    status: "created",
    detector: "decrypt-spike",
    detectorVersion: 1,
    title: "Decrypts far above what is usual",
    summary: "812 decrypts in an hour; 40 are usual",
    severity: "high",
    score: 87,
    eventTime: "2026-03-14T02:11:09Z",
    window: { start: "2026-03-14T02:00:00Z", end: "2026-03-14T03:00:00Z" },
    principal: {
      key: "arn:aws:iam::111122223333:role/app",
      type: "AssumedRole",
      accountId: "111122223333",
      name: "app",
      session: "i-0abc",
      via: null,
    },
    kmsKey: {
      arn: "arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-4333-8444-555555555555",
      accountId: "111122223333",
      region: "eu-central-1",
    },
    accountId: "111122223333",
    region: "eu-central-1",
    observed: { decryptsPerHour: 812 },
    expected: { decryptsPerHour: 40 },
    baseline: { maturity: "mature", daysLearned: 21, samples: 480 },
    reasons: [{ code: "volume", text: "812 decrypts against 40", weight: 0.87 }],
    evidence: {
      eventCount: 812,
      eventIds: ["0a0b0c0d-0000-4000-8000-000000000001"],
      sourceAddresses: ["198.51.100.7", "s3.amazonaws.com"],
      userAgents: ["aws-cli/2.17"],
    },
    attack: [
      {
        technique: "T1555.006",
        name: "Cloud Secrets Management Stores",
        tactic: "Credential Access",
      },
    ],
    attackVersion: "18.0",
    triage: ["Compare the source addresses with last week's."],
    links: { console: "https://eu-central-1.console.aws.amazon.com/cloudtrailv2/home" },
    replay: false,
    ...changes,
  };
}
