import { describe, expect, it } from "vitest";
import { upperCount, upperSmallCount } from "../../../src/baseline/negative-binomial.ts";

const DISPERSIONS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4];

/** How far above the exact quantile the approximation may be, by mean and tail. */
const CASES: { tail: number; mean: number; timesExact: number }[] = [
  { tail: 1e-3, mean: 1, timesExact: 1.5 },
  { tail: 1e-3, mean: 5, timesExact: 1.15 },
  { tail: 1e-3, mean: 20, timesExact: 1.05 },
  { tail: 1e-3, mean: 1000, timesExact: 1.03 },
  { tail: 1e-6, mean: 0.1, timesExact: 3 },
  { tail: 1e-6, mean: 1, timesExact: 1.75 },
  { tail: 1e-6, mean: 5, timesExact: 1.25 },
  { tail: 1e-6, mean: 20, timesExact: 1.25 },
  { tail: 1e-6, mean: 100, timesExact: 1.21 },
  { tail: 1e-6, mean: 1000, timesExact: 1.21 },
];

describe("upperCount", () => {
  it.each(CASES)(
    "is never below the exact quantile of mean $mean and tail $tail, nor above $timesExact times it",
    ({ tail, mean, timesExact }) => {
      for (const dispersion of DISPERSIONS) {
        const exact = exactQuantile(mean, dispersion, tail);
        const count = upperCount(mean, dispersion, tail);
        expect(count, `dispersion ${dispersion}`).toBeGreaterThanOrEqual(exact);
        expect(count, `dispersion ${dispersion}`).toBeLessThanOrEqual(timesExact * exact);
      }
    },
  );

  it("grows with the mean, with the dispersion and with the improbability", () => {
    for (const mean of [0.1, 1, 10, 100]) {
      for (const dispersion of DISPERSIONS) {
        const count = upperCount(mean, dispersion, 1e-3);
        expect(upperCount(mean * 1.1, dispersion, 1e-3)).toBeGreaterThan(count);
        expect(upperCount(mean, dispersion * 1.1, 1e-3)).toBeGreaterThan(count);
        expect(upperCount(mean, dispersion, 1e-4)).toBeGreaterThan(count);
      }
    }
  });

  it("is nothing where nothing is expected", () => {
    expect(upperCount(0, 1, 1e-6)).toBe(0);
  });
});

describe("upperSmallCount", () => {
  it("is the exact quantile of small means", () => {
    for (const mean of [0.001, 0.1, 0.5, 1, 5, 20]) {
      for (const dispersion of DISPERSIONS) {
        for (const tail of [1e-3, 1e-6, 1e-9]) {
          const exact = exactQuantile(mean, dispersion, tail);
          const what = `mean ${mean}, dispersion ${dispersion}, tail ${tail}`;
          expect(upperSmallCount(mean, dispersion, tail), what).toBe(exact);
        }
      }
    }
  });

  it("is the approximation of large ones, and nothing where nothing is expected", () => {
    expect(upperSmallCount(1e6, 0.5, 1e-6)).toBe(upperCount(1e6, 0.5, 1e-6));
    expect(upperSmallCount(0, 1, 1e-6)).toBe(0);
  });
});

/** Smallest count that is exceeded with at most this probability: the probabilities themselves, summed from the far end. */
function exactQuantile(mean: number, dispersion: number, tail: number): number {
  const size = 1 / dispersion;
  const success = size / (size + mean);
  const terms = [Math.exp(size * Math.log(success))];
  for (let count = 1; ; count += 1) {
    const term = (terms.at(-1) ?? 0) * ((size + count - 1) / count) * (1 - success);
    terms.push(term);
    if (count > mean && term < tail * 1e-7) break;
  }
  let beyond = 0;
  for (let count = terms.length - 1; count >= 0; count -= 1) {
    beyond += terms[count] ?? 0;
    if (beyond > tail) return count;
  }
  return 0;
}
