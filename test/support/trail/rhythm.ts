import type { CloudTrailRecord } from "../../../src/simulation/record.ts";
import type { Random } from "../../../src/simulation/random.ts";

/** One UTC day of a trail. */
export interface Day {
  /** Days since the trail began, from 0. */
  readonly index: number;
  readonly startMs: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly weekend: boolean;
  readonly lastOfMonth: boolean;
}

/** Something that goes on in an organization, day after day. */
export interface Behaviour {
  /** Unique in a trail: chance is drawn by it, so that one behaviour does not disturb another. */
  readonly name: string;
  records(day: Day, random: Random): CloudTrailRecord[];
}

/** What one occasion of a behaviour writes; `nth` counts the occasions of the day. */
export type Occasion = (timeMs: number, random: Random, nth: number) => CloudTrailRecord[];

/** Consecutive days from an ISO date on. */
export function days(from: string, count: number): Day[] {
  return Array.from({ length: count }, (_, index) => {
    const startMs = Date.parse(`${from}T00:00:00Z`) + index * dayMs;
    const weekday = new Date(startMs).getUTCDay();
    return {
      index,
      startMs,
      weekday,
      weekend: weekday === 0 || weekday === 6,
      lastOfMonth: new Date(startMs + dayMs).getUTCDate() === 1,
    };
  });
}

/** A service that people's activity drives: busy by day, quieter at night and at weekends, uneven, growing slowly. */
export function service(options: {
  name: string;
  /** Occasions on an ordinary working day. */
  perDay: number;
  occasion: Occasion;
  /** Share of a working day's occasions that a weekend day has. */
  weekend?: number;
  /** 24 weights of the hours, UTC. */
  hours?: readonly number[];
  /** Gamma shape of an hour's count: the smaller, the burstier; 1 or more. */
  evenness?: number;
}): Behaviour {
  const { perDay, weekend = 0.45, hours = business, evenness = 5 } = options;
  const weights = hours.reduce((sum, weight) => sum + weight, 0);
  return {
    name: options.name,
    records(day, random) {
      const level = perDay * (day.weekend ? weekend : 1) * (1 + day.index * growthPerDay);
      const times = hours.flatMap((weight, hour) => {
        const count = random.burstyCount((level * weight) / weights, evenness);
        return Array.from({ length: count }, () => within(day.startMs + hour * hourMs, 60, random));
      });
      return occasions(times, options.occasion, random);
    },
  };
}

/** A scheduled job: starts by the clock, does its work in a short time. */
export function job(options: {
  name: string;
  /** Hours and minutes after midnight UTC, as in `01:10`. */
  at: string;
  minutes: number;
  perRun: number;
  occasion: Occasion;
  runsOn?: (day: Day) => boolean;
}): Behaviour {
  const [hour = 0, minute = 0] = options.at.split(":").map(Number);
  return {
    name: options.name,
    records(day, random) {
      if (options.runsOn?.(day) === false) return [];
      const startMs = day.startMs + hour * hourMs + minute * 60_000;
      const count = random.burstyCount(options.perRun, 30);
      const times = Array.from({ length: count }, () => within(startMs, options.minutes, random));
      return occasions(times, options.occasion, random);
    },
  };
}

/** Housekeeping at even intervals, day and night. */
export function clockwork(options: {
  name: string;
  everyMinutes: number;
  /** Minutes after midnight UTC of the first occasion of a day. */
  offsetMinutes?: number;
  occasion: Occasion;
}): Behaviour {
  return {
    name: options.name,
    records(day, random) {
      const count = Math.floor((24 * 60) / options.everyMinutes);
      const firstMs = day.startMs + (options.offsetMinutes ?? 0) * 60_000;
      const times = Array.from({ length: count }, (_, nth) =>
        within(firstMs + nth * options.everyMinutes * 60_000, 2, random),
      );
      return occasions(times, options.occasion, random);
    },
  };
}

/** Someone at work: a few tasks in office hours, each some calls; now and then a day off or a late hour. */
export function officeHours(options: {
  name: string;
  tasksPerDay: number;
  /** First and last hour of work, UTC. */
  from: number;
  to: number;
  occasion: Occasion;
}): Behaviour {
  return {
    name: options.name,
    records(day, random) {
      if (random.chance(day.weekend ? 0.97 : 0.06)) return [];
      const count = 1 + random.poisson(options.tasksPerDay - 1);
      const times = Array.from({ length: count }, () => {
        const late = random.chance(0.04) ? 2 : 0;
        return within(
          day.startMs + (random.integer(options.from, options.to - 1) + late) * hourMs,
          60,
          random,
        );
      });
      return occasions(times, options.occasion, random);
    },
  };
}

/** A whole second within so many minutes of a start. */
export function within(startMs: number, minutes: number, random: Random): number {
  return startMs + random.integer(0, minutes * 60 - 1) * 1000;
}

/** Weights of the hours of what happens only while people work. */
export const daytime: readonly number[] = [
  0, 0, 0, 0, 0, 1, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 1, 1, 0, 0, 0, 0,
];

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Traffic grows by a third of a percent a day. */
const growthPerDay = 0.0033;
const business = [1, 1, 1, 1, 2, 4, 7, 10, 12, 12, 11, 10, 10, 11, 11, 10, 9, 7, 5, 4, 3, 2, 2, 1];

function occasions(times: number[], occasion: Occasion, random: Random): CloudTrailRecord[] {
  return times.sort((a, b) => a - b).flatMap((timeMs, nth) => occasion(timeMs, random, nth));
}
