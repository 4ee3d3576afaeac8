import { describe, expect, it } from "vitest";
import {
  type Zone,
  dayOf,
  localHour,
  localTimeMs,
  zones,
} from "../../../src/simulation/calendar.ts";

const zone = (name: string): Zone => {
  const found = zones.find((one) => one.name === name);
  if (found === undefined) throw new RangeError(name);
  return found;
};

describe("local times", () => {
  it.each([
    ["winter in Berlin", "Europe/Berlin", "2026-03-28", "2026-03-28T02:00:00Z"],
    [
      "summer in Berlin, from the last Sunday of March",
      "Europe/Berlin",
      "2026-03-29",
      "2026-03-29T01:00:00Z",
    ],
    ["winter in New York", "America/New_York", "2026-03-07", "2026-03-07T08:00:00Z"],
    [
      "summer in New York, from the second Sunday of March",
      "America/New_York",
      "2026-03-08",
      "2026-03-08T07:00:00Z",
    ],
    ["summer in New York, the day after", "America/New_York", "2026-03-09", "2026-03-09T07:00:00Z"],
    ["no summer time in Kolkata", "Asia/Kolkata", "2026-06-01", "2026-05-31T21:30:00Z"],
  ])("%s: three in the morning", (_claim, name, date, expected) => {
    const day = dayOf(Date.parse(`${date}T00:00:00Z`), 0, new Set());
    expect(new Date(localTimeMs(day, 180, zone(name))).toISOString().replace(".000", "")).toBe(
      expected,
    );
  });

  it.each([
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Tokyo",
  ])("agree with the platform's own time zones all year: %s", (name) => {
    const format = new Intl.DateTimeFormat("en-GB", {
      timeZone: name,
      hour: "2-digit",
      hourCycle: "h23",
    });
    const wrong: string[] = [];
    for (let hour = 0; hour < 365 * 24; hour += 1) {
      const timeMs = Date.UTC(2026, 0, 1) + hour * 3_600_000;
      if (localHour(timeMs, zone(name)) !== Number(format.format(timeMs))) {
        wrong.push(new Date(timeMs).toISOString());
      }
    }
    expect(wrong).toEqual([]);
  });
});
