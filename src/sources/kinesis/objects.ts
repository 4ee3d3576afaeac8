import type { ObjectPointer } from "../../cloudtrail/records.ts";
import { backoffMs } from "./backoff.ts";
import { pause } from "./waiting.ts";

/** Fetches an object whole, compressed as it is. */
export type FetchObject = (pointer: ObjectPointer) => Promise<Uint8Array>;

type Fetched = { readonly data: Uint8Array } | { readonly problem: string };

/** Objects fetched at the same time. */
export const PARALLEL = 4;
const ATTEMPTS = 4;

/**
 * Fetches the objects that records point to, a few at a time, and hands each over in the order of the pointers. One that
 * fails four times is handed over as a problem. Throws only when the signal aborts.
 */
export async function fetchObjects<Item extends { readonly pointer: ObjectPointer }>(
  items: readonly Item[],
  fetchObject: FetchObject | undefined,
  signal: AbortSignal,
  handOver: (item: Item, fetched: Fetched) => void,
): Promise<void> {
  for (let first = 0; first < items.length; first += PARALLEL) {
    const group = items.slice(first, first + PARALLEL);
    const fetched = await orAbort(
      Promise.all(group.map(({ pointer }) => fetchOne(pointer, fetchObject, signal))),
      signal,
    );
    for (const [index, item] of group.entries()) {
      handOver(item, fetched[index] ?? { problem: "not fetched" });
    }
  }
}

async function fetchOne(
  pointer: ObjectPointer,
  fetchObject: FetchObject | undefined,
  signal: AbortSignal,
): Promise<Fetched> {
  if (fetchObject === undefined) {
    return { problem: "points to an S3 object, and reading objects is not configured" };
  }
  for (let attempt = 0; ; attempt += 1) {
    try {
      return { data: await fetchObject(pointer) };
    } catch (error) {
      if (attempt + 1 === ATTEMPTS || signal.aborted) {
        const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        return { problem: `the object could not be fetched: ${why.slice(0, 300)}` };
      }
      await pause(backoffMs(attempt, Math.random()), signal);
    }
  }
}

async function orAbort<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
