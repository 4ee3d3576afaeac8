import { z } from "zod";
import { DAY_HOURS, dayOf, HOUR_MS, hourOfDay } from "../src/baseline/calendar.ts";
import {
  expectHour,
  type HourExpectation,
  hourLimit,
  learnHour,
  learnSilence,
  newSeasonalRate,
  type SeasonalRate,
} from "../src/baseline/seasonal-rate.ts";
import { fade, short } from "../src/baseline/forgetting.ts";
import {
  countMinute,
  crossingSecond,
  largestWindow,
  type MinuteCounts,
} from "../src/baseline/minute-counts.ts";
import { upperCount } from "../src/baseline/negative-binomial.ts";
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
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  rate: SeasonalRate;
  /** Fading maxima of five-minute and of daily counts. */
  peakFiveMinutes: number;
  peakDay: number;
  /** The day being summed, and its count so far. */
  day: number;
  dayCount: number;
  /** Faded sum of daily counts and number of days. */
  daySum: number;
  dayWeight: number;
  /** Hours that alarmed, oldest first, and their counts. */
  alarms: [hour: number, count: number][];
}

interface Bucket {
  count: number;
  /** Largest count in any five consecutive minutes. */
  fiveMinutes: number;
  minutes: MinuteCounts;
  /** Null while the principal is learned and not judged. */
  evidence: Evidence | null;
}

interface Limits {
  fiveMinutes: number;
  hour: number;
  day: number;
  expectation: HourExpectation;
  expectedDay: number;
}

const Options = z.strictObject({
  floorPerFiveMinutes: z
    .int()
    .min(1)
    .default(50)
    .describe("Never alert below this many decrypts in five minutes."),
  floorPerHour: z
    .int()
    .min(1)
    .default(100)
    .describe("Never alert below this many decrypts in an hour."),
  floorPerDay: z
    .int()
    .min(1)
    .default(500)
    .describe("Never alert below this many decrypts in a day."),
  ratio: z
    .number()
    .min(1)
    .default(5)
    .describe("Times the expected count that must be exceeded as well."),
  tailProbability: z
    .number()
    .gt(0)
    .lt(0.5)
    .default(1e-6)
    .describe("How improbable a count must be."),
  learningDays: z
    .number()
    .min(0)
    .default(7)
    .describe("Days of a principal's own history before it is judged."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const HOURLY: Subject = { name: "", period: "hour" };
const DAILY: Subject = { name: "day", period: "day" };
const SUBJECTS = [HOURLY, DAILY];
const NEVER = Number.MAX_SAFE_INTEGER;
/** A peak of last month still sets a limit above itself: 1.5 times it, faded by a fifth. */
const PEAK_HALF_LIFE_DAYS = 90;
const PEAK_HALF_LIFE_HOURS = PEAK_HALF_LIFE_DAYS * DAY_HOURS;
/** Alarmed hours remembered; three days of a lasting change. */
const MOST_ALARMS = 72;

/** A principal decrypts far more in five minutes, an hour or a day than it usually does at that hour. */
export const decryptSpike = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "decrypt-spike",
  version: 1,
  title: "Decrypt spike",
  entity: "principal",
  severity: "medium to critical",
  why: "Whoever holds stolen credentials reads, in one go, what the role decrypts little by little. A volume far above the principal's own rhythm is the first trace of it.",
  falsePositives: [
    "A backfill, restore or re-index reads everything once.",
    "S3 Bucket Keys were switched off, so each object needs a Decrypt again.",
  ],
  knownGaps: [
    "Theft that stays below the largest hour of the last months.",
    "Theft at the same time of day from the fourth day on: three days of alarms make it a job.",
    "Principals younger than the learning days.",
  ],
  triage: [
    "Compare source addresses and user agents with those of last week.",
    "Look at which keys were used, and which secrets or objects the encryption contexts name.",
    "Ask the owner for a running backfill or deployment.",
    "If nobody claims it, revoke the role's sessions and rotate what was read.",
  ],
  attack: [
    { technique: "T1530", name: "Data from Cloud Storage", tactic: "collection" },
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
  ],
  options: Options,

  accepts: (event) =>
    event.error === undefined && (event.operation === "decrypt" || event.operation === "reEncrypt"),

  newBaseline: () => ({
    rate: newSeasonalRate(),
    peakFiveMinutes: 0,
    peakDay: 0,
    day: 0,
    dayCount: 0,
    daySum: 0,
    dayWeight: 0,
    alarms: [],
  }),

  newBucket: () => ({ count: 0, fiveMinutes: 0, minutes: [], evidence: null }),

  limits(baseline, hour, options) {
    const expectation = expectHour(baseline.rate, hour);
    const expectedDay = baseline.dayWeight === 0 ? 0 : baseline.daySum / baseline.dayWeight;
    const { mean, dispersion, peak } = expectation;
    const limit = (floor: number, expected: number, improbable: number, largest: number): number =>
      Math.ceil(Math.max(floor, options.ratio * expected, improbable, 1.5 * largest));
    if (expectation.daysLearned < options.learningDays) {
      return { fiveMinutes: NEVER, hour: NEVER, day: NEVER, expectation, expectedDay };
    }
    const tail = options.tailProbability;
    const fiveMinuteMean = mean / 12;
    return {
      fiveMinutes: limit(
        options.floorPerFiveMinutes,
        fiveMinuteMean,
        upperCount(fiveMinuteMean, dispersion + 1, tail),
        baseline.peakFiveMinutes,
      ),
      hour: limit(options.floorPerHour, mean, hourLimit(expectation, tail), peak),
      day: limit(
        options.floorPerDay,
        Math.min(expectedDay, (options.ratio - 2) * expectedDay),
        upperCount(expectedDay, dispersion / 4, tail),
        baseline.peakDay,
      ),
      expectation,
      expectedDay,
    };
  },

  add({ bucket, limits }, event) {
    bucket.count += 1;
    countMinute(bucket.minutes, event.timeMs);
    bucket.fiveMinutes = Math.max(
      bucket.fiveMinutes,
      largestWindow(bucket.minutes, event.timeMs, 5),
    );
    if (limits.hour === NEVER) return;
    bucket.evidence ??= newEvidence();
    addEvidence(bucket.evidence, event);
  },

  subjects: () => SUBJECTS,

  level(view, subject) {
    const { bucket, limits } = view;
    if (limits.hour === NEVER) return -1;
    if (subject === DAILY.name) return levelOf(countOfDay(view), limits.day + 1);
    return Math.max(
      levelOf(bucket.count, limits.hour + 1),
      levelOf(bucket.fiveMinutes, limits.fiveMinutes + 1),
    );
  },

  describe: (view, subject) => (subject === DAILY.name ? describeDay(view) : describeHour(view)),

  fold(baseline, hour, bucket, limits) {
    const hasAlarmed = bucket.count > limits.hour || bucket.fiveMinutes > limits.fiveMinutes;
    const isHabit = hasAlarmed && recurs(baseline.alarms, hour, bucket.count);
    const isClipped = hasAlarmed && !isHabit;
    const clipped = isClipped ? Math.min(bucket.count, tolerable(limits)) : bucket.count;
    learnHour(baseline.rate, hour, clipped);
    const five = isClipped ? 0 : bucket.fiveMinutes;
    const peakFade = fade(1, PEAK_HALF_LIFE_HOURS);
    baseline.peakFiveMinutes = short(Math.max(five, baseline.peakFiveMinutes * peakFade));
    learnDay(baseline, dayOf(hour), limits.day);
    baseline.dayCount += clipped;
    if (isHabit) baseline.peakDay = Math.max(baseline.peakDay, baseline.dayCount);
    if (!hasAlarmed) return;
    baseline.alarms.push([hour, bucket.count]);
    if (baseline.alarms.length > MOST_ALARMS) baseline.alarms.shift();
  },

  skip(baseline, from, to) {
    learnSilence(baseline.rate, from, to);
    if (baseline.rate.born >= 0) learnDay(baseline, dayOf(to - 1), NEVER);
  },

  history: (bucket, limits) => ({
    events: bucket.count,
    decrypts: bucket.count,
    expected:
      limits.expectation.samples === 0 ? null : Math.round(limits.expectation.mean * 10) / 10,
    limit: limits.hour === NEVER ? null : limits.hour,
  }),
});

/**
 * What an hour that alarmed teaches at most: twice the usual. A lasting change of level is learned within days, a single theft
 * hardly at all, and neither raises the remembered peaks.
 */
function tolerable({ expectation }: Limits): number {
  return Math.round(2 * expectation.mean) + 10;
}

/**
 * Whether an alarm is one of a job's: about as large, within an hour of the same time of day, on two days before. Whoever
 * reads them has been told three times by then, and the hour is learned in full.
 */
function recurs(alarms: Baseline["alarms"], hour: number, count: number): boolean {
  const days = new Set<number>();
  for (const [at, before] of alarms) {
    const apart = hourOfDay(hour - at);
    const isSameTime = apart <= 1 || apart === DAY_HOURS - 1;
    if (isSameTime && 2 * before >= count && dayOf(at) !== dayOf(hour)) days.add(dayOf(at));
  }
  return days.size >= 2;
}

/** Closes the days before `day`; what a day held beyond its limit is not learned. */
function learnDay(baseline: Baseline, day: number, limit: number): void {
  if (baseline.rate.born < 0 || day <= baseline.day) return;
  if (baseline.day > 0) {
    const days = Math.min(day - baseline.day, 60);
    const factor = fade(days, 10);
    const count = Math.min(baseline.dayCount, limit);
    baseline.daySum = short(baseline.daySum * factor + count);
    baseline.dayWeight = short(baseline.dayWeight * factor + days);
    baseline.peakDay = short(Math.max(count, baseline.peakDay * fade(days, PEAK_HALF_LIFE_DAYS)));
  }
  baseline.day = day;
  baseline.dayCount = 0;
}

/** Count of the UTC day up to and including this hour; hours that alarmed by themselves count up to their limit. */
function countOfDay({ hour, baseline, earlier, bucket, limits }: View): number {
  const day = dayOf(hour);
  let count = baseline.day === day ? baseline.dayCount : 0;
  for (const open of earlier) {
    if (dayOf(open.hour) === day) count += Math.min(open.bucket.count, open.limits.hour);
  }
  return count + Math.min(bucket.count, limits.hour);
}

function describeHour(view: View): Finding {
  const { hour, bucket, limits } = view;
  const { expectation, fiveMinutes } = limits;
  const hourFires = bucket.count > limits.hour;
  const fiveFires = bucket.fiveMinutes > fiveMinutes;
  const startMs = hour * HOUR_MS;
  const expected = round(expectation.mean);
  const ratio = bucket.count / Math.max(1, expectation.mean);
  const reasons: Reason[] = [];
  if (hourFires) {
    reasons.push({
      code: "hour-volume",
      text: `${bucket.count} decrypts in the hour; expected ${expected}, limit ${limits.hour}.`,
      points: 45 + strength(bucket.count / limits.hour),
    });
  }
  if (fiveFires) {
    reasons.push({
      code: "five-minute-volume",
      text: `${bucket.fiveMinutes} decrypts within five minutes; limit ${fiveMinutes}.`,
      points: hourFires ? 12 : 45 + strength(bucket.fiveMinutes / fiveMinutes),
    });
  }
  if (ratio >= 20) {
    reasons.push({
      code: "ratio",
      text: `${Math.round(ratio)} times the usual volume of this hour of the week.`,
      points: 10,
    });
  }
  if (bucket.evidence?.principal?.via === null) {
    reasons.push({
      code: "direct",
      text: "Called KMS directly, not through an AWS service.",
      points: 3,
    });
  }
  return {
    ...common(view, bucket.evidence ?? newEvidence()),
    title: "Decrypt spike",
    summary: `${name(bucket)} decrypted ${counted(bucket.count, "time")} in an hour (${bucket.fiveMinutes} within five minutes); expected about ${expected}.`,
    reasons,
    eventTimeMs:
      startMs +
      crossingSecond(
        bucket.minutes,
        hourFires ? limits.hour : NEVER,
        fiveFires ? fiveMinutes : NEVER,
        5,
      ) *
        1000,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    observed: { decryptsPerHour: bucket.count, decryptsPerFiveMinutes: bucket.fiveMinutes },
    expected: {
      decryptsPerHour: expected,
      decryptsPerFiveMinutes: round(expectation.mean / 12),
      decryptsPerHourLimit: limits.hour,
      decryptsPerFiveMinutesLimit: fiveMinutes,
    },
  };
}

function describeDay(view: View): Finding {
  const { hour, bucket, limits } = view;
  const count = countOfDay(view);
  const startMs = dayOf(hour) * 24 * HOUR_MS;
  const expected = round(limits.expectedDay);
  const already = count - bucket.count;
  const over = crossingSecond(bucket.minutes, Math.max(0, limits.day - already), NEVER, 5);
  return {
    ...common(view, bucket.evidence ?? newEvidence()),
    title: "Decrypt volume of a day",
    summary: `${name(bucket)} decrypted ${count} times by this hour of the day; a day's usual volume is ${expected}.`,
    reasons: [
      {
        code: "day-volume",
        text: `${count} decrypts since midnight UTC; expected ${expected} a day, limit ${limits.day}.`,
        points: 42 + strength(count / limits.day),
      },
    ],
    eventTimeMs: hour * HOUR_MS + over * 1000,
    windowStartMs: startMs,
    windowEndMs: startMs + 24 * HOUR_MS,
    observed: { decryptsPerDay: count },
    expected: { decryptsPerDay: expected, decryptsPerDayLimit: limits.day },
  };
}

function common(view: View, evidence: Evidence) {
  const { expectation } = view.limits;
  return {
    principal: evidence.principal,
    key: null,
    accountId: null,
    region: null,
    baseline: baselineState(expectation.daysLearned, expectation.samples),
    evidence,
  };
}

/** Points for how far over its limit a count is: 0 at the limit, 40 at 64 times. */
function strength(timesLimit: number): number {
  return Math.round(Math.min(40, (40 * Math.log2(Math.max(1, timesLimit))) / 6) * 10) / 10;
}

function name(bucket: Bucket): string {
  return callerName(bucket.evidence?.principal ?? null);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
