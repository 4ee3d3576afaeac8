import { z } from "zod";
import { alarmsOfLate, withAlarm } from "../src/baseline/alarm-days.ts";
import { DAY_HOURS, dayOf, daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import {
  type CallShare,
  knownShare,
  learnShare,
  newCallShare,
  type ShareExpectation,
} from "../src/baseline/call-share.ts";
import {
  type CountedHour,
  type HourSums,
  largestSum,
  lastHours,
  learnSum,
  newHourSums,
} from "../src/baseline/hour-sums.ts";
import { isFirstRead } from "../src/baseline/read-counts.ts";
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
  isServiceLinked,
  newEvidence,
  pointsOf,
  type Reason,
  secretOf,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  /** Hours and days with decrypts, unfaded. */
  active: number;
  days: number;
  lastDay: number;
  sums: HourSums;
  /** What part of its calls are decrypts. */
  share: CallShare;
  /** Days on which it alarmed of late, and the last hour that was told; −1 before any. */
  alarms: number[];
  told: number;
}

interface Bucket {
  /** Decrypts; of a secret or parameter that a workload reads again no more than one. */
  count: number;
  /** Of the hour, by fingerprint. */
  secrets: Record<string, true>;
  /** Calls that do not decrypt. */
  others: number;
  human: boolean;
  lastMs: number;
  /** Null while the principal is not judged. */
  evidence: Evidence | null;
}

interface Limits {
  /** Decrypts that the last hours together must exceed, of a workload and of a person; `NEVER` while it is not judged. */
  ofWorkload: number;
  ofPerson: number;
  largest: number;
  /** Null where it is not known, or tells nothing. */
  share: ShareExpectation | null;
  daysKnown: number;
  active: number;
}

const Options = z.strictObject({
  floorOfWorkload: z
    .int()
    .min(1)
    .default(24)
    .describe("Never alert on fewer decrypts of a workload in three hours."),
  floorOfPerson: z
    .int()
    .min(1)
    .default(20)
    .describe("Never alert on fewer decrypts of a person in six hours."),
  ratioOfWorkload: z
    .number()
    .min(1)
    .default(1.4)
    .describe("Times the most of any three hours of a workload that must be exceeded as well."),
  ratioOfPerson: z
    .number()
    .min(1)
    .default(3)
    .describe("Times the most of any six hours of a person that must be exceeded as well."),
  learningDays: z
    .number()
    .min(0)
    .default(21)
    .describe("Days of a principal's own history before it is judged."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const HOURLY: Subject = { name: "", period: "hour" };
const SUBJECTS = [HOURLY];
/** Other calls raise nothing. */
const NOTHING: readonly Subject[] = [];
const NEVER = Number.MAX_SAFE_INTEGER;
/** Hours that are summed: people read in bouts, with pauses between. */
const HOURS_OF_WORKLOAD = 3;
const HOURS_OF_PERSON = 6;
/** Part of the sum that the largest hour may hold, and hours of a person that must hold something: a burst is for `decrypt-spike`. */
const MOST_OF_ONE = 0.6;
const LEAST_HOURS_OF_PERSON = 3;
/** Part of all hours in which a workload must be active for its largest sums to be known: a job's runs differ by whole runs. */
const STEADY = 0.4;
/** Square roots of its largest sum that must be exceeded as well: chance makes more of small numbers. */
const ROOTS = 3;
/** Days with decrypts after which a person's are. */
const DAYS_OF_PERSON = 8;
const OFTEN_POINTS = 10;
/** Times the largest sum of a workload from which on what may have risen with all else is told, and from which on what did. */
const FAR_BEYOND = 1.7;
const STEEP = 2.5;
/** Where more than this part of its calls are decrypts, the few others of some hours do not tell whether they rose as well. */
const MOST_TELLING_SHARE = 0.85;
/** Hours with calls in which half of what is known of its other calls is forgotten. */
const SHARE_HALF_LIFE_HOURS = 200;

/** A principal decrypts for hours more than it ever did in as many, no hour of it remarkable. */
export const sustainedRise = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "sustained-rise",
  version: 2,
  title: "Sustained rise",
  entity: "principal",
  severity: "medium to high",
  why: "Whoever knows that hours are counted takes two or three times the usual, for some of them. An odd busy hour is chance; several in a row, beyond all that there ever were, hardly are.",
  falsePositives: [
    "A backfill or load test of some hours, for the first time.",
    "A day of work on something new: a person who prepares a report, say.",
  ],
  knownGaps: [
    "Jobs and others that are idle for most of the day: their runs differ by themselves.",
    "Theft that is done within one hour, which decrypt-spike judges, or spread over days, which slow-drift does.",
    "Whoever had as busy a time within the last months.",
    "It is told when the hour is closed, so an hour or two after it.",
  ],
  triage: [
    "See what the hours decrypt that others do not: contexts, keys, addresses.",
    "Ask the owner for a backfill, a load test or a release; ask a person what the reading was for.",
    "If nobody claims it, revoke the sessions and follow the contexts.",
  ],
  attack: [{ technique: "T1530", name: "Data from Cloud Storage", tactic: "collection" }],
  options: Options,
  judgesClosed: [HOURLY.name],

  accepts: (event) =>
    event.error === undefined &&
    !event.principal.service &&
    !isOutsider(event) &&
    !isServiceLinked(event),

  newBaseline: () => ({
    born: -1,
    active: 0,
    days: 0,
    lastDay: -1,
    sums: newHourSums(),
    share: newCallShare(),
    alarms: [],
    told: -1,
  }),
  newBucket: () => ({ count: 0, secrets: {}, others: 0, human: false, lastMs: 0, evidence: null }),

  limits: limitsOf,

  add({ bucket, limits }, event) {
    if (!isDecryption(event)) {
      bucket.others += 1;
      return;
    }
    const { human } = event.principal;
    if (isFirstRead(bucket.secrets, secretOf(event)) || human) bucket.count += 1;
    bucket.human ||= human;
    if (limits.ofPerson === NEVER) return;
    bucket.lastMs = Math.max(bucket.lastMs, event.timeMs);
    bucket.evidence ??= newEvidence();
    addEvidence(bucket.evidence, event);
  },

  subjects: (event) => (isDecryption(event) ? SUBJECTS : NOTHING),
  level: (view) => (risenIn(view) === null ? -1 : 0),
  describe: describeRise,

  fold(baseline, hour, bucket, limits) {
    if (baseline.born < 0) baseline.born = hour;
    const day = dayOf(hour);
    if (risenIn({ hour, baseline, earlier: [], bucket, limits }) !== null) {
      baseline.alarms = withAlarm(baseline.alarms, day);
      baseline.told = hour;
    }
    const { count, others } = bucket;
    learnSum(baseline.sums, { hour, count, others }, widthOf(bucket));
    learnShare(baseline.share, { part: count, all: count + others }, SHARE_HALF_LIFE_HOURS);
    if (count === 0) return;
    baseline.active += 1;
    if (day !== baseline.lastDay) baseline.days += 1;
    baseline.lastDay = day;
  },
  skip: () => {},
});

function limitsOf(baseline: Baseline, hour: number, options: Options): Limits {
  const { born, active, days, sums, share } = baseline;
  const daysKnown = daysSince(born, hour);
  const largest = largestSum(sums, hour);
  const limits = { largest, share: tellingShare(share), daysKnown, active };
  if (daysKnown < options.learningDays || days < DAYS_OF_PERSON)
    return { ...limits, ofWorkload: NEVER, ofPerson: NEVER };
  const isSteady = active >= STEADY * (hour - born);
  return {
    ...limits,
    ofWorkload: isSteady
      ? Math.floor(
          Math.max(
            options.floorOfWorkload - 1,
            options.ratioOfWorkload * largest,
            largest + ROOTS * Math.sqrt(largest),
          ),
        )
      : NEVER,
    ofPerson: Math.floor(Math.max(options.floorOfPerson - 1, options.ratioOfPerson * largest)),
  };
}

function tellingShare(share: CallShare): ShareExpectation | null {
  const known = knownShare(share);
  return known !== null && known.share <= MOST_TELLING_SHARE ? known : null;
}

function widthOf({ human }: Bucket): number {
  return human ? HOURS_OF_PERSON : HOURS_OF_WORKLOAD;
}

interface Risen {
  readonly sum: number;
  /** Calls of the same hours that do not decrypt. */
  readonly others: number;
  readonly limit: number;
  /** Hours of the sum that hold anything. */
  readonly hours: number;
}

/** The last hours where together they hold more than they ever did, none of them most of it. Once within a day. */
function risenIn({
  hour,
  baseline,
  earlier,
  bucket,
  limits,
}: Pick<View, "hour" | "baseline" | "earlier" | "bucket" | "limits">): Risen | null {
  const limit = bucket.human ? limits.ofPerson : limits.ofWorkload;
  const isTold = baseline.told >= 0 && hour - baseline.told < DAY_HOURS;
  if (limit === NEVER || isTold || mostOf(baseline.sums, earlier, bucket) <= limit) return null;
  const open = earlier.map((one) => countedIn(one.hour, one.bucket));
  const hours = lastHours(baseline.sums, open, countedIn(hour, bucket), widthOf(bucket));
  const counts = hours.map(({ count }) => count).filter((count) => count > 0);
  const sum = total(counts);
  if (sum <= limit || Math.max(...counts) > MOST_OF_ONE * sum) return null;
  if (bucket.human && counts.length < LEAST_HOURS_OF_PERSON) return null;
  const others = total(hours.map((one) => one.others));
  const risen = { sum, others, limit, hours: counts.length };
  return isTelling(risen, bucket, limits) ? risen : null;
}

/** No fewer than the last hours hold: of most hours it is known at once that they do not rise. */
function mostOf({ hours }: HourSums, earlier: View["earlier"], { count }: Bucket): number {
  let most = count;
  for (const [, learned] of hours) most += learned;
  for (const open of earlier) most += open.bucket.count;
  return most;
}

function countedIn(hour: number, { count, others }: Bucket): CountedHour {
  return { hour, count, others };
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function describeRise(view: View): Finding {
  const { hour, bucket, limits, entity } = view;
  const risen = risenIn(view);
  if (risen === null) throw new Error(`sustained-rise: nothing to tell of ${entity}`);
  const evidence = bucket.evidence ?? newEvidence();
  const width = widthOf(bucket);
  const largest = Math.round(limits.largest);
  return {
    title: bucket.human ? "A person reads for hours as never before" : "Decrypts rise for hours",
    summary: `${callerName(evidence.principal)} decrypted ${counted(risen.sum, "time")} within ${width} hours; ${largest} at most in as many before.`,
    reasons: reasonsOf(view, risen),
    eventTimeMs: bucket.lastMs,
    windowStartMs: (hour - width + 1) * HOUR_MS,
    windowEndMs: (hour + 1) * HOUR_MS,
    principal: evidence.principal,
    key: null,
    accountId: null,
    region: null,
    observed: { decryptsInHours: risen.sum, hours: width, hoursWithDecrypts: risen.hours },
    expected: { decryptsInHours: largest, decryptsInHoursLimit: risen.limit },
    baseline: baselineState(limits.daysKnown, limits.active),
    evidence,
  };
}

function reasonsOf({ hour, baseline, bucket, limits }: View, risen: Risen): Reason[] {
  const { sum, limit, hours } = risen;
  const text = `${sum} decrypts within ${widthOf(bucket)} hours, in ${hours} of them; never more than ${Math.round(limits.largest)} so far, limit ${limit}.`;
  const points = Math.round(Math.min(61, 37 + 12 * Math.log2(sum / limit)));
  return [
    { code: "sustained", text, points },
    ...companyOf(risen, limits).filter((reason) => reason.points > 0),
    ...oftenReasons(baseline, hour),
  ];
}

/** What rose alone tells most; of what rose with all else only a steep rise does, and of the rest one far beyond its largest. */
function isTelling(risen: Risen, { human }: Bucket, limits: Limits): boolean {
  const times = risen.sum / Math.max(1, limits.largest);
  const company = pointsOf(companyOf(risen, limits));
  if (company !== 0) return company > 0 || (!human && times >= STEEP);
  return human || times >= FAR_BEYOND;
}

/** Whether its other calls rose with it, where that tells something. */
function companyOf({ sum, others, hours }: Risen, { share }: Limits): Reason[] {
  const calls = { decrypts: sum, others, windows: hours, alonePoints: 8, points: 0 };
  return companyReasons(calls, share);
}

/** Whoever rose on days of late does so now and then. */
function oftenReasons({ alarms }: Baseline, hour: number): Reason[] {
  const days = alarmsOfLate(alarms, dayOf(hour)).length;
  if (days === 0) return [];
  const text = `Rose like this on ${counted(days, "day")} of late.`;
  return [{ code: "rises-often", text, points: -OFTEN_POINTS * days }];
}
