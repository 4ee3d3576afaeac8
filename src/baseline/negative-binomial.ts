import { probit } from "simple-statistics";

/** Beyond this mean the approximation is near enough, and much cheaper. */
const LARGEST_SUMMED_MEAN = 20;

/**
 * Smallest count that a negative binomial exceeds with at most the probability `tail` (1e-9 to 0.5): the probabilities themselves,
 * added up, where the mean is small and `upperCount` is far too high; `upperCount` elsewhere.
 */
export function upperSmallCount(mean: number, dispersion: number, tail: number): number {
  if (mean <= 0) return 0;
  if (mean > LARGEST_SUMMED_MEAN) return upperCount(mean, dispersion, tail);
  const size = 1 / dispersion;
  const failure = mean / (size + mean);
  let term = (1 - failure) ** size;
  let beyond = 1 - term;
  let count = 0;
  while (beyond > tail) {
    count += 1;
    term *= (failure * (size + count - 1)) / count;
    beyond -= term;
  }
  return count;
}

/**
 * Count that a negative binomial of mean `mean` and variance `mean + dispersion · mean²` exceeds with about probability
 * `tail` (0 < tail < 0.5).
 *
 * The tail is that of the gamma distribution with the same two moments, by the cube-root approximation of Wilson and
 * Hilferty (1931, "The distribution of chi-square"). For tails of a thousandth and less it is never below the exact quantile, and
 * above it by a quarter at most for means from 5 on and dispersions up to 4; near a mean of 0, where floors decide, by three times.
 */
export function upperCount(mean: number, dispersion: number, tail: number): number {
  if (mean <= 0) return 0;
  const variance = mean + dispersion * mean * mean;
  const shape = (mean * mean) / variance;
  const z = -probit(tail);
  const root = 1 - 1 / (9 * shape) + z / (3 * Math.sqrt(shape));
  // Below a shape of about 0.1 the approximation loses its mass at zero; a multiple of the mean is safe there.
  const quantile = root > 0 ? mean * root ** 3 : 0;
  return Math.max(quantile, mean + z * Math.sqrt(variance));
}
