import { z } from "zod";
import {
  activeProbability,
  type ActiveHours,
  learnActiveHour,
  newActiveHours,
  usualHours,
} from "../src/baseline/active-hours.ts";
import { HOUR_MS, hourOfDay, isWeekend } from "../src/baseline/calendar.ts";
import {
  addEvidence,
  baselineState,
  type BaselineState,
  callerName,
  counted,
  defineDetector,
  type Evidence,
  levelOf,
  newEvidence,
  type Reason,
  type Subject,
} from "../src/detection/detector.ts";

interface Bucket {
  /** Successful cryptographic calls. */
  count: number;
  /** The earliest times, as many as calls make it activity: the last of them is when it became that. */
  firstMs: number[];
  human: boolean;
  /** Null at an hour that cannot be unusual. */
  evidence: Evidence | null;
}

interface Limits {
  /** Probability that the principal is active at this hour; 1 while it is learning. */
  probability: number;
  usual: string;
  state: BaselineState;
}

const Options = z.strictObject({
  minimumProbability: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.02)
    .describe("Alert when the chance of activity at this hour is below this."),
  minimumCalls: z
    .int()
    .min(1)
    .max(1000)
    .default(3)
    .describe("Calls in the hour before it counts as activity."),
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of a principal's own history before it is judged."),
  learningHours: z
    .int()
    .min(1)
    .default(30)
    .describe("Active hours of its history before it is judged."),
});
type Options = z.infer<typeof Options>;

const HOURLY: Subject = { name: "", period: "hour" };
const SUBJECTS = [HOURLY];
const FEW_CALLS = 6;

/** A principal uses keys at an hour of the day at which it never does. */
export const unusualHour = defineDetector<ActiveHours, Bucket, Limits, Options>({
  id: "unusual-hour",
  version: 2,
  title: "Unusual hour",
  entity: "principal",
  severity: "low, medium for people",
  why: "People and scheduled jobs keep hours; whoever borrows their credentials keeps others.",
  falsePositives: [
    "On-call work, travel, a release night.",
    "A job that was moved or re-run by hand.",
  ],
  knownGaps: [
    "Principals that are active around the clock.",
    "A first weekend at work, at the hours of weekdays.",
    "Intruders who work at the victim's hours.",
  ],
  triage: [
    "Ask the person, or the owner of the job, whether it was them.",
    "Compare source address and user agent with the principal's usual ones.",
    "See what else the principal did in that hour, in every service.",
  ],
  attack: [
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
  ],
  options: Options,

  accepts: (event) =>
    event.error === undefined &&
    event.operation !== "read" &&
    event.operation !== "other" &&
    event.operation !== "admin",

  newBaseline: newActiveHours,
  newBucket: () => ({
    count: 0,
    firstMs: [],
    human: false,
    evidence: null,
  }),

  limits(baseline, hour, options) {
    const days = baseline.born < 0 ? 0 : (hour - baseline.born) / 24;
    const isLearning = days < options.learningDays || baseline.active < options.learningHours;
    const probability = isLearning ? 1 : Math.round(activeProbability(baseline, hour) * 1e5) / 1e5;
    return {
      probability,
      usual: probability < options.minimumProbability ? usualHours(baseline, hour) : "",
      state: baselineState(days, baseline.active),
    };
  },

  add({ bucket, limits }, event, options) {
    bucket.count += 1;
    if (limits.probability >= options.minimumProbability) return; // Nobody will ask for the rest.
    keepEarliest(bucket.firstMs, event.timeMs, options.minimumCalls);
    bucket.human ||= event.principal.human;
    bucket.evidence ??= newEvidence();
    addEvidence(bucket.evidence, event);
  },

  subjects: () => SUBJECTS,

  level({ bucket, limits }, _subject, options) {
    if (limits.probability >= options.minimumProbability) return -1;
    return levelOf(bucket.count, options.minimumCalls);
  },

  describe({ hour, bucket, limits }) {
    const evidence = bucket.evidence ?? newEvidence();
    const at = `${String(hourOfDay(hour)).padStart(2, "0")}:00 UTC`;
    const kind = isWeekend(hour) ? "weekend" : "weekday";
    const percent = Math.round(limits.probability * 1000) / 10;
    const startMs = hour * HOUR_MS;
    const reasons: Reason[] = [
      {
        code: "hour-of-day",
        text: `Active at ${at} on a ${kind} with a chance of ${percent} %; usual hours are ${limits.usual}.`,
        points: Math.min(36, Math.round(-5 * Math.log2(Math.max(limits.probability, 0.001)))),
      },
    ];
    if (bucket.human) {
      reasons.push({
        code: "person",
        text: "The principal is a person, not a workload.",
        points: 8,
      });
    }
    if (bucket.human && bucket.count < FEW_CALLS) {
      const text = "A glance: people look after something at odd hours now and then.";
      reasons.push({ code: "few-calls", text, points: -6 });
    }
    // How much a workload did is for the detectors of volume to say.
    if (bucket.human && bucket.count >= 50) {
      reasons.push({
        code: "many-calls",
        text: `${counted(bucket.count, "call")} in the hour.`,
        points: 4,
      });
    }
    return {
      title: "Activity at an unusual hour",
      summary: `${callerName(evidence.principal)} made ${counted(bucket.count, "KMS call")} at ${at} on a ${kind}; usual hours are ${limits.usual}.`,
      reasons,
      eventTimeMs: bucket.firstMs.at(-1) ?? startMs,
      windowStartMs: startMs,
      windowEndMs: startMs + HOUR_MS,
      principal: evidence.principal,
      key: null,
      accountId: null,
      region: null,
      observed: {
        callsPerHour: bucket.count,
        hourOfDay: hourOfDay(hour),
        weekend: isWeekend(hour),
      },
      expected: {
        callsPerHour: 0,
        activeProbability: limits.probability,
        usualHours: limits.usual,
      },
      baseline: limits.state,
      evidence,
    };
  },

  fold: (baseline, hour) => learnActiveHour(baseline, hour),
  skip: () => {},
});

function keepEarliest(kept: number[], timeMs: number, most: number): void {
  const last = kept.at(-1);
  if (kept.length >= most && last !== undefined && timeMs >= last) return;
  let at = kept.length;
  while (at > 0 && (kept[at - 1] ?? 0) > timeMs) at -= 1;
  kept.splice(at, 0, timeMs);
  if (kept.length > most) kept.pop();
}
