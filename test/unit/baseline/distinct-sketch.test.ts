import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addDistinct,
  distinctCount,
  type DistinctSketch,
} from "../../../src/baseline/distinct-sketch.ts";
import { Random } from "../../../src/simulation/random.ts";

/** Of k minimum values: 1 / √(k − 2), k = 256. */
const STANDARD_ERROR = 1 / Math.sqrt(62);

describe("a sketch of distinct things", () => {
  it("is exact below 256, however often each is met", () => {
    const random = new Random("exact");
    for (const count of [0, 1, 2, 10, 63]) {
      const hashes = hashesOf(random, count);
      expect(distinctCount(sketchOf([...hashes, ...hashes]))).toBe(count);
    }
  });

  it.each([256, 100, 1000, 20_000])(
    "estimates %i without bias, within its standard error",
    (count) => {
      const random = new Random(`estimate ${count}`);
      const errors = Array.from({ length: 60 }, () => {
        const estimate = distinctCount(sketchOf(hashesOf(random, count)));
        return estimate / count - 1;
      });
      const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
      expect(Math.abs(mean)).toBeLessThan((3 * STANDARD_ERROR) / Math.sqrt(errors.length) + 0.02);
      for (const error of errors) expect(Math.abs(error)).toBeLessThan(4 * STANDARD_ERROR);
      const far = errors.filter((error) => Math.abs(error) > 2 * STANDARD_ERROR);
      expect(far.length).toBeLessThanOrEqual(9);
    },
  );

  it("does not depend on order or repetition, and never holds more than 256", () => {
    const hash = fc.integer({ min: 0, max: 400 }).map((number) => hashOf(number));
    fc.assert(
      fc.property(fc.array(hash, { maxLength: 300, size: "max" }), (hashes) => {
        const sketch = sketchOf(hashes);
        expect(sketchOf(hashes.toReversed())).toEqual(sketch);
        expect(sketchOf([...new Set(hashes)].sort())).toEqual(sketch);
        expect(sketch).toEqual([...sketch].sort());
        expect(sketch.length).toBe(Math.min(256, new Set(hashes).size));
      }),
    );
  });

  it("never counts down", () => {
    const sketch: DistinctSketch = [];
    let before = 0;
    for (const hash of hashesOf(new Random("growing"), 5000)) {
      addDistinct(sketch, hash);
      const count = distinctCount(sketch);
      expect(count).toBeGreaterThanOrEqual(before);
      before = count;
    }
  });
});

function sketchOf(hashes: readonly string[]): DistinctSketch {
  const sketch: DistinctSketch = [];
  for (const hash of hashes) addDistinct(sketch, hash);
  return sketch;
}

function hashesOf(random: Random, count: number): string[] {
  const digits = () => random.bits().toString(16).padStart(8, "0");
  return Array.from({ length: count }, () => digits() + digits());
}

/** Spread over the range as hashes are. */
function hashOf(number: number): string {
  const random = new Random(`hash ${number}`);
  return hashesOf(random, 1)[0] ?? "";
}
