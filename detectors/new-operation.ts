import { z } from "zod";
import { daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import {
  discoveryProbability,
  isKnown,
  type KnownSet,
  meet,
  newKnownSet,
  size,
  surpriseBits,
} from "../src/baseline/known-set.ts";
import {
  addEvidence,
  baselineState,
  callerName,
  counted,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  isCryptographic,
  isEncryption,
  isSignature,
  type KmsEvent,
  levelOf,
  mergeEvidence,
  newEvidence,
  type Reason,
  soleKey,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  calls: number;
  operations: KnownSet;
}

interface Bucket {
  calls: number;
  human: boolean;
  /** By the operation's name; those that are known hold no evidence. */
  met: Record<string, Use | null>;
}

interface Use {
  kind: Kind;
  count: number;
  firstMs: number;
  evidence: Evidence;
}

interface Limits {
  isMature: boolean;
  days: number;
  calls: number;
  /** Probability that the next operation of a day is a new one. */
  discovery: number;
}

/** What a call is for, as far as it weighs differently. */
type Kind = "reading" | "signing" | "writing" | "grant" | "list" | "look" | "administration";
type Weights = readonly [once: number, several: number, many: number];
interface Weight {
  readonly workload: Weights;
  readonly person: Weights;
  readonly text: string;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of a principal's own history before its operations are judged."),
  learningCalls: z
    .int()
    .min(1)
    .default(30)
    .describe("Calls of the principal before its operations are judged."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const DAILY: Subject = { name: "", period: "day" };
const SUBJECTS = [DAILY];
/** KMS has some sixty operations (AWS KMS API Reference). */
const MOST_KNOWN = 100;
/** Operations told apart within one hour. */
const MOST_MET = 100;
/**
 * How a call of each kind weighs: one, several calls and many, by a workload and by a person. What a release brings, or an audit,
 * weighs so little that it is no sign beside others.
 */
const WEIGHTS: Record<Kind, Weight> = {
  reading: { workload: [8, 16, 16], person: [4, 16, 16], text: "It reads what it never read." },
  signing: { workload: [16, 16, 16], person: [8, 16, 16], text: "It signs as it never did." },
  writing: { workload: [-10, 0, 16], person: [-10, 0, 16], text: "It encrypts as it never did." },
  grant: { workload: [18, 18, 18], person: [8, 16, 16], text: "It lets others use a key." },
  list: { workload: [20, 20, 20], person: [-10, -10, -10], text: "It asks which keys there are." },
  look: { workload: [-8, 8, 8], person: [-10, -10, -10], text: "It looks at keys." },
  administration: { workload: [-8, -8, -8], person: [-8, -8, -8], text: "It changes a key." },
};
const SEVERAL = 3;
const MANY = 10;
/** So many different ways of looking at keys, new all at once, are a survey. */
const SURVEY = 4;
const SURVEY_POINTS = 30;

/** A principal that has called the same few operations for weeks calls another one. */
export const newOperation = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "new-operation",
  version: 5,
  title: "New operation of a caller",
  entity: "principal",
  reliableFrom: 40,
  severity: "informational to high",
  why: "Software calls the operations that it was written to call, for months. Whoever holds its credentials looks around, reads what it only wrote, or makes grants.",
  falsePositives: [
    "A release that encrypts, signs or verifies for the first time.",
    "A tool of administration that makes its first key, or an audit that is new.",
  ],
  knownGaps: ["Principals younger than the learning days.", "Refused calls: see denied-probing."],
  triage: [
    "Ask the principal's owner for a release of that day.",
    "See what else the same access key did since, in every service.",
    "If nobody claims it, revoke the principal's sessions.",
  ],
  attack: [
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
    { technique: "T1580", name: "Cloud Infrastructure Discovery", tactic: "discovery" },
  ],
  options: Options,

  accepts: (event) =>
    event.error === undefined && !event.principal.service && isOperation(event.name),
  newBaseline: () => ({ born: -1, calls: 0, operations: newKnownSet() }),
  newBucket: () => ({ calls: 0, human: false, met: {} }),

  limits({ born, calls, operations }, hour, options) {
    const days = daysSince(born, hour);
    return {
      isMature: days >= options.learningDays && calls >= options.learningCalls,
      days,
      calls,
      discovery: discoveryProbability(operations),
    };
  },

  add({ bucket, baseline, limits, knownBy }, event) {
    bucket.calls += 1;
    let use = bucket.met[event.name];
    if (use === null) return;
    if (use === undefined) {
      if (Object.keys(bucket.met).length >= MOST_MET) return;
      const isNew = limits.isMature && !isKnown(baseline.operations, event.name, knownBy);
      use = isNew ? newUse(event) : null;
      bucket.met[event.name] = use;
      if (use === null) return;
    }
    bucket.human ||= event.principal.human;
    use.count += 1;
    use.firstMs = Math.min(use.firstMs, event.timeMs);
    addEvidence(use.evidence, event);
  },

  subjects: () => SUBJECTS,
  level({ bucket }) {
    const fresh = freshOf(bucket);
    const level = levelOf(Math.max(0, ...fresh.map(([, use]) => use.count)), 1);
    return isSurvey(fresh) ? Math.max(1, level) : level;
  },
  describe: describeHour,

  fold(baseline, hour, bucket) {
    if (baseline.born < 0) baseline.born = hour;
    baseline.calls += bucket.calls;
    for (const name of Object.keys(bucket.met).sort()) {
      meet(baseline.operations, name, hour, MOST_KNOWN);
    }
  },
  skip: () => {},
});

/** Operations have capital names, unlike what every JavaScript object has by itself. */
function isOperation(name: string): boolean {
  return name >= "A" && name < "[";
}

function newUse(event: KmsEvent): Use {
  return { kind: kindOf(event), count: 0, firstMs: event.timeMs, evidence: newEvidence() };
}

function kindOf(event: KmsEvent): Kind {
  if (isEncryption(event)) return "writing";
  if (isSignature(event)) return "signing";
  if (isCryptographic(event)) return "reading";
  if (event.name === "CreateGrant") return "grant";
  if (event.operation !== "read") return "administration";
  return event.name === "ListKeys" || event.name === "ListAliases" ? "list" : "look";
}

/** New operations of the hour, in order of their names. */
function freshOf({ met }: Bucket): [string, Use][] {
  return Object.entries(met)
    .flatMap(([name, use]): [string, Use][] => (use === null ? [] : [[name, use]]))
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

function describeHour(view: View): Finding {
  const { hour, bucket, limits, baseline } = view;
  const fresh = freshOf(bucket);
  const names = fresh.map(([name]) => name).join(", ");
  const evidence = fresh.reduce((sum, [, use]) => mergeEvidence(sum, use.evidence), newEvidence());
  const startMs = hour * HOUR_MS;
  return {
    title: "New operation of a caller",
    summary: `${callerName(evidence.principal)} called ${names} for the first time: ${counted(evidence.count, "call")}. In ${Math.floor(limits.days)} days it called ${counted(size(baseline.operations), "operation")}.`,
    reasons: reasonsOf(view, fresh),
    eventTimeMs: Math.min(...fresh.map(([, { firstMs }]) => firstMs)),
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: soleKey(evidence),
    accountId: null,
    region: null,
    observed: { newOperations: names, calls: evidence.count },
    expected: {
      newOperations: "",
      calls: 0,
      newOperationProbability: Math.round(limits.discovery * 1000) / 1000,
    },
    baseline: baselineState(limits.days, limits.calls),
    evidence,
  };
}

/** A new operation counts by how rarely this principal has any, and by what the gravest of the hour is for. */
function reasonsOf({ bucket, limits }: View, fresh: readonly [string, Use][]): Reason[] {
  const reasons: Reason[] = [
    {
      code: "new-operation",
      text: `Never called before in ${Math.floor(limits.days)} days and ${counted(limits.calls, "call")}.`,
      points: Math.round(Math.min(26, 5.2 * surpriseBits(limits.discovery))),
    },
  ];
  const weighed = fresh.map(([, use]) => ({ kind: use.kind, points: weightOf(bucket, use) }));
  weighed.sort((one, other) => other.points - one.points || (one.kind < other.kind ? -1 : 1));
  const [gravest] = weighed;
  if (gravest !== undefined && gravest.points !== 0) {
    const { kind, points } = gravest;
    reasons.push({ code: kind, text: WEIGHTS[kind].text, points });
  }
  if (isSurvey(fresh)) {
    const text = "Several ways of looking at keys within an hour, none of them ever before.";
    reasons.push({ code: "survey", text, points: SURVEY_POINTS });
  }
  return reasons;
}

function isSurvey(fresh: readonly [string, Use][]): boolean {
  return fresh.filter(([, { kind }]) => kind === "list" || kind === "look").length >= SURVEY;
}

function weightOf({ human }: Bucket, { kind, count }: Use): number {
  const [once, several, many] = WEIGHTS[kind][human ? "person" : "workload"];
  if (count < SEVERAL) return once;
  return count < MANY ? several : many;
}
