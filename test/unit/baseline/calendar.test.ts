import { describe, expect, it } from "vitest";
import {
  cellOf,
  dayOf,
  HOUR_MS,
  hourOf,
  hourOfDay,
  isWeekend,
} from "../../../src/baseline/calendar.ts";

const FROM = Date.UTC(1969, 11, 1);
const TO = Date.UTC(2040, 0, 1);
/** A step that is prime to the hours of a week, so that every hour of the week comes up. */
const STEP = 101 * HOUR_MS;

describe("the calendar of hours", () => {
  it("agrees with the calendar of dates over seventy years, leap years and the epoch included", () => {
    for (let timeMs = FROM; timeMs < TO; timeMs += STEP) {
      const date = new Date(timeMs);
      const hour = hourOf(timeMs);
      const isFree = date.getUTCDay() === 0 || date.getUTCDay() === 6;
      const found = [hour, dayOf(hour), hourOfDay(hour), isWeekend(hour), cellOf(hour)];
      expect(found, date.toISOString()).toEqual([
        timeMs / HOUR_MS,
        Math.floor(timeMs / 86_400_000),
        date.getUTCHours(),
        isFree,
        date.getUTCHours() + (isFree ? 24 : 0),
      ]);
    }
  });

  it("counts an hour from its first millisecond to its last", () => {
    expect(hourOf(7 * HOUR_MS - 1)).toBe(6);
    expect(hourOf(7 * HOUR_MS)).toBe(7);
    expect(hourOf(-1)).toBe(-1);
  });
});
