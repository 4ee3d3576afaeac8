import type { Batch, Source } from "../../src/sources/source.ts";

/** What was read from a source, and the positions after it, as if each batch had been committed. */
export interface Collected {
  readonly batches: readonly Batch[];
  readonly eventIds: readonly string[];
  readonly positions: ReadonlyMap<string, string>;
}

export interface CollectOptions {
  readonly positions?: ReadonlyMap<string, string>;
  /** Enough was read; without it reading goes on to the end of the source. */
  readonly until?: (collected: Collected) => boolean | Promise<boolean>;
  readonly deadlineMs?: number;
}

/**
 * Reads a source until enough was read, then stops it by its signal. Throws with what was read when the deadline, 20 s by
 * default, passes first.
 */
export async function collect(source: Source, options: CollectOptions = {}): Promise<Collected> {
  const { until, deadlineMs = 20_000 } = options;
  const stop = new AbortController();
  const batches: Batch[] = [];
  let collected = after(options.positions ?? new Map(), batches);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop.abort();
  }, deadlineMs);
  try {
    for await (const batch of source.read(options.positions ?? new Map(), stop.signal)) {
      batches.push(batch);
      collected = after(collected.positions, [batch], collected);
      if (!stop.signal.aborted && until !== undefined && (await until(collected))) {
        stop.abort();
      }
    }
  } finally {
    clearTimeout(timer);
  }
  if (late) {
    const positions = JSON.stringify([...collected.positions]);
    throw new Error(
      `read only ${collected.eventIds.length} events in ${deadlineMs} ms: ${collected.eventIds.join(" ")}; ${positions}`,
    );
  }
  return collected;
}

/** Positions after committing some batches. */
export function commit(
  positions: ReadonlyMap<string, string>,
  batches: readonly Batch[],
): Map<string, string> {
  const next = new Map(positions);
  for (const batch of batches) {
    for (const [key, value] of batch.positions) {
      if (value === "") {
        next.delete(key);
      } else {
        next.set(key, value);
      }
    }
  }
  return next;
}

function after(
  positions: ReadonlyMap<string, string>,
  batches: readonly Batch[],
  before?: Collected,
): Collected {
  return {
    batches: [...(before?.batches ?? []), ...batches],
    eventIds: [
      ...(before?.eventIds ?? []),
      ...batches.flatMap((batch) => batch.events.map((event) => event.eventId)),
    ],
    positions: commit(positions, batches),
  };
}
