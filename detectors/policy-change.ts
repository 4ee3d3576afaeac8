import { z } from "zod";
import {
  accountOfPrincipal,
  admitsOnly,
  defaultPolicy,
  isKin,
  kindOfPrincipal,
  type PolicySummary,
  summarizePolicy,
} from "../src/baseline/key-policy.ts";
import { type PolicyChange, policyChanges } from "../src/baseline/policy-difference.ts";
import {
  actsFinding,
  type ActsBaseline,
  actsLimits,
  type ActsLimits,
  type ActsOfHour,
  baselineState,
  callerName,
  defineDetector,
  type Doer,
  type Finding,
  type HourView,
  keyOf,
  type KmsEvent,
  learnActs,
  levelOfActs,
  newActsBaseline,
  newActsOfHour,
  noteAct,
  type Reason,
  refusalsOf,
  standingOfDoer,
  standingReasons,
  thingsOf,
  toldActs,
  witness,
} from "../src/detection/detector.ts";

interface Baseline extends ActsBaseline {
  /** The last policy seen; null before any. */
  policy: PolicySummary | null;
}

interface Bucket extends ActsOfHour {
  /** The policy in force at the end of the hour, as far as this hour says. */
  newest: { timeMs: number; eventId: string; policy: PolicySummary } | null;
}

interface Limits extends ActsLimits {
  policy: PolicySummary | null;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of a key's policy changes before a stranger among those who make them counts."),
  settledDays: z
    .number()
    .min(0)
    .default(7)
    .describe("Days of the account's own trail before an account that is not listed is foreign."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

/** Points and words of what a policy may change, the gravest first. */
const CHANGES = {
  opened: [92, "The policy lets everybody in, without any condition"],
  "owner-shut-out": [90, "Nobody of the owning account may change the policy any more"],
  "everybody-denied": [88, "The policy denies everybody, or everybody but those it names"],
  foreign: [72, "An account that is neither ours nor approved is let in"],
  "no-own-administrator": [70, "The policy lets nobody of the owning account change it"],
  "opened-by-use": [62, "The policy lets everybody in who comes by a certain way"],
  "foreign-before": [58, "A foreign account is let in; whether it was before is not known"],
  "foreign-wider": [55, "A foreign account may do more than before"],
  loosened: [48, "A condition on a principal is weaker or gone"],
  "opened-by-place": [35, "The policy lets everybody in from certain places"],
  "maker-only": [40, "The policy lets in nobody but the one who wrote it"],
  "foreign-look": [32, "A foreign account may look at the key"],
  "root-removed": [34, "The owning account's root may not administer the key any more"],
  "not-principal": [20, "The policy lets in everybody but those it names"],
  "root-absent": [14, "The owning account's root may not administer the key"],
} as const;
/** What happens as an organization grows; together at most `MOST_ADDITIONS`. */
const ADDITIONS = {
  widened: [28, "A principal has one right more"],
  user: [28, "An IAM user or a federated one is let in"],
  organization: [28, "A whole organization is let in"],
  approved: [24, "An approved foreign account is let in"],
  member: [22, "A principal of the organization is let in"],
  unknown: [22, "A principal without a name is let in"],
  service: [12, "An AWS service is let in"],
  "denied-by-condition": [22, "The policy denies everybody under a condition"],
  kin: [6, "A principal of a known family is let in"],
} as const;
const MOST_ADDITIONS = 36;
type Change = keyof typeof CHANGES | keyof typeof ADDITIONS;

const CALLS = new Set(["PutKeyPolicy", "CreateKey", "ReplicateKey"]);
/** Any change at all, and the two flags beside the policy's text. */
const CHANGED = "changed";
const BYPASSED = "bypassed";
const MADE_BYPASSED = "made-bypassed";
/** Weaker than this is not worth a word. */
const FEWEST_POINTS = 12;

/** A key policy lets strangers in, shuts its owner out, or is weakened. */
export const policyChange = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "policy-change",
  version: 3,
  title: "Policy change",
  entity: "key",
  reliableFrom: 50,
  severity: "informational to critical",
  why: "A key's policy decides who may use it, whatever IAM says. One call opens it to a stranger for good, or takes it from its owner.",
  falsePositives: ["A vendor's account that nobody has listed as approved yet."],
  knownGaps: [
    "Policies written before the trail begins: the first one seen is judged by itself.",
    "Access that IAM policies give under an unchanged key policy.",
    "Principals after the 500th of one policy.",
    "Whether an organization or a network named in a condition is ours.",
  ],
  triage: [
    "Read the key's policy now, and put the one before back if nobody claims the change.",
    "Find out what the principals it lets in did with the key since.",
    "Look at what else the one who changed it did that day: grants, replicas, deletions.",
    "If the owner is shut out, open a case with AWS Support: only they can restore access.",
  ],
  attack: [
    { technique: "T1098", name: "Account Manipulation", tactic: "persistence" },
    { technique: "T1531", name: "Account Access Removal", tactic: "impact" },
    { technique: "T1486", name: "Data Encrypted for Impact", tactic: "impact" },
  ],
  options: Options,
  judgesLate: true,

  accepts: ({ name, error }) =>
    CALLS.has(name) && (error === undefined || error.class === "denied"),
  newBaseline: () => ({ ...newActsBaseline(), policy: null }),
  newBucket: () => ({ ...newActsOfHour(), newest: null }),
  limits: (baseline, hour) => ({ ...actsLimits(baseline, hour), policy: baseline.policy }),

  add(view, event, options) {
    const { bucket, limits, entity } = view;
    bucket.events += 1;
    noteAct(bucket, event, CHANGED, event.name);
    witness(bucket, event);
    if (event.error !== undefined) return;
    const { accountId } = keyOf(entity);
    const policy = policyOf(event, accountId);
    if (policy === undefined) return;
    const bypass = event.parameters?.["bypassPolicyLockoutSafetyCheck"];
    if (bypass === true || bypass === "true") {
      noteAct(bucket, event, event.name === "CreateKey" ? MADE_BYPASSED : BYPASSED, event.name);
    }
    for (const change of policyChanges(limits.policy ?? undefined, policy, accountId)) {
      const code = weightOf(view, change, event.timeMs, options);
      if (code !== undefined) noteAct(bucket, event, code, change.who);
    }
    if (event.name === "PutKeyPolicy" && admitsOnly(policy, event.principal.key)) {
      noteAct(bucket, event, "maker-only", event.name);
    }
    // The replica's policy is its own, and not this key's.
    if (event.name !== "ReplicateKey") keepNewest(bucket, event, policy);
  },

  subjects: ({ principal }) => [{ name: principal.entity, period: "day" }],

  level(view, subject, options) {
    const doer = view.bucket.doers[subject];
    if (doer === undefined) return -1;
    const points = reasonsOf(view, subject, doer, options).reduce(
      (sum, one) => sum + one.points,
      0,
    );
    return points < FEWEST_POINTS ? -1 : levelOfActs(doer);
  },

  describe: describeChange,

  fold(baseline, hour, bucket) {
    learnActs(baseline, hour, bucket);
    if (bucket.newest !== null) baseline.policy = bucket.newest.policy;
  },
  skip: () => {},
});

/** The policy that the call writes; the default one where a key is made without. */
function policyOf({ name, parameters }: KmsEvent, accountId: string): PolicySummary | undefined {
  const policy = parameters?.["policy"];
  if (policy !== undefined && policy !== null) return summarizePolicy(policy);
  return name === "CreateKey" ? defaultPolicy(accountId) : undefined;
}

function keepNewest(bucket: Bucket, { timeMs, eventId }: KmsEvent, policy: PolicySummary): void {
  const { newest } = bucket;
  const isNewer =
    newest === null ||
    timeMs > newest.timeMs ||
    (timeMs === newest.timeMs && eventId > newest.eventId);
  if (isNewer) bucket.newest = { timeMs, eventId, policy };
}

/** What a change weighs as, by whose the principal is; undefined for what does not matter. */
function weightOf(
  view: View,
  change: PolicyChange,
  timeMs: number,
  options: Options,
): Change | undefined {
  const { kind, who } = change;
  const { policy } = view.limits;
  if (kind === "owner-shut-out" && policy === null) return "no-own-administrator";
  if (kind === "denied-by-condition") return kind;
  if (kind in CHANGES && kind !== "loosened") return kind as Change;
  const account = accountOfPrincipal(who);
  const isForeign =
    account !== undefined &&
    account !== keyOf(view.entity).accountId &&
    !view.organization.isOurs(account, view.knownBy);
  if (isForeign) {
    if (!view.organization.isApproved(account, timeMs)) return foreignWeight(view, kind, options);
    return kind === "admitted" ? "approved" : undefined;
  }
  if (kind === "loosened" || kind === "widened") return kind;
  if (kind !== "admitted" || policy === null) return undefined;
  return isKin(policy, who) ? "kin" : kindOfPrincipal(who);
}

function foreignWeight(view: View, kind: PolicyChange["kind"], { settledDays }: Options): Change {
  const { limits, organization, knownBy, entity } = view;
  if (kind === "admitted-to-look") return "foreign-look";
  if (kind !== "admitted") return "foreign-wider";
  const { accountId } = keyOf(entity);
  const isSettled =
    organization.declared || organization.isOurs(accountId, knownBy - settledDays * 24);
  if (!isSettled) return "member";
  return limits.policy === null ? "foreign-before" : "foreign";
}

function reasonsOf(view: View, subject: string, doer: Doer, options: Options): Reason[] {
  const grave = toldActs(doer, CHANGES);
  const added = toldActs(doer, ADDITIONS);
  let left = MOST_ADDITIONS;
  for (const reason of added) {
    reason.points = Math.min(reason.points, left);
    left -= reason.points;
  }
  const reasons: Reason[] = [...grave, ...added.filter(({ points }) => points > 0)];
  const bypass = bypassPoints(doer);
  if (bypass > 0) {
    const text = "The check that keeps an owner from shutting itself out was switched off.";
    reasons.push({ code: "safety-check-bypassed", text, points: bypass });
  }
  if (refusalsOf(doer).length > 0) {
    const points = grave.length > 0 ? 8 : 28;
    reasons.push({ code: "refused", text: "A change was refused.", points });
  }
  if (reasons.length === 0) return [];
  const standing = standingOfDoer(view.baseline, subject, doer, view.knownBy);
  const regular = grave.length > 0 ? 10 : 20;
  const { learningDays } = options;
  return [...reasons, ...standingReasons(standing, view.limits, { learningDays, regular })];
}

/** Switching the check off makes a lockout certain; by itself it is what key factories do. */
function bypassPoints(doer: Doer): number {
  const isBypassed = thingsOf(doer, BYPASSED).length > 0;
  if (!isBypassed) return thingsOf(doer, MADE_BYPASSED).length > 0 ? 22 : 0;
  const isOut = (code: Change): boolean => thingsOf(doer, code).length > 0;
  if (isOut("root-removed") || isOut("root-absent")) return 58;
  return thingsOf(doer, "no-own-administrator").length > 0 ? 24 : 28;
}

function describeChange(view: View, subject: string, options: Options): Finding {
  const doer = view.bucket.doers[subject];
  if (doer === undefined) throw new Error(`policy-change: no doer ${subject} in ${view.entity}`);
  const reasons = reasonsOf(view, subject, doer, options);
  const codes = reasons.filter(({ points }) => points > 0).map(({ code }) => code);
  const isRefused = codes[0] === "refused";
  const who = callerName(doer.evidence.principal, subject);
  const admitted = ADMITTED.flatMap((code) => thingsOf(doer, code));
  return actsFinding(view, subject, doer, {
    title: isRefused ? "Attempt to change a key policy" : "Key policy changed",
    summary: isRefused
      ? `${who} tried to change the key's policy and was refused.`
      : `${who} changed the key's policy: ${codes.join(", ")}.`,
    reasons,
    key: keyOf(view.entity),
    baseline: baselineState(view.limits.days, view.limits.acts),
    observed: { changes: codes.join(" "), admitted: admitted.slice(0, 10).join(" ") },
    expected: { changes: "", policyBefore: view.limits.policy === null ? "not seen" : "seen" },
  });
}

const ADMITTED: readonly Change[] = [
  "foreign",
  "foreign-before",
  "foreign-look",
  "user",
  "member",
  "unknown",
];
