import { setTimeout as sleep } from "node:timers/promises";

/** Wakes those who wait for something new. */
export class Bell {
  #rung = Promise.withResolvers<void>();

  ring(): void {
    this.#rung.resolve();
    this.#rung = Promise.withResolvers<void>();
  }

  /** Resolves at the next ring, or after so many milliseconds; Infinity: only at the next ring. */
  async wait(mostMs: number): Promise<void> {
    const { promise } = this.#rung;
    if (mostMs === Number.POSITIVE_INFINITY) return promise;
    const rung = new AbortController();
    await Promise.race([
      promise,
      sleep(Math.max(0, mostMs), undefined, { signal: rung.signal }).catch(() => undefined),
    ]);
    rung.abort();
  }
}
