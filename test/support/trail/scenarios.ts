import type { Severity } from "../../../src/detection/alert.ts";
import { roleArn } from "../../../src/simulation/caller.ts";
import { logisticsBehaviours } from "./logistics.ts";
import { keys, organization } from "./organization.ts";
import { paymentsBehaviours } from "./payments.ts";
import { administrator, peopleBehaviours } from "./people.ts";
import { Random } from "../../../src/simulation/random.ts";
import { takeHostage, withBrokenKeys } from "./ransom-attempt.ts";
import type { CloudTrailRecord } from "../../../src/simulation/record.ts";
import { type Behaviour, days } from "./rhythm.ts";
import { securityBehaviours } from "./security.ts";
import { stealSecrets } from "./stolen-role.ts";

export const scenarioNames = ["quiet-month", "stolen-role", "ransom-attempt"] as const;
export type ScenarioName = (typeof scenarioNames)[number];

/** What should be found in a trail, by name and event time. */
export interface ExpectedAlerts {
  /** Before this time, alerts of `silentFrom` and above are false. */
  readonly quietUntil: string;
  readonly silentFrom: Severity;
  readonly alerts: readonly ExpectedAlert[];
}

/** A trail and what should be found in it. */
export interface Scenario {
  readonly records: CloudTrailRecord[];
  readonly expected: ExpectedAlerts;
}

export interface ExpectedAlert {
  readonly detector: string;
  /** `principal.key` of the alert. */
  readonly principal?: string;
  /** `principal.session`, for people. */
  readonly session?: string;
  /** `kmsKey.arn` of the alert. */
  readonly key?: string;
  readonly severityAtLeast: Severity;
  /** Bounds of the alert's event time, both included. */
  readonly eventTime: { readonly from: string; readonly to: string };
  readonly why: string;
}

/** The records of a scenario, in the order of their event times, and what should be found in them. */
export function composeScenario(name: ScenarioName): Scenario {
  const { from, to } = periods[name];
  const scenario = stories[name](ordinaryRecords(name, from, to), new Random(`${name}/attack`));
  scenario.records.sort((a, b) => Date.parse(a.eventTime) - Date.parse(b.eventTime));
  return scenario;
}

/** What befalls the company's ordinary life in each scenario. */
const stories: Record<ScenarioName, (quiet: CloudTrailRecord[], random: Random) => Scenario> = {
  "quiet-month": (quiet) => ({
    records: quiet,
    expected: expectation(periods["quiet-month"].to, []),
  }),
  "stolen-role": (quiet, random) => ({
    records: [...quiet, ...stealSecrets("2026-03-14", random)],
    expected: expectation("2026-03-14T01:37:00Z", stolenRoleAlerts),
  }),
  "ransom-attempt": (quiet, random) => ({
    records: [
      ...quiet.map((record) => withBrokenKeys(record, "2026-05-14T01:32:40Z")),
      ...takeHostage("2026-05-14", random),
    ],
    expected: expectation("2026-05-14T00:52:00Z", ransomAlerts),
  }),
};

/** A company's ordinary life between two times. */
function ordinaryRecords(seed: string, from: string, to: string): CloudTrailRecord[] {
  const random = new Random(seed);
  const count = Math.ceil((Date.parse(to) - Date.parse(from)) / 86_400_000);
  return days(from.slice(0, 10), count).flatMap((day) =>
    behaviours.flatMap((behaviour) =>
      behaviour
        .records(day, random.fork(`${behaviour.name}/${day.index}`))
        .filter((record) => record.eventTime >= from && record.eventTime < to),
    ),
  );
}

/** First and last instant of each trail; the last one is not part of it. */
const periods: Record<ScenarioName, { from: string; to: string }> = {
  "quiet-month": { from: "2026-01-30T00:00:00Z", to: "2026-03-01T00:00:00Z" },
  "stolen-role": { from: "2026-02-18T00:00:00Z", to: "2026-03-14T12:00:00Z" },
  "ransom-attempt": { from: "2026-04-20T00:00:00Z", to: "2026-05-14T06:00:00Z" },
};

const behaviours: readonly Behaviour[] = [
  ...paymentsBehaviours,
  ...logisticsBehaviours,
  ...securityBehaviours,
  ...peopleBehaviours,
];

const { logistics } = organization.accounts;
const gatewayRole = `arn:aws:iam::${logistics}:role/dispatch-gateway`;

const stolenRoleAlerts: readonly ExpectedAlert[] = [
  {
    detector: "decrypt-spike",
    principal: gatewayRole,
    severityAtLeast: "high",
    eventTime: { from: "2026-03-14T02:11:09Z", to: "2026-03-14T02:22:00Z" },
    why: "280 Decrypts within eleven minutes by a role that makes about five a day",
  },
  {
    detector: "context-fan-out",
    principal: gatewayRole,
    severityAtLeast: "high",
    eventTime: { from: "2026-03-14T02:11:09Z", to: "2026-03-14T02:22:00Z" },
    why: "240 different secrets where the role reads two",
  },
  {
    detector: "unexpected-principal",
    principal: gatewayRole,
    key: keys.logisticsParameters.arn,
    severityAtLeast: "medium",
    eventTime: { from: "2026-03-14T02:20:31Z", to: "2026-03-14T02:22:00Z" },
    why: "The role has never decrypted a parameter before",
  },
  {
    detector: "unusual-hour",
    principal: gatewayRole,
    severityAtLeast: "low",
    eventTime: { from: "2026-03-14T01:37:00Z", to: "2026-03-14T02:22:00Z" },
    why: "The gateway works between 05:00 and 20:00 UTC",
  },
];

const administratorRole = roleArn(administrator) ?? "";
const administratorSession = `robin.hale@${organization.domain}`;

const ransomAlerts: readonly ExpectedAlert[] = [
  {
    detector: "foreign-account",
    principal: administratorRole,
    session: administratorSession,
    key: keys.foreign.arn,
    severityAtLeast: "high",
    eventTime: { from: "2026-05-14T01:05:02Z", to: "2026-05-14T01:26:00Z" },
    why: "Objects are encrypted under a key of an account that is not the company's",
  },
  {
    detector: "context-fan-out",
    principal: administratorRole,
    session: administratorSession,
    severityAtLeast: "medium",
    eventTime: { from: "2026-05-14T01:05:02Z", to: "2026-05-14T01:26:00Z" },
    why: "300 objects decrypted one after the other",
  },
  {
    detector: "decrypt-spike",
    principal: administratorRole,
    session: administratorSession,
    severityAtLeast: "medium",
    eventTime: { from: "2026-05-14T01:05:02Z", to: "2026-05-14T01:26:00Z" },
    why: "300 Decrypts in thirteen minutes by a person who makes a few a day",
  },
  {
    detector: "unexpected-principal",
    principal: administratorRole,
    session: administratorSession,
    key: keys.tracking.arn,
    severityAtLeast: "medium",
    eventTime: { from: "2026-05-14T01:20:15Z", to: "2026-05-14T01:26:00Z" },
    why: "Only the tracking function has ever used this key for data",
  },
  {
    detector: "key-destruction",
    principal: administratorRole,
    session: administratorSession,
    severityAtLeast: "critical",
    eventTime: { from: "2026-05-14T01:31:08Z", to: "2026-05-14T01:33:30Z" },
    why: "Seven keys disabled, scheduled for deletion or emptied within two minutes",
  },
  {
    detector: "unusual-hour",
    principal: administratorRole,
    session: administratorSession,
    severityAtLeast: "low",
    eventTime: { from: "2026-05-14T00:52:00Z", to: "2026-05-14T01:33:30Z" },
    why: "This administrator works in office hours",
  },
];

function expectation(quietUntil: string, alerts: readonly ExpectedAlert[]): ExpectedAlerts {
  return { quietUntil, silentFrom: "medium", alerts };
}
