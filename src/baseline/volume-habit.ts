import { DAY_HOURS, dayOf, hoursApart } from "./calendar.ts";
import { fade, short } from "./forgetting.ts";
import { upperCount } from "./negative-binomial.ts";
import {
  largestPeak,
  learnNoPeaks,
  learnPeak,
  learnRoving,
  learnStray,
  newRecurringPeaks,
  peakAround,
  type RecurringPeaks,
} from "./recurring-peaks.ts";
import {
  expectHour,
  type HourExpectation,
  hourLimit,
  learnHour,
  learnSilence,
  newSeasonalRate,
  type SeasonalRate,
} from "./seasonal-rate.ts";

/** What is usual of an entity's counts in five minutes, an hour and a day. Plain data. */
export interface VolumeHabit {
  rate: SeasonalRate;
  hours: RecurringPeaks;
  fiveMinutes: RecurringPeaks;
  /** Fading maximum of daily counts. */
  peakDay: number;
  /** The day being summed, its count so far, and the limit that it was judged by. */
  day: number;
  dayCount: number;
  dayLimit: number;
  /** Faded sum of daily counts and number of days. */
  daySum: number;
  dayWeight: number;
  /** Days with any count, unfaded. */
  activeDays: number;
  /** Hours that alarmed, oldest first, and their counts. */
  alarms: [hour: number, count: number][];
}

export function newVolumeHabit(): VolumeHabit {
  return {
    rate: newSeasonalRate(),
    hours: newRecurringPeaks(),
    fiveMinutes: newRecurringPeaks(),
    peakDay: 0,
    day: 0,
    dayCount: 0,
    dayLimit: 0,
    daySum: 0,
    dayWeight: 0,
    activeDays: 0,
    alarms: [],
  };
}

/** How a limit is drawn: it lies above the floor, above `ratio` times what is expected, and where a count is improbable. */
export interface VolumeRule {
  readonly floorPerFiveMinutes: number;
  readonly floorPerHour: number;
  readonly floorPerDay: number;
  readonly ratio: number;
  readonly tailProbability: number;
}

/** Counts that must be exceeded. */
export interface VolumeLimits {
  fiveMinutes: number;
  hour: number;
  day: number;
  expectation: HourExpectation;
  expectedDay: number;
  /** Largest usual count of any hour. */
  largestHour: number;
  /** Days on which it alarmed of late, the largest count of those alarms, and how many hours of the last day did. */
  alarmDays: number;
  largestAlarm: number;
  alarmsOfLastDay: number;
}

/** Largest counts of an hour. */
export interface VolumeOfHour {
  readonly count: number;
  readonly fiveMinutes: number;
}

/** A peak of last month still sets a limit above itself: 1.5 times it, faded by a fifth. */
const PEAK_HALF_LIFE_DAYS = 90;
/** Beyond it, the largest counts met tell more of what is possible than a tail fitted to two moments. */
const MOST_DISPERSION = 1.5;
/** … so that after so many active days the tail may give room for no more than so many times the largest. */
const WELL_KNOWN_DAYS = 14;
const MOST_BEYOND = 2.5;
/** On fewer active days an entity has not shown yet at which hours its peaks come. */
const SETTLED_DAYS = 5;
/** Alarmed hours remembered; three days of a lasting change. */
const MOST_ALARMS = 72;
/** Days for which an alarm is one of late. */
const ALARM_DAYS = 45;

/** What the counts of `hour` must exceed to be unusual for this entity. */
export function volumeLimits(habit: VolumeHabit, hour: number, rule: VolumeRule): VolumeLimits {
  const learned = expectHour(habit.rate, hour);
  const dispersion = Math.min(learned.dispersion, MOST_DISPERSION);
  const expectation = { ...learned, dispersion };
  const expectedDay = habit.dayWeight === 0 ? 0 : short(habit.daySum / habit.dayWeight);
  const { mean } = expectation;
  const tail = rule.tailProbability;
  const beyond = peakFactor(habit, learned.dispersion);
  const limit = (floor: number, expected: number, improbable: number, peak: number): number =>
    Math.ceil(Math.max(floor, rule.ratio * expected, improbable, beyond * peak));
  return {
    fiveMinutes: limit(
      rule.floorPerFiveMinutes,
      mean / 12,
      upperCount(mean / 12, dispersion + 1, tail),
      explained(habit, habit.fiveMinutes, hour),
    ),
    hour: limit(
      rule.floorPerHour,
      mean,
      Math.min(hourLimit(expectation, tail), mostImprobable(habit)),
      explained(habit, habit.hours, hour),
    ),
    day: limit(
      rule.floorPerDay,
      // Days vary less than hours.
      expectedDay / 2,
      upperCount(expectedDay, dispersion / 4, tail),
      habit.peakDay,
    ),
    expectation,
    expectedDay,
    largestHour: largestPeak(habit.hours),
    ...alarmsOf(habit, hour),
  };
}

function alarmsOf({ alarms }: VolumeHabit, hour: number) {
  const days = new Set<number>();
  let largestAlarm = 0;
  let alarmsOfLastDay = 0;
  for (const [at, count] of alarms) {
    if (hour - at > ALARM_DAYS * DAY_HOURS) continue;
    days.add(dayOf(at));
    largestAlarm = Math.max(largestAlarm, count);
    if (hour - at <= DAY_HOURS) alarmsOfLastDay += 1;
  }
  return { alarmDays: days.size, largestAlarm, alarmsOfLastDay };
}

/**
 * Times the largest usual count that the next one may reach. A steady entity's maximum of a month says what it can do. That of
 * a bursty one says less, since two bursts may coincide, and that of a few days says little: the next of n draws is the largest
 * so far with probability 1/(n + 1), by how much nobody knows yet.
 */
function peakFactor({ activeDays }: VolumeHabit, dispersion: number): number {
  return 1.5 + Math.min(1, dispersion / 2) + 3 / Math.max(1, activeDays);
}

/** What the tail may say at most of an entity whose hours are known. */
function mostImprobable({ activeDays, hours }: VolumeHabit): number {
  return activeDays < WELL_KNOWN_DAYS ? Number.POSITIVE_INFINITY : MOST_BEYOND * largestPeak(hours);
}

function explained(habit: VolumeHabit, peaks: RecurringPeaks, hour: number): number {
  return habit.activeDays < SETTLED_DAYS ? largestPeak(peaks) : peakAround(peaks, hour);
}

/**
 * Learns a closed hour. What alarmed teaches twice the usual at most, and no peak: a lasting change of level is learned within days, a
 * single theft hardly at all. An alarm that recurs is learned in full; one that recurs at other times of the day, as the
 * queries of an analyst do, becomes a peak that may come at any hour; and one as large as usual at a strange hour shows that
 * the entity's hours are not fixed.
 */
export function learnVolume(
  habit: VolumeHabit,
  hour: number,
  counts: VolumeOfHour,
  limits: VolumeLimits,
): void {
  const { count, fiveMinutes } = counts;
  const hasAlarmed = count > limits.hour || fiveMinutes > limits.fiveMinutes;
  const isHabit = hasAlarmed && recurs(habit.alarms, hour, count, 1);
  const isRoving = hasAlarmed && !isHabit && recurs(habit.alarms, hour, count, DAY_HOURS);
  const isClipped = hasAlarmed && !isHabit;
  const learned = isClipped ? Math.min(count, Math.round(2 * limits.expectation.mean) + 10) : count;
  learnHour(habit.rate, hour, learned);
  if (isClipped) {
    learnStray(habit.hours, count);
    learnStray(habit.fiveMinutes, fiveMinutes);
  }
  if (isRoving) {
    learnRoving(habit.hours, count);
    learnRoving(habit.fiveMinutes, fiveMinutes);
  }
  learnPeak(habit.hours, hour, isClipped ? 0 : count);
  learnPeak(habit.fiveMinutes, hour, isClipped ? 0 : fiveMinutes);
  learnDay(habit, dayOf(hour));
  habit.dayCount += learned;
  habit.dayLimit = limits.day;
  if (isHabit || isRoving) {
    habit.peakDay = Math.max(habit.peakDay, habit.dayCount - learned + count);
  }
  if (!hasAlarmed) return;
  habit.alarms.push([hour, count]);
  if (habit.alarms.length > MOST_ALARMS) habit.alarms.shift();
}

/** Learns the hours from `from` up to, not including, `to`, in which nothing happened. */
export function learnNoVolume(habit: VolumeHabit, from: number, to: number): void {
  if (habit.rate.born < 0) return;
  learnSilence(habit.rate, from, to);
  learnNoPeaks(habit.hours, from, to);
  learnNoPeaks(habit.fiveMinutes, from, to);
  learnDay(habit, dayOf(to - 1));
}

/**
 * Whether an alarm is one of a habit: about as large, within so many hours of the same time of day, on two days before.
 * Whoever reads them has been told three times by then.
 */
function recurs(
  alarms: VolumeHabit["alarms"],
  hour: number,
  count: number,
  mostHoursApart: number,
): boolean {
  const days = new Set<number>();
  for (const [at, before] of alarms) {
    const isNear = hoursApart(hour, at) <= mostHoursApart && hour - at <= ALARM_DAYS * DAY_HOURS;
    if (isNear && 2 * before >= count && dayOf(at) !== dayOf(hour)) days.add(dayOf(at));
  }
  return days.size >= 2;
}

/** Closes the days before `day`, one by one, so that it does not matter how many are closed at once. */
function learnDay(habit: VolumeHabit, day: number): void {
  if (habit.rate.born < 0 || day <= habit.day) return;
  if (habit.day > 0) {
    if (habit.dayCount > 0) habit.activeDays += 1;
    closeDay(habit, Math.min(habit.dayCount, habit.dayLimit));
    for (let empty = habit.day + 1; empty < day; empty += 1) closeDay(habit, 0);
  }
  habit.day = day;
  habit.dayCount = 0;
}

/** Learns a day's count; what the day held beyond its limit is left out. */
function closeDay(habit: VolumeHabit, count: number): void {
  const factor = fade(1, 10);
  habit.daySum = short(habit.daySum * factor + count);
  habit.dayWeight = short(habit.dayWeight * factor + 1);
  habit.peakDay = short(Math.max(count, habit.peakDay * fade(1, PEAK_HALF_LIFE_DAYS)));
}
