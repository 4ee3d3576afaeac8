import { z } from "zod";
import { dayOf, DAY_HOURS, HOUR_MS } from "../src/baseline/calendar.ts";
import {
  countDrift,
  type DailyDrift,
  type Drift,
  type DriftRule,
  newDailyDrift,
  passDrift,
} from "../src/baseline/daily-drift.ts";
import { isFirstRead } from "../src/baseline/read-counts.ts";
import {
  addEvidence,
  baselineState,
  callerName,
  companyReasons,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  isDecryption,
  isOutsider,
  newEvidence,
  pointsOf,
  type Reason,
  secretOf,
  type Subject,
} from "../src/detection/detector.ts";

interface Bucket {
  /** Decrypts; of a secret or parameter no more than one. */
  count: number;
  others: number;
  /** Of the hour, by fingerprint. */
  secrets: Record<string, true>;
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

/**
 * A campaign, a month's end or an import that is caught up with is over in three days. None of them fills the quiet hours, so
 * that these tell in two.
 */
const RULE: DriftRule = {
  volume: { allowance: 0.6, threshold: 3.5, leastDays: 4 },
  spread: { allowance: 0.7, threshold: 3.5, leastDays: 2 },
  leastPerDay: 12,
};
/** Times the expected volume, over the days of the drift, from which on it weighs more. */
const STEEP = 1.8;
/** Below so many expected decrypts a day a rise is low at most: so small a number varies by itself. */
const FEW_PER_DAY = 40;
/** Up to so many busy hours of the day a principal is a job, whose runs grow with their data. */
const HOURS_OF_JOB = 5;
/** Percent of its decrypts in the quietest hours up to which it keeps its own. */
const STRAY_PERCENT = 2;
/** What a rise that small numbers or a job's data explain is worth at most. */
const MOST_EXPLAINED = 36;
/** Times the expected volume up to which a rise of everything is as grave as one of decrypts: moves and imports bring more. */
const MODERATE = 1.55;
/** Sum, and times the expected volume, from which on a rise is too steady and too large for growth, whatever rose with it. */
const FAR_BEYOND = 6;
const FAR_MORE = 1.4;
const DAILY: Subject = { name: "", period: "day" };
const SUBJECTS = [DAILY];
/** Other calls raise no level. */
const NOTHING: readonly Subject[] = [];

/** A principal decrypts somewhat more day after day, no hour of it remarkable. */
export const slowDrift = defineDetector<DailyDrift, Bucket, Limits, Options>({
  id: "slow-drift",
  version: 8,
  title: "Slow drift",
  entity: "principal",
  severity: "informational to high",
  why: "A patient thief takes a little each day, and raises what counts as usual on the way. Days that keep lying above their level add up, and so do days that fill the quiet hours: customers and schedules do not.",
  falsePositives: [
    "A service takes over another one's work, once: the new level is accepted as it is told.",
    "Growth faster than ten per cent a week.",
    "A service that is given a daily task of its own, once.",
  ],
  knownGaps: [
    "Principals with fewer than a dozen decrypts a day, and those of irregular days.",
    "A principal that falls silent before the day after the drift.",
    "A rise that many principals share is told for each of them.",
    "A thief who takes half as much again or more, and encrypts as much.",
  ],
  triage: [
    "Look at the hours: a rise that follows the usual ones is more likely growth, one around the clock or at one hour a program.",
    "See what the additional calls decrypt: new contexts, keys or addresses beside the usual ones.",
    "Ask the owner whether the service took over work or gained users.",
    "If nobody knows, treat it as a leak: revoke the role's sessions and follow the contexts.",
  ],
  attack: [{ technique: "T1530", name: "Data from Cloud Storage", tactic: "collection" }],
  options: Options,

  accepts: (event) => event.error === undefined && !isOutsider(event),

  newBaseline: newDailyDrift,
  newBucket: () => ({
    count: 0,
    others: 0,
    secrets: {},
    firstMs: Number.MAX_SAFE_INTEGER,
    evidence: null,
  }),

  limits(baseline, hour, options) {
    const days = baseline.born < 0 ? 0 : dayOf(hour) - baseline.born;
    const isNow = baseline.alarm?.day === dayOf(hour) && days >= options.learningDays;
    return { drift: isNow ? baseline.alarm : null, days };
  },

  add({ bucket, limits }, event) {
    if (!isDecryption(event)) {
      bucket.others += 1;
      return;
    }
    if (isFirstRead(bucket.secrets, secretOf(event))) bucket.count += 1;
    bucket.firstMs = Math.min(bucket.firstMs, event.timeMs);
    if (limits.drift === null) return;
    bucket.evidence ??= newEvidence();
    addEvidence(bucket.evidence, event);
  },

  subjects: (event) => (isDecryption(event) ? SUBJECTS : NOTHING),
  level: ({ limits, bucket }) => (limits.drift === null || bucket.count === 0 ? -1 : 0),
  describe: describeDrift,
  fold: (baseline, hour, bucket) => countDrift(baseline, hour, bucket, RULE),
  skip: (baseline, _from, to) => passDrift(baseline, to, RULE),
});

function describeDrift({ hour, bucket, limits, entity }: View): Finding {
  const { drift } = limits;
  if (drift === null) throw new Error(`slow-drift: no drift of ${entity}`);
  const evidence = bucket.evidence ?? newEvidence();
  const told = tell(drift);
  return {
    title: "Decrypts rise day by day",
    summary: `${callerName(evidence.principal)} ${told.summary}`,
    reasons: told.reasons,
    eventTimeMs: bucket.firstMs,
    windowStartMs: (drift.day - drift.days) * DAY_HOURS * HOUR_MS,
    windowEndMs: (hour + 1) * HOUR_MS,
    principal: evidence.principal,
    key: null,
    accountId: null,
    region: null,
    observed: { ...told.observed, days: drift.days, cumulativeSum: round(drift.sum) },
    expected: { ...told.expected, cumulativeSum: RULE[drift.by].threshold },
    baseline: baselineState(limits.days, limits.days),
    evidence,
  };
}

interface Told {
  readonly summary: string;
  readonly reasons: readonly Reason[];
  readonly observed: Record<string, number>;
  readonly expected: Record<string, number>;
}

function tell(drift: Drift): Told {
  const perDay = Math.round(drift.count / drift.days);
  const expected = Math.round(drift.expected / drift.days);
  const times = drift.count / Math.max(1, drift.expected);
  const more = Math.round(100 * times) - 100;
  const reasons: Reason[] = [
    {
      code: "drift",
      text: `About ${perDay} decrypts a day for ${drift.days} days, where ${expected} were expected: ${more} % more.`,
      points: Math.round(40 + Math.min(12, 10 * (drift.sum - RULE[drift.by].threshold))),
    },
  ];
  if (times >= STEEP) {
    const text = `${Math.floor(times * 10) / 10} times as much as expected.`;
    reasons.push({ code: "steep", text, points: 12 });
  }
  if (drift.by === "spread") reasons.push(spreadReason(drift));
  reasons.push(...companyOf(drift, pointsOf(reasons)));
  reasons.push(...explanationOf(drift, expected, pointsOf(reasons)));
  return {
    summary: `decrypted about ${perDay} times a day for ${drift.days} days; expected about ${expected}.`,
    reasons,
    observed: { decryptsPerDay: perDay, percentInQuietHours: percent(drift.quiet, drift.count) },
    expected: {
      decryptsPerDay: expected,
      percentInQuietHours: percent(drift.quietExpected, drift.count),
    },
  };
}

function companyOf(drift: Drift, points: number): Reason[] {
  const { by, count, others, days, expected, sum, readShare } = drift;
  // Over days a share is known well: what rose alone is hardly ever growth.
  const calls = { decrypts: count, others, windows: days, alonePoints: 30, points };
  const reasons = companyReasons(calls, readShare);
  const times = count / Math.max(1, expected);
  const isFarBeyond = sum >= FAR_BEYOND && times >= FAR_MORE;
  const isModerate = by === "volume" && times < MODERATE && expected >= FEW_PER_DAY * days;
  return isFarBeyond || isModerate ? reasons.filter((reason) => reason.points > 0) : reasons;
}

/** What explains a rise by itself: it is low at most. */
function explanationOf(drift: Drift, expected: number, points: number): Reason[] {
  if (expected < FEW_PER_DAY) {
    const text = `Fewer than ${FEW_PER_DAY} a day are usual: so small a number varies by itself.`;
    return [{ code: "few", text, points: Math.min(-22, MOST_EXPLAINED - points) }];
  }
  const { count, quiet, busyHours } = drift;
  if (busyHours > HOURS_OF_JOB || percent(quiet, count) > STRAY_PERCENT) return [];
  const text = "A job that keeps its hours: its runs grow with their data.";
  return [{ code: "job", text, points: Math.min(-8, MOST_EXPLAINED - points) }];
}

function spreadReason({ count, quiet, quietExpected }: Drift): Reason {
  const text = `${percent(quiet, count)} % of it in the usually quieter half of the day, which has ${percent(quietExpected, count)} % otherwise.`;
  return { code: "quiet-hours", text, points: 18 };
}

function percent(part: number, whole: number): number {
  return Math.round((100 * part) / Math.max(1, whole));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
