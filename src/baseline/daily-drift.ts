import { DAY_HOURS, dayOf, isWeekend } from "./calendar.ts";
import { short } from "./forgetting.ts";

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
/** A longer silence is folded as if it had lasted this long, days. */
const LONGEST_GAP_DAYS = 28;

/**
 * Page's one-sided cumulative sum (Page 1954, "Continuous inspection schemes") over daily counts: how far the days of late lie
 * above the level, in standard deviations of the logarithm beyond an allowance. Weekdays and weekends have levels of their
 * own; the level follows growth up to ten per cent a week; what lies far above it is learned clipped. Plain data.
 */
export interface DailyDrift {
  /** First day; −1 before any. */
  born: number;
  /** The day being summed, and its count so far. */
  day: number;
  count: number;
  /** Level of log(1 + count) on weekdays and at weekends; −1 before any. */
  levels: [weekday: number, weekend: number];
  /** Growth of the level a day. */
  growth: number;
  scatter: number;
  /** Days learned of each kind. */
  days: [weekdays: number, weekends: number];
  /** The cumulative sum, since how many days it is above zero, and their counts and expectations. */
  sum: number;
  run: number;
  runCount: number;
  runExpected: number;
  /** The last drift found; its day is the one after the drift's last. */
  alarm: Drift | null;
}

/** A drift: days in a row whose counts lie above what was expected. */
export interface Drift {
  readonly day: number;
  readonly days: number;
  readonly count: number;
  readonly expected: number;
  readonly sum: number;
}

/** How a drift is told from scatter. */
export interface DriftRule {
  /** Standard deviations that a day may lie above its level without adding anything (Page's k). */
  readonly allowance: number;
  /** Sum from which on it is a drift (Page's h). */
  readonly threshold: number;
  readonly leastDays: number;
  /** Count a day below which nothing is judged. */
  readonly leastPerDay: number;
}

export function newDailyDrift(): DailyDrift {
  return {
    born: -1,
    day: -1,
    count: 0,
    levels: [-1, -1],
    growth: 0,
    scatter: FIRST_SCATTER,
    days: [0, 0],
    sum: 0,
    run: 0,
    runCount: 0,
    runExpected: 0,
    alarm: null,
  };
}

/** Counts a closed hour; hours in strict order. */
export function countDrift(drift: DailyDrift, hour: number, count: number, rule: DriftRule): void {
  const day = dayOf(hour);
  if (drift.born < 0) {
    drift.born = day;
    drift.day = day;
  }
  closeDays(drift, day, rule);
  drift.count += count;
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
  const { day, count } = drift;
  drift.day += 1;
  drift.count = 0;
  // The first day is a part of one.
  if (day === drift.born) return;
  const kind = isWeekend(day * DAY_HOURS) ? 1 : 0;
  drift.days[kind] += 1;
  const value = Math.log1p(count);
  const level = drift.levels[kind];
  if (level < 0) {
    drift.levels[kind] = short(value);
    return;
  }
  judgeDay(drift, { day, count, off: value - level, expected: Math.expm1(level) }, rule);
  learnDay(drift, kind, value - drift.levels[kind]);
}

function judgeDay(
  drift: DailyDrift,
  { day, count, off, expected }: { day: number; count: number; off: number; expected: number },
  rule: DriftRule,
): void {
  const deviation = Math.max(drift.scatter, 1 / Math.sqrt(1 + expected));
  const isQuiet = expected < rule.leastPerDay || drift.days[0] < 10;
  const step = isQuiet ? 0 : Math.min(MOST_PER_DAY, off / deviation) - rule.allowance;
  drift.sum = short(Math.max(0, drift.sum + step));
  const isRun = drift.sum > 0;
  drift.run = isRun ? drift.run + 1 : 0;
  drift.runCount = isRun ? drift.runCount + count : 0;
  drift.runExpected = isRun ? short(drift.runExpected + expected) : 0;
  if (drift.sum < rule.threshold || drift.run < rule.leastDays) return;
  drift.alarm = {
    day: day + 1,
    days: drift.run,
    count: drift.runCount,
    expected: drift.runExpected,
    sum: drift.sum,
  };
  acceptLevel(drift);
}

/** Told once, a drift is the new level: it is measured from there on. */
function acceptLevel(drift: DailyDrift): void {
  const rise = Math.log(Math.max(1, drift.runCount / Math.max(1, drift.runExpected)));
  for (const kind of [0, 1] as const) {
    if (drift.levels[kind] >= 0) drift.levels[kind] = short(drift.levels[kind] + rise);
  }
  drift.sum = 0;
  drift.run = 0;
  drift.runCount = 0;
  drift.runExpected = 0;
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
