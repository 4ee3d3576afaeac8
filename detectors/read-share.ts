import { z } from "zod";
import { alarmsOfLate, isHabit, withAlarm } from "../src/baseline/alarm-days.ts";
import { DAY_HOURS, dayOf, daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import {
  type CallShare,
  deviationOf,
  expectShare,
  improbabilityOf,
  isShareKnown,
  learnShare,
  newCallShare,
  scatterOf,
  type ShareExpectation,
} from "../src/baseline/call-share.ts";
import {
  countMinute,
  countWithin,
  type MinuteCounts,
  secondOf,
} from "../src/baseline/minute-counts.ts";
import { isFirstRead } from "../src/baseline/read-counts.ts";
import {
  addEvidence,
  baselineState,
  callerName,
  counted,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  isDecryption,
  isOutsider,
  newEvidence,
  oneIn,
  personReasons,
  type Reason,
  secretOf,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  hours: CallShare;
  days: CallShare;
  /** The UTC day being summed, and its decrypts and calls so far. */
  day: number;
  part: number;
  all: number;
  /** Days on which it alarmed of late. */
  alarms: number[];
}

interface Bucket {
  /** Decrypts; of a secret or parameter no more than one. */
  part: number;
  all: number;
  /** Of the decrypts, where the principal is judged. */
  minutes: MinuteCounts;
  /** Of the hour, by fingerprint. */
  secrets: Record<string, true>;
  human: boolean;
  /** Null while the principal is learned and not judged. */
  evidence: Evidence | null;
}

interface Limits {
  /** Null where too little is known to judge. */
  hour: ShareExpectation | null;
  day: ShareExpectation | null;
  days: number;
  windows: number;
}

/** Decrypts and calls of a window, and what was expected of it. */
interface Seen {
  readonly part: number;
  readonly all: number;
  readonly expectation: ShareExpectation;
  readonly improbability: number;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(7)
    .describe("Days of a principal's own history before it is judged."),
  floorPerHour: z
    .int()
    .min(1)
    .default(10)
    .describe("Decrypts that an hour must hold above its share."),
  floorPerDay: z
    .int()
    .min(1)
    .default(20)
    .describe("Decrypts that a day must hold above its share."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const HOURLY: Subject = { name: "", period: "hour" };
const SUBJECTS = [HOURLY];
/** Other calls raise no level. */
const NOTHING: readonly Subject[] = [];
/** Windows with calls in which half of what is known is forgotten. */
const HALF_LIFE_HOURS = 200;
const HALF_LIFE_DAYS = 20;
/** Below so many windows a share is not known. */
const LEAST_HOURS = 20;
const LEAST_DAYS = 7;
/** −log₁₀ of how improbable a share must be in an hour and in a day. */
const HOUR_IMPROBABILITY = 4.8;
const DAY_IMPROBABILITY = 5.8;
/** Standard deviations below which no tail is computed. */
const SCREEN = 1.5;
/** What alarmed teaches no more than so many standard deviations above its share, but for one that alarms by habit. */
const MOST_LEARNED = 3;
const OFTEN_POINTS = 15;

/** A principal's decrypts rise alone: what it does beside them does not rise with them. */
export const readShare = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "read-share",
  version: 3,
  title: "Decrypts rise alone",
  entity: "principal",
  severity: "medium to high",
  why: "A busy service writes more as it reads more. A thief only reads: the part of decrypts among a principal's calls gives away a theft that is small enough to pass for a busy hour.",
  falsePositives: [
    "A backfill, report or restore that reads everything once.",
    "A release after which a service writes less, for its first three days.",
  ],
  knownGaps: [
    "Principals that do hardly anything but decrypt, or whose ways vary from hour to hour.",
    "Theft that encrypts as much as it decrypts.",
    "It is told when the hour is closed, so an hour or two after it.",
  ],
  triage: [
    "See what the additional decrypts read: keys, contexts, objects beside the usual ones.",
    "Compare source addresses and user agents of the hour's decrypts with those of its other calls.",
    "Ask the owner for a backfill, report or release of that day.",
    "If nobody claims it, revoke the principal's sessions and follow the contexts.",
  ],
  attack: [
    { technique: "T1530", name: "Data from Cloud Storage", tactic: "collection" },
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
  ],
  options: Options,
  judgesClosed: [HOURLY.name],

  accepts: (event) => event.error === undefined && !event.principal.service && !isOutsider(event),

  newBaseline: () => ({
    born: -1,
    hours: newCallShare(),
    days: newCallShare(),
    day: -1,
    part: 0,
    all: 0,
    alarms: [],
  }),
  newBucket: () => ({ part: 0, all: 0, minutes: [], secrets: {}, human: false, evidence: null }),

  limits(baseline, hour, options) {
    const { born, hours, days } = baseline;
    const age = daysSince(born, hour);
    const isJudged =
      age >= options.learningDays && isShareKnown(hours) && hours.windows >= LEAST_HOURS;
    const ofHour = expectShare(hours);
    return {
      hour: isJudged ? ofHour : null,
      day: isJudged && days.windows >= LEAST_DAYS ? ofPartOfDay(expectShare(days), ofHour) : null,
      days: age,
      windows: hours.windows,
    };
  },

  add({ bucket, limits }, event) {
    if (!isDecryption(event)) {
      bucket.all += 1;
      return;
    }
    if (!isFirstRead(bucket.secrets, secretOf(event))) return;
    bucket.all += 1;
    bucket.part += 1;
    if (limits.hour === null) return;
    countMinute(bucket.minutes, event.timeMs);
    bucket.human ||= event.principal.human;
    bucket.evidence ??= newEvidence();
    addEvidence(bucket.evidence, event);
  },

  subjects: (event) => (isDecryption(event) ? SUBJECTS : NOTHING),
  level: (view, _subject, options) => (worstOf(view, options) === null ? -1 : 0),
  describe: describeShare,

  fold(baseline, hour, bucket, limits, options) {
    if (baseline.born < 0) baseline.born = hour;
    closeDay(baseline, dayOf(hour));
    const isAlarm = hasAlarmed(baseline, bucket, limits, options);
    if (isAlarm) baseline.alarms = withAlarm(baseline.alarms, dayOf(hour));
    const part = isAlarm && !isHabit(baseline.alarms) ? usualPart(bucket, limits) : bucket.part;
    learnShare(baseline.hours, { part, all: bucket.all }, HALF_LIFE_HOURS);
    baseline.part += part;
    baseline.all += bucket.all;
  },
  skip(baseline, _from, to) {
    if (baseline.born >= 0) closeDay(baseline, dayOf(to - 1));
  },
});

/** A day that is not over may be as one-sided as one of its hours. */
function ofPartOfDay(ofDay: ShareExpectation, ofHour: ShareExpectation): ShareExpectation {
  return { ...ofDay, correlation: Math.max(ofDay.correlation, ofHour.correlation) };
}

function closeDay(baseline: Baseline, day: number): void {
  if (day <= baseline.day) return;
  learnShare(baseline.days, baseline, HALF_LIFE_DAYS);
  baseline.day = day;
  baseline.part = 0;
  baseline.all = 0;
}

/** Whether decrypts are more than their share of the hour: a day is told in such an hour only. */
function leans({ part, all }: Bucket, { hour }: Limits): boolean {
  return hour !== null && part > hour.share * all;
}

function hasAlarmed(baseline: Baseline, bucket: Bucket, limits: Limits, options: Options): boolean {
  if (!leans(bucket, limits)) return false;
  const day = { part: baseline.part + bucket.part, all: baseline.all + bucket.all };
  return hourOf(bucket, limits, options) !== null || dayOfSums(day, limits, options) !== null;
}

/** As many decrypts as are no alarm. */
function usualPart({ part, all }: Bucket, { hour }: Limits): number {
  if (hour === null) return part;
  return Math.min(part, Math.round(hour.share * all + MOST_LEARNED * scatterOf(hour, all)));
}

function hourOf(seen: Sums, limits: Limits, options: Options): Seen | null {
  return judge(seen, limits.hour, options.floorPerHour, HOUR_IMPROBABILITY);
}

function dayOfSums(seen: Sums, limits: Limits, options: Options): Seen | null {
  return judge(seen, limits.day, options.floorPerDay, DAY_IMPROBABILITY);
}

type Sums = Pick<Seen, "part" | "all">;

function judge(
  { part, all }: Sums,
  expectation: ShareExpectation | null,
  floor: number,
  least: number,
): Seen | null {
  if (expectation === null || part - expectation.share * all < floor) return null;
  if (deviationOf(expectation, part, all) < SCREEN) return null;
  const improbability = improbabilityOf(expectation, part, all);
  return improbability < least ? null : { part, all, expectation, improbability };
}

interface Told extends Seen {
  readonly period: "hour" | "day";
}

/** What is told of an hour: the hour itself, or the day so far. */
function worstOf(view: View, options: Options): Told | null {
  const { bucket, limits, baseline } = view;
  if (!leans(bucket, limits)) return null;
  // As an hour closes, all hours before it are learned.
  if (baseline.alarms.includes(dayOf(view.hour))) return null;
  const hour = hourOf(bucket, limits, options);
  if (hour !== null) return { ...hour, period: "hour" };
  const day = dayOfSums(sumsOfDay(view), limits, options);
  return day === null ? null : { ...day, period: "day" };
}

/** Sums of the UTC day up to and including this hour. */
function sumsOfDay({ hour, baseline, earlier, bucket }: View): Sums {
  const day = dayOf(hour);
  let { part, all } = bucket;
  if (baseline.day === day) {
    part += baseline.part;
    all += baseline.all;
  }
  for (const open of earlier) {
    if (dayOf(open.hour) !== day) continue;
    part += open.bucket.part;
    all += open.bucket.all;
  }
  return { part, all };
}

function describeShare(view: View, _subject: string, options: Options): Finding {
  const { hour, bucket, limits, entity } = view;
  const told = worstOf(view, options);
  if (told === null) throw new Error(`read-share: nothing to tell of ${entity}`);
  const { part, all, expectation, improbability, period } = told;
  const evidence = bucket.evidence ?? newEvidence();
  const usual = Math.round(expectation.share * all);
  const window = period === "hour" ? "in an hour" : "since midnight UTC";
  const startMs = hour * HOUR_MS;
  return {
    title: "Decrypts rise alone",
    summary: `${callerName(evidence.principal)} decrypted ${part} times in ${all} calls ${window}; of so many calls about ${usual} are decrypts otherwise.`,
    reasons: withPerson([...reasonsOf(told), ...oftenReasons(view)], bucket),
    eventTimeMs:
      startMs + (period === "hour" ? crossing(view, options) : lastSecond(bucket)) * 1000,
    windowStartMs: period === "hour" ? startMs : dayOf(hour) * DAY_HOURS * HOUR_MS,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: null,
    accountId: null,
    region: null,
    observed: {
      decrypts: part,
      otherCalls: all - part,
      percentDecrypts: percent(part / all),
      oneIn: Math.round(10 ** Math.min(9, improbability)),
    },
    expected: { decrypts: usual, percentDecrypts: percent(expectation.share) },
    baseline: baselineState(limits.days, limits.windows),
    evidence,
  };
}

function withPerson(reasons: readonly Reason[], bucket: Bucket): Reason[] {
  return [...reasons, ...personReasons(bucket, reasons)];
}

function reasonsOf({ part, all, expectation, improbability, period }: Told): Reason[] {
  const shares = `${percent(part / all)} % of its calls decrypt, otherwise ${percent(expectation.share)} %`;
  const points = period === "hour" ? 28 + 6 * improbability : 22 + 6 * improbability;
  return [
    {
      code: "share",
      text: `${shares}: by chance in one ${period} of ${oneIn(improbability)}.`,
      points: Math.round(Math.min(80, points)),
    },
  ];
}

/** Whose decrypts rise alone now and then does what it does now and then. */
function oftenReasons({ hour, baseline }: View): Reason[] {
  const days = alarmsOfLate(baseline.alarms, dayOf(hour)).length;
  if (days === 0) return [];
  const text = `They rose alone on ${counted(days, "day")} of late.`;
  return [{ code: "rises-often", text, points: -OFTEN_POINTS * days }];
}

/** Second of the hour by which its decrypts were too many beside all of its other calls. */
function crossing({ bucket, limits }: View, options: Options): number {
  const others = bucket.all - bucket.part;
  return secondOf(bucket.minutes, (minute) => {
    const part = countWithin(bucket.minutes, 0, minute);
    return hourOf({ part, all: part + others }, limits, options) !== null;
  });
}

function lastSecond({ minutes }: Bucket): number {
  return secondOf(minutes, (minute) => countWithin(minutes, minute + 1, 59) === 0);
}

function percent(part: number): number {
  return Math.round(100 * part);
}
