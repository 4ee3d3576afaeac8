/** Milliseconds in an hour. */
export const HOUR_MS = 3_600_000;
/** Hours in a day. */
export const DAY_HOURS = 24;

/** Index of the event-time hour that holds `timeMs`, in hours since the epoch. */
export function hourOf(timeMs: number): number {
  return Math.floor(timeMs / HOUR_MS);
}

/** Index of the UTC day of an hour, in days since the epoch. */
export function dayOf(hour: number): number {
  return Math.floor(hour / DAY_HOURS);
}

/** UTC hour of the day, 0–23. */
export function hourOfDay(hour: number): number {
  return ((hour % DAY_HOURS) + DAY_HOURS) % DAY_HOURS;
}

/** An hour of the day as people write it: `07:00`. */
export function clockTime(hourOfDay: number): string {
  return `${String(hourOfDay).padStart(2, "0")}:00`;
}

/** Hours, 0–12, between the hours of the day of two hours, the shorter way round the clock. */
export function hoursApart(one: number, other: number): number {
  const around = hourOfDay(one - other);
  return Math.min(around, DAY_HOURS - around);
}

/** Whether an hour falls on a UTC Saturday or Sunday. 1 January 1970 was a Thursday. */
export function isWeekend(hour: number): boolean {
  const weekday = (((dayOf(hour) + 4) % 7) + 7) % 7;
  return weekday === 0 || weekday === 6;
}

/** Cell of an hour in a table of 24 weekday hours followed by 24 weekend hours. */
export function cellOf(hour: number): number {
  return hourOfDay(hour) + (isWeekend(hour) ? DAY_HOURS : 0);
}

/** Days from the hour in which something began to another, to two decimals; 0 where it has not begun, which −1 stands for. */
export function daysSince(born: number, hour: number): number {
  return born < 0 ? 0 : Math.round(((hour - born) * 100) / DAY_HOURS) / 100;
}
