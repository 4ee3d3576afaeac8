import { z } from "zod";
import { alarmsOfLate, isHabit, withAlarm } from "../src/baseline/alarm-days.ts";
import {
  type BusiestOfLate,
  hourOfLate,
  largestOf,
  largestRun,
  learnRun,
  newBusiestOfLate,
  passRuns,
  RUN_HOURS,
} from "../src/baseline/busiest-of-late.ts";
import { dayOf, daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
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
  isDecryption,
  newEvidence,
  oneIn,
  type Reason,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  /** What part of an hour's decrypts the session with most of them makes. */
  share: CallShare;
  /** Decrypts of that session. */
  peak: FadingPeak;
  /** The same over several hours. */
  late: BusiestOfLate;
  /** Days on which it alarmed of late. */
  alarms: number[];
  /** The last of them if no single hour alarmed on it yet; −1 otherwise. */
  runDay: number;
}

interface Bucket {
  count: number;
  /** Session → its decrypts, and the time of the last. */
  sessions: Record<string, [count: number, lastMs: number]>;
  size: number;
  /** Whether there were more sessions than are told apart. */
  isOverfull: boolean;
  /** Null while the principal is learned and not judged. */
  evidence: Evidence | null;
}

interface Limits {
  /** Null where too little is known to judge, or one session makes nearly all anyway. */
  expectation: ShareExpectation | null;
  /** Decrypts that one session must exceed. */
  most: number;
  /** The same over several hours. */
  run: { expectation: ShareExpectation | null; most: number };
  days: number;
  windows: number;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of a principal's own history before it is judged."),
  floorPerHour: z
    .int()
    .min(1)
    .default(8)
    .describe("Never alert on fewer decrypts of one session in an hour."),
  improbability: z
    .number()
    .min(1)
    .default(3.5)
    .describe("How improbable a share must be: the negative decimal logarithm of its chance."),
  floorPerFourHours: z
    .int()
    .min(1)
    .default(12)
    .describe("Never alert on fewer decrypts of one session in four hours."),
  improbabilityOfFourHours: z
    .number()
    .min(1)
    .default(5)
    .describe("How improbable a share of four hours must be, likewise."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const HOURLY: Subject = { name: "", period: "hour" };
const SUBJECTS = [HOURLY];
/** Sessions told apart within one hour; an hour of more is neither judged nor learned. */
const MOST_SESSIONS = 200;
/** Hours with decrypts in which half of what is known is forgotten, and below which nothing is. */
const HALF_LIFE_HOURS = 200;
const LEAST_HOURS = 50;
/** Where one session usually makes more than this part, that it does says nothing. */
const MOST_SHARE = 0.9;
/** Standard deviations below which no tail is computed. */
const SCREEN = 1.5;
/** An hour teaches no more than so many standard deviations above its share, but for one that alarms by habit. */
const MOST_LEARNED = 2;
const OFTEN_POINTS = 12;
/** Times the largest count of a session so far from which on it weighs more. */
const STEEP = 2;
/** Several hours alone are never high: backfills look alike. */
const MOST_POINTS_OF_RUN = 50;
/** A run of several hours must be so many times the largest one so far. */
const FAR = 1.5;
/** It goes through that many of the hours, and no hour makes more than that part of it: that one is judged by itself. */
const LEAST_RUN_HOURS = 3;
const MOST_OF_RUN = 0.7;

/** One of a principal's sessions decrypts for many: the others do what they always do. */
export const sessionShare = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "session-share",
  version: 2,
  title: "One session decrypts for many",
  entity: "principal",
  reliableFrom: 52,
  severity: "medium to high",
  why: "The instances, tasks and pods of a service share its work. Whoever holds the credentials of one of them takes through one session what the others do not, be it at the victim's own host and hour.",
  falsePositives: [
    "A task that one instance does for all, for the first time: a leader, a backfill, a migration.",
    "A fleet that is cut down to one instance.",
  ],
  knownGaps: [
    "Principals that have one session at a time, as functions and most jobs do.",
    "Theft through many sessions, and through fewer than eight decrypts an hour or twelve in four.",
    "Fleets of more than two hundred sessions an hour.",
    "It is told when the hour is closed, so an hour or two after it.",
    "Somewhat more through one session for less than three hours, or for as long as a backfill did so of late.",
  ],
  triage: [
    "Find what the session is: an instance, a task or a pod; what runs on it that does not on the others.",
    "Compare its source addresses, user agents and contexts with those of the other sessions.",
    "Ask the owner for a backfill or a task that one instance does for all.",
    "If nobody claims it, isolate the host, and revoke the role's sessions.",
  ],
  attack: [
    {
      technique: "T1552.005",
      name: "Unsecured Credentials: Cloud Instance Metadata API",
      tactic: "credential-access",
    },
    { technique: "T1530", name: "Data from Cloud Storage", tactic: "collection" },
  ],
  options: Options,
  judgesClosed: [HOURLY.name],

  accepts: (event) =>
    event.error === undefined &&
    isDecryption(event) &&
    event.principal.session !== undefined &&
    !event.principal.human &&
    !event.principal.service,

  newBaseline: () => ({
    born: -1,
    share: newCallShare(),
    peak: newFadingPeak(),
    late: newBusiestOfLate(),
    alarms: [],
    runDay: -1,
  }),
  newBucket: () => ({ count: 0, sessions: {}, size: 0, isOverfull: false, evidence: null }),

  limits({ born, share, peak, late }, hour, options) {
    const days = daysSince(born, hour);
    const isOld = days >= options.learningDays;
    return {
      expectation: isOld ? tellingShare(share) : null,
      most: Math.max(options.floorPerHour - 1, Math.floor(peakAt(peak, hour))),
      run: {
        expectation: isOld ? tellingShare(late.share) : null,
        most: Math.max(options.floorPerFourHours - 1, Math.floor(FAR * peakAt(late.peak, hour))),
      },
      days,
      windows: share.windows,
    };
  },

  add({ bucket, limits }, event) {
    bucket.count += 1;
    // A session's name is its owner's text, hence the mark before it.
    const name = `s:${event.principal.session}`;
    const session = bucket.sessions[name];
    if (session !== undefined) {
      session[0] += 1;
      session[1] = Math.max(session[1], event.timeMs);
    } else if (bucket.size >= MOST_SESSIONS) bucket.isOverfull = true;
    else {
      bucket.sessions[name] = [1, event.timeMs];
      bucket.size += 1;
    }
    if (limits.expectation === null && limits.run.expectation === null) return;
    bucket.evidence ??= newEvidence();
    addEvidence(bucket.evidence, event);
  },

  subjects: () => SUBJECTS,
  level: (view, _subject, options) => (risenOf(view, options) === null ? -1 : 0),
  describe: describeSession,

  fold(baseline, hour, bucket, limits, options) {
    if (baseline.born < 0) baseline.born = hour;
    if (bucket.isOverfull) return;
    noteAlarm(baseline, hour, bucket, limits, options);
    const largest = largestOf(sessionsIn(bucket).sessions)?.count ?? 0;
    const isUsual = isHabit(baseline.alarms);
    const part = isUsual ? largest : usualPart(largest, bucket.count, limits.expectation);
    learnShare(baseline.share, { part, all: bucket.count }, HALF_LIFE_HOURS);
    raisePeak(baseline.peak, hour, part);
    const { share } = expectShare(baseline.share);
    if (isShareKnown(baseline.share) && share > MOST_SHARE) baseline.late.hours = [];
    else learnLate(baseline.late, hour, bucket, isUsual ? null : limits.run.expectation);
  },
  skip: (baseline, _from, to) => passRuns(baseline.late, to),
});

interface Session {
  readonly name: string;
  readonly count: number;
  readonly lastMs: number;
}

function sessionsIn({ sessions, count: all }: Bucket): { sessions: Session[]; all: number } {
  const each = Object.entries(sessions);
  return { sessions: each.map(([name, [count, lastMs]]) => ({ name, count, lastMs })), all };
}

/** What is expected of the busiest session, where enough is known and it says anything. */
function tellingShare(share: CallShare): ShareExpectation | null {
  if (!isShareKnown(share) || share.windows < LEAST_HOURS) return null;
  const expectation = expectShare(share);
  return expectation.share <= MOST_SHARE ? expectation : null;
}

interface Risen {
  readonly session: Session;
  /** Decrypts of the session, and of all. */
  readonly count: number;
  readonly all: number;
  /** What the session's decrypts exceed. */
  readonly most: number;
  /** Hours looked at. */
  readonly hours: number;
  readonly expectation: ShareExpectation;
  readonly improbability: number;
}

/** What is to be told: one hour once a day, several at most where nothing was told yet. As an hour closes, all before it are learned. */
function risenOf(view: View, options: Options): Risen | null {
  const { baseline, hour } = view;
  const today = dayOf(hour);
  const isTold = baseline.alarms.includes(today);
  if (isTold && baseline.runDay !== today) return null;
  return risenInHour(view, options) ?? (isTold ? null : risenInRun(view, options));
}

type Judged = Pick<View, "hour" | "bucket" | "limits" | "baseline" | "earlier">;

/** The session that makes more of the hour than the busiest one does otherwise; null where none does. */
function risenInHour({ bucket, limits }: Judged, options: Options): Risen | null {
  if (bucket.isOverfull || bucket.count <= limits.most) return null;
  const session = largestOf(sessionsIn(bucket).sessions);
  if (session === undefined) return null;
  const made = { session, count: session.count, all: bucket.count, hours: 1 };
  return improbableOf(made, limits, options.improbability);
}

/** The session that does so over several hours, little in each. */
function risenInRun(
  { hour, bucket, limits, baseline, earlier }: Judged,
  options: Options,
): Risen | null {
  if (bucket.isOverfull || limits.run.expectation === null) return null;
  // What came before is learned, or still open.
  const told = earlier.filter((one) => !one.bucket.isOverfull);
  const all = told.reduce((sum, one) => sum + one.bucket.count, bucket.count);
  if (baseline.late.hours.reduce((sum, [, count]) => sum + count, all) <= limits.run.most)
    return null;
  const open = told.map((one) => hourOfLate(one.hour, sessionsIn(one.bucket)));
  const run = largestRun([...baseline.late.hours, ...open], hour, sessionsIn(bucket));
  if (run === undefined || run.hours < LEAST_RUN_HOURS || run.most > MOST_OF_RUN * run.count)
    return null;
  return improbableOf({ ...run, hours: RUN_HOURS }, limits.run, options.improbabilityOfFourHours);
}

function improbableOf(
  made: Pick<Risen, "session" | "count" | "all" | "hours">,
  { expectation, most }: Limits["run"],
  least: number,
): Risen | null {
  const { count, all } = made;
  if (expectation === null || count <= most) return null;
  if (deviationOf(expectation, count, all) < SCREEN) return null;
  const improbability = improbabilityOf(expectation, count, all);
  return improbability < least ? null : { ...made, most, expectation, improbability };
}

function noteAlarm(
  baseline: Baseline,
  hour: number,
  bucket: Bucket,
  limits: Limits,
  options: Options,
): void {
  const closed = { hour, bucket, limits, baseline, earlier: [] };
  const today = dayOf(hour);
  const isHour = risenInHour(closed, options) !== null;
  if (!isHour && risenInRun(closed, options) === null) return;
  if (isHour) baseline.runDay = -1;
  else if (!baseline.alarms.includes(today)) baseline.runDay = today;
  baseline.alarms = withAlarm(baseline.alarms, today);
}

/** Learns several hours: all of them where nothing is expected of them. */
function learnLate(
  late: BusiestOfLate,
  hour: number,
  bucket: Bucket,
  expectation: ShareExpectation | null,
): void {
  const counts = sessionsIn(bucket);
  const run = largestRun(late.hours, hour, counts);
  if (run === undefined) return;
  const part = usualPart(run.count, run.all, expectation);
  learnRun(late, hourOfLate(hour, counts, part), run.all, HALF_LIFE_HOURS);
}

/** As many of one session's decrypts as are no alarm. */
function usualPart(count: number, all: number, expectation: ShareExpectation | null): number {
  if (expectation === null) return count;
  const { share } = expectation;
  return Math.min(count, Math.round(share * all + MOST_LEARNED * scatterOf(expectation, all)));
}

function describeSession(view: View, _subject: string, options: Options): Finding {
  const { hour, bucket, limits, entity } = view;
  const risen = risenOf(view, options);
  if (risen === null) throw new Error(`session-share: nothing to tell of ${entity}`);
  const { session, expectation, count, all, hours } = risen;
  const evidence = bucket.evidence ?? newEvidence();
  const usual = Math.round(expectation.share * all);
  const name = session.name.slice(2);
  const principal = evidence.principal && { ...evidence.principal, session: name };
  const span = hours === 1 ? "an hour" : "four hours";
  return {
    title: "One session decrypts for many",
    summary: `${callerName(principal)} decrypted ${count} of ${counted(all, "time")} in ${span} through one session, ${name}, of ${bucket.size} in the last hour; the busiest makes about ${usual} of so many otherwise.`,
    reasons: [...reasonsOf(risen), ...oftenReasons(view)],
    eventTimeMs: session.lastMs,
    windowStartMs: (hour + 1 - hours) * HOUR_MS,
    windowEndMs: (hour + 1) * HOUR_MS,
    principal,
    key: null,
    accountId: null,
    region: null,
    observed: {
      decryptsOfSession: count,
      [hours === 1 ? "decryptsPerHour" : "decryptsPerFourHours"]: all,
      sessions: bucket.size,
      session: name,
    },
    expected: {
      decryptsOfSession: usual,
      decryptsOfSessionLimit: risen.most,
      percentOfBusiestSession: percent(expectation.share),
    },
    baseline: baselineState(limits.days, limits.windows),
    evidence,
  };
}

function reasonsOf({ count, all, most, hours, expectation, improbability }: Risen): Reason[] {
  const shares = (span: string) =>
    `${percent(count / all)} % of the decrypts of ${span} through one session; the busiest makes ${percent(expectation.share)} % otherwise: by chance once in ${oneIn(improbability)}.`;
  if (hours > 1) {
    const points = Math.round(Math.min(MOST_POINTS_OF_RUN, 30 + 3 * improbability));
    return [{ code: "one-session-for-hours", text: shares("four hours"), points }];
  }
  const points = Math.round(Math.min(60, 30 + 3 * improbability));
  const reasons: Reason[] = [{ code: "one-session", text: shares("an hour"), points }];
  if (count >= STEEP * most) {
    const text = `Twice as many as any session ever had in an hour, ${most}, or more.`;
    reasons.push({ code: "steep", text, points: 8 });
  }
  return reasons;
}

/** Where one session worked for the others on a day before, it does so now and then. */
function oftenReasons({ hour, baseline }: View): Reason[] {
  const today = dayOf(hour);
  const days = alarmsOfLate(baseline.alarms, today).filter((day) => day !== today).length;
  if (days === 0) return [];
  const text = `One session did so on ${counted(days, "day")} of late.`;
  return [{ code: "rises-often", text, points: -OFTEN_POINTS * days }];
}

function percent(part: number): number {
  return Math.round(100 * part);
}
