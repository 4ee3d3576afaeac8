import { z } from "zod";

export const severities = ["informational", "low", "medium", "high", "critical"] as const;
export type Severity = (typeof severities)[number];

/** Names of numbers on both sides of a finding, e.g. `{ decryptsPerHour: 812 }`. */
const numbers = z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()]));
const time = z.iso.datetime();

export const AlertPrincipal = z.strictObject({
  key: z.string(),
  type: z.string(),
  accountId: z.string().nullable(),
  name: z.string(),
  session: z.string().nullable(),
  via: z.string().nullable(),
});
export type AlertPrincipal = z.infer<typeof AlertPrincipal>;

export const AlertKey = z.strictObject({
  arn: z.string(),
  accountId: z.string(),
  region: z.string(),
});
export type AlertKey = z.infer<typeof AlertKey>;

/** An alert in Keyhawk's native format, version 1.0: one JSON object a line. */
export const Alert = z.strictObject({
  schemaVersion: z.literal("1.0"),
  alertId: z
    .string()
    .regex(/^[0-9a-f-]{1,40}$/)
    .describe("A function of what was found: a re-run makes the same one."),
  revision: z.int().min(0).describe("0 as the alert is created; grows with each update of it."),
  status: z.enum(["created", "updated", "closed"]),
  detector: z.string(),
  detectorVersion: z.int(),
  title: z.string(),
  summary: z.string(),
  severity: z.enum(severities),
  score: z.int().min(0).max(100),
  eventTime: time.describe("Event time of the record that made it fire."),
  window: z.strictObject({ start: time, end: time }),
  principal: AlertPrincipal.nullable(),
  kmsKey: AlertKey.nullable(),
  accountId: z.string().nullable(),
  region: z.string().nullable(),
  observed: numbers,
  expected: numbers,
  baseline: z.strictObject({
    maturity: z.enum(["none", "learning", "young", "mature"]),
    daysLearned: z.number(),
    samples: z.int(),
  }),
  reasons: z.array(z.strictObject({ code: z.string(), text: z.string(), weight: z.number() })),
  evidence: z.strictObject({
    eventCount: z.int(),
    eventIds: z.array(z.string()).max(20),
    sourceAddresses: z.array(z.string()).max(20),
    userAgents: z.array(z.string()).max(20),
  }),
  attack: z.array(z.strictObject({ technique: z.string(), name: z.string(), tactic: z.string() })),
  attackVersion: z.string(),
  triage: z.array(z.string()),
  links: z.record(z.string(), z.string()),
  replay: z.boolean(),
});
export type Alert = z.infer<typeof Alert>;

/** The least score of each severity; the bands are those of AWS Security Finding Format's normalized severity. */
export const leastScores = { critical: 90, high: 70, medium: 40, low: 20, informational: 0 };

/** Severity of a score from 0 to 100. */
export function severityOf(score: number): Severity {
  if (score >= leastScores.critical) return "critical";
  if (score >= leastScores.high) return "high";
  if (score >= leastScores.medium) return "medium";
  return score >= leastScores.low ? "low" : "informational";
}
