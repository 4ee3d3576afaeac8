/** Days for which an alarm is one of late. */
const ALARM_DAYS = 30;
/** Alarms on so many days of late are a habit: the ways of whoever has them have changed. */
const HABIT_DAYS = 3;

/** The days of late on which something alarmed, and this one; the oldest makes room. */
export function withAlarm(days: readonly number[], day: number): number[] {
  return [...alarmsOfLate(days, day).filter((one) => one !== day), day].slice(-HABIT_DAYS);
}

/** Those days that are of late, seen from a day. */
export function alarmsOfLate(days: readonly number[], day: number): number[] {
  return days.filter((one) => day - one <= ALARM_DAYS);
}

/** Whether what alarms has become a habit. */
export function isHabit(days: readonly number[]): boolean {
  return days.length >= HABIT_DAYS;
}
