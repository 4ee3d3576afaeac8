import { z } from "zod";

export const strengths = ["weak", "medium", "strong"] as const;
export type Strength = (typeof strengths)[number];

const time = z.iso.datetime();

/** One attack of a simulated trail: what an alert has to be about in order to have found it. */
export const TruthAttack = z.strictObject({
  id: z.string(),
  kind: z.string().describe("Name of its file in src/simulation/attacks."),
  strength: z.enum(strengths),
  start: time.describe("Event time of its first record."),
  end: time.describe("Event time of its last record."),
  harm: time.describe("From when on it does harm: later than `start` after a slow preparation."),
  principals: z
    .array(z.string())
    .describe("Principal keys; for permission-set roles with # and the person's session name."),
  keys: z.array(z.string()).describe("ARNs of the KMS keys it is about."),
  account: z.string().describe("Account in which it happens."),
  wholeAccount: z.boolean().describe("It concerns the account rather than a principal or key."),
  breaksKeys: z.boolean().describe("It makes its keys fail for everyone who uses them."),
  records: z.int().min(0),
  eventIds: z.array(z.string()).max(5000).describe("All of its eventIDs, or the first 5,000."),
  story: z.string(),
});
export type TruthAttack = z.infer<typeof TruthAttack>;

/** What is true of a simulated trail: `truth.json`. */
export const Truth = z.strictObject({
  version: z.literal(1),
  seed: z.int(),
  from: time,
  to: time.describe("The trail ends before it."),
  judgedFrom: time.describe("Alerts of earlier event times do not count."),
  judgedTo: time,
  accounts: z.array(z.string()).describe("The organization's own accounts."),
  approvedForeignAccounts: z.array(z.string()),
  activePrincipals: z
    .int()
    .min(0)
    .describe("Distinct principals with a KMS call in the judged period."),
  records: z.int().min(0),
  kmsRecords: z.int().min(0),
  principals: z
    .record(z.string(), z.array(z.string()))
    .describe("Principal → the benign behaviours that make its records."),
  keys: z.record(z.string(), z.array(z.string())).describe("Key ARN → the same."),
  attacks: z.array(TruthAttack),
});
export type Truth = z.infer<typeof Truth>;
