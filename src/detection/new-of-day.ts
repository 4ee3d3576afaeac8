import { dayOf } from "../baseline/calendar.ts";
import { type FadingPeak, peakAt, raisePeak } from "../baseline/fading-peak.ts";
import type { HourView, Reason } from "./detector.ts";

/** What was new on the day being summed, by name, and the last days, of four weeks, on which several were. Part of a baseline. */
export interface NewOfDay {
  day: number;
  ofDay: string[];
  newDays: number[];
  /** The most that was new on a day before it. */
  mostOfDay: FadingPeak;
}

/** Names told apart on a day. */
const MOST_NAMES = 1000;
/** New ones that make a day one of a row, days that belong together, and how many of them before a day make a row. */
const SEVERAL = 2;
const WEEK_DAYS = 7;
const LEAST_DAYS = 2;
const MOST_COUNTED = 4;
/** Days for which it is remembered that several were new, and how many such days. */
const KEPT_DAYS = 28;
const MOST_KEPT = 10;
/** Times the most of any day before that are more than a task asks for. */
const BEYOND = 2;

/** What was new on this day, this hour included: learned, in hours that are not learned yet, and now. */
export function newOfDay<Bucket, Limits>(
  { hour, baseline, earlier, bucket }: HourView<NewOfDay, Bucket, Limits>,
  newNames: (bucket: Bucket) => readonly string[],
): string[] {
  const day = dayOf(hour);
  const names = new Set(baseline.day === day ? baseline.ofDay : []);
  for (const open of earlier) {
    if (dayOf(open.hour) === day) for (const name of newNames(open.bucket)) names.add(name);
  }
  for (const name of newNames(bucket)) names.add(name);
  return [...names];
}

/**
 * Whether several were new on other days of the last week too, by one who met several on fewer days of the three weeks before:
 * releases come once, a thief comes again, and whoever deploys does so every week.
 */
export function dayAfterDayReasons<Bucket, Limits>(
  { hour, baseline, earlier }: HourView<NewOfDay, Bucket, Limits>,
  newNames: (bucket: Bucket) => readonly string[],
): Reason[] {
  const today = dayOf(hour);
  const open = new Map([[baseline.day, new Set(baseline.ofDay)]]);
  for (const one of earlier) {
    const day = dayOf(one.hour);
    const names = open.get(day) ?? new Set();
    open.set(day, names);
    for (const name of newNames(one.bucket)) names.add(name);
  }
  const days = new Set(baseline.newDays);
  for (const [day, names] of open) if (names.size >= SEVERAL) days.add(day);
  const past = keptDays(
    [...days].filter((day) => day < today),
    today,
  );
  const before = past.filter((day) => today - day <= WEEK_DAYS).length;
  if (before < LEAST_DAYS || past.length - before >= before) return [];
  const text = `So were others on ${before} days of the week before.`;
  return [{ code: "day-after-day", text, points: 4 * (Math.min(MOST_COUNTED, before) - 1) }];
}

/** The last of some days, as far as they are kept: whether they are learned yet must not show. */
function keptDays(days: readonly number[], today: number): number[] {
  const kept = days.filter((day) => today - day <= KEPT_DAYS);
  return kept.sort((one, other) => one - other).slice(-MOST_KEPT);
}

/** Whether a day holds many new ones, and far more than any before it. */
export function moreThanEverReasons(ofDay: number, mostOfDay: number, many: number): Reason[] {
  if (ofDay < many || ofDay <= BEYOND * mostOfDay) return [];
  const times = ofDay / Math.max(1, BEYOND * mostOfDay);
  const points = Math.round(Math.min(36, 16 + 8 * Math.log2(times)));
  const text = `Never more than ${mostOfDay} on a day before.`;
  return [{ code: "more-than-ever", text, points }];
}

/** The most that was new on any day before that of the hour, faded. */
export function mostOfDaysBefore({ mostOfDay, day, ofDay }: NewOfDay, hour: number): number {
  const ofLastDay = day === dayOf(hour) ? 0 : ofDay.length;
  return Math.max(Math.ceil(peakAt(mostOfDay, hour)), ofLastDay);
}

/** Learns what was new in a closed hour; hours in strict order. */
export function learnNewOfDay(baseline: NewOfDay, hour: number, names: readonly string[]): void {
  passDay(baseline, hour);
  baseline.ofDay = [...new Set([...baseline.ofDay, ...names])].sort().slice(0, MOST_NAMES);
}

/** Begins the day of an hour that is learned, where it is another. */
function passDay(baseline: NewOfDay, hour: number): void {
  const day = dayOf(hour);
  if (baseline.day === day) return;
  const { newDays, ofDay } = baseline;
  raisePeak(baseline.mostOfDay, hour, ofDay.length);
  baseline.newDays = keptDays(ofDay.length < SEVERAL ? newDays : [...newDays, baseline.day], day);
  baseline.day = day;
  baseline.ofDay = [];
}
