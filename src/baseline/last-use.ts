import { dayOf } from "./calendar.ts";

/**
 * On which day each thing was used last, by name. What is not in it is idle: those that were not used for long are forgotten,
 * and while there is no room for all that are in use, nothing is called idle. Plain data.
 */
export interface LastUse {
  /** Hour of the first use of any; −1 before any. */
  born: number;
  /** Name → day of its last use. */
  days: Record<string, number>;
  /** Last day on which a use found no room; −1 before any. */
  lost: number;
}

/** `unknown`: the history is too short, or uses were lost. */
export type Idleness = "in use" | "idle" | "unknown";

/** Longest time, days, for which idleness can be asked. */
export const MOST_IDLE_DAYS = 60;

export function newLastUse(): LastUse {
  return { born: -1, days: {}, lost: -1 };
}

/** Learns that these were used in `hour`; hours in strict order, at most `limit` names are kept. */
export function learnUse(
  use: LastUse,
  names: readonly string[],
  hour: number,
  limit: number,
): void {
  if (names.length === 0) return;
  if (use.born < 0) use.born = hour;
  const day = dayOf(hour);
  const fresh = names.filter((name) => use.days[name] === undefined);
  let room = limit - Object.keys(use.days).length;
  if (fresh.length > room) room += forgetIdle(use, day);
  for (const name of [...names].sort()) {
    if (use.days[name] !== undefined || room > 0) {
      if (use.days[name] === undefined) room -= 1;
      use.days[name] = day;
    } else {
      use.lost = day;
    }
  }
}

/** Whether a thing was used within so many days before `hour`, as far as learned; later hours are the caller's to add. */
export function idlenessOf(use: LastUse, name: string, hour: number, idleDays: number): Idleness {
  const day = dayOf(hour);
  const last = use.days[name];
  if (last !== undefined && day - last <= idleDays) return "in use";
  const isYoung = use.born < 0 || hour - use.born < idleDays * 24;
  const isLossy = use.lost >= 0 && day - use.lost <= idleDays;
  return isYoung || isLossy ? "unknown" : "idle";
}

/** Number of names that were forgotten. */
function forgetIdle({ days }: LastUse, day: number): number {
  const idle = Object.keys(days).filter((name) => day - (days[name] ?? 0) > MOST_IDLE_DAYS);
  for (const name of idle) delete days[name];
  return idle.length;
}
