import { type FadingPeak, newFadingPeak, peakAt, raisePeak } from "../baseline/fading-peak.ts";
import {
  type CountedHour,
  countBefore,
  expectPair,
  type HourPairs,
  learnPair,
  newHourPairs,
} from "../baseline/hour-pairs.ts";
import { countMinute, crossingSecond, type MinuteCounts } from "../baseline/minute-counts.ts";
import {
  expectHour,
  type HourExpectation,
  hourLimit,
  learnHour,
  lullAt,
  lullLimit,
  newSeasonalRate,
  type SeasonalRate,
} from "../baseline/seasonal-rate.ts";
import { countSession, largestSession, type SessionCounts } from "../baseline/session-counts.ts";
import type { KmsEvent } from "../cloudtrail/event.ts";

/** How much a key signs. Plain data. */
export interface SigningHabit {
  rate: SeasonalRate;
  /** Largest count of an hour that is quiet in a steady week. */
  quietPeak: FadingPeak;
  /** Largest count of one session in an hour. */
  sessionPeak: FadingPeak;
  pairs: HourPairs;
}

/** Signatures of one hour. */
export interface SigningHour {
  count: number;
  minutes: MinuteCounts;
  sessions: SessionCounts;
}

/** Signatures from which on something is a spike; `NEVER` while learning. */
export interface SigningLimits {
  /** Expected signatures of the hour. */
  readonly mean: number;
  readonly spike: number;
  /** Whether the spike is one of an hour that is quiet in a steady week. */
  readonly isQuiet: boolean;
  /** Of one session. */
  readonly session: number;
  /** Of the hour and the one before it together, of which so many are expected. */
  readonly pair: number;
  readonly pairMean: number;
}

export interface SigningRule {
  readonly learningDays: number;
  /** The same of what is judged by how quiet an hour is. */
  readonly quietLearningDays: number;
  readonly floorPerHour: number;
  readonly ratio: number;
  readonly tailProbability: number;
  readonly floorPerQuietHour: number;
  readonly quietTailProbability: number;
}

/** An hour is quiet where it expects less than this share of what a busy one does … */
const QUIET_SHARE = 0.25;
/** … of a key that signs so much in its busy hours, and so steadily, that its quiet ones mean something. */
const LEAST_BUSY = 3;
const MOST_DISPERSION = 0.6;
/** Days after which each hour of the week was met. */
const WEEK_DAYS = 7;
/** Times the most that any session signed, and standard deviations above what all together are expected to, that one must sign. */
const SESSION_PEAKS = 2;
const SESSION_DEVIATIONS = 4;
/** Times the floor of an hour that two hours must hold. */
const FLOOR_OF_PAIR = 2;
/** Times what is expected of it that the second hour of two must hold: what followed on a burst is no rise. */
const LEAST_OF_SECOND = 1.5;
/** … and the part of the limit: a few signatures after a burst are no rise that lasts. */
const LEAST_SHARE_OF_SECOND = 0.2;
/** Larger than any count. */
const NEVER = Number.MAX_SAFE_INTEGER;

export function newSigningHabit(): SigningHabit {
  return {
    rate: newSeasonalRate(),
    quietPeak: newFadingPeak(),
    sessionPeak: newFadingPeak(),
    pairs: newHourPairs(),
  };
}

export function newSigningHour(): SigningHour {
  return { count: 0, minutes: [], sessions: {} };
}

export function countSigning(hour: SigningHour, { principal, timeMs }: KmsEvent): void {
  hour.count += 1;
  countMinute(hour.minutes, timeMs);
  countSession(hour.sessions, principal.session ?? principal.entity, timeMs);
}

export function signingLimits(habit: SigningHabit, hour: number, rule: SigningRule): SigningLimits {
  const expectation = expectHour(habit.rate, hour);
  const { mean, dispersion, daysLearned } = expectation;
  const pair = expectPair(habit.pairs, habit.rate, hour);
  const quiet = quietLimit(habit, hour, expectation, rule);
  const usual = usualLimit(expectation, rule);
  const limits = { mean, pairMean: pair.mean, isQuiet: quiet <= usual };
  if (daysLearned < rule.learningDays)
    return { ...limits, spike: NEVER, session: NEVER, pair: NEVER };
  const scatter = Math.sqrt(Math.max(1, mean + dispersion * mean * mean));
  const session = Math.max(
    rule.floorPerHour,
    rule.ratio * mean,
    SESSION_PEAKS * peakAt(habit.sessionPeak, hour),
    mean + SESSION_DEVIATIONS * scatter,
  );
  return {
    ...limits,
    spike: daysLearned < rule.quietLearningDays ? usual : Math.min(usual, quiet),
    session: Math.floor(session) + 1,
    pair: Math.floor(Math.max(FLOOR_OF_PAIR * rule.floorPerHour, pair.most)) + 1,
  };
}

/** Signatures an hour from which on it is a spike, whatever the hour. */
function usualLimit(expectation: HourExpectation, rule: SigningRule): number {
  const improbable = hourLimit(expectation, rule.tailProbability);
  const { mean, peak } = expectation;
  const most = Math.max(rule.floorPerHour, rule.ratio * mean, improbable, 1.5 * peak);
  return Math.ceil(most) + 1;
}

/**
 * The same of an hour that is far quieter than the busy ones: what they hold explains nothing there, only what quiet hours held before.
 * Infinite where the hour is not quiet, or the key not steady.
 */
function quietLimit(
  { rate, quietPeak }: SigningHabit,
  hour: number,
  expectation: HourExpectation,
  rule: SigningRule,
): number {
  const { daysLearned, dispersion } = expectation;
  if (daysLearned < WEEK_DAYS || dispersion > MOST_DISPERSION) return Number.POSITIVE_INFINITY;
  const lull = lullAt(rate, hour);
  if (lull.busy < LEAST_BUSY || lull.mean >= QUIET_SHARE * lull.busy)
    return Number.POSITIVE_INFINITY;
  const improbable = lullLimit(lull, expectation, rule.quietTailProbability);
  const usual = Math.max(rule.ratio * lull.mean, peakAt(quietPeak, hour));
  return Math.floor(Math.max(rule.floorPerQuietHour, usual, improbable)) + 1;
}

/** A limit that the signatures of an hour reach. */
export interface SigningRise {
  readonly kind: "hour" | "session" | "pair";
  readonly count: number;
  readonly limit: number;
  readonly expected: number;
  /** Second of the hour at which it was reached. */
  readonly crossedSecond: number;
  /** Of the session that signed most; empty unless it is about one. */
  readonly session: string;
}

interface Seen {
  readonly hour: number;
  readonly volume: SigningHour;
  readonly limits: SigningLimits;
  readonly habit: SigningHabit;
  /** The newest hour before this one that is not learned yet and holds anything. */
  readonly newest: CountedHour | undefined;
}

/** All limits that the signatures reach by now, the plainest first: as more come, of this hour or the one before, they only grow. */
export function signingRises(seen: Seen): SigningRise[] {
  return [riseOfHour(seen), riseOfSession(seen), riseOfPair(seen)].filter((rise) => rise !== null);
}

function riseOfHour({ volume: { count, minutes }, limits: { mean, spike } }: Seen) {
  if (count < spike) return null;
  const crossedSecond = crossingSecond(minutes, spike - 1);
  return { kind: "hour", count, limit: spike, expected: mean, crossedSecond, session: "" } as const;
}

function riseOfSession({ volume: { sessions }, limits: { mean, session } }: Seen) {
  const largest = largestSession(sessions);
  if (largest === undefined || largest.count < session) return null;
  const { name, count, minutes } = largest;
  const crossedSecond = crossingSecond(minutes, session - 1);
  return {
    kind: "session",
    count,
    limit: session,
    expected: mean,
    crossedSecond,
    session: name,
  } as const;
}

function riseOfPair({ hour, volume: { count, minutes }, limits, habit, newest }: Seen) {
  const { mean, pair, pairMean } = limits;
  const before = countBefore(habit.pairs, newest, hour);
  const least = Math.max(pair - before, LEAST_OF_SECOND * mean, LEAST_SHARE_OF_SECOND * pair);
  if (count < least) return null;
  return {
    kind: "pair",
    count: count + before,
    limit: pair,
    expected: pairMean,
    crossedSecond: crossingSecond(minutes, Math.ceil(least) - 1),
    session: "",
  } as const;
}

/** What is said of a rise. */
export interface SigningTale {
  readonly title: string;
  readonly code: string;
  readonly what: string;
  /** Name of the number. */
  readonly counted: string;
}

export function tellSigning({ kind, count, session }: SigningRise, isQuiet: boolean): SigningTale {
  if (kind === "session")
    return {
      title: "One session signs more than any did",
      code: "one-session",
      what: `${count} signatures within an hour through one session (${session})`,
      counted: "signaturesOfSession",
    };
  if (kind === "pair")
    return {
      title: "Spike of signatures over two hours",
      code: "two-hours",
      what: `${count} signatures within two hours`,
      counted: "signaturesInTwoHours",
    };
  return {
    title: isQuiet ? "Signatures at a quiet hour" : "Spike of signatures",
    code: "many-signatures",
    what: `${count} signatures within an hour`,
    counted: "signaturesPerHour",
  };
}

export function pointsOfSigning({ kind, count, limit }: SigningRise, isQuiet: boolean): number {
  // A busy hour made up for at night would be a rise, too, and the other two have the lower limits.
  const least = kind === "hour" && !isQuiet ? 46 : 42;
  return Math.round(Math.min(78, least + 8 * Math.log2(count / limit)));
}

/** Learns an hour; what reached a limit teaches no more than it. */
export function learnSigning(
  habit: SigningHabit,
  hour: number,
  volume: SigningHour,
  limits: SigningLimits,
): void {
  const { count } = volume;
  const rises = signingRises({ hour, volume, limits, habit, newest: undefined });
  const learned = rises.length > 0 ? Math.min(count, Math.round(2 * limits.mean) + 5) : count;
  learnHour(habit.rate, hour, learned);
  if (limits.isQuiet) raisePeak(habit.quietPeak, hour, learned);
  const most = largestSession(volume.sessions)?.count ?? 0;
  raisePeak(habit.sessionPeak, hour, Math.min(most, limits.session - 1));
  learnPair(habit.pairs, { hour, count }, limits.pair - 1);
}
