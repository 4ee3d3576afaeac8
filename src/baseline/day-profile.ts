import { DAY_HOURS } from "./calendar.ts";
import { short } from "./forgetting.ts";

/** Weight of a new day in the level of an hour, and of an hour in the scatter. */
const LEVEL_WEIGHT = 0.05;
const SCATTER_WEIGHT = 0.01;
/** Variance of the logarithm of an hour's count that is assumed at first. */
const FIRST_SCATTER = 0.4;
/** Days of which every count is learned as it is, and those before which the scatter is not learned. */
const FIRST_DAYS = 5;
const FIRST_SCATTER_DAYS = 3;
/** Squared deviations, in variances, that one count or one day teaches at most. */
const MOST_SQUARED = 9;

const QUIET_HOURS = DAY_HOURS / 2;
/** Times its share of a day that an hour counts at most, and so many more: a burst is not a habit. */
const MOST_TIMES = 3;
const MOST_MORE = 2;
/** Part of the busiest hour's share that a busy one has. */
const BUSY_PART = 0.1;
/** What the hours of no history are taken to share, as a part of the whole. */
const EVEN = 0.02;
/** Excess variance of daily shares over a binomial one: at first, at least, and the weight of a new day in it. */
const FIRST_ROUGHNESS = 2;
const LEAST_ROUGHNESS = 1;
const ROUGHNESS_WEIGHT = 0.05;

/**
 * How somebody's counts spread over the hours of the day, to tell whether a day keeps to it. What customers, growth or a campaign
 * cause follows the usual hours however much it is; a program that takes a little all around the clock fills the quiet hours. Plain
 * data.
 */
export interface DayProfile {
  /** Faded means of log(1 + count) by hour of the day, UTC, learned clipped. */
  levels: number[];
  /** Variance of the logarithm of an hour's count about its level, of all hours together. */
  scatter: number;
  /** Excess variance of the quiet hours' share of a day over a binomial one. */
  roughness: number;
  days: number;
}

/** A day's counts in the twelve hours that are usually quietest. */
export interface QuietShare {
  /** Bursts clipped. */
  readonly count: number;
  /** What these hours would have of as many counts with the usual spread. */
  readonly expected: number;
  /** How far the first lies above the second, in standard deviations of an over-dispersed binomial count. */
  readonly deviation: number;
}

export function newDayProfile(): DayProfile {
  return {
    levels: Array.from({ length: DAY_HOURS }, () => 0),
    scatter: FIRST_SCATTER,
    roughness: FIRST_ROUGHNESS,
    days: 0,
  };
}

/** What a day's counts by hour say of the quiet hours. */
export function quietShare(profile: DayProfile, counts: readonly number[]): QuietShare {
  const shares = sharesOf(profile);
  const total = sum(counts);
  const clipped = counts.map((count, hour) =>
    Math.min(count, MOST_TIMES * (shares[hour] ?? 0) * total + MOST_MORE),
  );
  const quiet = quietest(shares);
  const share = sum(quiet.map((hour) => shares[hour] ?? 0));
  const count = sum(quiet.map((hour) => clipped[hour] ?? 0));
  const expected = share * sum(clipped);
  const variance = expected * (1 - share) * profile.roughness;
  const deviation = variance > 0 ? (count - expected) / Math.sqrt(variance) : 0;
  return { count, expected, deviation };
}

/** How many hours of the day, 1–24, usually have a tenth or more of what the busiest one has. */
export function busyHours(profile: DayProfile): number {
  const shares = sharesOf(profile);
  const least = BUSY_PART * Math.max(...shares);
  return shares.filter((share) => share >= least).length;
}

/** The part of a day, 0–0.5, that the twelve quietest hours usually have. */
export function quietestShare(profile: DayProfile): number {
  const shares = sharesOf(profile);
  return sum(quietest(shares).map((hour) => shares[hour] ?? 0));
}

/** The counts that are usual in the hours of the day. */
export function usualCounts({ levels }: DayProfile): number[] {
  return levels.map((level) => Math.expm1(level));
}

/** Learns a closed day, of which `share` speaks; days in order. */
export function learnProfile(
  profile: DayProfile,
  counts: readonly number[],
  share: QuietShare,
): void {
  profile.days += 1;
  const { days, levels } = profile;
  const weight = Math.max(LEVEL_WEIGHT, 1 / days);
  for (const [hour, count] of counts.entries()) {
    const level = levels[hour] ?? 0;
    const off = Math.log1p(count) - level;
    const most = days <= FIRST_DAYS ? Number.POSITIVE_INFINITY : Math.sqrt(profile.scatter);
    levels[hour] = toThousandths(level + weight * Math.max(-most, Math.min(most, off)));
    if (days <= FIRST_SCATTER_DAYS) continue;
    const squared = Math.min(off ** 2, MOST_SQUARED * profile.scatter);
    profile.scatter += SCATTER_WEIGHT * (squared - profile.scatter);
  }
  profile.scatter = short(profile.scatter);
  if (days <= FIRST_DAYS) return;
  const rough = Math.min(share.deviation ** 2, MOST_SQUARED) * profile.roughness;
  const learned = profile.roughness + ROUGHNESS_WEIGHT * (rough - profile.roughness);
  profile.roughness = short(Math.max(LEAST_ROUGHNESS, learned));
}

/** A memory holds many levels: a tenth of a per cent is enough. */
function toThousandths(level: number): number {
  return Math.round(level * 1000) / 1000;
}

function sharesOf(profile: DayProfile): number[] {
  const usual = usualCounts(profile);
  const whole = sum(usual);
  if (whole === 0) return usual.map(() => 1 / DAY_HOURS);
  return usual.map((count) => (count / whole + EVEN / DAY_HOURS) / (1 + EVEN));
}

/** The hours with the least shares; among equals the earlier ones. */
function quietest(shares: readonly number[]): number[] {
  const hours = shares.map((_share, hour) => hour);
  hours.sort((one, other) => (shares[one] ?? 0) - (shares[other] ?? 0) || one - other);
  return hours.slice(0, QUIET_HOURS);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
