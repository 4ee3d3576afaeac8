import { sipHash64 } from "../cloudtrail/siphash.ts";
import { type CallShare, learnShare, newCallShare } from "./call-share.ts";
import { type FadingPeak, newFadingPeak, raisePeak } from "./fading-peak.ts";

/**
 * What the busiest sessions of an hour make over that hour and the three before it. Of each hour only the few busiest are kept, by a
 * hash of their names, for judging and for learning alike: what is compared is always the same sum. Plain data.
 */
export interface BusiestOfLate {
  /** What part of the calls of four hours the busiest session makes. */
  share: CallShare;
  /** Its calls, of windows that were over before those in `hours` began. */
  peak: FadingPeak;
  /** The last hours that held any call, oldest first. */
  hours: HourOfLate[];
}

/** An hour, all its calls, what was learned as the usual sum of its window, and its busiest sessions by hash. */
export type HourOfLate = [hour: number, all: number, part: number, busiest: Record<string, number>];

/** Calls of a session, by its name. */
export interface SessionCalls {
  readonly name: string;
  readonly count: number;
}

/** What one session made in the window that ends with an hour. */
export interface Run<Session extends SessionCalls = SessionCalls> {
  readonly session: Session;
  readonly count: number;
  /** Calls of all sessions in the window. */
  readonly all: number;
  /** Hours in which it was among the busiest, and the most that it made in one of them. */
  readonly hours: number;
  readonly most: number;
}

/** Hours of a window. */
export const RUN_HOURS = 4;
/** Busiest sessions of an hour that are kept. */
const KEPT = 3;
const KEY = new Uint8Array(16);

export function newBusiestOfLate(): BusiestOfLate {
  return { share: newCallShare(), peak: newFadingPeak(), hours: [] };
}

/** An hour as it is kept. */
export function hourOfLate(
  hour: number,
  { sessions, all }: { readonly sessions: readonly SessionCalls[]; readonly all: number },
  part = 0,
): HourOfLate {
  const kept = busiestOf(sessions).map(({ name, count }) => [hashOf(name), count] as const);
  return [hour, all, part, Object.fromEntries(kept)];
}

/** The largest run of those that end with this hour's busiest sessions; undefined where it holds none. */
export function largestRun<Session extends SessionCalls>(
  earlier: readonly HourOfLate[],
  hour: number,
  { sessions, all }: { readonly sessions: readonly Session[]; readonly all: number },
): Run<Session> | undefined {
  const before = earlier.filter(([one]) => one > hour - RUN_HOURS && one < hour);
  const sum = before.reduce((total, [, count]) => total + count, all);
  const runs = busiestOf(sessions).map((session) => {
    const name = hashOf(session.name);
    const counts = before.flatMap(([, , , busiest]) => busiest[name] ?? []).concat(session.count);
    const count = counts.reduce((total, one) => total + one, 0);
    return { session, count, all: sum, hours: counts.length, most: Math.max(...counts) };
  });
  return runs.sort((one, other) => other.count - one.count)[0];
}

/** Learns a window and the hour that it ends with; hours come in order. */
export function learnRun(
  known: BusiestOfLate,
  hour: HourOfLate,
  all: number,
  halfLife: number,
): void {
  learnShare(known.share, { part: hour[2], all }, halfLife);
  known.hours.push(hour);
  passRuns(known, hour[0] + 1);
}

/** Forgets the hours that a window which ends with `hour` does not reach: the peak then knows what they made. */
export function passRuns(known: BusiestOfLate, hour: number): void {
  let first = known.hours[0];
  while (first !== undefined && first[0] <= hour - RUN_HOURS) {
    raisePeak(known.peak, first[0], first[2]);
    known.hours.shift();
    first = known.hours[0];
  }
}

/** The one with most calls, the first by name among equals; undefined where there is none. */
export function largestOf<Session extends SessionCalls>(
  sessions: readonly Session[],
): Session | undefined {
  let largest: Session | undefined;
  for (const session of sessions) {
    if (largest === undefined || byCount(session, largest) < 0) largest = session;
  }
  return largest;
}

/** The few with most calls, the first by name among equals. */
function busiestOf<Session extends SessionCalls>(sessions: readonly Session[]): Session[] {
  return [...sessions].sort(byCount).slice(0, KEPT);
}

function byCount(one: SessionCalls, other: SessionCalls): number {
  return other.count - one.count || (one.name < other.name ? -1 : 1);
}

/** 24 bits: of a handful of sessions no two are alike, or one hour in a million is counted too high. */
function hashOf(name: string): string {
  return (sipHash64(KEY, name).low >>> 8).toString(36);
}
