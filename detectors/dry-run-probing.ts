import { z } from "zod";
import { daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import { type FadingPeak, newFadingPeak, peakAt, raisePeak } from "../src/baseline/fading-peak.ts";
import {
  addEvidence,
  baselineState,
  callerName,
  counted,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  levelOf,
  newEvidence,
  type Reason,
  soleKey,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  tries: number;
  /** Most different tries in an hour. */
  peak: FadingPeak;
}

interface Bucket {
  tries: number;
  /** `operation key` → earliest try. */
  different: Record<string, number>;
  evidence: Evidence;
}

interface Limits {
  different: number;
  /** Whether it made none before, but for the day so far. */
  isFirst: boolean;
  peak: number;
  days: number;
  tries: number;
}

const Options = z.strictObject({
  minimumTries: z
    .int()
    .min(1)
    .default(3)
    .describe(
      "Different operations or keys tried within an hour from which on it is probing; of one who never made a dry run before, two are.",
    ),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const SUBJECTS: readonly Subject[] = [{ name: "", period: "day" }];
const MOST_DIFFERENT = 1000;
/** On the first day on which somebody makes any, so few are told. */
const FIRST_TRIES = 2;
const FIRST_DAYS = 1;

/** A principal asks with DryRun what it would be allowed to do. */
export const dryRunProbing = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "dry-run-probing",
  version: 3,
  title: "Dry-run probing",
  entity: "principal",
  reliableFrom: 44,
  severity: "low to high",
  why: "A dry run tells whether a call would be allowed and changes nothing. Hardly any software uses it; whoever explores stolen credentials may.",
  falsePositives: ["A test suite for IAM policies at its first run."],
  knownGaps: [
    "Dry runs that are refused: they look like any refused call, see denied-probing.",
    "Principals that probe as part of their work, until they do so half as much again.",
  ],
  triage: [
    "Ask the principal's owner for a test of permissions.",
    "Compare source address and user agent with the principal's usual ones.",
    "List what the tries showed to be allowed, and watch those keys.",
  ],
  attack: [
    { technique: "T1526", name: "Cloud Service Discovery", tactic: "discovery" },
    { technique: "T1580", name: "Cloud Infrastructure Discovery", tactic: "discovery" },
  ],
  options: Options,

  accepts: (event) => event.error?.class === "dryRun",
  newBaseline: () => ({ born: -1, tries: 0, peak: newFadingPeak() }),
  newBucket: () => ({ tries: 0, different: {}, evidence: newEvidence() }),

  limits(baseline, hour, options) {
    const peak = peakAt(baseline.peak, hour);
    const days = daysSince(baseline.born, hour);
    const isFirst = days < FIRST_DAYS;
    return {
      different: isFirst
        ? Math.min(FIRST_TRIES, options.minimumTries)
        : Math.max(options.minimumTries, Math.ceil(1.5 * peak)),
      isFirst,
      peak: Math.ceil(peak),
      days,
      tries: baseline.tries,
    };
  },

  add({ bucket }, event) {
    bucket.tries += 1;
    addEvidence(bucket.evidence, event);
    for (const arn of event.keys.length === 0 ? [""] : event.keys.map((key) => key.arn)) {
      const name = `${event.name} ${arn}`;
      const firstMs = bucket.different[name];
      if (firstMs !== undefined) bucket.different[name] = Math.min(firstMs, event.timeMs);
      else if (Object.keys(bucket.different).length < MOST_DIFFERENT)
        bucket.different[name] = event.timeMs;
    }
  },

  subjects: () => SUBJECTS,
  level: ({ bucket, limits }) => levelOf(Object.keys(bucket.different).length, limits.different),
  describe: describeHour,

  fold(baseline, hour, bucket, limits, options) {
    if (baseline.born < 0) baseline.born = hour;
    baseline.tries += bucket.tries;
    const different = Object.keys(bucket.different).length;
    const most = 2 * Math.max(limits.different, options.minimumTries);
    raisePeak(baseline.peak, hour, Math.min(different, most));
  },
  skip: () => {},
});

function describeHour({ hour, bucket, limits }: View): Finding {
  const { evidence } = bucket;
  const names = Object.keys(bucket.different);
  const operations = new Set(names.map((name) => name.split(" ", 1)[0] ?? ""));
  const keys = new Set(names.map((name) => name.slice(name.indexOf(" ") + 1)));
  const firsts = Object.values(bucket.different).sort((one, other) => one - other);
  const startMs = hour * HOUR_MS;
  const listed = [...operations].sort().slice(0, 10).join(", ");
  const reasons: Reason[] = [
    {
      code: "dry-runs",
      text: `Tried ${names.length} combinations of operation and key; limit ${limits.different}.`,
      points: Math.round(Math.min(72, 34 + 9 * Math.log2(Math.max(1, names.length / 3)))),
    },
  ];
  if (limits.isFirst) {
    const text = "No dry run of this principal was seen before that day.";
    reasons.push({ code: "first-time", text, points: 10 });
  }
  return {
    title: "Permissions tried by dry run",
    summary: `${callerName(evidence.principal)} tried ${counted(operations.size, "operation")} on ${counted(keys.size, "key")} by dry run within an hour: ${listed}.`,
    reasons,
    eventTimeMs: firsts[limits.different - 1] ?? firsts[0] ?? startMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: soleKey(evidence),
    accountId: null,
    region: null,
    observed: { differentTries: names.length, keys: keys.size, operations: listed },
    expected: { differentTries: limits.peak, differentTriesLimit: limits.different },
    baseline: baselineState(limits.days, limits.tries),
    evidence,
  };
}
