import { z } from "zod";
import { dayOf, HOUR_MS } from "../src/baseline/calendar.ts";
import {
  type CallShare,
  knownShare,
  learnShare,
  newCallShare,
  type ShareExpectation,
} from "../src/baseline/call-share.ts";
import {
  countRead,
  crossingRead,
  largestReads,
  newReadCounts,
  READS_AGAIN,
  type ReadCounts,
} from "../src/baseline/read-counts.ts";
import {
  learnRepeated,
  mostRepeated,
  newRepeatedReads,
  type RepeatedReads,
  repeatedToday,
  withRepeats,
} from "../src/baseline/repeated-reads.ts";
import {
  learnNoVolume,
  learnVolume,
  newVolumeHabit,
  type VolumeHabit,
  volumeLimits,
  type VolumeLimits,
} from "../src/baseline/volume-habit.ts";
import {
  addEvidence,
  baselineState,
  callerName,
  companyReasons,
  counted,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  isDecryption,
  isOutsider,
  levelOf,
  newEvidence,
  oftenReasons,
  paceReasons,
  personReasons,
  pointsOf,
  pointsOfRise,
  type Reason,
  secretOf,
  type Subject,
} from "../src/detection/detector.ts";

interface Bucket {
  /** Decrypts; of a secret or parameter one, and one for every 32 that repeat it. */
  count: number;
  /** Decrypts that repeat one of the hour. */
  again: number;
  /** Largest count in any five consecutive minutes; of a secret or parameter no more than one. */
  fiveMinutes: number;
  reads: ReadCounts;
  /** Calls that do not decrypt. */
  others: number;
  human: boolean;
  /** Null while the principal is learned and not judged. */
  evidence: Evidence | null;
}

interface Baseline extends VolumeHabit {
  /** What part of its calls are decrypts. */
  share: CallShare;
  again: RepeatedReads;
}

interface Limits extends VolumeLimits {
  /** Null where it is not known. */
  share: ShareExpectation | null;
  /** Decrypts of a day that repeat one of their hour, as many as are no more than on other days; `NEVER` where that is not known. */
  again: number;
}

const Options = z.strictObject({
  floorPerFiveMinutes: z
    .int()
    .min(1)
    .default(15)
    .describe("Never alert below this many decrypts in five minutes."),
  floorPerHour: z
    .int()
    .min(1)
    .default(20)
    .describe("Never alert below this many decrypts in an hour."),
  floorPerDay: z
    .int()
    .min(1)
    .default(120)
    .describe("Never alert below this many decrypts in a day."),
  ratio: z
    .number()
    .min(1)
    .default(4)
    .describe("Times the expected count that must be exceeded as well."),
  tailProbability: z
    .number()
    .gt(0)
    .lt(0.5)
    .default(1e-5)
    .describe("How improbable a count must be."),
  freeRepeatsPerDay: z
    .int()
    .min(0)
    .default(400)
    .describe(
      "Reads of secrets that repeat one of their hour which a day may hold before each counts.",
    ),
  freeRepeatsOfPersonPerDay: z
    .int()
    .min(0)
    .default(100)
    .describe("The same for a person, who starts no tasks."),
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
/** Other calls raise no level. */
const NOTHING: readonly Subject[] = [];
/** Hours with calls in which half of what is known of its other calls is forgotten. */
const SHARE_HALF_LIFE_HOURS = 200;
/** Times the most repeated reads of any day before: what goes beyond is no restart of all that reads its secrets anew. */
const AGAIN_BEYOND = 2.5;
/** Days after which the most of a day is known. */
const AGAIN_DAYS = 14;
const NEVER = Number.MAX_SAFE_INTEGER;
/** Up to this many times its largest hour, a job that ran at another hour did what it always does. */
const USUAL = 1.25;
const USUAL_POINTS = 50;
/** Alarmed hours of the last day after which a rise is a lasting one, of which one alert a day is enough. */
const LASTING = 3;
/** Times the largest usual hour: of sparse callers every hour with calls is many times the mean. */
const BEYOND = 8;

/** A principal decrypts far more in five minutes, an hour or a day than it usually does at that hour. */
export const decryptSpike = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "decrypt-spike",
  version: 9,
  title: "Decrypt spike",
  entity: "principal",
  severity: "medium to critical",
  why: "Whoever holds stolen credentials reads, in one go, what the role decrypts little by little. A volume far above the principal's own rhythm is the first trace of it.",
  falsePositives: [
    "A backfill, restore or re-index reads everything once.",
    "S3 Bucket Keys were switched off, so each object needs a Decrypt again.",
    "A job that never failed before is run again by hand, hours later.",
  ],
  knownGaps: [
    "Theft that stays below the largest count of the last months at the same time of day.",
    "Theft from the fourth day on: three days of alarms as large make it a habit.",
    "Theft no larger than what an entity that rises now and then has shown.",
    "Principals younger than the learning days.",
    "Secrets and parameters that are read again: 32 times count once, up to 400 a day, by people up to 100.",
    "An approved foreign account's volume, which follows its own business.",
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

  accepts: (event) => event.error === undefined && !isOutsider(event),

  newBaseline: () => ({
    ...newVolumeHabit(),
    share: newCallShare(),
    again: newRepeatedReads(),
  }),
  newBucket: () => ({
    count: 0,
    again: 0,
    fiveMinutes: 0,
    reads: newReadCounts(),
    others: 0,
    human: false,
    evidence: null,
  }),

  limits(baseline, hour, options) {
    const limits = {
      ...volumeLimits(baseline, hour, options),
      share: knownShare(baseline.share),
      again: NEVER,
    };
    if (limits.expectation.daysLearned >= AGAIN_DAYS)
      limits.again = Math.ceil(AGAIN_BEYOND * mostRepeated(baseline.again, hour));
    const isLearning = limits.expectation.daysLearned < options.learningDays;
    return isLearning ? { ...limits, fiveMinutes: NEVER, hour: NEVER, day: NEVER } : limits;
  },

  add({ bucket, limits }, event) {
    if (!isDecryption(event)) {
      bucket.others += 1;
      return;
    }
    if (countRead(bucket.reads, event.timeMs, secretOf(event))) bucket.count += 1;
    else {
      bucket.again += 1;
      if (bucket.again % READS_AGAIN === 0) bucket.count += 1;
    }
    bucket.fiveMinutes = Math.max(bucket.fiveMinutes, largestReads(bucket.reads, event.timeMs, 5));
    if (limits.hour === NEVER) return;
    bucket.human ||= event.principal.human;
    bucket.evidence ??= newEvidence();
    addEvidence(bucket.evidence, event);
  },

  subjects: (event) => (isDecryption(event) ? SUBJECTS : NOTHING),

  level(view, subject, options) {
    const { bucket, limits } = view;
    if (limits.hour === NEVER || bucket.count === 0) return -1;
    const counts = countsOf(view, options);
    const ofHour = Math.max(
      levelOf(counts.hour, limits.hour + 1),
      levelOf(bucket.fiveMinutes, limits.fiveMinutes + 1),
    );
    const isLasting = limits.alarmsOfLastDay >= LASTING;
    if (subject !== DAILY.name) return isLasting ? -1 : ofHour;
    return Math.max(levelOf(counts.day, limits.day + 1), isLasting ? ofHour : -1);
  },

  describe(view, subject, options) {
    const counts = countsOf(view, options);
    const isOfDay = subject === DAILY.name && counts.day > view.limits.day;
    return isOfDay ? describeDay(view, counts) : describeHour(view, counts);
  },

  fold(baseline, hour, bucket, limits, options) {
    const free = freeRepeats({ bucket, limits }, options);
    const count = withRepeats(bucket, free - repeatedToday(baseline.again, hour));
    learnRepeated(baseline.again, hour, bucket.again);
    if (count === 0) learnNoVolume(baseline, hour, hour + 1);
    else learnVolume(baseline, hour, { count, fiveMinutes: bucket.fiveMinutes }, limits);
    if (count > limits.hour || bucket.fiveMinutes > limits.fiveMinutes) return;
    const calls = { part: bucket.count, all: bucket.count + bucket.others };
    learnShare(baseline.share, calls, SHARE_HALF_LIFE_HOURS);
  },
  skip: learnNoVolume,

  history: (bucket, limits) => ({
    events: bucket.count,
    decrypts: bucket.count,
    expected:
      limits.expectation.samples === 0 ? null : Math.round(limits.expectation.mean * 10) / 10,
    limit: limits.hour === NEVER ? null : limits.hour,
  }),
});

/** How many repeated reads of a day are free. */
function freeRepeats(
  { bucket, limits }: Pick<View, "bucket" | "limits">,
  options: Options,
): number {
  const { freeRepeatsPerDay: free, freeRepeatsOfPersonPerDay: ofPerson } = options;
  return Math.max(bucket.human ? Math.min(ofPerson, free) : free, limits.again);
}

interface Counts {
  readonly hour: number;
  /** Of the UTC day up to and including the hour; hours that alarmed by themselves count up to their limit. */
  readonly day: number;
  /** Repeated reads of this hour beyond which each counts. */
  readonly free: number;
}

function countsOf({ hour, baseline, earlier, bucket, limits }: View, options: Options): Counts {
  const today = dayOf(hour);
  let day = baseline.day === today ? baseline.dayCount : 0;
  let again = repeatedToday(baseline.again, hour);
  for (const open of earlier) {
    if (dayOf(open.hour) !== today) continue;
    const count = withRepeats(open.bucket, freeRepeats(open, options) - again);
    day += Math.min(count, open.limits.hour);
    again += open.bucket.again;
  }
  const free = Math.max(0, freeRepeats({ bucket, limits }, options) - again);
  const ofHour = withRepeats(bucket, free);
  return { hour: ofHour, day: day + Math.min(ofHour, limits.hour), free };
}

function describeHour(view: View, counts: Counts): Finding {
  const { hour, bucket, limits } = view;
  const { expectation, fiveMinutes } = limits;
  const { hour: count, free } = counts;
  const hourFires = count > limits.hour;
  const fiveFires = bucket.fiveMinutes > fiveMinutes;
  const startMs = hour * HOUR_MS;
  const expected = round(expectation.mean);
  const ratio = count / Math.max(1, expectation.mean);
  const isBeyondAll = count >= BEYOND * Math.max(1, limits.largestHour);
  const reasons: Reason[] = [];
  if (hourFires) {
    reasons.push({
      code: "hour-volume",
      text: `${count} decrypts in the hour; expected ${expected}, limit ${limits.hour}.`,
      points: pointsOfRise(count / limits.hour),
    });
  }
  if (fiveFires) {
    reasons.push({
      code: "five-minute-volume",
      text: `${bucket.fiveMinutes} decrypts within five minutes; limit ${fiveMinutes}.`,
      points: hourFires ? 18 : pointsOfRise(bucket.fiveMinutes / fiveMinutes),
    });
  }
  if (hourFires) {
    const pace = { ...bucket, isBurst: fiveFires, told: bucket.count, count };
    reasons.push(...paceReasons(pace, limits));
  } else {
    const text = "The hour as a whole holds no more than it may.";
    reasons.push({ code: "usual-hour", text, points: -6 });
  }
  if (ratio >= 20 && isBeyondAll) {
    const text = `${Math.round(ratio)} times the usual volume of this hour of the week, far beyond its busiest hours too.`;
    reasons.push({ code: "ratio", text, points: 10 });
  }
  reasons.push(...companyOf(view, count, reasons));
  if (bucket.evidence?.principal?.via === null) {
    const text = "Called KMS directly, not through an AWS service.";
    reasons.push({ code: "direct", text, points: 3 });
  }
  reasons.push(...personReasons(bucket, reasons), ...oftenReasons(count, limits));
  const points = pointsOf(reasons);
  const isUsualElsewhere = count <= USUAL * limits.largestHour;
  if (isUsualElsewhere && points > USUAL_POINTS) {
    const text = `As many as in its busiest hours (${round(limits.largestHour)}), but not at this hour of the day.`;
    reasons.push({ code: "usual-at-other-hours", text, points: USUAL_POINTS - points });
  }
  return {
    ...common(view, bucket.evidence ?? newEvidence()),
    title: isUsualElsewhere ? "Usual volume at a strange hour" : "Decrypt spike",
    summary: `${name(bucket)} decrypted ${counted(count, "time")} in an hour (${bucket.fiveMinutes} within five minutes); expected about ${expected}.`,
    reasons,
    eventTimeMs:
      startMs +
      crossingRead(bucket.reads, {
        hour: hourFires ? limits.hour : NEVER,
        window: fiveFires ? fiveMinutes : NEVER,
        width: 5,
        again: free,
      }) *
        1000,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    observed: { decryptsPerHour: count, decryptsPerFiveMinutes: bucket.fiveMinutes },
    expected: {
      decryptsPerHour: expected,
      decryptsPerFiveMinutes: round(expectation.mean / 12),
      decryptsPerHourLimit: limits.hour,
      decryptsOfBusiestHour: round(limits.largestHour),
      decryptsPerFiveMinutesLimit: fiveMinutes,
    },
  };
}

/** Whether the other calls of the hour rose with its decrypts. */
function companyOf(
  { bucket, limits }: View,
  decrypts: number,
  before: readonly Reason[],
): Reason[] {
  const calls = { decrypts, others: bucket.others, windows: 1, alonePoints: 8 };
  return companyReasons({ ...calls, points: pointsOf(before) }, limits.share);
}

function describeDay(view: View, counts: Counts): Finding {
  const { hour, bucket, limits } = view;
  const { day: count } = counts;
  const startMs = dayOf(hour) * 24 * HOUR_MS;
  const expected = round(limits.expectedDay);
  const already = count - Math.min(counts.hour, limits.hour);
  const over = crossingRead(bucket.reads, {
    hour: Math.max(0, limits.day - already),
    window: NEVER,
    width: 5,
    again: counts.free,
  });
  const volume: Reason = {
    code: "day-volume",
    text: `${count} decrypts since midnight UTC; expected ${expected} a day, limit ${limits.day}.`,
    points: pointsOfRise(count / limits.day),
  };
  return {
    ...common(view, bucket.evidence ?? newEvidence()),
    title: "Decrypt volume of a day",
    summary: `${name(bucket)} decrypted ${count} times by this hour of the day; a day's usual volume is ${expected}.`,
    reasons: [
      volume,
      ...companyOf(view, counts.hour, [volume]),
      ...personReasons(bucket, [volume]),
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

function name(bucket: Bucket): string {
  return callerName(bucket.evidence?.principal ?? null);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
