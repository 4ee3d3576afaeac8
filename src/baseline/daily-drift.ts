import { DAY_HOURS, dayOf, isWeekend } from "./calendar.ts";
import {
  type CallShare,
  knownShare,
  learnShare,
  newCallShare,
  type ShareExpectation,
} from "./call-share.ts";
import { short } from "./forgetting.ts";
import {
  busyHours,
  type DayProfile,
  learnProfile,
  newDayProfile,
  type QuietShare,
  quietShare,
} from "./day-profile.ts";

/** Weight of a new day in the level, the growth and the scatter. */
const LEVEL_WEIGHT = 0.08;
const GROWTH_WEIGHT = 0.02;
const SCATTER_WEIGHT = 0.08;
/** Growth a day that is followed at most, as a logarithm: ten per cent a week. */
const MOST_GROWTH = Math.log(1.1) / 7;
/** Scatter of daily counts assumed at first, and at least, as a standard deviation of logarithms. */
const FIRST_SCATTER = 0.25;
const LEAST_SCATTER = 0.12;
/** What a day adds at most: one wild day is no drift. */
const MOST_PER_DAY = 3;
/** A day farther from its level teaches no more than this, in scatters. */
const MOST_LEARNED = 1;
/** Weekdays that have to be known before any day is judged. */
const LEARNING_WEEKDAYS = 10;
/** A longer silence is folded as if it had lasted this long, days. */
const LONGEST_GAP_DAYS = 28;

/** A day counts for the spread over hours only if it lies so far above its level, as a logarithm. */
const LEAST_RISE = 0.15;
/** Days in which half of the share is forgotten. */
const SHARE_HALF_LIFE = 20;

/**
 * Page's one-sided cumulative sum (Page 1954, "Continuous inspection schemes") over days, twice: how far their counts lie above
 * the level, in standard deviations of the logarithm; and on days that lie above it, how far the counts of the usually quiet hours
 * lie above their share. Each beyond an allowance. Weekdays and weekends have levels of their own; the level follows growth up to
 * ten per cent a week; what lies far above it is learned clipped. Plain data.
 */
export interface DailyDrift {
  /** First day; −1 before any. */
  born: number;
  /** The day being summed, and its counts so far by hour of the day. */
  day: number;
  hours: number[];
  /** Its other calls, which are not judged. */
  others: number;
  /** What part of a day's calls are counted, on days that are no part of a rise. */
  readShare: CallShare;
  /** Level of log(1 + count) on weekdays and at weekends; −1 before any. */
  levels: [weekday: number, weekend: number];
  /** Growth of the level a day. */
  growth: number;
  scatter: number;
  /** Days learned of each kind. */
  days: [weekdays: number, weekends: number];
  profile: DayProfile;
  /** The cumulative sums of volume and of the spread over the hours; null where a sum is zero. */
  volume: Run | null;
  spread: Run | null;
  /** The last drift found; its day is the one after the drift's last. */
  alarm: Drift | null;
}

/** A cumulative sum, since how many days it is above zero, and what was counted and expected on them. */
interface Run {
  readonly sum: number;
  /** Whether the last day added to it. */
  readonly isRising: boolean;
  readonly days: number;
  readonly count: number;
  readonly others: number;
  readonly expected: number;
  readonly quiet: number;
  readonly quietExpected: number;
}

/** A drift: days in a row whose counts lie above what was expected. */
export interface Drift {
  /** Which of the sums told it. */
  readonly by: "volume" | "spread";
  readonly day: number;
  readonly days: number;
  /** Of all its days. */
  readonly count: number;
  /** Other calls on its days, and what part of a day's calls are counted otherwise, null where it is not known. */
  readonly others: number;
  readonly readShare: ShareExpectation | null;
  readonly expected: number;
  /** Counts in the twelve hours that are usually quietest, bursts clipped, and what the usual spread over hours has there. */
  readonly quiet: number;
  readonly quietExpected: number;
  /** Hours of the day that are usually busy. */
  readonly busyHours: number;
  readonly sum: number;
}

/** How a drift is told from scatter: a rule for the volume and one for the spread over hours. */
export interface DriftRule {
  readonly volume: RunRule;
  readonly spread: RunRule;
  /** Count a day below which nothing is judged. */
  readonly leastPerDay: number;
}

interface RunRule {
  /** Standard deviations that a day may lie above without adding anything (Page's k). */
  readonly allowance: number;
  /** Sum from which on it is a drift (Page's h). */
  readonly threshold: number;
  readonly leastDays: number;
}

export function newDailyDrift(): DailyDrift {
  return {
    born: -1,
    day: -1,
    hours: noHours(),
    others: 0,
    readShare: newCallShare(),
    levels: [-1, -1],
    growth: 0,
    scatter: FIRST_SCATTER,
    days: [0, 0],
    profile: newDayProfile(),
    volume: null,
    spread: null,
    alarm: null,
  };
}

/** Counts a closed hour, and its other calls; hours in strict order. */
export function countDrift(
  drift: DailyDrift,
  hour: number,
  { count, others }: { readonly count: number; readonly others: number },
  rule: DriftRule,
): void {
  const day = dayOf(hour);
  if (drift.born < 0) {
    drift.born = day;
    drift.day = day;
  }
  closeDays(drift, day, rule);
  const hourOfDay = hour - day * DAY_HOURS;
  drift.hours[hourOfDay] = (drift.hours[hourOfDay] ?? 0) + count;
  drift.others += others;
}

/** Counts hours without anything, up to, not including, `to`. */
export function passDrift(drift: DailyDrift, to: number, rule: DriftRule): void {
  if (drift.born >= 0) closeDays(drift, dayOf(to - 1), rule);
}

function closeDays(drift: DailyDrift, day: number, rule: DriftRule): void {
  if (day - drift.day > LONGEST_GAP_DAYS) {
    closeDay(drift, rule);
    drift.day = day - LONGEST_GAP_DAYS;
  }
  while (drift.day < day) closeDay(drift, rule);
}

function closeDay(drift: DailyDrift, rule: DriftRule): void {
  const { day, hours, others } = drift;
  drift.day += 1;
  // The first day is a part of one.
  if (day > drift.born) judgeAndLearn(drift, { day, hours, others }, rule);
  drift.hours = noHours();
  drift.others = 0;
}

function judgeAndLearn(drift: DailyDrift, { day, hours, others }: Day, rule: DriftRule): void {
  const kind = isWeekend(day * DAY_HOURS) ? 1 : 0;
  const count = hours.reduce((sum, one) => sum + one, 0);
  const value = Math.log1p(count);
  const level = drift.levels[kind];
  const share = quietShare(drift.profile, hours);
  drift.days[kind] += 1;
  if (level < 0) drift.levels[kind] = short(value);
  else {
    const expected = Math.expm1(level);
    judgeDay(drift, { day, hours, others, count, off: value - level, expected, share }, rule);
    learnDay(drift, kind, value - drift.levels[kind]);
  }
  learnProfile(drift.profile, hours, share);
  const calls = { part: count, all: count + others };
  if (drift.volume === null) learnShare(drift.readShare, calls, SHARE_HALF_LIFE);
}

interface Day {
  readonly day: number;
  readonly hours: readonly number[];
  readonly others: number;
}

interface Judged extends Day {
  readonly count: number;
  readonly expected: number;
  /** How far the day lies above its level, as a logarithm. */
  readonly off: number;
  readonly share: QuietShare;
}

function judgeDay(drift: DailyDrift, judged: Judged, rule: DriftRule): void {
  const { off, expected, share } = judged;
  if (drift.days[0] < LEARNING_WEEKDAYS) return;
  const isJudged = expected >= rule.leastPerDay;
  const deviation = Math.max(drift.scatter, 1 / Math.sqrt(1 + expected));
  const volume = isJudged ? Math.min(MOST_PER_DAY, off / deviation) : 0;
  const spread = isJudged && off >= LEAST_RISE ? Math.min(MOST_PER_DAY, share.deviation) : 0;
  drift.spread = withDay(drift.spread, spread - rule.spread.allowance, judged);
  drift.volume = withDay(drift.volume, volume - rule.volume.allowance, judged);
  const day = judged.day + 1;
  if (isDrift(drift.spread, rule.spread)) raise(drift, "spread", drift.spread, day);
  else if (isDrift(drift.volume, rule.volume)) raise(drift, "volume", drift.volume, day);
}

function raise(drift: DailyDrift, by: "volume" | "spread", run: Run, day: number): void {
  const { isRising: _, ...told } = run;
  const readShare = knownShare(drift.readShare);
  drift.alarm = { by, day, readShare, busyHours: busyHours(drift.profile), ...told };
  acceptLevel(drift, run);
}

/** Told on a day that is part of it: one that lies above goes on, not one on which the sum falls. */
function isDrift(run: Run | null, { threshold, leastDays }: RunRule): run is Run {
  return run !== null && run.isRising && run.sum >= threshold && run.days >= leastDays;
}

function withDay(
  run: Run | null,
  step: number,
  { count, others, expected, share }: Judged,
): Run | null {
  const sum = short((run?.sum ?? 0) + step);
  if (sum <= 0) return null;
  return {
    sum,
    isRising: step > 0,
    days: (run?.days ?? 0) + 1,
    count: (run?.count ?? 0) + count,
    others: (run?.others ?? 0) + others,
    expected: short((run?.expected ?? 0) + expected),
    quiet: short((run?.quiet ?? 0) + share.count),
    quietExpected: short((run?.quietExpected ?? 0) + share.expected),
  };
}

/** Told once, a drift is the new level: it is measured from there on. */
function acceptLevel(drift: DailyDrift, run: Run): void {
  const rise = Math.log(Math.max(1, run.count / Math.max(1, run.expected)));
  for (const kind of [0, 1] as const) {
    if (drift.levels[kind] >= 0) drift.levels[kind] = short(drift.levels[kind] + rise);
  }
  drift.volume = null;
  drift.spread = null;
}

function learnDay(drift: DailyDrift, kind: 0 | 1, off: number): void {
  const seen = drift.days[kind];
  const most = seen <= 5 ? Number.POSITIVE_INFINITY : MOST_LEARNED * drift.scatter;
  const clipped = Math.max(-most, Math.min(most, off));
  const weight = Math.max(LEVEL_WEIGHT, 1 / seen);
  drift.levels[kind] = short(Math.max(0, drift.levels[kind] + weight * clipped + drift.growth));
  const other = kind === 0 ? 1 : 0;
  if (drift.levels[other] >= 0) {
    drift.levels[other] = short(Math.max(0, drift.levels[other] + drift.growth));
  }
  drift.growth += GROWTH_WEIGHT * clipped;
  drift.growth = short(Math.max(-MOST_GROWTH, Math.min(MOST_GROWTH, drift.growth * 0.98)));
  const spread = Math.min(Math.abs(off), 3 * drift.scatter) * 1.25;
  drift.scatter = short(
    Math.max(LEAST_SCATTER, drift.scatter + SCATTER_WEIGHT * (spread - drift.scatter)),
  );
}

function noHours(): number[] {
  return Array.from({ length: DAY_HOURS }, () => 0);
}
