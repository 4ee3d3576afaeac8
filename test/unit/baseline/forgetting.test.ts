import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fade, short, shorter } from "../../../src/baseline/forgetting.ts";

describe("fade", () => {
  it("leaves half after a half-life, a quarter after two, all after none", () => {
    expect(fade(10, 10)).toBe(0.5);
    expect(fade(20, 10)).toBe(0.25);
    expect(fade(0, 10)).toBe(1);
  });

  it("is the same in one step as in many", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 400 }),
        (steps, halfLife) => {
          let stepwise = 1;
          for (let step = 0; step < steps; step += 1) stepwise *= fade(1, halfLife);
          expect(stepwise).toBeCloseTo(fade(steps, halfLife), 10);
        },
      ),
    );
  });

  it("sums to the closed form of a steady count: 1 / (1 − factor)", () => {
    const factor = fade(1, 30);
    let sum = 0;
    for (let step = 0; step < 3000; step += 1) sum = sum * factor + 1;
    expect(sum).toBeCloseTo(1 / (1 - factor), 6);
  });
});

describe("short", () => {
  it("is off by half of the fourth decimal at most, and short as text", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e7, noNaN: true }), (value) => {
        expect(Math.abs(short(value) - value)).toBeLessThanOrEqual(0.000_050_001);
        expect(String(short(value)).split(".")[1]?.length ?? 0).toBeLessThanOrEqual(4);
      }),
    );
  });
});

describe("shorter", () => {
  it("leaves two decimals of a small number, which it cuts, and one of a larger one", () => {
    expect(shorter(9.999)).toBe(9.99);
    expect(shorter(0.0099)).toBe(0);
    expect(shorter(10.06)).toBe(10.1);
    expect(shorter(1234.54)).toBe(1234.5);
  });

  it("lets a small rest fade to nothing", () => {
    let rest = 0.3;
    for (let step = 0; step < 100; step += 1) rest = shorter(rest * 0.999);
    expect(rest).toBe(0);
  });

  it("keeps a steady sum where it is, whatever its size", () => {
    const factor = fade(1, 7);
    for (const count of [1, 12, 140, 3000]) {
      let sum = 0;
      for (let step = 0; step < 300; step += 1) sum = shorter(sum * factor + count);
      expect(sum / (count / (1 - factor))).toBeCloseTo(1, 1);
    }
  });
});
