import { expect, it } from "vitest";
import { MemoryBudget } from "../../../../src/sources/files/memory-budget.ts";

const mebibyte = 1024 * 1024;

it("many files share a bounded memory, and each has at least a little", () => {
  const budget = new MemoryBudget();
  const chunks = Array.from({ length: 512 }, () => budget.take(Infinity).chunk);
  expect(chunks[0]).toBe(32 * mebibyte);
  expect(chunks.at(-1)).toBe(mebibyte / 4);
  const all = chunks.reduce((sum, chunk) => sum + 2 * chunk, 0);
  expect(all).toBeLessThan(512 * mebibyte);
});

it("small files take no more than they need, so that chunks stay large", () => {
  const budget = new MemoryBudget();
  const chunks = Array.from({ length: 200 }, () => budget.take(mebibyte / 2).chunk);
  expect(Math.min(...chunks)).toBe(32 * mebibyte);
});

it("what is given back is free again, once", () => {
  const budget = new MemoryBudget();
  const shares = Array.from({ length: 100 }, () => budget.take(Infinity));
  for (const share of [...shares, ...shares]) share.give();
  expect(Array.from({ length: 3 }, () => budget.take(Infinity).chunk)).toEqual([
    32 * mebibyte,
    32 * mebibyte,
    32 * mebibyte,
  ]);
});
