import { dayOf } from "../baseline/calendar.ts";
import type { HourView } from "./detector.ts";

/** What was new on the day being summed, by name. Part of a baseline. */
export interface NewOfDay {
  day: number;
  ofDay: string[];
}

/** Names told apart on a day. */
const MOST_NAMES = 1000;

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

/** Learns what was new in a closed hour of the day that is being summed. */
export function learnNewOfDay(baseline: NewOfDay, names: readonly string[]): void {
  baseline.ofDay = [...new Set([...baseline.ofDay, ...names])].sort().slice(0, MOST_NAMES);
}
