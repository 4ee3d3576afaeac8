import { z } from "zod";
import { isKnown, type KnownSet, meet, newKnownSet, size } from "../src/baseline/known-set.ts";
import {
  type ActsBaseline,
  actsFinding,
  actsLimits,
  type ActsLimits,
  type ActsOfHour,
  type ActWeights,
  baselineState,
  callerName,
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
  refusalsOf,
  standingOfDoer,
  standingReasons,
  type Subject,
  thingsOf,
  toldActs,
  witness,
} from "../src/detection/detector.ts";

interface Baseline extends ActsBaseline {
  /** Regions in which the account has keys. */
  regions: KnownSet;
}

interface Bucket extends ActsOfHour {
  regions: Record<string, true>;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(7)
    .describe("Days of an account's history before a Region can be new to it."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, ActsLimits>;

const ACTS = {
  "new-region": [62, "A key was taken to a Region in which the account had none"],
  "unlearned-region": [34, "A key was taken to a Region not seen so far, early in the history"],
  "known-region": [32, "A key was taken to another Region"],
} as const satisfies ActWeights;
const TARGETS = new Map([
  ["ReplicateKey", "replicaRegion"],
  ["UpdatePrimaryRegion", "primaryRegion"],
]);
const REGION = /^[a-z0-9-]{1,32}$/;
const NOTHING: readonly Subject[] = [];
/** AWS has fewer; a record may name anything. */
const MOST_REGIONS = 100;

/** A key is replicated to a Region where the account has no business, or becomes primary there. */
export const replicaInNewRegion = defineDetector<Baseline, Bucket, ActsLimits, Options>({
  id: "replica-in-new-region",
  version: 2,
  title: "Replica in a new place",
  entity: "account",
  severity: "low to high",
  why: "A replica decrypts what its primary encrypted, under a policy of its own, in a Region that nobody watches.",
  falsePositives: ["Disaster recovery is rolled out to another Region."],
  knownGaps: ["Regions whose trail does not arrive, where the account has keys all the same."],
  triage: [
    "Read the replica's policy and grants, in its own Region.",
    "Delete the replica if nobody claims it, and look for what was decrypted with it.",
    "Close Regions that you do not use with a service control policy.",
  ],
  attack: [
    {
      technique: "T1535",
      name: "Unused/Unsupported Cloud Regions",
      tactic: "defense-evasion",
    },
    { technique: "T1537", name: "Transfer Data to Cloud Account", tactic: "exfiltration" },
  ],
  options: Options,
  judgesLate: true,

  accepts: ({ operation }) => operation === "admin" || operation === "read",
  newBaseline: () => ({ ...newActsBaseline(), regions: newKnownSet() }),
  newBucket: () => ({ ...newActsOfHour(), regions: {} }),
  limits: actsLimits,

  add(view, event, { learningDays }) {
    const { bucket, baseline, limits, knownBy } = view;
    bucket.events += 1;
    const target = targetOf(event);
    if (event.error === undefined) {
      meetRegion(bucket, event.keys[0]?.region);
      meetRegion(bucket, target);
    }
    if (target === undefined) return;
    const isNew = !isKnown(baseline.regions, target, knownBy);
    const newness = limits.days < learningDays ? "unlearned-region" : "new-region";
    noteAct(bucket, event, isNew ? newness : "known-region", target);
    witness(bucket, event);
  },

  subjects: (event) =>
    targetOf(event) === undefined ? NOTHING : [{ name: event.principal.entity, period: "day" }],

  level(view, subject) {
    const doer = view.bucket.doers[subject];
    if (doer === undefined) return -1;
    return pointsOf(reasonsOf(view, subject, doer)) < 12 ? -1 : levelOfActs(doer);
  },

  describe: describeReplica,

  fold(baseline, hour, bucket) {
    learnActs(baseline, hour, bucket);
    for (const region of Object.keys(bucket.regions).sort()) {
      meet(baseline.regions, region, hour, MOST_REGIONS);
    }
  },
  skip: () => {},
});

/** The Region a call takes a key to. UpdatePrimaryRegion is logged a second time by KMS itself, without it. */
function targetOf({ name, parameters, error }: KmsEvent): string | undefined {
  const region = parameters?.[TARGETS.get(name) ?? ""];
  if (error !== undefined && error.class !== "denied") return undefined;
  return typeof region === "string" && REGION.test(region) ? region : undefined;
}

function meetRegion(bucket: Bucket, region: string | undefined): void {
  if (region === undefined || !REGION.test(region)) return;
  if (Object.keys(bucket.regions).length < MOST_REGIONS) bucket.regions[region] = true;
}

function reasonsOf({ baseline, limits, knownBy }: View, subject: string, doer: Doer): Reason[] {
  const reasons = mainly(toldActs(doer, ACTS), 6);
  if (refusalsOf(doer).length > 0) {
    const points = reasons.length > 0 ? 6 : 22;
    reasons.push({ code: "refused", text: "An attempt was refused.", points });
  }
  const standing = standingOfDoer(baseline, subject, doer, knownBy);
  return [...reasons, ...standingReasons(standing, limits, { learningDays: 14, regular: 22 })];
}

function describeReplica(view: View, subject: string): Finding {
  const { bucket, limits, entity, baseline } = view;
  const doer = bucket.doers[subject];
  if (doer === undefined) throw new Error(`replica-in-new-region: no doer ${subject} in ${entity}`);
  const regions = Object.keys(ACTS).flatMap((act) => thingsOf(doer, act));
  const tried = refusalsOf(doer);
  const who = callerName(doer.evidence.principal, subject);
  return actsFinding(view, subject, doer, {
    title: regions.length === 0 ? "Attempt to replicate a key" : "Key taken to another Region",
    summary:
      regions.length === 0
        ? `${who} tried to take a key of account ${entity} to ${tried.join(", ")} and was refused.`
        : `${who} took a key of account ${entity} to ${regions.join(", ")}.`,
    reasons: reasonsOf(view, subject, doer),
    accountId: entity,
    observed: { regions: regions.join(" "), newRegions: thingsOf(doer, "new-region").length },
    expected: { newRegions: 0, regionsWithKeys: size(baseline.regions) },
    baseline: baselineState(limits.days, limits.events),
  });
}
