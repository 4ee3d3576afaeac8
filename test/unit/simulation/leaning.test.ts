import { describe, expect, it } from "vitest";
import { hourMs } from "../../../src/simulation/calendar.ts";
import { Leaning } from "../../../src/simulation/leaning.ts";
import { Random } from "../../../src/simulation/random.ts";

const START_MS = Date.parse("2026-01-05T00:00:00Z");

describe("how somebody leans", () => {
  it("stays within its bounds, keeps about the middle, and differs from one to the next", () => {
    const means = Array.from({ length: 200 }, (_, nth) => {
      const leaning = new Leaning(new Random(`one/${nth}`));
      const hours = Array.from({ length: 240 }, (_one, hour) =>
        leaning.at(START_MS + hour * hourMs),
      );
      for (const lean of hours) expect(Math.abs(lean)).toBeLessThanOrEqual(1);
      return {
        mean: hours.reduce((sum, lean) => sum + lean, 0) / hours.length,
        widest: Math.max(...hours) - Math.min(...hours),
      };
    });
    for (const { mean } of means) expect(Math.abs(mean)).toBeLessThan(0.1);
    expect(Math.min(...means.map(({ widest }) => widest))).toBeLessThan(0.1);
    expect(Math.max(...means.map(({ widest }) => widest))).toBeGreaterThan(0.8);
  });

  it("is the same at the same time, whatever was asked in between", () => {
    const [one, other] = [new Leaning(new Random("same")), new Leaning(new Random("same"))];
    other.at(START_MS + 7 * hourMs);
    expect(other.at(START_MS + 60_000)).toBe(one.at(START_MS));
  });

  it("is far to one side in some spells, and as ever before and after", () => {
    const leans = Array.from({ length: 300 }, (_, nth) => {
      const leaning = new Leaning(new Random(`spell/${nth}`));
      const usual = leaning.at(START_MS);
      leaning.spell(START_MS + hourMs, 30);
      expect(leaning.at(START_MS)).toBe(usual);
      expect(Math.abs(leaning.at(START_MS + 1.75 * hourMs))).toBeLessThan(0.95);
      return leaning.at(START_MS + 1.25 * hourMs);
    });
    const partOf = (is: (lean: number) => boolean): number =>
      leans.filter(is).length / leans.length;
    expect(partOf((lean) => lean === 0.95)).toBeCloseTo(1 / 3, 1);
    expect(partOf((lean) => lean === -0.95)).toBeCloseTo(1 / 5, 1);
  });
});
