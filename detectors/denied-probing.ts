import { z } from "zod";
import { daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import { type FadingPeak, newFadingPeak, peakAt, raisePeak } from "../src/baseline/fading-peak.ts";
import { isKnown, type KnownSet, meet, newKnownSet } from "../src/baseline/known-set.ts";
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
  levelOf,
  newEvidence,
  type Reason,
  soleKey,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  calls: number;
  /** First hour in which it failed; −1 before any. */
  firstFailure: number;
  /** Keys it failed on before. */
  failed: KnownSet;
  /** Most keys in an hour on which it failed for the first time, and most failures in an hour. */
  peakKeys: FadingPeak;
  peakFailures: FadingPeak;
}

interface Bucket {
  calls: number;
  failures: number;
  /** Earliest failures of the hour, at most as many as decide when the volume fires. */
  firstMs: number[];
  /** Key ARN → earliest failure on it, for keys on which it had never failed. */
  keys: Record<string, number>;
  /** Operations that failed, each once. */
  operations: string[];
  isDirect: boolean;
  /** Null before a failure. */
  evidence: Evidence | null;
}

interface Limits {
  keys: number;
  failures: number;
  days: number;
  calls: number;
  /** Most failures in an hour of late; 0 where it never failed. */
  peakFailures: number;
  /** Days without any failure, up to the hours before. */
  daysWithoutFailure: number;
}

const Options = z.strictObject({
  minimumKeys: z
    .int()
    .min(2)
    .default(3)
    .describe("Never alert below this many keys on which the principal had never failed."),
  minimumFailures: z
    .int()
    .min(5)
    .max(1000)
    .default(100)
    .describe("Never alert on the number of failures alone below this many in an hour."),
  learningDays: z
    .number()
    .min(0)
    .default(7)
    .describe("Days of its own history before a principal is judged by few keys."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const DAILY: Subject = { name: "", period: "day" };
const SUBJECTS = [DAILY];
const NOTHING: readonly Subject[] = [];
const MOST_KEYS = 1000;
const MOST_KNOWN = 200;
const MOST_OPERATIONS = 12;
/** Hours before the present one of which first failures count with it. */
const HOURS_BEFORE = 12;
/** A new principal whose permissions are not complete yet fails on some keys. */
const YOUNG_KEYS = 10;

/** A principal is refused on, or guesses at, one key after another. */
export const deniedProbing = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "denied-probing",
  version: 3,
  title: "Denied probing",
  entity: "principal",
  reliableFrom: 45,
  severity: "low to high",
  why: "Whoever holds stolen credentials does not know what they are good for and tries key after key. Software fails on the same few keys again and again.",
  falsePositives: [
    "A deployment that lacks permissions on several keys.",
    "An inventory tool at its first run.",
  ],
  knownGaps: [
    "Fewer keys in half a day than the smallest limit.",
    "Refused calls on keys of other accounts that name no key.",
    "Calls that only a VPC endpoint policy refused: AWS does not log them.",
  ],
  triage: [
    "Compare source address and user agent with the principal's usual ones.",
    "Look at what it was allowed to do in the same hour, in every service.",
    "Ask the owner for a deployment or a new tool.",
    "If nobody claims it, revoke the principal's sessions.",
  ],
  attack: [
    { technique: "T1580", name: "Cloud Infrastructure Discovery", tactic: "discovery" },
    { technique: "T1526", name: "Cloud Service Discovery", tactic: "discovery" },
  ],
  options: Options,

  accepts: () => true,
  newBaseline: () => ({
    born: -1,
    calls: 0,
    firstFailure: -1,
    failed: newKnownSet(),
    peakKeys: newFadingPeak(),
    peakFailures: newFadingPeak(),
  }),
  newBucket: () => ({
    calls: 0,
    failures: 0,
    firstMs: [],
    keys: {},
    operations: [],
    isDirect: false,
    evidence: null,
  }),

  limits(baseline, hour, options) {
    const days = daysSince(baseline.born, hour);
    const floor = days < options.learningDays ? YOUNG_KEYS : options.minimumKeys;
    const peakFailures = peakAt(baseline.peakFailures, hour);
    const isFirst = baseline.firstFailure < 0 || baseline.firstFailure >= hour - HOURS_BEFORE;
    return {
      keys: Math.max(floor, Math.ceil(1.5 * peakAt(baseline.peakKeys, hour))),
      failures: Math.max(options.minimumFailures, Math.ceil(3 * peakFailures)),
      days,
      calls: baseline.calls,
      peakFailures: Math.ceil(peakFailures),
      daysWithoutFailure: isFirst ? days : 0,
    };
  },

  add({ bucket, baseline, knownBy }, event, options) {
    bucket.calls += 1;
    if (!isGuess(event)) return;
    bucket.failures += 1;
    keepEarliest(bucket.firstMs, event.timeMs, options.minimumFailures);
    bucket.isDirect ||= event.principal.via === undefined;
    if (!bucket.operations.includes(event.name) && bucket.operations.length < MOST_OPERATIONS) {
      bucket.operations.push(event.name);
      bucket.operations.sort();
    }
    bucket.evidence ??= newEvidence();
    addEvidence(bucket.evidence, event);
    for (const { arn } of event.keys) {
      const firstMs = bucket.keys[arn];
      if (firstMs !== undefined) bucket.keys[arn] = Math.min(firstMs, event.timeMs);
      else if (!arn.startsWith("arn:") || isKnown(baseline.failed, arn, knownBy)) continue;
      else if (Object.keys(bucket.keys).length < MOST_KEYS) bucket.keys[arn] = event.timeMs;
    }
  },

  subjects: (event) => (isGuess(event) ? SUBJECTS : NOTHING),

  level(view) {
    const { bucket, limits } = view;
    return Math.max(
      levelOf(newKeys(view), limits.keys),
      Math.min(0, levelOf(bucket.failures, limits.failures)),
    );
  },

  describe: describeHour,

  fold(baseline, hour, bucket, limits) {
    if (baseline.born < 0) baseline.born = hour;
    baseline.calls += bucket.calls;
    if (bucket.failures === 0) return;
    if (baseline.firstFailure < 0) baseline.firstFailure = hour;
    const arns = Object.keys(bucket.keys).sort();
    raisePeak(baseline.peakKeys, hour, Math.min(arns.length, limits.keys));
    raisePeak(baseline.peakFailures, hour, Math.min(bucket.failures, limits.failures));
    for (const arn of arns) meet(baseline.failed, arn, hour, MOST_KNOWN);
  },
  skip: () => {},
});

/** Keys on which it failed for the first time, in this hour and in those before: a slow one probes as much. 0 where none came in this hour. */
function newKeys({ hour, bucket, baseline, earlier }: View): number {
  const names = new Set(Object.keys(bucket.keys));
  if (names.size === 0) return 0;
  const from = hour - HOURS_BEFORE;
  for (const [name, [sinceHour]] of Object.entries(baseline.failed.members)) {
    if (sinceHour >= from) names.add(name);
  }
  for (const open of earlier) {
    if (open.hour >= from) for (const name of Object.keys(open.bucket.keys)) names.add(name);
  }
  return names.size;
}

/** Whether the call failed as those do that try what they may or what is there. */
function isGuess({ error }: KmsEvent): boolean {
  return error?.class === "denied" || error?.class === "notFound" || error?.class === "invalid";
}

function describeHour(view: View): Finding {
  const { hour, bucket, limits } = view;
  const evidence = bucket.evidence ?? newEvidence();
  const startMs = hour * HOUR_MS;
  const firsts = Object.values(bucket.keys).sort((one, other) => one - other);
  const keys = newKeys(view);
  const operations = bucket.operations.join(", ");
  const lately = firsts.length === keys ? "" : `, and on ${counted(keys, "key")} within half a day`;
  return {
    title: keys >= limits.keys ? "Probing of keys" : "Many failed calls",
    summary: `${callerName(evidence.principal)} failed ${counted(bucket.failures, "time")} within an hour, on ${counted(firsts.length, "key")} for the first time${lately}: ${operations}.`,
    reasons: reasonsOf(bucket, limits, keys),
    eventTimeMs:
      firsts[Math.max(1, limits.keys - (keys - firsts.length)) - 1] ??
      bucket.firstMs.at(-1) ??
      startMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: soleKey(evidence),
    accountId: null,
    region: null,
    observed: { newKeysFailedOn: keys, failures: bucket.failures, operations },
    expected: {
      newKeysFailedOn: 0,
      newKeysLimit: limits.keys,
      failures: limits.peakFailures,
      failuresLimit: limits.failures,
    },
    baseline: baselineState(limits.days, limits.calls),
    evidence,
  };
}

function reasonsOf(bucket: Bucket, limits: Limits, keys: number): Reason[] {
  if (keys < limits.keys) {
    const text = `${bucket.failures} failed calls in an hour; limit ${limits.failures}.`;
    return [{ code: "many-failures", text, points: 26 }];
  }
  const reasons: Reason[] = [
    {
      code: "many-keys",
      text: `Failed on ${keys} keys on which it had never failed; limit ${limits.keys}.`,
      points: Math.round(Math.min(74, 30 + 18 * Math.log2(Math.max(1, keys / 3)))),
    },
  ];
  if (bucket.operations.length >= 3) {
    reasons.push({
      code: "several-operations",
      text: `Tried ${bucket.operations.length} different operations.`,
      points: 8,
    });
  }
  if (limits.daysWithoutFailure >= 14) {
    reasons.push({
      code: "never-failed",
      text: `No failed call in ${Math.floor(limits.daysWithoutFailure)} days before.`,
      points: 8,
    });
  }
  if (!bucket.isDirect) {
    reasons.push({ code: "by-services", text: "AWS services made all the calls.", points: -15 });
  }
  return reasons;
}

function keepEarliest(kept: number[], timeMs: number, most: number): void {
  const last = kept.at(-1);
  if (kept.length >= most && last !== undefined && timeMs >= last) return;
  let at = kept.length;
  while (at > 0 && (kept[at - 1] ?? 0) > timeMs) at -= 1;
  kept.splice(at, 0, timeMs);
  if (kept.length > most) kept.pop();
}
