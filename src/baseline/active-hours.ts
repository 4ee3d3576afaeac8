import { cellOf, dayOf, DAY_HOURS, hourOfDay, hoursApart, isWeekend } from "./calendar.ts";
import { fade, short, shorter } from "./forgetting.ts";

const HALF_LIFE_VISITS = 30;
/** Days' worth of the average hour that every hour of the day starts from (the half of Jeffreys' prior). */
const PRIOR_VISITS = 0.5;
/** Share of its active days on which an entity is active at a usual hour, at least. */
const USUAL_SHARE = 0.1;
/** Hours from the nearest usual one from which on an hour is stray: jitter and daylight saving time move one less. */
const STRAY_HOURS = 2;
/** Active days after which it is known which hours are usual. */
const SETTLED_DAYS = 7;
/** … and after which what lies far from all that were ever kept is an excursion. */
const EXCURSION_DAYS = 5;
/** Hours after a usual one within which activity belongs to it: a run that is repeated, or lasts. */
const RERUN_HOURS = 7;
/** Hours from every one at which it was ever active, from which on an hour is far from all that few days showed. */
const FAR_HOURS = 3;

/**
 * On how many days an entity was active at each hour of the day, weekdays and weekends apart. Plain data.
 */
export interface ActiveHours {
  /** First hour with activity; −1 before any. */
  born: number;
  /** Faded number of active hours by cell of the week. */
  cells: number[];
  /** Faded number of days on which the entity was active at all, weekdays and weekends. */
  weekdays: number;
  weekends: number;
  /** Last day counted in one of the two. */
  lastDay: number;
  /** Hours with activity, unfaded. */
  active: number;
  /** Newest usual hour with activity; −1 before any. */
  run: number;
  /** Number of days with a stray hour that no run came before, the last of them, and the largest count of any stray hour. */
  strays: number;
  lastStrayDay: number;
  mostStray: number;
  /** How often, once some days are known, it was active far from all that it had ever kept, and the largest count of such an hour. */
  excursions: number;
  mostOfExcursion: number;
}

export function newActiveHours(): ActiveHours {
  return {
    born: -1,
    cells: Array.from({ length: 48 }, () => 0),
    weekdays: 0,
    weekends: 0,
    lastDay: -1,
    active: 0,
    run: -1,
    strays: 0,
    lastStrayDay: -1,
    mostStray: 0,
    excursions: 0,
    mostOfExcursion: 0,
  };
}

/**
 * Probability, 0–1, that on a day on which it is active the entity is active at this hour: the share of such days, smoothed by
 * the hours beside it and by the same hour on the other kind of day (a kernel estimate on the circle of hours).
 */
export function activeProbability(hours: ActiveHours, hour: number): number {
  const own = isWeekend(hour) ? DAY_HOURS : 0;
  const other = own === 0 ? DAY_HOURS : 0;
  const at = hourOfDay(hour);
  const cell = (base: number, offset: number): number =>
    hours.cells[base + ((at + offset + DAY_HOURS) % DAY_HOURS)] ?? 0;
  const near = cell(own, 0) + 0.5 * (cell(own, -1) + cell(own, 1));
  const opposite = 0.5 * (cell(other, 0) + 0.5 * (cell(other, -1) + cell(other, 1)));
  const days = own === 0 ? hours.weekdays : hours.weekends;
  const otherDays = own === 0 ? hours.weekends : hours.weekdays;
  const visits = hours.cells.reduce((sum, visited) => sum + visited, 0);
  const share = visits / Math.max(1, DAY_HOURS * daysActive(hours));
  return Math.min(
    1,
    (near + opposite + PRIOR_VISITS * share) / (days + 0.5 * otherDays + PRIOR_VISITS),
  );
}

/** Learns that the entity was active in `hour`, with so many calls; hours in strict order. */
export function learnActiveHour(hours: ActiveHours, hour: number, count: number): void {
  if (hours.born < 0) hours.born = hour;
  learnStray(hours, hour, count);
  const weekend = isWeekend(hour);
  const day = dayOf(hour);
  if (day !== hours.lastDay) {
    const factor = fade(1, HALF_LIFE_VISITS);
    const base = weekend ? DAY_HOURS : 0;
    for (let cell = base; cell < base + DAY_HOURS; cell += 1) {
      hours.cells[cell] = shorter((hours.cells[cell] ?? 0) * factor);
    }
    if (weekend) hours.weekends = short(hours.weekends * factor + 1);
    else hours.weekdays = short(hours.weekdays * factor + 1);
    hours.lastDay = day;
  }
  const cell = cellOf(hour);
  hours.cells[cell] = shorter((hours.cells[cell] ?? 0) + 1);
  hours.active += 1;
}

function learnStray(hours: ActiveHours, hour: number, count: number): void {
  if (daysActive(hours) >= EXCURSION_DAYS && isFar(hours, hour)) {
    hours.excursions += 1;
    hours.mostOfExcursion = Math.max(hours.mostOfExcursion, count);
  }
  if (daysActive(hours) < SETTLED_DAYS || distanceFromUsual(hours, hour) < STRAY_HOURS) {
    hours.run = hour;
    return;
  }
  hours.mostStray = Math.max(hours.mostStray, count);
  if (followsRun(hours, hour) || dayOf(hour) === hours.lastStrayDay) return;
  hours.lastStrayDay = dayOf(hour);
  hours.strays += 1;
}

/** Whether a usual hour was active so shortly before that this one may belong to it. */
export function followsRun({ run }: ActiveHours, hour: number): boolean {
  return run >= 0 && hour - run <= RERUN_HOURS;
}

/**
 * Probability, 0–1, that on a day on which it is active the entity is active anywhere so far from all hours that it ever kept (the
 * half of Jeffreys' prior); 1 where the hour is not that far, or too few days are known.
 */
export function strayProbability(hours: ActiveHours, hour: number): number {
  const days = daysActive(hours);
  if (days < EXCURSION_DAYS) return 1;
  return isFar(hours, hour) ? Math.min(1, (hours.excursions + PRIOR_VISITS) / (days + 1)) : 1;
}

/**
 * Probability, 0–1, that the entity is active on any day of a weekend at all, where it never was (the half of Jeffreys' prior); 1 on a
 * weekday, and where it was.
 */
export function weekendProbability({ weekdays, weekends }: ActiveHours, hour: number): number {
  return weekends === 0 && isWeekend(hour) ? Math.min(1, PRIOR_VISITS / (weekdays + 1)) : 1;
}

function isFar({ cells }: ActiveHours, hour: number): boolean {
  return cells.every((visits, cell) => visits === 0 || hoursApart(hour, cell) >= FAR_HOURS);
}

/** Hours, 0–12, from the nearest hour of the day at which it is usually active on any kind of day; 0 where none is usual. */
export function distanceFromUsual(hours: ActiveHours, hour: number): number {
  const usual = hoursOfHabit(hours);
  return usual.length === 0 ? 0 : nearest(usual, hour);
}

function nearest(usual: readonly number[], hour: number): number {
  return Math.min(...usual.map((one) => hoursApart(hour, one)));
}

/** Whether it was never active farther from its usual hours than a delay: of those that run seldom, strays are not counted. */
export function isPunctual(hours: ActiveHours): boolean {
  const usual = hoursOfHabit(hours);
  return (
    usual.length > 0 &&
    hours.strays === 0 &&
    hours.cells.every((visits, cell) => visits === 0 || nearest(usual, cell) < STRAY_HOURS)
  );
}

/** Hours of the day, 0–23, at which it is usually active on weekdays or at weekends. */
export function hoursOfHabit(hours: ActiveHours): number[] {
  const least = Math.max(1.5, USUAL_SHARE * daysActive(hours));
  const all = Array.from({ length: DAY_HOURS }, (_, at) => at);
  return all.filter((at) => (hours.cells[at] ?? 0) + (hours.cells[at + DAY_HOURS] ?? 0) >= least);
}

/** Faded number of days with activity. */
export function daysActive(hours: ActiveHours): number {
  return hours.weekdays + hours.weekends;
}

/** Hours of the day, 0–23, at which it is usually active on such a day, for people to read: `09–17, 20`. */
export function usualHours(hours: ActiveHours, hour: number): string {
  const base = isWeekend(hour) ? DAY_HOURS : 0;
  const days = base === 0 ? hours.weekdays : hours.weekends;
  const usual: number[] = [];
  for (let at = 0; at < DAY_HOURS; at += 1) {
    if ((hours.cells[base + at] ?? 0) >= Math.max(1, USUAL_SHARE * days)) usual.push(at);
  }
  return ranges(usual);
}

function ranges(sorted: readonly number[]): string {
  const parts: string[] = [];
  let start: number | undefined;
  for (const [index, at] of sorted.entries()) {
    start ??= at;
    if (sorted[index + 1] === at + 1) continue;
    parts.push(start === at ? two(at) : `${two(start)}–${two(at)}`);
    start = undefined;
  }
  return parts.length === 0 ? "none" : parts.join(", ");
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
