import { setImmediate as turn } from "node:timers/promises";
import type { Sleep } from "../../src/delivery/retry.ts";

export interface FakeClock {
  readonly now: () => number;
  readonly sleep: Sleep;
  /** Moves on, waking sleepers in the order of their times, until nobody wakes before `untilMs`. */
  advanceTo(untilMs: number): Promise<void>;
}

/** A clock that stands still until it is told to move. */
export function fakeClock(startMs: number): FakeClock {
  let nowMs = startMs;
  const sleepers = new Set<{ atMs: number; wake: () => void }>();
  return {
    now: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const sleeper = { atMs: nowMs + ms, wake: resolve };
        sleepers.add(sleeper);
        const stop = () => {
          sleepers.delete(sleeper);
          resolve();
        };
        signal.addEventListener("abort", stop, { once: true });
      }),
    async advanceTo(untilMs) {
      for (;;) {
        for (let turns = 0; turns < 5; turns += 1) await turn(); // Lets those who are awake do their work.
        const [next] = [...sleepers].toSorted((one, other) => one.atMs - other.atMs);
        if (next === undefined || next.atMs > untilMs) break;
        nowMs = Math.max(nowMs, next.atMs);
        sleepers.delete(next);
        next.wake();
      }
      nowMs = Math.max(nowMs, untilMs);
    },
  };
}
