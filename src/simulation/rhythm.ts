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
    // Who works at weekends serves customers, and feels their campaigns.
    const demand = options.weekend >= 0.5 ? day.demand : 1;
    const today = perDay * rest * demand * level(day) * random.lognormal(1, 0.2);
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
    const today = perDay * random.lognormal(1, 0.15);
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
    // Now and then there is a backlog: what an outage or a late partner left undone.
    const backlog = random.chance(0.03) ? 1 + random.lognormal(1.2, 0.6) : 1;
    const perRun = options.perRun * Math.min(8, backlog);
    const count = Math.max(1, random.burstyCount(perRun, options.evenness));
    const minutes = options.durationMinutes * backlog * random.lognormal(1, 0.2);
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
  /** Chance that a day has an hour of reading through everything: a bug hunt, a report. */
  readonly spree?: number;
  /** Days on which the person does not work at all, or elsewhere. */
  readonly zoneOn?: (day: Day) => Zone;
}): Rhythm {
  const { off = 0.08, late = 0.03, weekend = 0.02 } = options;
  return (day, random) => {
    const free = day.weekend || day.holiday;
    if (free ? !random.chance(weekend) : random.chance(off)) return [];
    const zone = options.zoneOn?.(day) ?? options.zone;
    const count = 1 + random.burstyCount(Math.max(0, options.tasksPerDay - 1), 1.3);
    const times = Array.from({ length: count }, () =>
      within(localTimeMs(day, random.integer(options.from, options.to - 1) * 60, zone), 60, random),
    );
    if (random.chance(late)) {
      const hourMs = localTimeMs(day, random.integer(20, 22) * 60, zone);
      for (let nth = random.integer(1, 4); nth > 0; nth -= 1)
        times.push(within(hourMs, 60, random));
    }
    if (random.chance(options.spree ?? 0.012)) {
      const startMs = localTimeMs(day, random.integer(options.from, options.to - 1) * 60, zone);
      for (let nth = random.integer(10, 60); nth > 0; nth -= 1) {
        times.push(within(startMs, 50, random));
      }
    }
    return times;
  };
}

/**
 * The same rhythm with spells: an hour or two of several times the usual traffic. A cache ran empty after a deployment,
 * clients try again and again, a customer imports ten years of invoices: every service has them, some of them weekly.
 */
export function withSpells(
  rhythm: Rhythm,
  options: {
    readonly perMonth: number;
    /** Median of what a spell adds, as a multiple of the usual. */
    readonly factor: number;
    /** Is told of each spell. */
    readonly onSpell?: (startMs: number, minutes: number) => void;
  },
): Rhythm {
  return (day, random) => {
    const times = rhythm(day, random);
    if (times.length === 0) return times;
    const spells = random.poisson(options.perMonth / 30);
    for (let nth = 0; nth < spells; nth += 1) {
      const startMs = random.pick(times);
      const minutes = Math.min(300, random.lognormal(45, 0.7));
      options.onSpell?.(startMs, minutes);
      const near = times.filter((time) => Math.abs(time - startMs) < 2 * hourMs).length;
      const usual = (near * minutes) / (4 * 60);
      const more = random.poisson(Math.min(5000, usual * random.lognormal(options.factor, 0.6)));
      for (let call = 0; call < more; call += 1) times.push(within(startMs, minutes, random));
    }
    return times;
  };
}

/** The same rhythm from one day of the trail on, and before another. */
export function between(rhythm: Rhythm, fromDay: number, toDay = Number.POSITIVE_INFINITY): Rhythm {
  return (day, random) => (day.index >= fromDay && day.index < toDay ? rhythm(day, random) : []);
}

/** A rhythm of which so large a share is left. */
export function thinned(rhythm: Rhythm, share: number): Rhythm {
  return (day, random) => rhythm(day, random).filter(() => random.chance(share));
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
