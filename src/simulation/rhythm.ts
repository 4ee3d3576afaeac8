import { type Day, type Zone, hourMs, localTimeMs } from "./calendar.ts";
import type { Random } from "./random.ts";

/** When something happens on a date: milliseconds since the epoch, in no order. */
export type Rhythm = (day: Day, random: Random) => number[];

/** A service that people's activity drives: busy by day, quieter at night and at weekends, uneven from hour to hour. */
export function diurnal(options: {
  /** Occasions of an ordinary working day. */
  readonly perDay: number;
  readonly zone: Zone;
  /** Local hour around which most happens. */
  readonly peakHour: number;
  /** Share of the peak hour's traffic that the deepest hour has. */
  readonly night: number;
  /** Share of a working day's traffic that a weekend day or holiday has. */
  readonly weekend: number;
  /** Gamma shape of an hour's count: the smaller, the burstier. */
  readonly evenness: number;
  /** Factor of the level on a date: growth, a migration. */
  readonly level?: (day: Day) => number;
}): Rhythm {
  const { perDay, zone, peakHour, night, evenness, level = () => 1 } = options;
  const weights = Array.from({ length: 24 }, (_, hour) => {
    const angle = ((hour - peakHour) / 24) * 2 * Math.PI;
    return night + (1 - night) * ((1 + Math.cos(angle)) / 2) ** 1.6;
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return (day, random) => {
    const rest = day.weekend || day.holiday ? options.weekend : 1;
    const today = perDay * rest * level(day) * random.lognormal(1, 0.12);
    const times: number[] = [];
    for (const [hour, weight] of weights.entries()) {
      const count = random.burstyCount((today * weight) / sum, evenness);
      const startMs = localTimeMs(day, hour * 60, zone);
      for (let nth = 0; nth < count; nth += 1) times.push(within(startMs, 60, random));
    }
    return times;
  };
}

/** Traffic that knows neither day nor night: machines among themselves. */
export function roundTheClock(perDay: number, evenness: number): Rhythm {
  return (day, random) => {
    const today = perDay * random.lognormal(1, 0.08);
    const times: number[] = [];
    for (let hour = 0; hour < 24; hour += 1) {
      const count = random.burstyCount(today / 24, evenness);
      for (let nth = 0; nth < count; nth += 1) {
        times.push(within(day.startMs + hour * hourMs, 60, random));
      }
    }
    return times;
  };
}

/** Something at even intervals, day and night, by local or universal time. */
export function clockwork(everyMinutes: number, offsetMinutes: number): Rhythm {
  return (day, random) => {
    const times: number[] = [];
    for (let minute = offsetMinutes % everyMinutes; minute < 24 * 60; minute += everyMinutes) {
      times.push(within(day.startMs + minute * 60_000, 2, random));
    }
    return times;
  };
}

/** A job of a scheduler: starts at a time of the clock with some jitter, then works for a while. */
export function job(options: {
  readonly zone: Zone;
  /** Minutes after local midnight. */
  readonly atMinutes: number;
  readonly jitterMinutes: number;
  readonly durationMinutes: number;
  readonly perRun: number;
  /** Gamma shape of a run's count. */
  readonly evenness: number;
  readonly runsOn?: (day: Day, random: Random) => boolean;
  /** Chance that a run fails and is started again some hours later. */
  readonly rerun?: number;
}): Rhythm {
  return (day, random) => {
    if (options.runsOn?.(day, random) === false) return [];
    const jitter = random.fraction() * options.jitterMinutes;
    const startMs = localTimeMs(day, options.atMinutes + jitter, options.zone);
    const count = Math.max(1, random.burstyCount(options.perRun, options.evenness));
    const minutes = options.durationMinutes * random.lognormal(1, 0.2);
    const times = Array.from({ length: count }, () => within(startMs, minutes, random));
    if (random.chance(options.rerun ?? 0)) {
      const laterMs = startMs + random.integer(1, 5) * hourMs;
      for (let nth = 0; nth < count; nth += 1) times.push(within(laterMs, minutes, random));
    }
    return times;
  };
}

/** Someone at work: tasks in office hours; now and then a day off, a late evening, a Saturday. */
export function officeHours(options: {
  readonly zone: Zone;
  readonly tasksPerDay: number;
  /** First and last local hour of work. */
  readonly from: number;
  readonly to: number;
  /** Chance of a day off. */
  readonly off?: number;
  /** Chance that a day has a late evening. */
  readonly late?: number;
  /** Chance of work on a weekend day. */
  readonly weekend?: number;
  /** Days on which the person does not work at all, or elsewhere. */
  readonly zoneOn?: (day: Day) => Zone;
}): Rhythm {
  const { off = 0.08, late = 0.03, weekend = 0.02 } = options;
  return (day, random) => {
    const free = day.weekend || day.holiday;
    if (free ? !random.chance(weekend) : random.chance(off)) return [];
    const zone = options.zoneOn?.(day) ?? options.zone;
    const count = 1 + random.burstyCount(Math.max(0, options.tasksPerDay - 1), 3);
    const times = Array.from({ length: count }, () =>
      within(localTimeMs(day, random.integer(options.from, options.to - 1) * 60, zone), 60, random),
    );
    if (random.chance(late)) {
      times.push(within(localTimeMs(day, random.integer(20, 22) * 60, zone), 60, random));
    }
    return times;
  };
}

/** The same rhythm from one day of the trail on, and before another. */
export function between(rhythm: Rhythm, fromDay: number, toDay = Number.POSITIVE_INFINITY): Rhythm {
  return (day, random) => (day.index >= fromDay && day.index < toDay ? rhythm(day, random) : []);
}

/** All of several rhythms. */
export function together(...rhythms: readonly Rhythm[]): Rhythm {
  return (day, random) => rhythms.flatMap((rhythm) => rhythm(day, random));
}

/** A whole second within so many minutes of a start. */
export function within(startMs: number, minutes: number, random: Random): number {
  const seconds = Math.max(1, Math.round(minutes * 60));
  return Math.floor(startMs / 1000) * 1000 + random.integer(0, seconds - 1) * 1000;
}

/** Whether offices are open. */
export function isWorkday(day: Day): boolean {
  return !day.weekend && !day.holiday;
}
