import {
  acceptHour,
  busyHours,
  type DayProfile,
  deviationInHour,
  expectedByHour,
} from "./day-profile.ts";
import { shorter } from "./forgetting.ts";

/** What an hour of a day adds at most: one wild hour is no drift. */
const MOST_PER_DAY = 2.5;
/** Who is active in fewer hours of the day has a schedule, and its hours differ by whole runs. */
const LEAST_BUSY_HOURS = 12;

/**
 * Page's one-sided cumulative sum for each hour of the day: how far it has been lying above its level of late, the rest of the
 * day allowed for, and since how many days the sum is above zero. Hours without a sum are not there. Plain data.
 */
export type HourDrift = Record<string, [sum: number, days: number]>;

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
    for (const hour of Object.keys(drift)) delete drift[hour];
    return undefined;
  }
  let found: DriftingHour | undefined;
  for (const [hourOfDay, expected] of expectedByHour(profile, counts).entries()) {
    const count = counts[hourOfDay] ?? 0;
    const deviation = deviationInHour(profile, count, expected);
    const above = count - expected < rule.leastMore ? 0 : Math.min(MOST_PER_DAY, deviation);
    const [before, daysBefore] = drift[hourOfDay] ?? [0, 0];
    const sum = shorter(Math.max(0, before + above - rule.allowance));
    const days = daysBefore + 1;
    if (sum > 0) drift[hourOfDay] = [sum, days];
    else delete drift[hourOfDay];
    if (sum >= rule.threshold && sum > (found?.sum ?? 0)) {
      found = { hourOfDay, days, count, expected, sum };
    }
  }
  if (found !== undefined) {
    acceptHour(profile, found.hourOfDay, found.count);
    delete drift[found.hourOfDay];
  }
  return found;
}
