import { describe, expect, it } from "vitest";
import {
  deviationOf,
  expectShare,
  improbabilityOf,
  isShareKnown,
  learnShare,
  newCallShare,
  type ShareExpectation,
} from "../../../src/baseline/call-share.ts";
import { Random } from "../../../src/simulation/random.ts";

const HALF_LIFE = 200;

describe("a share of calls", () => {
  it("is one half before anything is known", () => {
    expect(expectShare(newCallShare()).share).toBe(0.5);
    expect(isShareKnown(newCallShare())).toBe(false);
  });

  it("is learned, and known from a hundred calls on", () => {
    const share = learned(10, () => ({ part: 7, all: 10 }));
    expect(isShareKnown(share)).toBe(false);
    learnShare(share, { part: 14, all: 20 }, HALF_LIFE);
    expect(isShareKnown(share)).toBe(true);
    expect(expectShare(share).share).toBeCloseTo(0.7, 1);
  });

  it("is half that of old and half that of new windows after a half-life", () => {
    const share = learned(2000, () => ({ part: 2, all: 10 }));
    for (let window = 0; window < HALF_LIFE; window += 1) {
      learnShare(share, { part: 8, all: 10 }, HALF_LIFE);
    }
    expect(expectShare(share).share).toBeCloseTo(0.5, 2);
  });

  it("is not changed by windows without calls", () => {
    const share = learned(50, () => ({ part: 7, all: 10 }));
    const before = structuredClone(share);
    learnShare(share, { part: 0, all: 0 }, HALF_LIFE);
    expect(share).toEqual(before);
  });

  it("has the least correlation where calls are independent of each other", () => {
    const random = new Random("independent");
    const share = learned(1000, () => ({ part: countOf(random, 60, 0.7), all: 60 }));
    expect(expectShare(share).correlation).toBeLessThan(0.004);
  });

  it("has the correlation of windows that differ", () => {
    const random = new Random("different");
    // A share of 0.4 or 0.8 by turns has variance 0.04, and 0.04 / (0.6 · 0.4) is 0.167.
    const share = learned(2000, (window) => {
      return { part: countOf(random, 60, window % 2 === 0 ? 0.4 : 0.8), all: 60 };
    });
    expect(expectShare(share).correlation).toBeCloseTo(0.167, 1);
  });
});

describe("how improbable a share is", () => {
  const cases: (ShareExpectation & { part: number; all: number })[] = [
    { share: 0.7, correlation: 0.001, part: 95, all: 100 },
    { share: 0.7, correlation: 0.1, part: 95, all: 100 },
    { share: 0.1, correlation: 0.02, part: 40, all: 60 },
    { share: 0.95, correlation: 0.001, part: 300, all: 300 },
    { share: 0.5, correlation: 0.5, part: 20, all: 20 },
    { share: 0.6, correlation: 0.01, part: 700, all: 1000 },
  ];

  it.each(cases)("is the tail of a beta-binomial: $part of $all, where $share is usual", (one) => {
    expect(improbabilityOf(one, one.part, one.all)).toBeCloseTo(-Math.log10(exactTail(one)), 3);
  });

  it("is nothing up to the usual share, and without any call", () => {
    const usual = { share: 0.7, correlation: 0.01 };
    expect(improbabilityOf(usual, 70, 100)).toBe(0);
    expect(improbabilityOf(usual, 0, 0)).toBe(0);
    expect(deviationOf(usual, 70, 100)).toBeCloseTo(0, 9);
    expect(deviationOf(usual, 0, 0)).toBe(0);
  });

  it("holds for a million calls", () => {
    const found = improbabilityOf({ share: 0.7, correlation: 0.001 }, 780_000, 1_000_000);
    expect(found).toBeGreaterThan(6);
    expect(found).toBeLessThan(12);
  });

  it("lies as many standard deviations above as a binomial of such a correlation says", () => {
    // 100 calls of which 70 are expected: variance 21, and 21 · (1 + 99 · 0.01) = 41.79.
    const found = deviationOf({ share: 0.7, correlation: 0.01 }, 90, 100);
    expect(found).toBeCloseTo(20 / Math.sqrt(41.79), 6);
  });
});

function learned(windows: number, of: (window: number) => { part: number; all: number }) {
  const share = newCallShare();
  for (let window = 0; window < windows; window += 1) learnShare(share, of(window), HALF_LIFE);
  return share;
}

function countOf(random: Random, all: number, share: number): number {
  let count = 0;
  for (let call = 0; call < all; call += 1) count += random.chance(share) ? 1 : 0;
  return count;
}

/** By Pólya's urn: each call of the kind makes the next one likelier. */
function exactTail({
  share,
  correlation,
  part,
  all,
}: ShareExpectation & { part: number; all: number }): number {
  const strength = 1 / correlation - 1;
  let chances = [1];
  for (let drawn = 0; drawn < all; drawn += 1) {
    const next = Array.from({ length: drawn + 2 }, () => 0);
    chances.forEach((chance, count) => {
      const isPart = (share * strength + count) / (strength + drawn);
      next[count] = (next[count] ?? 0) + chance * (1 - isPart);
      next[count + 1] = (next[count + 1] ?? 0) + chance * isPart;
    });
    chances = next;
  }
  return chances.slice(part).reduce((sum, chance) => sum + chance, 0);
}
