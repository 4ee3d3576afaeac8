import { describe, expect, it } from "vitest";
import { type Day, dayOf, hourMs, utc } from "../../../src/simulation/calendar.ts";
import { Random } from "../../../src/simulation/random.ts";
import {
  type Rhythm,
  diurnal,
  job,
  roundTheClock,
  withSpells,
} from "../../../src/simulation/rhythm.ts";

const firstMs = Date.parse("2026-01-05T00:00:00Z");
const days = Array.from({ length: 60 }, (_, index) => dayOf(firstMs, index, new Set()));
const steady = roundTheClock(480, 200);

function counts(rhythm: Rhythm, size: number, some: readonly Day[] = days): number[] {
  const cells = new Map<number, number>();
  for (const day of some) {
    for (const time of rhythm(day, new Random(`rhythm/${day.index}`))) {
      const cell = Math.floor(time / size);
      cells.set(cell, (cells.get(cell) ?? 0) + 1);
    }
  }
  return [...cells.values()].sort((a, b) => a - b);
}

function peakRatio(sorted: readonly number[]): number {
  return (sorted.at(-1) ?? 0) / (sorted[Math.floor(sorted.length / 2)] ?? 1);
}

describe("rhythms", () => {
  it("with spells have hours of several times the usual, and without have none", () => {
    expect(peakRatio(counts(steady, hourMs))).toBeLessThan(2.5);
    const spells = withSpells(steady, { perMonth: 10, factor: 4 });
    expect(peakRatio(counts(spells, hourMs))).toBeGreaterThan(3);
  });

  it("with spells have every ordinary call as well", () => {
    const [day] = days;
    if (day === undefined) throw new Error("no day");
    const spells = withSpells(steady, { perMonth: 60, factor: 4 });
    const usual = steady(day, new Random("same"));
    expect(spells(day, new Random("same")).slice(0, usual.length)).toEqual(usual);
  });

  it("of jobs have a backlog now and then", () => {
    const shape = { zone: utc, atMinutes: 60, jitterMinutes: 1, durationMinutes: 10, perRun: 200 };
    const runs = counts(job({ ...shape, evenness: 1000 }), 24 * hourMs);
    expect(peakRatio(runs)).toBeGreaterThan(1.8);
    expect(runs.filter((count) => count < 260).length).toBeGreaterThan(50);
  });

  it("of customers follow a campaign, and those of offices do not", () => {
    const campaign = days.map((day) => ({ ...day, demand: 3 }));
    const of = (weekend: number, some: readonly Day[]) =>
      counts(
        diurnal({ perDay: 300, zone: utc, peakHour: 12, night: 0.1, weekend, evenness: 50 }),
        hourMs,
        some,
      ).reduce((sum, count) => sum + count, 0);
    expect(of(0.9, campaign) / of(0.9, days)).toBeCloseTo(3, 0);
    expect(of(0.1, campaign)).toBe(of(0.1, days));
  });
});
