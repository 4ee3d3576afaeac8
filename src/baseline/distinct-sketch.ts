/** Hashes kept; the relative error of the estimate is about 1/√(k−2). */
const KEPT = 256;
/** Hex digits of a hash that serve as its rank. */
const DIGITS = 12;
const RANGE = 16 ** DIGITS;

/**
 * How many distinct things were met: the k smallest of their hashes (k minimum values, Bar-Yossef et al. 2002, "Counting
 * distinct elements in a data stream"). Exact below 256, then with a standard error of 6 %. Order and repetition do not matter. Plain data.
 */
export type DistinctSketch = string[];

/** Adds a thing by its hash (hex digits, at least 12). The sketch stays sorted. */
export function addDistinct(sketch: DistinctSketch, hash: string): void {
  const rank = hash.slice(0, DIGITS);
  const largest = sketch[sketch.length - 1];
  if (sketch.length >= KEPT && largest !== undefined && rank >= largest) return;
  let at = sketch.length;
  while (at > 0 && (sketch[at - 1] ?? "") > rank) at -= 1;
  if (sketch[at - 1] === rank) return;
  sketch.splice(at, 0, rank);
  if (sketch.length > KEPT) sketch.pop();
}

/** Number of distinct things added so far; never decreases. */
export function distinctCount(sketch: DistinctSketch): number {
  if (sketch.length < KEPT) return sketch.length;
  const largest = Number.parseInt(sketch[KEPT - 1] ?? "f", 16) + 1;
  return Math.max(KEPT, Math.round(((KEPT - 1) * RANGE) / largest));
}
