import { z } from "zod";
import { dayOf, DAY_HOURS, HOUR_MS } from "../src/baseline/calendar.ts";
import {
  countDrift,
  type DailyDrift,
  type Drift,
  newDailyDrift,
  passDrift,
} from "../src/baseline/daily-drift.ts";
import {
  addEvidence,
  baselineState,
  callerName,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  newEvidence,
  type Reason,
  type Subject,
} from "../src/detection/detector.ts";

interface Bucket {
  count: number;
  firstMs: number;
  /** Null where no drift is to be told. */
  evidence: Evidence | null;
}

interface Limits {
  drift: Drift | null;
  days: number;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of a principal's own history before it is judged."),
});
type Options = z.infer<typeof Options>;
type View = HourView<DailyDrift, Bucket, Limits>;

/** A campaign, a month's end or an import that is caught up with is over in three days. */
const RULE = { allowance: 0.6, threshold: 3.5, leastDays: 4, leastPerDay: 12 };
/** Times the expected volume, over the days of the drift, from which on it weighs more. */
const STEEP = 2;
const DAILY: Subject = { name: "", period: "day" };
const SUBJECTS = [DAILY];

/** A principal decrypts somewhat more day after day, no hour of it remarkable. */
export const slowDrift = defineDetector<DailyDrift, Bucket, Limits, Options>({
  id: "slow-drift",
  version: 2,
  title: "Slow drift",
  entity: "principal",
  severity: "low to medium",
  why: "A patient thief takes a little each day, and raises what counts as usual on the way. Days that keep lying above their level add up.",
  falsePositives: [
    "A service takes over another one's work, once: the new level is accepted as it is told.",
    "Growth faster than ten per cent a week.",
  ],
  knownGaps: [
    "Principals with fewer than a dozen decrypts a day, and those of irregular days.",
    "A principal that falls silent before the day after the drift.",
    "A rise that many principals share is told for each of them.",
  ],
  triage: [
    "See what the additional calls decrypt: new contexts, keys or addresses beside the usual ones.",
    "Ask the owner whether the service took over work or gained users.",
    "If nobody knows, treat it as a leak: revoke the role's sessions and follow the contexts.",
  ],
  attack: [{ technique: "T1530", name: "Data from Cloud Storage", tactic: "collection" }],
  options: Options,

  accepts: (event) =>
    event.error === undefined && (event.operation === "decrypt" || event.operation === "reEncrypt"),

  newBaseline: newDailyDrift,
  newBucket: () => ({ count: 0, firstMs: Number.MAX_SAFE_INTEGER, evidence: null }),

  limits(baseline, hour, options) {
    const days = baseline.born < 0 ? 0 : dayOf(hour) - baseline.born;
    const isNow = baseline.alarm?.day === dayOf(hour) && days >= options.learningDays;
    return { drift: isNow ? baseline.alarm : null, days };
  },

  add({ bucket, limits }, event) {
    bucket.count += 1;
    bucket.firstMs = Math.min(bucket.firstMs, event.timeMs);
    if (limits.drift === null) return;
    bucket.evidence ??= newEvidence();
    addEvidence(bucket.evidence, event);
  },

  subjects: () => SUBJECTS,
  level: ({ limits }) => (limits.drift === null ? -1 : 0),
  describe: describeDrift,
  fold: (baseline, hour, bucket) => countDrift(baseline, hour, bucket.count, RULE),
  skip: (baseline, _from, to) => passDrift(baseline, to, RULE),
});

function describeDrift({ hour, bucket, limits, entity }: View): Finding {
  const { drift } = limits;
  if (drift === null) throw new Error(`slow-drift: no drift of ${entity}`);
  const evidence = bucket.evidence ?? newEvidence();
  const perDay = Math.round(drift.count / drift.days);
  const expected = Math.round(drift.expected / drift.days);
  const percent = Math.round((100 * drift.count) / Math.max(1, drift.expected)) - 100;
  const reasons: Reason[] = [
    {
      code: "drift",
      text: `About ${perDay} decrypts a day for ${drift.days} days, where ${expected} were expected: ${percent} % more.`,
      points: 28,
    },
  ];
  const times = drift.count / Math.max(1, drift.expected);
  if (times >= STEEP) {
    const text = `${Math.floor(times * 10) / 10} times as much as expected.`;
    reasons.push({ code: "steep", text, points: 12 });
  }
  return {
    title: "Decrypts rise day by day",
    summary: `${callerName(evidence.principal)} decrypted about ${perDay} times a day for ${drift.days} days; expected about ${expected}.`,
    reasons,
    eventTimeMs: bucket.firstMs,
    windowStartMs: (drift.day - drift.days) * DAY_HOURS * HOUR_MS,
    windowEndMs: (hour + 1) * HOUR_MS,
    principal: evidence.principal,
    key: null,
    accountId: null,
    region: null,
    observed: { decryptsPerDay: perDay, days: drift.days, cumulativeSum: round(drift.sum) },
    expected: { decryptsPerDay: expected, cumulativeSum: RULE.threshold },
    baseline: baselineState(limits.days, limits.days),
    evidence,
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
