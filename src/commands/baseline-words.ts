import { z } from "zod";
import { type ActiveHours, activeProbability, usualHours } from "../baseline/active-hours.ts";
import { DAY_HOURS, HOUR_MS, isWeekend } from "../baseline/calendar.ts";
import type { DailyDrift } from "../baseline/daily-drift.ts";
import { quietestShare } from "../baseline/day-profile.ts";
import type { FadingPeak } from "../baseline/fading-peak.ts";
import { awayLimit, type Gaps } from "../baseline/gaps.ts";
import { discoveryProbability, type KnownSet } from "../baseline/known-set.ts";
import { largestPeak } from "../baseline/recurring-peaks.ts";
import { expectHour, type SeasonalRate } from "../baseline/seasonal-rate.ts";
import { counted } from "../detection/detector.ts";

/** Members of a set that are named; the others are counted. */
const MOST_NAMED = 6;

/**
 * What a detector's baseline says, in lines for people: each part is recognised by its shape, since what a detector learns
 * is built of the same few parts. `at` is the hour to speak of, hours since the epoch.
 */
export function wordsOf(baseline: unknown, at: number): string[] {
  return say(baseline, [], at);
}

/** When learning began, hours since the epoch, and how much it has seen; undefined where nothing was learned. */
export function extentOf(baseline: unknown): { bornHour: number; samples: number } | undefined {
  const found = { bornHour: Number.POSITIVE_INFINITY, samples: 0 };
  measure(baseline, found);
  return Number.isFinite(found.bornHour) ? found : undefined;
}

type Say<Part> = (part: Part, name: string, at: number) => string[];
type Shape = (value: object, path: readonly string[], at: number) => string[] | undefined;

/** Says a part, and then whatever fields its owner added to it. */
function shape<Part>(schema: z.ZodObject & z.ZodType<Part>, words: Say<Part>): Shape {
  const fields = new Set(Object.keys(schema.shape));
  return (value, path, at) => {
    const parsed = schema.safeParse(value);
    if (!parsed.success) return undefined;
    const rest = Object.entries(value).filter(([name]) => !fields.has(name));
    const further = rest.flatMap(([name, field]) => say(field, [...path, name], at));
    return [...words(parsed.data, nameOf(path), at), ...further];
  };
}

const number = z.number();
const numbers = z.array(number);

const Rate = z.object({
  born: number,
  active: number,
  sum: number,
  weight: number,
  cells: numbers,
  weekdays: number,
  weekends: number,
  excess: number,
  squares: number,
  peak: number,
});

const Volume = z.object({
  rate: Rate,
  hours: z.object({ hours: numbers, stray: number }),
  fiveMinutes: z.object({ hours: numbers, stray: number }),
  peakDay: number,
  day: number,
  dayCount: number,
  dayLimit: number,
  daySum: number,
  dayWeight: number,
  activeDays: number,
  alarms: z.array(z.tuple([number, number])),
});

const Drift = z.object({
  born: number,
  day: number,
  hours: numbers,
  levels: z.tuple([number, number]),
  growth: number,
  scatter: number,
  days: z.tuple([number, number]),
  profile: z.object({ levels: numbers, scatter: number, roughness: number, days: number }),
  volume: z.union([z.null(), z.looseObject({})]),
  spread: z.union([z.null(), z.looseObject({})]),
  alarm: z.union([z.null(), z.looseObject({})]),
});

const Known = z.object({
  members: z.record(z.string(), z.tuple([number, number, number])),
  discoveries: number,
  meetings: number,
  day: number,
});

const Active = z.object({
  born: number,
  cells: numbers,
  weekdays: number,
  weekends: number,
  lastDay: number,
  active: number,
  run: number,
  strays: number,
  lastStrayDay: number,
  mostStray: number,
  excursions: number,
  mostOfExcursion: number,
});

const Pauses = z.object({
  born: number,
  last: number,
  days: number,
  usual: number,
  longest: number,
});

const Peak = z.object({ value: number, hour: number });

/** The first that fits speaks. */
const shapes: readonly Shape[] = [
  shape(Volume, sayVolume),
  shape(Rate, sayRate),
  shape(Active, sayActiveHours),
  shape(Drift, sayDrift),
  shape(Known, sayKnown),
  shape(Pauses, sayGaps),
  shape(Peak, sayPeak),
];

/** Plain counts that mean something to a reader. */
const counts = new Set([
  "calls",
  "events",
  "acts",
  "tries",
  "grants",
  "signatures",
  "serviceCalls",
]);

function say(value: unknown, path: readonly string[], at: number): string[] {
  const name = nameOf(path);
  if (typeof value === "number") {
    return counts.has(path.at(-1) ?? "") && value > 0 ? [`${short(value)} ${name}`] : [];
  }
  if (Array.isArray(value)) return value.length > 0 ? [`${value.length} ${name}`] : [];
  if (typeof value !== "object" || value === null) return [];
  for (const known of shapes) {
    const words = known(value, path, at);
    if (words !== undefined) return words;
  }
  const fields = Object.entries(value);
  if (path.length > 0 && fields.every(([, field]) => isPlain(field))) {
    const met = fields.filter(([, field]) => field !== 0);
    const named = met.slice(0, MOST_NAMED).map(([field, of]) => withCount(field, of));
    return met.length > 0 ? [`${name}: ${list(named, met.length)}`] : [];
  }
  return fields.flatMap(([field, of]) => say(of, [...path, field], at));
}

function isPlain(field: unknown): boolean {
  return typeof field === "number" || (Array.isArray(field) && field.every(Number.isFinite));
}

function withCount(name: string, value: unknown): string {
  return typeof value === "number" ? `${name} ${short(value)}` : name;
}

function sayVolume(habit: z.infer<typeof Volume>, name: string, at: number): string[] {
  if (habit.rate.born < 0) return [];
  const perDay = habit.dayWeight === 0 ? 0 : habit.daySum / habit.dayWeight;
  const alarms =
    habit.alarms.length > 0 ? [`${counted(habit.alarms.length, "hour")} of late alarmed`] : [];
  return [
    ...sayRate(habit.rate, name, at),
    `expects ${short(perDay)} a day; largest usual hour ${short(largestPeak(habit.hours))}, ` +
      `five minutes ${short(largestPeak(habit.fiveMinutes))}, day ${short(habit.peakDay)}`,
    ...alarms,
  ];
}

function sayRate(rate: SeasonalRate, name: string, at: number): string[] {
  if (rate.born < 0) return [];
  const { mean, peak } = expectHour(rate, at);
  const what = name === "" ? "" : ` ${name}`;
  return [`expects ${short(mean)}${what} in this hour; largest hour of late ${short(peak)}`];
}

function sayActiveHours(hours: ActiveHours, _name: string, at: number): string[] {
  if (hours.born < 0) return [];
  const probability = percent(activeProbability(hours, at));
  return [
    `usual hours (UTC): weekdays ${usualHours(hours, hourOn(false, at))}; ` +
      `weekends ${usualHours(hours, hourOn(true, at))}`,
    `active in this hour with ${probability} on a day on which it is active at all`,
  ];
}

function sayDrift(drift: DailyDriftShape): string[] {
  if (drift.born < 0) return [];
  const [weekday, weekend] = drift.levels.map((level) =>
    level < 0 ? "not known yet" : `about ${short(Math.expm1(level))}`,
  );
  const quiet = percent(quietestShare(drift.profile));
  return [
    `a usual weekday: ${weekday}; a usual day of a weekend: ${weekend}`,
    `the quieter half of the day has ${quiet}`,
  ];
}

function sayKnown(set: KnownSet, name: string): string[] {
  const members = Object.entries(set.members).sort(([, one], [, other]) => other[2] - one[2]);
  if (members.length === 0) return [];
  const named = members
    .slice(0, MOST_NAMED)
    .map(([member, [, , days]]) => `${member} (${counted(days, "day")})`);
  const next = percent(discoveryProbability(set));
  return [`${name}: ${list(named, members.length)}; the next is a new one with ${next}`];
}

function sayGaps(gaps: Gaps): string[] {
  if (gaps.born < 0) return [];
  const last = new Date(gaps.last * HOUR_MS).toISOString().slice(0, 10);
  return [
    `active on ${counted(gaps.days, "day")}, last on ${last}; usually ${short(gaps.usual)} days between, ` +
      `at most ${gaps.longest}; a surprise after ${short(awayLimit(gaps, 0))} or the configured floor`,
  ];
}

function sayPeak(peak: FadingPeak, name: string): string[] {
  return peak.value > 0 ? [`${name}: at most ${short(peak.value)} in an hour`] : [];
}

type DailyDriftShape = Pick<DailyDrift, "born" | "levels" | "profile">;

/** An hour of the same time of day, on a weekday or at a weekend. */
function hourOn(weekend: boolean, at: number): number {
  let hour = at;
  while (isWeekend(hour) !== weekend) hour += DAY_HOURS;
  return hour;
}

const sampleNames = new Set([...counts, "active"]);

function measure(value: unknown, found: { bornHour: number; samples: number }): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  const drift = Drift.safeParse(value);
  if (drift.success) {
    if (drift.data.born < 0) return;
    found.bornHour = Math.min(found.bornHour, drift.data.born * DAY_HOURS);
    found.samples = Math.max(found.samples, drift.data.days[0] + drift.data.days[1]);
    return;
  }
  for (const [name, field] of Object.entries(value)) {
    if (typeof field !== "number") measure(field, found);
    else if (name === "born" && field >= 0) found.bornHour = Math.min(found.bornHour, field);
    else if (sampleNames.has(name)) found.samples = Math.max(found.samples, field);
  }
}

/** `["actors", "known"]` → `actors known`; `serviceCalls` → `service calls`. */
function nameOf(path: readonly string[]): string {
  return path.join(" ").replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function list(named: readonly string[], size: number): string {
  const rest = size - named.length;
  return rest > 0 ? `${named.join(", ")} and ${rest} more` : named.join(", ");
}

function percent(probability: number): string {
  const value = 100 * probability;
  return `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} %`;
}

function short(value: number): string {
  return String(value < 10 ? Math.round(value * 10) / 10 : Math.round(value));
}
