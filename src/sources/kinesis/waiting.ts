import { setTimeout as sleep } from "node:timers/promises";

/** Wakes everyone who waits. A ring that nobody waits for is forgotten: look at the state first, then wait. */
export interface Bell {
  ring(): void;
  wait(): Promise<void>;
}

export function createBell(): Bell {
  let next = Promise.withResolvers<void>();
  return {
    ring() {
      next.resolve();
      next = Promise.withResolvers<void>();
    },
    wait: () => next.promise,
  };
}

/** Waits, or returns early when the signal aborts; the caller looks at the signal. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(Math.max(0, ms), undefined, { signal });
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  }
}
