import { z } from "zod";
import { surpriseBits } from "../src/baseline/known-set.ts";
import {
  activeProbability,
  type ActiveHours,
  daysActive,
  distanceFromUsual,
  followsRun,
  hoursOfHabit,
  isPunctual,
  learnActiveHour,
  newActiveHours,
  strayProbability,
  usualHours,
  weekendProbability,
} from "../src/baseline/active-hours.ts";
import {
  clockTime,
  dayOf,
  daysSince,
  HOUR_MS,
  hourOfDay,
  isWeekend,
} from "../src/baseline/calendar.ts";
import {
  addEvidence,
  baselineState,
  type BaselineState,
  callerName,
  counted,
  defineDetector,
  type Evidence,
  type HourView,
  isCryptographic,
  isOutsider,
  isServiceLinked,
  isSignature,
  type KmsEvent,
  levelOf,
  newEvidence,
  type Reason,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline extends ActiveHours {
  /** The last day with unusual hours far from the usual ones, and how many it had. */
  oddDay: number;
  oddHours: number;
}

interface Bucket {
  /** Successful calls that count. */
  count: number;
  /** The earliest times, as many as calls make it activity: the last of them is when it became that. */
  firstMs: number[];
  /** Those by people, where the hour can be unusual, and signatures among them. */
  people: number;
  signatures: number;
  /** Null at an hour that cannot be unusual. */
  evidence: Evidence | null;
}

interface Limits {
  /** Probability that the principal is active at this hour; 1 while it is learning. */
  probability: number;
  /**
   * The same of a person of whom little is known, by how seldom anything was done so far from all of its hours, or of one who never
   * worked on a weekend; 1 for others.
   */
  personProbability: number;
  /** Calls that make it activity; `NEVER` at an hour that cannot be unusual. */
  calls: number;
  /** Calls of a person where `personProbability` tells; `NEVER` otherwise. */
  callsOfPerson: number;
  /** Whether it is judged only since it ran a few times and never at another time of day. */
  isSeldom: boolean;
  /** Days on which it kept a schedule of few hours without a single exception, far from this hour; 0 for others. */
  punctualDays: number;
  /** Whether the hour is too far from its usual ones for a delay. */
  isFar: boolean;
  /** Whether it was active at a usual hour shortly before. */
  isRerun: boolean;
  /** Most calls ever in an hour far from its usual ones; of a person of whom little is known, far from all. */
  mostStray: number;
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
    .describe(
      "Active hours of its history before it is judged; fewer for those that keep few hours.",
    ),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const HOURLY: Subject = { name: "", period: "hour" };
const SUBJECTS = [HOURLY];
const NEVER = Number.MAX_SAFE_INTEGER;
const FEW_CALLS = 6;
/** Visits of each of its usual hours after which they are known. */
const KNOWN_VISITS = 10;
/** A principal of no more usual hours keeps a schedule, after so many days; an hour so far away is no delay of it. */
const SCHEDULE_HOURS = 8;
const SCHEDULE_DAYS = 14;
const OFF_SCHEDULE_HOURS = 3;
/** Who runs once a week keeps one after so many runs, in so many days, none of them at another time. */
const WEEKLY_RUNS = 4;
const WEEKLY_DAYS = 21;
/** Days for each run, at least, of one that runs about once a week. */
const WEEKLY_GAP = 4;
/** So many unusual hours of a day are no delay; fewer where the last of them is a busy one. */
const SEVERAL_HOURS = 3;
const BUSY_HOURS = 2;
/** At an hour that is merely rare, this many times what was ever done at such hours, and no fewer calls, are unusual. */
const BEYOND_STRAYS = 3;
const MANY_CALLS = 12;
/** The same of a person, who looks something up with fewer. */
const MANY_CALLS_OF_PERSON = 8;
/** … and who has never worked on a weekend, at the hours of weekdays. */
const MANY_CALLS_OF_WEEKEND = 20;
const RARE = 0.1;
const RARE_WEEKEND = 0.05;
/** As many times are kept at most. */
const MOST_CALLS = 200;

/** A principal uses keys at an hour of the day at which it never does. */
export const unusualHour = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "unusual-hour",
  version: 11,
  title: "Unusual hour",
  entity: "principal",
  severity: "low to medium",
  why: "People and scheduled jobs keep hours; whoever borrows their credentials keeps others.",
  falsePositives: [
    "On-call work, travel, a release night.",
    "A job that was moved, or run again by hand half a day later.",
  ],
  knownGaps: [
    "Principals that are active around the clock.",
    "A first weekend at work, at the hours of weekdays, with few calls.",
    "Intruders who work at the victim's hours, or within seven hours of a job's own run.",
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
    event.error === undefined && isWork(event) && !isOutsider(event) && !isServiceLinked(event),

  newBaseline: () => ({ ...newActiveHours(), oddDay: -1, oddHours: 0 }),
  newBucket: () => ({
    count: 0,
    firstMs: [],
    people: 0,
    signatures: 0,
    evidence: null,
  }),

  limits: limitsOf,

  add({ bucket, limits }, event) {
    bucket.count += 1;
    if (limits.calls === NEVER) return; // Nobody will ask for the rest.
    keepEarliest(bucket.firstMs, event.timeMs, limits.calls);
    if (event.principal.human) {
      bucket.people += 1;
      if (isSignature(event)) bucket.signatures += 1;
    }
    bucket.evidence ??= newEvidence();
    addEvidence(bucket.evidence, event);
  },

  subjects: () => SUBJECTS,

  level({ bucket, limits }, _subject, options) {
    const { count, people } = bucket;
    const isRare = limits.probability < options.minimumProbability;
    if (limits.personProbability === 1 && !isOfFewRuns(limits, options))
      return isRare || people > 0 ? levelOf(count, limits.calls) : -1;
    // Each kind of caller by its own calls, so that one of the other never takes a level back.
    const ofPeople = limits.personProbability < 1 ? levelOf(people, limits.callsOfPerson) : -1;
    return Math.max(ofPeople, isRare ? levelOf(count - people, limits.calls) : -1);
  },

  describe(view) {
    const { hour, bucket, limits } = view;
    const evidence = bucket.evidence ?? newEvidence();
    const at = `${clockTime(hourOfDay(hour))} UTC`;
    const kind = isWeekend(hour) ? "weekend" : "weekday";
    const startMs = hour * HOUR_MS;
    return {
      title: "Activity at an unusual hour",
      summary: `${callerName(evidence.principal)} made ${counted(bucket.count, "KMS call")} at ${at} on a ${kind}; usual hours are ${limits.usual}.`,
      reasons: reasonsOf(view),
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
        activeProbability: probabilityOf(view),
        usualHours: limits.usual,
      },
      baseline: limits.state,
      evidence,
    };
  },

  fold(baseline, hour, bucket, limits) {
    learnActiveHour(baseline, hour, bucket.count);
    if (!isOdd(bucket, limits)) return;
    baseline.oddHours = baseline.oddDay === dayOf(hour) ? baseline.oddHours + 1 : 1;
    baseline.oddDay = dayOf(hour);
  },
  skip: () => {},
});

/** Cryptography, and whatever a service does for a workload, which may be grants alone. */
function isWork(event: KmsEvent): boolean {
  const { via, human, service } = event.principal;
  return isCryptographic(event) || (via !== undefined && !human && !service);
}

/** Whether it is judged for running seldom and on time alone, which says nothing of people. */
function isOfFewRuns({ isSeldom, state }: Limits, { learningHours }: Options): boolean {
  return isSeldom && state.samples < learningHours;
}

function isOdd({ count }: Bucket, { calls, isFar }: Limits): boolean {
  return isFar && count >= calls;
}

/** Unusual hours of this day far from the usual ones, up to this one. */
function oddHours({ hour, baseline, earlier, bucket, limits }: View): number {
  const day = dayOf(hour);
  const learned = baseline.oddDay === day ? baseline.oddHours : 0;
  const open = earlier.filter((one) => dayOf(one.hour) === day && isOdd(one.bucket, one.limits));
  return learned + open.length + (isOdd(bucket, limits) ? 1 : 0);
}

function limitsOf(baseline: ActiveHours, hour: number, options: Options): Limits {
  const days = daysSince(baseline.born, hour);
  const isLearned = days >= options.learningDays;
  const known = isLearned && isKnown(baseline, options);
  // Of one who runs once a week, hours of the same run do not add up to knowing its hours.
  const isOpen = !known || days >= WEEKLY_GAP * daysActive(baseline);
  const isSeldom = isLearned && isOpen && days >= WEEKLY_DAYS && isSeldomPunctual(baseline);
  const isLearning = !(known || isSeldom);
  // A run of several hours is one choice of a time, not several.
  const ofRun = isSeldom ? Math.max(1, baseline.active / daysActive(baseline)) : 1;
  const chance = isLearning ? 1 : activeProbability(baseline, hour) / ofRun;
  const probability = Math.round(chance * 1e5) / 1e5;
  const isRare = known && probability < options.minimumProbability;
  const ofPerson = ofPersonAt(baseline, hour, isLearned && !isRare, known);
  const calls = Math.min(callsOf(baseline, hour, probability, options), ofPerson.callsOfPerson);
  const isFar = calls !== NEVER && isOffSchedule(baseline, hour);
  return {
    ...ofPerson,
    probability,
    calls,
    isRerun: calls !== NEVER && followsRun(baseline, hour),
    isSeldom,
    punctualDays: isFar ? punctualDays(baseline, isSeldom) : 0,
    isFar,
    usual: calls === NEVER ? "" : usualHours(baseline, hour),
    state: baselineState(days, baseline.active),
  };
}

type LimitsOfPerson = Pick<Limits, "personProbability" | "callsOfPerson" | "mostStray">;

function ofPersonAt(
  baseline: ActiveHours,
  hour: number,
  isJudged: boolean,
  isKnown: boolean,
): LimitsOfPerson {
  const personProbability = isJudged ? personProbabilityOf(baseline, hour, isKnown) : 1;
  if (personProbability === 1)
    return { personProbability, callsOfPerson: NEVER, mostStray: baseline.mostStray };
  const callsOfPerson = callsOfPersonAt(baseline, hour);
  return { personProbability, callsOfPerson, mostStray: baseline.mostOfExcursion };
}

/** Whether it was active often enough to know its hours: the fewer it keeps, the sooner. */
function isKnown(baseline: ActiveHours, { learningHours }: Options): boolean {
  if (baseline.active >= learningHours) return true;
  return baseline.active >= KNOWN_VISITS * Math.max(1, hoursOfHabit(baseline).length);
}

function callsOf(baseline: ActiveHours, hour: number, probability: number, options: Options) {
  if (probability < options.minimumProbability) return options.minimumCalls;
  const isStray = probability < RARE && isOffSchedule(baseline, hour);
  return isStray ? manyCalls(baseline.mostStray, MANY_CALLS) : NEVER;
}

function callsOfPersonAt(baseline: ActiveHours, hour: number): number {
  const isWeekendAlone = distanceFromUsual(baseline, hour) < OFF_SCHEDULE_HOURS;
  const least = isWeekendAlone ? MANY_CALLS_OF_WEEKEND : MANY_CALLS_OF_PERSON;
  return manyCalls(baseline.mostOfExcursion, least);
}

/** Calls that are many at an hour that is merely rare. */
function manyCalls(mostStray: number, least: number): number {
  const calls = Math.max(least, Math.floor(BEYOND_STRAYS * mostStray) + 1);
  return calls <= MOST_CALLS ? calls : NEVER;
}

/**
 * How seldom a person of few hours does anything so far from all of them, or anybody anything on a weekend who never did; 1 where
 * that is not seldom.
 */
function personProbabilityOf(baseline: ActiveHours, hour: number, isKnown: boolean): number {
  const stray = isKnown ? 1 : Math.round(strayProbability(baseline, hour) * 1e5) / 1e5;
  const weekend = Math.round(weekendProbability(baseline, hour) * 1e5) / 1e5;
  return Math.min(stray < RARE ? stray : 1, weekend < RARE_WEEKEND ? weekend : 1);
}

/** Whether it ran a few times, weekly perhaps, and always at the same time of day. */
function isSeldomPunctual(baseline: ActiveHours): boolean {
  const runs = Math.round(daysActive(baseline));
  if (runs < WEEKLY_RUNS || runs >= SCHEDULE_DAYS) return false;
  return hoursOfHabit(baseline).length <= SCHEDULE_HOURS && isPunctual(baseline);
}

/** Whether an hour is too far from the usual ones for a delay. */
function isOffSchedule(baseline: ActiveHours, hour: number): boolean {
  return distanceFromUsual(baseline, hour) >= OFF_SCHEDULE_HOURS;
}

function punctualDays(baseline: ActiveHours, isSeldom: boolean): number {
  const days = Math.round(daysActive(baseline));
  const isScheduled =
    hoursOfHabit(baseline).length <= SCHEDULE_HOURS && (days >= SCHEDULE_DAYS || isSeldom);
  return isScheduled && baseline.strays === 0 ? days : 0;
}

function probabilityOf({ bucket, limits }: Pick<View, "bucket" | "limits">): number {
  return bucket.people > 0 && limits.personProbability < 1
    ? limits.personProbability
    : limits.probability;
}

function reasonsOf(view: View): Reason[] {
  const { hour, bucket, limits } = view;
  const at = `${clockTime(hourOfDay(hour))} UTC`;
  const kind = isWeekend(hour) ? "weekend" : "weekday";
  const probability = probabilityOf(view);
  const percent = Math.round(probability * 1000) / 10;
  const ofHour: Reason = {
    code: "hour-of-day",
    text: `Active at ${at} on a ${kind} with a chance of ${percent} %; usual hours are ${limits.usual}.`,
    points: Math.min(36, Math.round(5 * surpriseBits(probability))),
  };
  return [ofHour, ...(bucket.people > 0 ? reasonsOfPerson(view) : reasonsOfJob(view))];
}

function reasonsOfPerson({ bucket, limits }: View): Reason[] {
  const text = "The principal is a person, not a workload.";
  const reasons: Reason[] = [{ code: "person", text, points: 3 }];
  if (bucket.count < FEW_CALLS) {
    const glance = "A glance: people look after something at odd hours now and then.";
    reasons.push({ code: "few-calls", text: glance, points: -6 });
  }
  if (bucket.signatures > 0) {
    const signed = `${counted(bucket.signatures, "signature")}, which stand for a decision.`;
    reasons.push({ code: "signs", text: signed, points: 8 });
  }
  if (bucket.count >= MANY_CALLS_OF_PERSON && bucket.count > BEYOND_STRAYS * limits.mostStray) {
    const many = `${counted(bucket.count, "call")}; never more than ${Math.round(limits.mostStray)} at such hours before.`;
    reasons.push({ code: "many-calls", text: many, points: bucket.count >= 50 ? 23 : 20 });
  }
  return reasons;
}

function reasonsOfJob(view: View): Reason[] {
  const { bucket, limits } = view;
  const reasons: Reason[] = [];
  if (limits.isRerun) {
    const text = "A few hours after its usual ones: a run that is repeated.";
    reasons.push({ code: "after-a-run", text, points: -10 });
  }
  if (limits.punctualDays > 0) {
    const text = `Kept its hours on each of ${limits.punctualDays} days.`;
    reasons.push({ code: "punctual", text, points: 8 });
    if (bucket.count < FEW_CALLS) {
      const few = "Few calls: less than a run of a job.";
      reasons.push({ code: "few-calls", text: few, points: -5 });
    }
    return reasons;
  }
  const odd = oddHours(view);
  if (odd >= (bucket.count >= MANY_CALLS ? BUSY_HOURS : SEVERAL_HOURS)) {
    const text = `${odd} such hours on this day: no delay, but a run of its own.`;
    reasons.push({ code: "hours-on", text, points: 8 });
  }
  return reasons;
}

function keepEarliest(kept: number[], timeMs: number, most: number): void {
  const last = kept.at(-1);
  if (kept.length >= most && last !== undefined && timeMs >= last) return;
  let at = kept.length;
  while (at > 0 && (kept[at - 1] ?? 0) > timeMs) at -= 1;
  kept.splice(at, 0, timeMs);
  if (kept.length > most) kept.pop();
}
