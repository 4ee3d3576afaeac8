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
  isCryptographic,
  type KmsEvent,
  levelOf,
  mergeEvidence,
  newEvidence,
  pointsOf,
  pointsOfNovelty,
  type Reason,
  soleKey,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  calls: number;
  keys: KnownSet;
}

interface Bucket {
  calls: number;
  /** Calls with keys that are new. */
  fresh: number;
  size: number;
  /** Whether a person made the calls with keys that are new. */
  human: boolean;
  /** By key ARN. */
  keys: Record<string, Use>;
}

interface Use {
  count: number;
  firstMs: number;
  isDirect: boolean;
  /** Whether the principal made the key in the same hour. */
  isMade: boolean;
  /** Null where the key is not new. */
  evidence: Evidence | null;
}

interface Limits {
  isMature: boolean;
  days: number;
  calls: number;
  keys: number;
  /** Probability that the next key of a day is a new one. */
  discovery: number;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of a principal's own history before its keys are judged."),
  learningCalls: z
    .int()
    .min(1)
    .default(30)
    .describe("Cryptographic calls of the principal before its keys are judged."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const DAILY: Subject = { name: "", period: "day" };
const SUBJECTS = [DAILY];
/** Keys remembered for one principal. */
const MOST_KNOWN = 100;
/** Keys told apart within one hour. */
const MOST_KEYS = 60;
/** By itself it is just medium, and less for a call or two: releases give old services new keys. */
const MOST_POINTS = 40;
/** People look into what they never looked into before. */
const MOST_OF_PERSON = 33;
const MANY_CALLS = 15;

/** A principal that has kept to its keys for weeks uses another one. */
export const newKey = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "new-key",
  version: 6,
  title: "New key of a caller",
  entity: "principal",
  severity: "informational to medium",
  why: "A workload keeps to its few keys for months. Whoever holds its credentials tries what else they open. Seen from the key the caller is new, seen from the caller the key: both together are rare.",
  falsePositives: ["A release from which on a service uses another key."],
  knownGaps: [
    "Principals younger than the learning days: see family-new-key for those of a known family.",
    "By itself it is medium at most: combined-signals adds up what the key's side says.",
  ],
  triage: [
    "Find out who owns the key, and whether its policy or a grant changed of late.",
    "Ask the principal's owner for a release of that day.",
    "Look at what was decrypted, and from which address.",
  ],
  attack: [
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
    { technique: "T1530", name: "Data from Cloud Storage", tactic: "collection" },
  ],
  options: Options,

  accepts: (event) =>
    event.error === undefined && (isCryptographic(event) || event.name === "CreateKey"),
  newBaseline: () => ({ born: -1, calls: 0, keys: newKnownSet() }),
  newBucket: () => ({ calls: 0, fresh: 0, size: 0, human: false, keys: {} }),

  limits({ born, calls, keys }, hour, options) {
    const days = daysSince(born, hour);
    return {
      isMature: days >= options.learningDays && calls >= options.learningCalls,
      days,
      calls,
      keys: size(keys),
      discovery: discoveryProbability(keys),
    };
  },

  add(view, event) {
    if (event.name !== "CreateKey") view.bucket.calls += 1;
    for (const { arn } of event.keys) if (arn.includes(":key/")) addUse(view, event, arn);
  },

  subjects: () => SUBJECTS,
  level: ({ bucket }) => levelOf(bucket.fresh, 1),
  describe: describeHour,

  fold(baseline, hour, bucket) {
    if (baseline.born < 0) baseline.born = hour;
    baseline.calls += bucket.calls;
    for (const arn of Object.keys(bucket.keys).sort()) meet(baseline.keys, arn, hour, MOST_KNOWN);
  },
  skip: () => {},
});

function addUse({ bucket, baseline, limits, knownBy }: View, event: KmsEvent, arn: string): void {
  let use = bucket.keys[arn];
  if (use === undefined) {
    if (bucket.size >= MOST_KEYS) return;
    const isNew = limits.isMature && !isKnown(baseline.keys, arn, knownBy);
    use = {
      count: 0,
      firstMs: Number.MAX_SAFE_INTEGER,
      isDirect: false,
      isMade: false,
      evidence: isNew ? newEvidence() : null,
    };
    bucket.keys[arn] = use;
    bucket.size += 1;
  }
  if (event.name === "CreateKey") {
    use.isMade = true;
    return;
  }
  use.count += 1;
  if (use.evidence === null) return;
  bucket.fresh += 1;
  bucket.human ||= event.principal.human;
  use.firstMs = Math.min(use.firstMs, event.timeMs);
  use.isDirect ||= event.principal.via === undefined;
  addEvidence(use.evidence, event);
}

function describeHour(view: View): Finding {
  const { hour, bucket, limits } = view;
  const uses = Object.values(bucket.keys).filter(
    ({ count, evidence }) => count > 0 && evidence !== null,
  );
  const evidence = uses.reduce(
    (sum, use) => mergeEvidence(sum, use.evidence ?? newEvidence()),
    newEvidence(),
  );
  const startMs = hour * HOUR_MS;
  const known = counted(limits.keys, "key");
  return {
    title: "New key of a caller",
    summary: `${callerName(evidence.principal)} used ${counted(uses.length, "key")} for the first time: ${counted(bucket.fresh, "call")}. In ${Math.floor(limits.days)} days and ${counted(limits.calls, "call")} it used ${known}.`,
    reasons: reasonsOf(view, uses),
    eventTimeMs: Math.min(...uses.map(({ firstMs }) => firstMs)),
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: soleKey(evidence),
    accountId: null,
    region: null,
    observed: { newKeys: uses.length, calls: bucket.fresh },
    expected: {
      newKeys: 0,
      calls: 0,
      knownKeys: limits.keys,
      newKeyProbability: Math.round(limits.discovery * 1000) / 1000,
    },
    baseline: baselineState(limits.days, limits.calls),
    evidence,
  };
}

/** A new key counts by how rarely this principal has any. */
function reasonsOf({ bucket, limits }: View, uses: readonly Use[]): Reason[] {
  const newness = pointsOfNovelty(limits.discovery);
  const reasons: Reason[] = [
    {
      code: "new-key",
      text: `Never used before; ${counted(limits.keys, "key")} in ${Math.floor(limits.days)} days.`,
      points: newness,
    },
  ];
  if (uses.every(({ isMade }) => isMade)) {
    const text = "It made the key itself within the hour.";
    reasons.push({ code: "own-key", text, points: -24 });
    return reasons;
  }
  if (uses.every(({ isDirect }) => !isDirect)) {
    const text = "An AWS service made the calls.";
    reasons.push({ code: "by-service", text, points: -8 });
  }
  if (bucket.fresh >= 3) {
    // Of one who meets new keys now and then, how many calls it made says little.
    const points = Math.min(newness - 9, mostPoints(bucket) - pointsOf(reasons));
    if (points > 0) {
      const text = `${bucket.fresh} such calls in an hour: more than a try.`;
      reasons.push({ code: "many-calls", text, points });
    }
  }
  return reasons;
}

/** So many calls in its first hour are seldom a release's. */
function mostPoints({ fresh, human }: Bucket): number {
  if (fresh < MANY_CALLS) return human ? MOST_OF_PERSON : MOST_POINTS;
  return MOST_POINTS + (fresh < 2 * MANY_CALLS ? 4 : 8);
}
