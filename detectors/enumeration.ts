import { z } from "zod";
import { daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import { type FadingPeak, newFadingPeak, peakAt, raisePeak } from "../src/baseline/fading-peak.ts";
import {
  addEvidence,
  baselineState,
  callerName,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  type KmsEvent,
  levelOf,
  newEvidence,
  type Reason,
  soleKey,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  calls: number;
  /** Most keys looked at in an hour. */
  peak: FadingPeak;
}

interface Bucket {
  calls: number;
  /** Key ARN → first look at it. */
  keys: Record<string, number>;
  operations: string[];
  human: boolean;
  /** Null before a look. */
  evidence: Evidence | null;
}

interface Limits {
  /** Keys that are enough. */
  keys: number;
  peak: number;
  days: number;
  calls: number;
}

const Options = z.strictObject({
  minimumKeys: z
    .int()
    .min(2)
    .default(10)
    .describe("Never alert below this many keys looked at in an hour."),
  firstKeys: z
    .int()
    .min(2)
    .default(4)
    .describe("The same for one who never looked at a key in two weeks of use."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const SUBJECTS: readonly Subject[] = [{ name: "", period: "day" }];
const NOTHING: readonly Subject[] = [];
const MOST_KEYS = 1000;
/** Days of its history after which it is known what it does not do. */
const KNOWN_DAYS = 14;
const MOST_OPERATIONS = 16;
/** Times what it ever looked at within an hour: so much more is no larger round of the same. */
const FAR_MORE = 8;
/** What tells who may use a key, rather than that it is there. */
const RIGHTS = new Set(["GetKeyPolicy", "ListKeyPolicies", "ListGrants", "ListRetirableGrants"]);

/** A principal looks at one key after another, which it never does. */
export const enumeration = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "enumeration",
  version: 4,
  title: "Enumeration",
  entity: "principal",
  reliableFrom: 53,
  severity: "low to high",
  why: "Before keys are stolen or destroyed they are counted: descriptions, policies and grants of one after another. Scanners do so every day, workloads never.",
  falsePositives: [
    "An inventory tool at its first run.",
    "An administrator who pages through the console for the first time in months.",
  ],
  knownGaps: [
    "Lists alone, which name no key.",
    "Fewer keys an hour than the smallest limit.",
    "Trails without read-only events, as EventBridge forwards them by default.",
  ],
  triage: [
    "Ask the person or the tool's owner whether it was them.",
    "Compare source address and user agent with the principal's usual ones.",
    "See what else the principal listed in that hour, in every service.",
  ],
  attack: [
    { technique: "T1526", name: "Cloud Service Discovery", tactic: "discovery" },
    { technique: "T1580", name: "Cloud Infrastructure Discovery", tactic: "discovery" },
  ],
  options: Options,

  accepts: () => true,
  newBaseline: () => ({ born: -1, calls: 0, peak: newFadingPeak() }),
  newBucket: () => ({ calls: 0, keys: {}, operations: [], human: false, evidence: null }),

  limits(baseline, hour, options) {
    const peak = peakAt(baseline.peak, hour);
    const days = daysSince(baseline.born, hour);
    const many = Math.max(options.minimumKeys, Math.ceil(2 * peak));
    return {
      keys: hasNeverLooked({ peak, days }) ? Math.min(many, options.firstKeys) : many,
      peak: Math.ceil(peak),
      days,
      calls: baseline.calls,
    };
  },

  add({ bucket }, event) {
    bucket.calls += 1;
    if (!isLook(event)) return;
    bucket.human ||= event.principal.human;
    if (!bucket.operations.includes(event.name) && bucket.operations.length < MOST_OPERATIONS) {
      bucket.operations.push(event.name);
      bucket.operations.sort();
    }
    bucket.evidence ??= newEvidence();
    addEvidence(bucket.evidence, event);
    for (const { arn } of event.keys) {
      const firstMs = bucket.keys[arn];
      if (firstMs !== undefined) bucket.keys[arn] = Math.min(firstMs, event.timeMs);
      else if (arn.startsWith("arn:") && Object.keys(bucket.keys).length < MOST_KEYS)
        bucket.keys[arn] = event.timeMs;
    }
  },

  subjects: (event) => (isLook(event) ? SUBJECTS : NOTHING),
  level: ({ bucket, limits }) => levelOf(Object.keys(bucket.keys).length, limits.keys),
  describe: describeHour,

  fold(baseline, hour, bucket, limits) {
    if (baseline.born < 0) baseline.born = hour;
    baseline.calls += bucket.calls;
    const keys = Object.keys(bucket.keys).length;
    // A scanner is known at its second run; one sweep does not excuse another ten times as large.
    if (keys > 0) raisePeak(baseline.peak, hour, Math.min(keys, 4 * limits.keys));
  },
  skip: () => {},
});

/** A call that reads about keys, allowed or refused. */
function isLook({ operation, principal }: KmsEvent): boolean {
  return operation === "read" && principal.via === undefined;
}

function describeHour({ hour, bucket, limits }: View): Finding {
  const evidence = bucket.evidence ?? newEvidence();
  const firsts = Object.values(bucket.keys).sort((one, other) => one - other);
  const startMs = hour * HOUR_MS;
  const operations = bucket.operations.join(", ");
  return {
    title: "Sweep over keys",
    summary: `${callerName(evidence.principal)} looked at ${firsts.length} keys within an hour, ${limits.peak} at most before: ${operations}.`,
    reasons: reasonsOf(bucket, limits, firsts.length),
    eventTimeMs: firsts[limits.keys - 1] ?? startMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: soleKey(evidence),
    accountId: null,
    region: null,
    observed: { keysPerHour: firsts.length, operations },
    expected: { keysPerHour: limits.peak, keysPerHourLimit: limits.keys },
    baseline: baselineState(limits.days, limits.calls),
    evidence,
  };
}

/** Whether it is known long enough for its not looking at keys to mean something. */
function hasNeverLooked({ peak, days }: Pick<Limits, "peak" | "days">): boolean {
  return peak === 0 && days >= KNOWN_DAYS;
}

function reasonsOf(bucket: Bucket, limits: Limits, keys: number): Reason[] {
  const reasons: Reason[] = [
    {
      code: "many-keys",
      text: `Looked at ${keys} keys; limit ${limits.keys}.`,
      points: Math.round(Math.min(52, 24 + 8 * Math.log2(keys / limits.keys))),
    },
  ];
  const isFirstLook = hasNeverLooked(limits);
  if (bucket.operations.filter((name) => RIGHTS.has(name)).length > 0) {
    const text = "Asked for policies or grants too.";
    reasons.push({ code: "rights", text, points: rightsPoints(isFirstLook, bucket.human) });
  }
  if (isFirstLook) {
    reasons.push({
      code: "never-looked",
      text: `Never looked at a key in ${Math.floor(limits.days)} days of use.`,
      points: 16,
    });
  }
  if (!isFirstLook && keys >= FAR_MORE * limits.peak && limits.days >= KNOWN_DAYS) {
    const text = `At most ${limits.peak} within an hour before.`;
    reasons.push({ code: "hardly-looked", text, points: 10 });
  }
  if (limits.days < KNOWN_DAYS) {
    const text = "Little is known of it yet: a scanner's first run looks the same.";
    reasons.push({ code: "young", text, points: -10 });
  }
  if (!bucket.human) {
    const text = "The principal is a workload; workloads know their keys.";
    reasons.push({ code: "workload", text, points: 8 });
  } else {
    const text = "The principal is a person; people page through the console.";
    reasons.push({ code: "person", text, points: isFirstLook ? -4 : -8 });
  }
  return reasons;
}

function rightsPoints(isFirstLook: boolean, human: boolean): number {
  if (!isFirstLook) return 5;
  return human ? 2 : 13;
}
