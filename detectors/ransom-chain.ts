import { z } from "zod";
import { DAY_HOURS, daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import { type KnownSet, meet, newKnownSet } from "../src/baseline/known-set.ts";
import {
  addEvidence,
  baselineState,
  callerName,
  counted,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  isEncryption,
  type KmsEvent,
  newEvidence,
  pointsOf,
  type Reason,
  severityOf,
  soleKey,
  type Subject,
} from "../src/detection/detector.ts";

type Act = keyof typeof ACTS;
type Stage = "prepare" | "encrypt" | "destroy";

interface Baseline {
  born: number;
  /** Act → hours of the last day in which it was done, and how often. */
  recent: Partial<Record<Act, [hour: number, times: number][]>>;
  /** Days on which acts of several stages came together. */
  chains: KnownSet;
}

interface Bucket {
  acts: Partial<Record<Act, number>>;
  firstMs: number;
  evidence: Evidence;
}

interface Limits {
  days: number;
  /** Days on which it did as much before. */
  chains: number;
}

const Options = z.strictObject({
  leastForeignCalls: z
    .int()
    .min(1)
    .default(3)
    .describe("Encryptions under a key of a foreign account within a day that count as a stage."),
  leastReEncryptions: z
    .int()
    .min(1)
    .default(5)
    .describe("Calls of ReEncrypt to another key within a day that count as a stage."),
  leastRevocations: z
    .int()
    .min(1)
    .default(5)
    .describe("Grants revoked within a day that count as a stage."),
  minimumScore: z
    .int()
    .min(1)
    .max(100)
    .default(40)
    .describe("Score that the stages must reach together."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

/** What is told of each act, and what its stage is worth by it. */
const ACTS = {
  lockout: ["prepare", 30, "changed a policy without the check that keeps its owner in"],
  "own-material": ["prepare", 30, "brought key material or a key store of its own"],
  "new-key": ["prepare", 10, "made a key"],
  "foreign-key": ["encrypt", 34, "encrypted under a key of a foreign account"],
  "re-encrypted": ["encrypt", 22, "moved data under another key"],
  destroyed: ["destroy", 28, "destroyed a key or cut off its store"],
  disabled: ["destroy", 22, "disabled a key"],
  "cut-off": ["destroy", 16, "revoked a grant or deleted an alias"],
} as const satisfies Record<string, readonly [Stage, number, string]>;
const STAGES: readonly Stage[] = ["prepare", "encrypt", "destroy"];
/** Not what an ordinary maintenance of a key store consists of: updating, disconnecting, connecting. */
const BY_CALL = new Map<string, Act>([
  ["CreateCustomKeyStore", "own-material"],
  ["CreateKey", "new-key"],
  ["DeleteAlias", "cut-off"],
  ["DeleteCustomKeyStore", "destroyed"],
  ["DeleteImportedKeyMaterial", "destroyed"],
  ["DisableKey", "disabled"],
  ["DisconnectCustomKeyStore", "destroyed"],
  ["ImportKeyMaterial", "own-material"],
  ["RetireGrant", "cut-off"],
  ["RevokeGrant", "cut-off"],
  ["ScheduleKeyDeletion", "destroyed"],
]);
/** Days with a chain after which it is what this principal does. */
const REGULAR_DAYS = 3;
const SUBJECTS: readonly Subject[] = [{ name: "", period: "day" }];
const NOTHING: readonly Subject[] = [];

/** Within a day one principal prepares keys, encrypts data under them, and takes the old ones away. */
export const ransomChain = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "ransom-chain",
  version: 1,
  title: "Ransom chain",
  entity: "principal",
  severity: "medium to critical",
  why: "Each step of a ransom looks like administration. A key of one's own, data moved under it and the old keys gone within a day, by one and the same principal, are the whole of it.",
  falsePositives: ["Data is moved to a new key, and the old one is disabled the same day."],
  knownGaps: [
    "Steps that are spread over several principals or days.",
    "Encryption under a new key of the same account that goes through a service rather than ReEncrypt.",
  ],
  triage: [
    "Revoke the principal's sessions at once.",
    "Cancel the deletion of keys and enable them again; both are possible until the waiting period ends.",
    "Find out which objects were encrypted under which key, and whether older versions exist.",
  ],
  attack: [
    { technique: "T1486", name: "Data Encrypted for Impact", tactic: "impact" },
    { technique: "T1485", name: "Data Destruction", tactic: "impact" },
    { technique: "T1490", name: "Inhibit System Recovery", tactic: "impact" },
  ],
  options: Options,

  accepts: (event) => actOf(event) !== undefined,
  newBaseline: () => ({ born: -1, recent: {}, chains: newKnownSet() }),
  newBucket: () => ({ acts: {}, firstMs: Number.MAX_SAFE_INTEGER, evidence: newEvidence() }),

  limits: ({ born, chains }, hour) => ({
    days: daysSince(born, hour),
    chains: chains.members[CHAIN]?.[2] ?? 0,
  }),

  add({ bucket, organization, knownBy }, event) {
    const act = actOf(event);
    if (act === undefined) return;
    const owner = event.keys[0]?.accountId ?? "";
    const isHarmless =
      organization.isOurs(owner, knownBy) || organization.isApproved(owner, event.timeMs);
    if (act === "foreign-key" && isHarmless) return;
    bucket.acts[act] = (bucket.acts[act] ?? 0) + 1;
    bucket.firstMs = Math.min(bucket.firstMs, event.timeMs);
    addEvidence(bucket.evidence, event);
  },

  subjects: (event) => (actOf(event) === undefined ? NOTHING : SUBJECTS),

  level(view, _subject, options) {
    // The hour may hold nothing but what turned out to be harmless.
    if (view.bucket.evidence.count === 0) return -1;
    const score = pointsOf(reasonsOf(view, options));
    if (score < options.minimumScore) return -1;
    return ["high", "critical"].indexOf(severityOf(Math.min(100, score))) + 1;
  },

  describe: describeChain,
  fold: learn,
  skip: () => {},
});

/** Name under which days with a chain are known. */
const CHAIN = "chain";

function actOf(event: KmsEvent): Act | undefined {
  const { name, operation, error, principal, keys, parameters } = event;
  if (error !== undefined || principal.service) return undefined;
  if (operation === "reEncrypt") return keys.length > 1 ? "re-encrypted" : undefined;
  if (isEncryption(event)) {
    return isOfOthers(event) ? "foreign-key" : undefined;
  }
  if (name === "PutKeyPolicy") {
    return parameters?.["bypassPolicyLockoutSafetyCheck"] === true ? "lockout" : undefined;
  }
  const act = BY_CALL.get(name);
  const origin = parameters?.["origin"];
  return act === "new-key" && origin !== undefined && origin !== "AWS_KMS" ? "own-material" : act;
}

function isOfOthers({ keys, principal }: KmsEvent): boolean {
  const owner = keys[0]?.accountId;
  return owner !== undefined && owner !== principal.accountId;
}

/** What was done in this hour and the day before it. */
function timesOf({ hour, baseline, earlier, bucket }: View): Partial<Record<Act, number>> {
  const times = { ...bucket.acts };
  const add = (act: Act, more: number): void => {
    times[act] = (times[act] ?? 0) + more;
  };
  for (const act of acts) {
    for (const [at, more] of baseline.recent[act] ?? []) if (at > hour - DAY_HOURS) add(act, more);
    for (const open of earlier) {
      const more = open.bucket.acts[act] ?? 0;
      if (more > 0 && open.hour > hour - DAY_HOURS) add(act, more);
    }
  }
  return times;
}

const acts = Object.keys(ACTS) as Act[];

function learn(baseline: Baseline, hour: number, bucket: Bucket, _limits: Limits): void {
  if (baseline.born < 0) baseline.born = hour;
  for (const act of acts) {
    const recent = (baseline.recent[act] ?? []).filter(([at]) => at > hour - DAY_HOURS);
    const times = bucket.acts[act];
    if (times !== undefined) recent.push([hour, times]);
    if (recent.length === 0) delete baseline.recent[act];
    else baseline.recent[act] = recent;
  }
  const stages = new Set(Object.keys(baseline.recent).map((act) => ACTS[act as Act][0]));
  if (stages.size > 1) meet(baseline.chains, CHAIN, hour, 1);
}

function reasonsOf(view: View, options: Options): Reason[] {
  const times = timesOf(view);
  const least: Partial<Record<Act, number>> = {
    "foreign-key": options.leastForeignCalls,
    "re-encrypted": options.leastReEncryptions,
    "cut-off": options.leastRevocations,
  };
  const reasons: Reason[] = STAGES.flatMap((stage) => {
    // In the order of their weights.
    const act = acts.find(
      (one) => ACTS[one][0] === stage && (times[one] ?? 0) >= (least[one] ?? 1),
    );
    if (act === undefined) return [];
    const [, points, text] = ACTS[act];
    return [
      { code: act, text: `Within a day it ${text}, ${counted(times[act] ?? 0, "time")}.`, points },
    ];
  });
  if (reasons.length < 2) return [];
  if (reasons.length > 2) {
    const text = "All of it: prepared, encrypted and destroyed.";
    reasons.push({ code: "whole-chain", text, points: 12 });
  }
  if ((times.destroyed ?? 0) >= 3) {
    reasons.push({ code: "many-keys", text: "Not one key only.", points: 8 });
  }
  if (view.limits.chains >= REGULAR_DAYS) {
    const text = `It has done so on ${view.limits.chains} days before.`;
    reasons.push({ code: "regular", text, points: -30 });
  }
  return reasons;
}

function describeChain(view: View, _subject: string, options: Options): Finding {
  const { hour, bucket, limits } = view;
  const { evidence } = bucket;
  const reasons = reasonsOf(view, options);
  const stages = reasons.filter(({ code }) => code in ACTS).map(({ code }) => ACTS[code as Act]);
  const told = stages.map(([, , text]) => text).join("; ");
  return {
    title: "Ransom chain",
    summary: `Within a day ${callerName(evidence.principal)} did ${stages.length} of the 3 steps of a ransom: ${told}.`,
    reasons,
    eventTimeMs: bucket.firstMs,
    windowStartMs: hour * HOUR_MS,
    windowEndMs: (hour + 1) * HOUR_MS,
    principal: evidence.principal,
    key: soleKey(evidence),
    accountId: null,
    region: null,
    observed: { stages: stages.length, ...timesOf(view) },
    expected: { stages: 0, chainsBefore: limits.chains },
    baseline: baselineState(limits.days, Math.round(limits.days)),
    evidence,
  };
}
