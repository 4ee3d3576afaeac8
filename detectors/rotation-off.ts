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
  manyKeys: z
    .int()
    .min(2)
    .default(3)
    .describe("Keys whose rotation is switched off within an hour that count as many."),
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of an account's history before a stranger to rotation counts as one."),
});
type Options = z.infer<typeof Options>;
type View = HourView<ActsBaseline, ActsOfHour, ActsLimits>;

const ACTS = {
  "rotation-off": [32, "Rotation was switched off"],
  "rotated-on-demand": [20, "A key was rotated on demand"],
} as const satisfies ActWeights;
const BY_CALL = new Map<string, keyof typeof ACTS>([
  ["DisableKeyRotation", "rotation-off"],
  ["RotateKeyOnDemand", "rotated-on-demand"],
]);
const NOTHING: readonly Subject[] = [];

/** Rotation of keys is switched off, or a key is rotated out of turn. */
export const rotationOff = defineDetector<ActsBaseline, ActsOfHour, ActsLimits, Options>({
  id: "rotation-off",
  version: 2,
  title: "Rotation off",
  entity: "account",
  severity: "informational to medium",
  why: "Without rotation a key's material stays the same for good. It is a weak sign by itself, and part of how keys are prepared for abuse.",
  falsePositives: ["A key is handed over to manual rotation.", "An auditor asked for a rotation."],
  knownGaps: ["Keys that were made without rotation."],
  triage: [
    "Switch rotation on again, if nobody claims the change.",
    "Look at what else the principal did that day.",
  ],
  attack: [{ technique: "T1565", name: "Data Manipulation", tactic: "impact" }],
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
    return pointsOf(reasonsOf(view, subject, doer, options)) < 12 ? -1 : levelOfActs(doer);
  },

  describe: describeRotation,
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
  { manyKeys, learningDays }: Options,
): Reason[] {
  const reasons: Reason[] = toldActs(doer, ACTS);
  const keys = thingsOf(doer, "rotation-off").length;
  if (keys >= manyKeys) {
    const points = keys >= 3 * manyKeys ? 18 : 9;
    reasons.push({ code: "many-keys", text: `${keys} keys within an hour.`, points });
  }
  const standing = standingOfDoer(baseline, subject, doer, knownBy);
  return [...reasons, ...standingReasons(standing, limits, { learningDays, regular: 24 })];
}

function describeRotation(view: View, subject: string, options: Options): Finding {
  const { bucket, limits, entity } = view;
  const doer = bucket.doers[subject];
  if (doer === undefined) throw new Error(`rotation-off: no doer ${subject} in ${entity}`);
  const off = thingsOf(doer, "rotation-off").length;
  const rotated = thingsOf(doer, "rotated-on-demand").length;
  const who = callerName(doer.evidence.principal, subject);
  return actsFinding(view, subject, doer, {
    title: off > 0 ? "Rotation of keys switched off" : "Key rotated out of turn",
    summary: `${who} switched rotation off for ${counted(off, "key")} of account ${entity} and rotated ${rotated} on demand.`,
    reasons: reasonsOf(view, subject, doer, options),
    accountId: entity,
    observed: { keysWithoutRotation: off, keysRotated: rotated },
    expected: { keysWithoutRotation: 0, keysRotated: 0 },
    baseline: baselineState(limits.days, limits.events),
  });
}
