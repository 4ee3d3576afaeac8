/** A date of a trail: 24 hours UTC, and what people call that date. */
export interface Day {
  /** Days since the trail began; -1 is the date before. */
  readonly index: number;
  /** Midnight UTC, milliseconds since the epoch. */
  readonly startMs: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly weekend: boolean;
  readonly dayOfMonth: number;
  readonly lastOfMonth: boolean;
  /** 0 to 11. */
  readonly month: number;
  readonly holiday: boolean;
  /** Factor of what customers ask for: 1, and more while there is a campaign. */
  readonly demand: number;
}

/** Where people live and clocks change: minutes east of UTC in winter, and the rule of summer time. */
export interface Zone {
  readonly name: string;
  readonly minutes: number;
  readonly summer: "eu" | "us" | "none";
}

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** Zones of an organization's teams, the usual ones first. */
export const zones: readonly Zone[] = [
  { name: "Europe/Berlin", minutes: 60, summer: "eu" },
  { name: "America/New_York", minutes: -300, summer: "us" },
  { name: "Europe/London", minutes: 0, summer: "eu" },
  { name: "Asia/Kolkata", minutes: 330, summer: "none" },
  { name: "America/Los_Angeles", minutes: -480, summer: "us" },
  { name: "Asia/Singapore", minutes: 480, summer: "none" },
  { name: "America/Sao_Paulo", minutes: -180, summer: "none" },
  { name: "Asia/Tokyo", minutes: 540, summer: "none" },
];

export const utc: Zone = { name: "UTC", minutes: 0, summer: "none" };

/** The date `index` days after the first of a trail; `holidays` holds indexes. */
export function dayOf(
  firstMs: number,
  index: number,
  holidays: ReadonlySet<number>,
  demand = 1,
): Day {
  const startMs = firstMs + index * dayMs;
  const date = new Date(startMs);
  const weekday = date.getUTCDay();
  return {
    index,
    startMs,
    weekday,
    weekend: weekday === 0 || weekday === 6,
    dayOfMonth: date.getUTCDate(),
    lastOfMonth: new Date(startMs + dayMs).getUTCDate() === 1,
    month: date.getUTCMonth(),
    holiday: holidays.has(index),
    demand,
  };
}

/** How far a zone's clocks are ahead of UTC at a time, milliseconds (IANA tz: the EU's rule since 1996, the US's since 2007). */
export function offsetMs(zone: Zone, timeMs: number): number {
  const winterMs = zone.minutes * 60_000;
  if (zone.summer === "none") return winterMs;
  const year = new Date(timeMs).getUTCFullYear();
  const key = `${zone.name}/${year}`;
  let summer = summers.get(key);
  if (summer === undefined) {
    summer = summerOf(zone, year);
    summers.set(key, summer);
  }
  return timeMs >= summer.fromMs && timeMs < summer.toMs ? winterMs + hourMs : winterMs;
}

/** Milliseconds since the epoch at which clocks of a zone show so many minutes after midnight of a date. */
export function localTimeMs(day: Day, minutes: number, zone: Zone): number {
  const asUtcMs = day.startMs + minutes * 60_000;
  return asUtcMs - offsetMs(zone, asUtcMs - zone.minutes * 60_000);
}

/** Hour that clocks of a zone show, 0 to 23. */
export function localHour(timeMs: number, zone: Zone): number {
  return new Date(timeMs + offsetMs(zone, timeMs)).getUTCHours();
}

interface Summer {
  readonly fromMs: number;
  readonly toMs: number;
}

const summers = new Map<string, Summer>();

function summerOf(zone: Zone, year: number): Summer {
  if (zone.summer === "eu") {
    return { fromMs: sunday(year, 3, -1) + hourMs, toMs: sunday(year, 10, -1) + hourMs };
  }
  const winterMs = zone.minutes * 60_000;
  return {
    fromMs: sunday(year, 3, 2) + 2 * hourMs - winterMs,
    toMs: sunday(year, 11, 1) + hourMs - winterMs,
  };
}

/** Midnight UTC of the nth Sunday of a month (1 to 12); -1 is the last. */
function sunday(year: number, month: number, nth: number): number {
  if (nth === -1) {
    const last = Date.UTC(year, month, 0);
    return last - new Date(last).getUTCDay() * dayMs;
  }
  const first = Date.UTC(year, month - 1, 1);
  return first + (((7 - new Date(first).getUTCDay()) % 7) + (nth - 1) * 7) * dayMs;
}
