import { cellOf, dayOf, DAY_HOURS, isWeekend } from "./calendar.ts";
import { fade, short } from "./forgetting.ts";

const HALF_LIFE_DAYS = 28;
/** Half-life of the longest silence: after a quarter a pause is no measure any more. */
const LONGEST_HALF_LIFE_DAYS = 60;
/** Hours' worth of the overall share of empty hours that every cell of the week starts from. */
const PRIOR_HOURS = 1;
/** Hours of a silence that are looked at one by one, two weeks; what is longer is as grave. */
const MOST_SILENT_HOURS = 336;
/** However good its record: hours are not independent, so one empty hour never says more than one in a hundred, … */
const LEAST_SHARE = 0.01;
/** … or than one in a thousand where many events come every hour. */
const LEAST_SHARE_OF_BUSY = 0.001;
/** Surprise of a whole silence from which on it hardly comes by chance: less than one in 700,000, nats. */
const LEAST_SURPRISE = 13.5;
/** Surprise of a single hour below which its emptiness says nothing: more than every tenth is empty. */
const LEAST_OF_AN_HOUR = Math.log(10);
/** So many times as long as the longest silence of late; and, before that has faded further, at least so many times. */
const LONGER = 1.5;
const HARDLY_LONGER = 1.2;

/** In which hours of the week a flow of events is there. Plain data. */
export interface Presence {
  /** First and last hour with an event; −1 before any. */
  born: number;
  last: number;
  /** Faded number of hours learned, of weekdays and of weekends. */
  hours: [weekday: number, weekend: number];
  /** Faded number of them that were empty, by cell of the week. */
  empty: number[];
  /** Longest silence of late, hours, faded. */
  longest: number;
}

export function newPresence(): Presence {
  return {
    born: -1,
    last: -1,
    hours: [0, 0],
    empty: Array.from({ length: 2 * DAY_HOURS }, () => 0),
    longest: 0,
  };
}

/**
 * Learns that the flow was there in `hour`, and the silence before it; hours in strict order. A silence that alarmed
 * (`isUsual` false) teaches how long silences get, not that hours are empty.
 */
export function learnPresent(presence: Presence, hour: number, isUsual: boolean): void {
  if (presence.born < 0) presence.born = hour;
  else learnSilence(presence, hour, isUsual);
  count(presence, hour, false);
  presence.last = hour;
}

/**
 * Surprise of an hour without an event, nats: −ln of the share of such hours that were empty, the cell of the week shrunk to
 * all hours (add-half estimate of Krichevsky and Trofimov 1981, "The performance of universal encoding"), bounded.
 */
function surpriseOfSilence(presence: Presence, hour: number, leastShare: number): number {
  const [weekday, weekend] = presence.hours;
  const empty = presence.empty.reduce((sum, one) => sum + one, 0);
  const overall = (empty + 0.5) / (weekday + weekend + 1);
  const own = (isWeekend(hour) ? weekend : weekday) / DAY_HOURS;
  const cell = presence.empty[cellOf(hour)] ?? 0;
  const share = (cell + PRIOR_HOURS * overall) / (own + PRIOR_HOURS);
  return -Math.log(Math.min(1, Math.max(leastShare, share)));
}

/** A silence from a flow's last hour on. */
export interface Stretch {
  /** Hours that count: those in which somebody else was heard. */
  hours: number;
  /** How many it took to be long; 0 while it is not. */
  enough: number;
  /** The hour with which it became long, and the last one that counts. */
  reached: number;
  through: number;
}

/** What makes a silence long. */
export interface SilenceLimits {
  /** Whole hours, at least. */
  readonly leastHours: number;
  /** Days for which the flow must have been known. */
  readonly learningDays: number;
  /** Whether many events come every hour, by several principals. */
  readonly isBusy: boolean;
}

/** The silence from a flow's last hour up to the hour `to`; only hours count in which somebody was `heard`. */
export function silenceSince(
  presence: Presence,
  to: number,
  heard: (hour: number) => boolean,
  { leastHours, learningDays, isBusy }: SilenceLimits,
): Stretch {
  const { last, born, longest } = presence;
  const stretch: Stretch = { hours: 0, enough: 0, reached: 0, through: last };
  if (born < 0 || last - born < learningDays * DAY_HOURS) return stretch;
  const least = Math.max(leastHours, LONGER * longest);
  const leastShare = isBusy ? LEAST_SHARE_OF_BUSY : LEAST_SHARE;
  let surprise = 0;
  for (let hour = last + 1; hour <= Math.min(to, last + MOST_SILENT_HOURS); hour += 1) {
    if (!heard(hour)) continue;
    stretch.hours += 1;
    stretch.through = hour;
    const own = surpriseOfSilence(presence, hour, leastShare);
    if (own >= LEAST_OF_AN_HOUR) surprise += own;
    if (stretch.enough > 0 || surprise < LEAST_SURPRISE || stretch.hours < least) continue;
    stretch.enough = stretch.hours;
    stretch.reached = hour;
  }
  return stretch;
}

/** Long: hardly by chance, and longer than silences have been of late. */
export function isLong({ enough }: Stretch): boolean {
  return enough > 0;
}

/** False where a silence up to the hour `to` cannot be long, however the hours since the last learned one turn out. */
export function mayBeLong(
  { last, longest }: Presence,
  to: number,
  { leastHours }: Pick<SilenceLimits, "leastHours">,
): boolean {
  return to - last >= Math.max(leastHours, HARDLY_LONGER * longest);
}

/** The first hour after `judged` up to which a silence may be long; undefined where a longer one is as grave as that before. */
export function nextLong(
  { born, last, longest }: Presence,
  judged: number,
  { leastHours, learningDays }: Omit<SilenceLimits, "isBusy">,
): number | undefined {
  if (born < 0 || last - born < learningDays * DAY_HOURS) return undefined;
  const first = last + Math.ceil(Math.max(leastHours, HARDLY_LONGER * longest));
  const next = Math.max(first, judged + 1);
  return next <= last + MOST_SILENT_HOURS ? next : undefined;
}

/** Share of all learned hours that were empty, 0–1. */
export function shareEmpty({ hours, empty }: Presence): number {
  const all = hours[0] + hours[1];
  return all === 0 ? 0 : Math.min(1, empty.reduce((sum, one) => sum + one, 0) / all);
}

/** Number of hours learned, faded. */
export function hoursLearned({ hours }: Presence): number {
  return Math.round(hours[0] + hours[1]);
}

function learnSilence(presence: Presence, hour: number, isUsual: boolean): void {
  const { last } = presence;
  const days = dayOf(hour) - dayOf(last);
  if (days > 0) forget(presence, days);
  const silent = hour - last - 1;
  if (isUsual) {
    for (let at = Math.max(last + 1, hour - MOST_SILENT_HOURS); at < hour; at += 1) {
      count(presence, at, true);
    }
  }
  presence.longest = Math.max(presence.longest, silent);
}

function forget(presence: Presence, days: number): void {
  const factor = fade(days, HALF_LIFE_DAYS);
  presence.hours = [short(presence.hours[0] * factor), short(presence.hours[1] * factor)];
  presence.empty = presence.empty.map((hours) => (hours === 0 ? 0 : short(hours * factor)));
  presence.longest = short(presence.longest * fade(days, LONGEST_HALF_LIFE_DAYS));
}

function count(presence: Presence, hour: number, isEmpty: boolean): void {
  const kind = isWeekend(hour) ? 1 : 0;
  presence.hours[kind] = short(presence.hours[kind] + 1);
  const cell = cellOf(hour);
  if (isEmpty) presence.empty[cell] = short((presence.empty[cell] ?? 0) + 1);
}
