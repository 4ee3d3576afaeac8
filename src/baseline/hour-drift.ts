import { DAY_HOURS } from "./calendar.ts";
import {
  acceptHour,
  busyHours,
  type DayProfile,
  deviationInHour,
  expectedByHour,
} from "./day-profile.ts";
import { short } from "./forgetting.ts";

/** What an hour of a day adds at most: one wild hour is no drift. */
const MOST_PER_DAY = 2.5;
/** Who is active in fewer hours of the day has a schedule, and its hours differ by whole runs. */
const LEAST_BUSY_HOURS = 12;

/**
 * Page's one-sided cumulative sum for each hour of the day: how far it has been lying above its level of late, the rest of the
 * day allowed for. Plain data.
 */
export interface HourDrift {
  /** By hour of the day: the sum, and since how many days it is above zero. */
  sums: number[];
  days: number[];
}

/** An hour of the day that keeps lying above what is usual in it. */
export interface DriftingHour {
  readonly hourOfDay: number;
  readonly days: number;
  /** Of the last day. */
  readonly count: number;
  readonly expected: number;
  readonly sum: number;
}

/** How the drift of an hour is told from scatter. */
export interface HourRule {
  /** Standard deviations that an hour may lie above without adding anything (Page's k). */
  readonly allowance: number;
  /** Sum from which on it is a drift (Page's h). */
  readonly threshold: number;
  /** Counts above the usual below which an hour adds nothing. */
  readonly leastMore: number;
}

export function newHourDrift(): HourDrift {
  return { sums: noHours(), days: noHours() };
}

/**
 * Judges a day's counts by hour; days in order. Undefined where no hour drifts; the one with the largest sum, the earlier among equals,
 * where several do. What was told is the hour's new level.
 */
export function judgeHours(
  drift: HourDrift,
  profile: DayProfile,
  counts: readonly number[],
  rule: HourRule,
): DriftingHour | undefined {
  if (busyHours(profile) < LEAST_BUSY_HOURS) {
    Object.assign(drift, newHourDrift());
    return undefined;
  }
  let found: DriftingHour | undefined;
  for (const [hourOfDay, expected] of expectedByHour(profile, counts).entries()) {
    const count = counts[hourOfDay] ?? 0;
    const deviation = deviationInHour(profile, count, expected);
    const above = count - expected < rule.leastMore ? 0 : Math.min(MOST_PER_DAY, deviation);
    const sum = short(Math.max(0, (drift.sums[hourOfDay] ?? 0) + above - rule.allowance));
    const days = sum > 0 ? (drift.days[hourOfDay] ?? 0) + 1 : 0;
    drift.sums[hourOfDay] = sum;
    drift.days[hourOfDay] = days;
    if (sum >= rule.threshold && sum > (found?.sum ?? 0)) {
      found = { hourOfDay, days, count, expected, sum };
    }
  }
  if (found !== undefined) accept(drift, profile, found);
  return found;
}

function accept(drift: HourDrift, profile: DayProfile, { hourOfDay, count }: DriftingHour): void {
  acceptHour(profile, hourOfDay, count);
  drift.sums[hourOfDay] = 0;
  drift.days[hourOfDay] = 0;
}

function noHours(): number[] {
  return Array.from({ length: DAY_HOURS }, () => 0);
}
