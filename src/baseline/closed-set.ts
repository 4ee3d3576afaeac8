import { dayOf } from "./calendar.ts";
import { fade, short } from "./forgetting.ts";

/**
 * The few things that somebody keeps to, by name, and how often a new one comes. Whoever turns out to meet ever new things keeps
 * to none: then the names are given up, and collected anew a month later. Names are as long as `NAME_LENGTH`. Plain data.
 */
export interface ClosedSet {
  /** Names met before today, one after the other. */
  members: string;
  /** First met today, and in which hour. */
  fresh: Record<string, number>;
  /** All that were met today. */
  today: string[];
  day: number;
  /** Faded number of first meetings, and of meetings counted once a day. */
  discoveries: number;
  meetings: number;
  /** Day up to which the two are faded. */
  faded: number;
  /** Hour since which names are collected; −1 before any. */
  born: number;
  /** Day on which the names were given up; −1 where they are not. */
  open: number;
}

/** Characters of a name: 24 bits of a fingerprint. Of 150 known ones one in a hundred thousand unknown is taken for known. */
export const NAME_LENGTH = 6;
/** Members beyond which somebody keeps to no set. */
const MOST_MEMBERS = 150;
/** Days after which the names are collected anew. */
const ANEW_DAYS = 30;
const HALF_LIFE_DAYS = 30;

export function newClosedSet(): ClosedSet {
  return {
    members: "",
    fresh: {},
    today: [],
    day: -1,
    discoveries: 0,
    meetings: 0,
    faded: -1,
    born: -1,
    open: -1,
  };
}

/** Whether names are collected at all. */
export function isClosed(set: ClosedSet): boolean {
  return set.open < 0;
}

/** Whether a name had been met by the hour `knownBy`; later meetings do not count. */
export function isMember(set: ClosedSet, name: string, knownBy: number): boolean {
  const since = set.fresh[name];
  return since === undefined ? isIn(set.members, name) : since <= knownBy;
}

/** Number of names met before today, but for those that begin with a letter. */
export function memberCount({ members }: ClosedSet, except = ""): number {
  let count = 0;
  for (let at = 0; at < members.length; at += NAME_LENGTH) {
    if (members.charAt(at) !== except) count += 1;
  }
  return count;
}

/**
 * Probability that the next meeting is a first one: the share of first meetings among those of late, smoothed by half a discovery.
 * Today's do not count yet.
 */
export function freshProbability({ discoveries, meetings }: ClosedSet): number {
  return Math.min(1, short((discoveries + 0.5) / (meetings + 1)));
}

/** Learns what was met in a closed hour; hours in strict order. */
export function meetAll(set: ClosedSet, hour: number, names: readonly string[]): void {
  passDays(set, hour);
  const day = dayOf(hour);
  if (set.open >= 0 && day - set.open >= ANEW_DAYS) Object.assign(set, newClosedSet());
  if (set.born < 0) set.born = hour;
  if (set.open >= 0) return;
  set.day = day;
  const today = new Set(set.today);
  const before = today.size;
  for (const name of names) {
    today.add(name);
    if (set.fresh[name] === undefined && !isIn(set.members, name)) set.fresh[name] = hour;
  }
  if (today.size === before) return;
  set.today = [...today].sort();
  if (set.members.length / NAME_LENGTH + Object.keys(set.fresh).length > MOST_MEMBERS) {
    Object.assign(set, newClosedSet(), { born: set.born, open: day });
  }
}

/** Closes the last day on which anything was met, if it lies before that of `hour`. */
export function passDays(set: ClosedSet, hour: number): void {
  if (set.today.length === 0 || dayOf(hour) <= set.day) return;
  const fresh = Object.keys(set.fresh).sort();
  const faded = set.faded < 0 ? 0 : fade(set.day - set.faded, HALF_LIFE_DAYS);
  set.discoveries = short(set.discoveries * faded + fresh.length);
  set.meetings = short(set.meetings * faded + set.today.length);
  set.faded = set.day;
  set.members += fresh.join("");
  set.fresh = {};
  set.today = [];
}

function isIn(members: string, name: string): boolean {
  for (let at = 0; at < members.length; at += NAME_LENGTH) {
    if (members.startsWith(name, at)) return true;
  }
  return false;
}
