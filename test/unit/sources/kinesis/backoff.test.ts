import { expect, it } from "vitest";
import { backoffMs } from "../../../../src/sources/kinesis/backoff.ts";

it.each([
  [0, 1, 200],
  [1, 1, 400],
  [5, 1, 6400],
  [8, 1, 30_000],
  [5000, 1, 30_000],
  [5, 0, 0],
  [5, 0.25, 1600],
])("attempt %i with luck %f waits %i ms", (attempt, random, ms) => {
  expect(backoffMs(attempt, random)).toBe(ms);
});
