import { z } from "zod";
import { daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import {
  discoveryProbability,
  isKnown,
  type KnownSet,
  meet,
  newKnownSet,
  size,
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
  type KmsEvent,
  newEvidence,
  pointsOfNovelty,
  type Reason,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  calls: number;
  /** Masked ids of the user's long-term access keys. */
  keys: KnownSet;
  /** The newest of them, while it is not known yet whether it took the place of the others. */
  trial: Trial | null;
}

/** A new access key, and how much it and the user's others are used from its first hour on. */
interface Trial {
  readonly name: string;
  readonly sinceHour: number;
  readonly points: number;
  /** Of its first hour. */
  readonly evidence: Evidence;
  own: number;
  others: number;
  isTold: boolean;
}

interface Bucket {
  calls: number;
  keys: Record<string, KeyUse>;
}

interface KeyUse {
  count: number;
  firstMs: number;
  lastMs: number;
  /** Null for a key that is known. */
  evidence: Evidence | null;
}

interface Limits {
  days: number;
  calls: number;
  known: number;
  /** What a new key weighs; 0 while the user is not known enough. */
  points: number;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of an IAM user's own history before a new access key is one."),
  overlapHours: z
    .int()
    .min(1)
    .max(48)
    .default(6)
    .describe("Hours for which both keys of a user may be at work while one replaces the other."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;
type ClosedHour = Pick<View, "hour" | "bucket" | "limits">;

const BESIDE: Subject = { name: "beside", period: "hour" };
/** IAM gives a user two at a time; each rotation brings another. */
const MOST_KNOWN = 8;
/** Days of use before another key is new. */
const LEAST_DAYS = 5;
/** Hours after which a new key is one of the user's. */
const TRIAL_HOURS = 72;
/** A new key is mostly what the rotation of an old one begins with: less than what is new otherwise. */
const ROTATION_DISCOUNT = 10;
/** Two systems with a user's two keys are seldom, and known as such after days. */
const BESIDE_POINTS = 28;

/** The long-term access key of an IAM user is a new one, or a second one at work beside the first. */
export const newAccessKey = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "new-access-key",
  version: 1,
  title: "New access key",
  entity: "principal",
  severity: "low to medium",
  why: "Whoever may make access keys makes one for a user who may read: a way in that stays when the first one is closed. A key that is rotated takes the place of the old one; a thief's is used beside it.",
  falsePositives: [
    "A rotation that takes longer than half a day, machine by machine.",
    "A second system that is given the user's second key.",
  ],
  knownGaps: [
    "Users of whom less than two weeks are known, and those whose first access key it is: see long-term-credentials.",
    "A stolen key in place of its owner's, used after that one stopped.",
    "Two keys of a user with the same last four characters.",
    "That a second key is at work beside the first is told when the hour closes in which that is certain.",
  ],
  triage: [
    "Look up who made the access key: CreateAccessKey of IAM, in the same account's trail.",
    "Ask the user's owner whether they rotate keys or gave the second one away.",
    "See from where and for what the new key is used.",
    "If nobody claims it, deactivate the new key; the other one goes on working.",
  ],
  attack: [
    {
      technique: "T1098.001",
      name: "Account Manipulation: Additional Cloud Credentials",
      tactic: "persistence",
    },
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
  ],
  options: Options,
  judgesClosed: [BESIDE.name],

  accepts: (event) =>
    event.error === undefined &&
    event.principal.type === "IAMUser" &&
    event.principal.via === undefined &&
    event.principal.accessKeyId?.startsWith("AKIA") === true,
  newBaseline: () => ({ born: -1, calls: 0, keys: newKnownSet(), trial: null }),
  newBucket: () => ({ calls: 0, keys: {} }),

  limits(baseline, hour, options) {
    const { born, calls, keys } = baseline;
    const days = daysSince(born, hour);
    const isKnownWell = days >= options.learningDays && keys.meetings >= LEAST_DAYS;
    const points = isKnownWell ? pointsOfNovelty(discoveryProbability(keys)) : 0;
    return { days, calls, known: size(keys), points: Math.max(0, points - ROTATION_DISCOUNT) };
  },

  add({ bucket, baseline, knownBy }, event) {
    bucket.calls += 1;
    const name = keyOf(event);
    let use = bucket.keys[name];
    if (use === undefined) {
      if (Object.keys(bucket.keys).length >= MOST_KNOWN) return;
      const evidence = isKnown(baseline.keys, name, knownBy) ? null : newEvidence();
      use = { count: 0, firstMs: event.timeMs, lastMs: event.timeMs, evidence };
      bucket.keys[name] = use;
    }
    use.count += 1;
    use.firstMs = Math.min(use.firstMs, event.timeMs);
    use.lastMs = Math.max(use.lastMs, event.timeMs);
    if (use.evidence !== null) addEvidence(use.evidence, event);
  },

  subjects: (event) => [{ name: keyOf(event), period: "once" }, BESIDE],

  level(view, subject, options) {
    if (subject === BESIDE.name) return besideIn(view, options) === null ? -1 : 0;
    const { bucket, limits } = view;
    const isNew = limits.points > 0 && (bucket.keys[subject]?.evidence ?? null) !== null;
    return isNew ? 0 : -1;
  },

  describe: (view, subject, options) =>
    subject === BESIDE.name ? describeBeside(view, options) : describeNew(view, subject),

  fold(baseline, hour, bucket, limits, options) {
    if (baseline.born < 0) baseline.born = hour;
    baseline.calls += bucket.calls;
    baseline.trial = triedIn({ hour, bucket, limits }, baseline.trial, baseline.keys, options);
    for (const name of Object.keys(bucket.keys).sort()) {
      meet(baseline.keys, name, hour, MOST_KNOWN);
    }
  },
  skip: () => {},
});

/** An id is an attacker's text, but for its prefix. */
function keyOf({ principal }: KmsEvent): string {
  return principal.accessKeyId ?? "";
}

/** The trial after an hour: a new one, or the last with what the hour adds; null where there is none any more. */
function triedIn(
  { hour, bucket, limits }: ClosedHour,
  last: Trial | null,
  keys: KnownSet,
  options: Options,
): Trial | null {
  if (last !== null && hour - last.sinceHour < TRIAL_HOURS) {
    const own = last.own + (bucket.keys[last.name]?.count ?? 0);
    const others = last.others + bucket.calls - (bucket.keys[last.name]?.count ?? 0);
    const trial = { ...last, own, others };
    return { ...trial, isTold: last.isTold || isBeside(trial, { hour, bucket }, options) };
  }
  if (limits.points === 0) return null;
  const [name] = Object.keys(bucket.keys)
    .filter((one) => keys.members[one] === undefined)
    .sort();
  const use = name === undefined ? undefined : bucket.keys[name];
  if (name === undefined || use === undefined) return null;
  return {
    name,
    sinceHour: hour,
    points: limits.points,
    evidence: use.evidence ?? newEvidence(),
    own: use.count,
    others: 0,
    isTold: false,
  };
}

/** Whether the others are used in the hour, long after the new key came, and have been used more than it since. */
function isBeside(
  { name, sinceHour, own, others }: Trial,
  { hour, bucket }: Pick<ClosedHour, "hour" | "bucket">,
  { overlapHours }: Options,
): boolean {
  const isUsed = Object.keys(bucket.keys).some((one) => one !== name);
  return isUsed && hour - sinceHour >= overlapHours && others > own;
}

/** The new key beside which the others go on being used; null where there is none, or it is told already. */
function besideIn(view: View, options: Options): Trial | null {
  const { baseline, earlier } = view;
  if (baseline.trial === null && earlier.length === 0) return null;
  let trial = baseline.trial;
  for (const one of earlier) trial = triedIn(one, trial, baseline.keys, options);
  const after = triedIn(view, trial, baseline.keys, options);
  return after?.isTold === true && trial?.isTold === false ? after : null;
}

function describeNew(view: View, name: string): Finding {
  const { hour, bucket, limits, entity } = view;
  const use = bucket.keys[name];
  if (use === undefined) throw new Error(`new-access-key: no ${name} in ${entity}`);
  const evidence = use.evidence ?? newEvidence();
  const startMs = hour * HOUR_MS;
  return {
    title: "New access key of an IAM user",
    summary: `The IAM user ${callerName(evidence.principal)} calls KMS with the access key ${name}, never seen in ${Math.floor(limits.days)} days.`,
    reasons: [newKeyReason(name, limits.points, limits.known)],
    eventTimeMs: use.firstMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: null,
    accountId: null,
    region: null,
    observed: { callsWithNewKey: use.count, accessKey: name },
    expected: { callsWithNewKey: 0, knownAccessKeys: limits.known },
    baseline: baselineState(limits.days, limits.calls),
    evidence,
  };
}

function describeBeside(view: View, options: Options): Finding {
  const { hour, bucket, limits, entity } = view;
  const trial = besideIn(view, options);
  if (trial === null) throw new Error(`new-access-key: nothing beside in ${entity}`);
  const { name, own, others, evidence, points, sinceHour } = trial;
  const lastUses = Object.keys(bucket.keys).map((key) => bucket.keys[key]?.lastMs ?? 0);
  const hours = hour - sinceHour;
  const who = callerName(evidence.principal);
  return {
    title: "Second access key of an IAM user beside the first",
    summary: `The IAM user ${who} has used a new access key, ${name}, for ${counted(own, "call")}, and its other one for ${others} in the ${hours} hours since.`,
    reasons: [
      newKeyReason(name, points, limits.known),
      {
        code: "beside-the-other",
        text: `The other key goes on being used after ${hours} hours, and more: it was not rotated.`,
        points: BESIDE_POINTS,
      },
    ],
    eventTimeMs: Math.max(...lastUses),
    windowStartMs: sinceHour * HOUR_MS,
    windowEndMs: (hour + 1) * HOUR_MS,
    principal: evidence.principal,
    key: null,
    accountId: null,
    region: null,
    observed: { callsWithNewKey: own, callsWithOtherKeys: others, hours, accessKey: name },
    expected: { callsWithNewKey: 0, overlapHours: options.overlapHours },
    baseline: baselineState(limits.days, limits.calls),
    evidence,
  };
}

function newKeyReason(name: string, points: number, known: number): Reason {
  const text = `The access key ${name} is new; ${counted(known, "other")} known.`;
  return { code: "new-access-key", text, points };
}
