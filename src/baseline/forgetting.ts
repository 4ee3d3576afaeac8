/**
 * Factor by which a memory fades over `steps`, when half of it is gone after `halfLife` steps: exponential forgetting, the
 * discount of a power-steady dynamic model (Smith 1979, "A generalization of the Bayesian steady forecasting model").
 */
export function fade(steps: number, halfLife: number): number {
  return 2 ** (-steps / halfLife);
}

/** Rounds to four decimals, so that memories stay short as text; the same on every machine. */
export function short(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
