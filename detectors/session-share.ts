import { z } from "zod";
import { alarmsOfLate, isHabit, withAlarm } from "../src/baseline/alarm-days.ts";
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
  /** Days on which it alarmed of late. */
  alarms: number[];
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

/** One of a principal's sessions decrypts for many: the others do what they always do. */
export const sessionShare = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "session-share",
  version: 1,
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
    "Theft through many sessions, and through fewer than eight decrypts an hour.",
    "Fleets of more than two hundred sessions an hour.",
    "It is told when the hour is closed, so an hour or two after it.",
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

  newBaseline: () => ({ born: -1, share: newCallShare(), peak: newFadingPeak(), alarms: [] }),
  newBucket: () => ({ count: 0, sessions: {}, size: 0, isOverfull: false, evidence: null }),

  limits({ born, share, peak }, hour, options) {
    const days = daysSince(born, hour);
    const isKnown =
      days >= options.learningDays && isShareKnown(share) && share.windows >= LEAST_HOURS;
    const expectation = expectShare(share);
    return {
      expectation: isKnown && expectation.share <= MOST_SHARE ? expectation : null,
      most: Math.max(options.floorPerHour - 1, Math.floor(peakAt(peak, hour))),
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
    if (limits.expectation === null) return;
    bucket.evidence ??= newEvidence();
    addEvidence(bucket.evidence, event);
  },

  subjects: () => SUBJECTS,
  level: (view, _subject, options) => (isTold(view) && risenIn(view, options) !== null ? 0 : -1),
  describe: describeSession,

  fold(baseline, hour, bucket, limits, options) {
    if (baseline.born < 0) baseline.born = hour;
    if (bucket.isOverfull) return;
    if (risenIn({ bucket, limits }, options) !== null)
      baseline.alarms = withAlarm(baseline.alarms, dayOf(hour));
    const { count: largest } = largestOf(bucket);
    const part = isHabit(baseline.alarms) ? largest : Math.min(largest, usualPart(bucket, limits));
    learnShare(baseline.share, { part, all: bucket.count }, HALF_LIFE_HOURS);
    raisePeak(baseline.peak, hour, part);
  },
  skip: () => {},
});

interface Session {
  readonly name: string;
  readonly count: number;
  readonly lastMs: number;
}

/** The session with most decrypts, the first by name among equals. */
function largestOf({ sessions }: Bucket): Session {
  let largest: Session = { name: "", count: 0, lastMs: 0 };
  for (const [name, [count, lastMs]] of Object.entries(sessions)) {
    const isFirst = count === largest.count && name < largest.name;
    if (count > largest.count || isFirst) largest = { name, count, lastMs };
  }
  return largest;
}

/** Once a day. As an hour closes, all hours before it are learned. */
function isTold({ baseline, hour }: View): boolean {
  return !baseline.alarms.includes(dayOf(hour));
}

interface Risen {
  readonly session: Session;
  readonly expectation: ShareExpectation;
  readonly improbability: number;
}

/** The session that makes more of the hour than the busiest one does otherwise; null where none does. */
function risenIn(
  { bucket, limits: { expectation, most } }: Pick<View, "bucket" | "limits">,
  options: Options,
): Risen | null {
  if (expectation === null || bucket.isOverfull || bucket.count <= most) return null;
  const session = largestOf(bucket);
  if (session.count <= most) return null;
  if (deviationOf(expectation, session.count, bucket.count) < SCREEN) return null;
  const improbability = improbabilityOf(expectation, session.count, bucket.count);
  return improbability < options.improbability ? null : { session, expectation, improbability };
}

/** As many decrypts of one session as are no alarm. */
function usualPart({ count }: Bucket, { expectation }: Limits): number {
  if (expectation === null) return count;
  const { share } = expectation;
  return Math.min(count, Math.round(share * count + MOST_LEARNED * scatterOf(expectation, count)));
}

function describeSession(view: View, _subject: string, options: Options): Finding {
  const { hour, bucket, limits, entity } = view;
  const risen = risenIn(view, options);
  if (risen === null) throw new Error(`session-share: nothing to tell of ${entity}`);
  const { session, expectation } = risen;
  const evidence = bucket.evidence ?? newEvidence();
  const usual = Math.round(expectation.share * bucket.count);
  const name = session.name.slice(2);
  const principal = evidence.principal && { ...evidence.principal, session: name };
  const startMs = hour * HOUR_MS;
  return {
    title: "One session decrypts for many",
    summary: `${callerName(principal)} decrypted ${session.count} of ${counted(bucket.count, "time")} in an hour through one of ${counted(bucket.size, "session")}, ${name}; the busiest makes about ${usual} of so many otherwise.`,
    reasons: [...reasonsOf(risen, bucket, limits), ...oftenReasons(view)],
    eventTimeMs: session.lastMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal,
    key: null,
    accountId: null,
    region: null,
    observed: {
      decryptsOfSession: session.count,
      decryptsPerHour: bucket.count,
      sessions: bucket.size,
      session: name,
    },
    expected: {
      decryptsOfSession: usual,
      decryptsOfSessionLimit: limits.most,
      percentOfBusiestSession: percent(expectation.share),
    },
    baseline: baselineState(limits.days, limits.windows),
    evidence,
  };
}

function reasonsOf(
  { session, expectation, improbability }: Risen,
  { count }: Bucket,
  { most }: Limits,
): Reason[] {
  const shares = `${percent(session.count / count)} % of the hour's decrypts through one session; the busiest makes ${percent(expectation.share)} % otherwise`;
  const reasons: Reason[] = [
    {
      code: "one-session",
      text: `${shares}: by chance in one hour of ${oneIn(improbability)}.`,
      points: Math.round(Math.min(60, 30 + 3 * improbability)),
    },
  ];
  if (session.count >= STEEP * most) {
    const text = `Twice as many as any session ever had in an hour, ${most}, or more.`;
    reasons.push({ code: "steep", text, points: 8 });
  }
  return reasons;
}

/** Where one session worked for the others before, it does so now and then. */
function oftenReasons({ hour, baseline }: View): Reason[] {
  const days = alarmsOfLate(baseline.alarms, dayOf(hour)).length;
  if (days === 0) return [];
  const text = `One session did so on ${counted(days, "day")} of late.`;
  return [{ code: "rises-often", text, points: -OFTEN_POINTS * days }];
}

function percent(part: number): number {
  return Math.round(100 * part);
}
