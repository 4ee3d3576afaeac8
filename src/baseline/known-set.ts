import { dayOf } from "./calendar.ts";
import { fade, short } from "./forgetting.ts";

/** Half-life of discovery and use counts, days. */
const HALF_LIFE_DAYS = 30;

/**
 * Who or what an entity has met before, by name: since which hour, when last, on how many days. Bounded; the longest
 * unseen makes room. Plain data.
 */
export interface KnownSet {
  /** Name → hour first met, day last met, days met. */
  members: Record<string, [sinceHour: number, lastDay: number, days: number]>;
  /** Faded number of first meetings. */
  discoveries: number;
  /** Faded number of (member, day) meetings. */
  meetings: number;
  /** Day up to which the two numbers are faded. */
  day: number;
}

export function newKnownSet(): KnownSet {
  return { members: {}, discoveries: 0, meetings: 0, day: 0 };
}

/**
 * Whether `name` had been met by the hour `knownBy`. Later meetings do not count, so that the answer for an hour does not
 * depend on how much of the time after it has been learned.
 */
export function isKnown(set: KnownSet, name: string, knownBy: number): boolean {
  const member = set.members[name];
  return member !== undefined && member[0] <= knownBy;
}

/** Learns that `name` was met in `hour`; at most `limit` members are kept. */
export function meet(set: KnownSet, name: string, hour: number, limit: number): void {
  const day = dayOf(hour);
  fadeTo(set, day);
  const member = set.members[name];
  if (member === undefined) {
    if (Object.keys(set.members).length >= limit) forgetOldest(set);
    set.members[name] = [hour, day, 1];
    set.discoveries = short(set.discoveries + 1);
    set.meetings = short(set.meetings + 1);
  } else if (member[1] < day) {
    member[1] = day;
    member[2] += 1;
    set.meetings = short(set.meetings + 1);
  }
}

/**
 * Probability that the next meeting is with somebody new: the share of first meetings among the meetings of late, smoothed by
 * half a discovery. In a population that stays, Good–Turing's n₁/N (Good 1953, "The population frequencies of species and the
 * estimation of population parameters") says the same from those met once only; where members come for a few days and go, as
 * roles of preview environments do, hardly anybody is met once only and n₁/N would call each newcomer a surprise.
 */
export function discoveryProbability(set: KnownSet): number {
  return Math.min(1, short((set.discoveries + 0.5) / (set.meetings + 1)));
}

/**
 * How surprising something of this probability is: −log2 p bits (Shannon 1948, "A mathematical theory of communication"), ten at
 * most, since some weeks of history cannot tell what happens once in a thousand days from what happens less often.
 */
export function surpriseBits(probability: number): number {
  return -Math.log2(Math.max(probability, 0.001));
}

/** Number of members. */
export function size(set: KnownSet): number {
  return Object.keys(set.members).length;
}

function fadeTo(set: KnownSet, day: number): void {
  if (day <= set.day) return;
  const factor = set.day === 0 ? 0 : fade(day - set.day, HALF_LIFE_DAYS);
  set.discoveries = short(set.discoveries * factor);
  set.meetings = short(set.meetings * factor);
  set.day = day;
}

function forgetOldest(set: KnownSet): void {
  let oldest: string | undefined;
  let oldestDay = Number.POSITIVE_INFINITY;
  for (const [name, [, lastDay]] of Object.entries(set.members)) {
    if (lastDay < oldestDay || (lastDay === oldestDay && oldest !== undefined && name < oldest)) {
      oldest = name;
      oldestDay = lastDay;
    }
  }
  if (oldest !== undefined) delete set.members[oldest];
}
