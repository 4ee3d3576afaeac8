import { z } from "zod";
import {
  type ActsBaseline,
  actsFinding,
  actsLimits,
  type ActsLimits,
  type ActsOfHour,
  type ActWeights,
  baselineState,
  callerName,
  counted,
  defineDetector,
  type Doer,
  type Finding,
  type HourView,
  type KmsEvent,
  learnActs,
  levelOfActs,
  mainly,
  newActsBaseline,
  newActsOfHour,
  noteAct,
  pointsOf,
  type Reason,
  standingOfDoer,
  standingReasons,
  type Subject,
  thingsOf,
  toldActs,
  witness,
} from "../src/detection/detector.ts";

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of an account's history before a stranger to rescuing keys counts as one."),
});
type Options = z.infer<typeof Options>;
type View = HourView<ActsBaseline, ActsOfHour, ActsLimits>;

const ACTS = {
  "deletion-cancelled": [24, "The deletion of a key was cancelled"],
  enabled: [16, "A key was enabled"],
} as const satisfies ActWeights;
const BY_CALL = new Map<string, keyof typeof ACTS>([
  ["CancelKeyDeletion", "deletion-cancelled"],
  ["EnableKey", "enabled"],
]);
const FEWEST_POINTS = 20;
const NOTHING: readonly Subject[] = [];

/** A key that was to go is brought back, by somebody who does not do that. */
export const keyRevived = defineDetector<ActsBaseline, ActsOfHour, ActsLimits, Options>({
  id: "key-revived",
  version: 1,
  title: "Key revived",
  entity: "account",
  severity: "informational to medium",
  why: "A disabled or dying key keeps its data shut. Whoever brings it back may want to read what was put away; the same person then uses it.",
  falsePositives: ["A key was disabled by mistake, and somebody mends it."],
  knownGaps: ["Whether the key is used afterwards: see dormant-key and unexpected-principal."],
  triage: [
    "Ask whoever disabled the key, or scheduled its deletion, whether it may come back.",
    "Look at what was decrypted under it since.",
  ],
  attack: [
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "persistence" },
    { technique: "T1530", name: "Data from Cloud Storage", tactic: "collection" },
  ],
  options: Options,

  accepts: ({ operation }) => operation === "admin" || operation === "read",
  newBaseline: newActsBaseline,
  newBucket: newActsOfHour,
  limits: actsLimits,

  add({ bucket }, event) {
    bucket.events += 1;
    const act = actOf(event);
    if (act === undefined) return;
    noteAct(bucket, event, act, event.keys[0]?.arn ?? "a key");
    witness(bucket, event);
  },

  subjects: (event) =>
    actOf(event) === undefined ? NOTHING : [{ name: event.principal.entity, period: "day" }],

  level(view, subject, options) {
    const doer = view.bucket.doers[subject];
    if (doer === undefined) return -1;
    const points = pointsOf(reasonsOf(view, subject, doer, options));
    return points < FEWEST_POINTS ? -1 : levelOfActs(doer);
  },

  describe: describeRevival,
  fold: (baseline, hour, bucket) => learnActs(baseline, hour, bucket),
  skip: () => {},
});

function actOf({ name, error, serviceEvent, principal }: KmsEvent) {
  return error === undefined && !serviceEvent && !principal.service ? BY_CALL.get(name) : undefined;
}

function reasonsOf(
  { baseline, limits, knownBy }: View,
  subject: string,
  doer: Doer,
  { learningDays }: Options,
): Reason[] {
  const reasons: Reason[] = mainly(toldActs(doer, ACTS), 6);
  const standing = standingOfDoer(baseline, subject, doer, knownBy);
  return [...reasons, ...standingReasons(standing, limits, { learningDays, regular: 24 })];
}

function describeRevival(view: View, subject: string, options: Options): Finding {
  const { bucket, limits, entity } = view;
  const doer = bucket.doers[subject];
  if (doer === undefined) throw new Error(`key-revived: no doer ${subject} in ${entity}`);
  const cancelled = thingsOf(doer, "deletion-cancelled").length;
  const enabled = thingsOf(doer, "enabled").length;
  const who = callerName(doer.evidence.principal, subject);
  return actsFinding(view, subject, doer, {
    title: cancelled > 0 ? "Deletion of a key cancelled" : "Key enabled again",
    summary: `${who} cancelled the deletion of ${counted(cancelled, "key")} of account ${entity} and enabled ${counted(enabled, "key")}.`,
    reasons: reasonsOf(view, subject, doer, options),
    accountId: entity,
    observed: { deletionsCancelled: cancelled, keysEnabled: enabled },
    expected: { deletionsCancelled: 0, keysEnabled: 0 },
    baseline: baselineState(limits.days, limits.events),
  });
}
