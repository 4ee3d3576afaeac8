/**
 * Factor by which a memory fades over `steps`, when half of it is gone after `halfLife` steps: exponential forgetting, the
 * discount of a power-steady dynamic model (Smith 1979, "A generalization of the Bayesian steady forecasting model").
 */
export function fade(steps: number, halfLife: number): number {
  return 2 ** (-steps / halfLife);
}

/**
 * Leaves one decimal of a number from 10 on, and two of a smaller one, for those of which a memory holds many. The small ones are
 * cut, not rounded: a rest that fades by less than half a hundredth would otherwise stay forever.
 */
export function shorter(value: number): number {
  return value < 10 ? Math.floor(value * 100) / 100 : Math.round(value * 10) / 10;
}

/** Rounds to four decimals, so that memories stay short as text; the same on every machine. */
export function short(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
