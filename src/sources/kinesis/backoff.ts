const BASE_MS = 200;
const CAP_MS = 30_000;

/**
 * Pause before the next attempt: exponential with full jitter, between 0 and 30 s ("Exponential Backoff And Jitter",
 * AWS Architecture Blog, 2015). `attempt` counts from 0, `random` is between 0 and 1.
 */
export function backoffMs(attempt: number, random: number): number {
  return random * Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt, 20));
}
