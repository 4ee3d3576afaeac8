import { setTimeout as timer } from "node:timers/promises";
import type { DeliveryOptions } from "./options.ts";

/**
 * Pause before the next attempt, milliseconds: exponential with full jitter, so that many senders do not come back at the
 * same moment (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). @param failures how many
 * attempts had failed before the one that failed now. @param random from 0 (included) to 1 (excluded).
 */
export function retryDelayMs(
  retry: Pick<DeliveryOptions["retry"], "initialMs" | "maximumMs">,
  failures: number,
  random: () => number,
): number {
  // 2^30 times any pause is over every maximum; more would overflow to Infinity and then NaN.
  const ceiling = Math.min(retry.maximumMs, retry.initialMs * 2 ** Math.min(failures, 30));
  return Math.floor(random() * ceiling);
}

/** Resolves after so many milliseconds or as soon as the signal aborts; never rejects. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

export const sleep: Sleep = async (ms, signal) => {
  if (signal.aborted) return;
  await timer(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
};

/** Wakes those who wait. A ring is never missed: who saw an older count does not fall asleep. */
export class Bell {
  #count = 0;
  readonly #sleepers = new Set<AbortController>();
  readonly #sleep: Sleep;

  constructor(sleep: Sleep) {
    this.#sleep = sleep;
  }

  get count(): number {
    return this.#count;
  }

  ring(): void {
    this.#count += 1;
    for (const sleeper of this.#sleepers) sleeper.abort();
  }

  /** Waits for the time to pass, the signal to abort, or a ring after the `heard` count. */
  async wait(heard: number, ms: number, signal: AbortSignal): Promise<void> {
    if (this.#count !== heard) return;
    const sleeper = new AbortController();
    this.#sleepers.add(sleeper);
    try {
      await this.#sleep(ms, AbortSignal.any([signal, sleeper.signal]));
    } finally {
      this.#sleepers.delete(sleeper);
    }
  }
}
