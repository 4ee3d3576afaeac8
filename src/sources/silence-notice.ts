import { setTimeout as wait } from "node:timers/promises";
import { type Batch, noCounts, type Source, type SourceNotice } from "./source.ts";

export interface SilenceOptions {
  /** Milliseconds of the wall clock without a record of any service after which it is said. */
  readonly afterMs: number;
  /** Milliseconds since the epoch, by the wall clock. */
  readonly now?: () => number;
}

/**
 * A live source that says so when nothing arrives any more, in a batch of its own, and again when records come back. Event time
 * cannot tell: where nobody is heard it stands still.
 */
export function withSilenceNotice(source: Source, options: SilenceOptions): Source {
  return {
    name: source.name,
    read: (positions, signal) => listen(source, options, positions, signal),
  };
}

async function* listen(
  source: Source,
  { afterMs, now = Date.now }: SilenceOptions,
  positions: ReadonlyMap<string, string>,
  signal: AbortSignal,
): AsyncGenerator<Batch, void, undefined> {
  const stop = new AbortController();
  const batches = source.read(positions, AbortSignal.any([signal, stop.signal]));
  let heardMs = now();
  let isTold = false;
  let next: Promise<IteratorResult<Batch, void>> | undefined;
  try {
    for (;;) {
      next ??= batches.next();
      const leftMs = isTold ? undefined : heardMs + afterMs - now();
      const result = await within(next, leftMs);
      if (result === undefined) {
        isTold = true;
        yield quiet(noticeOf(source, heardMs, undefined));
        continue;
      }
      next = undefined;
      if (result.done === true) return;
      const batch = result.value;
      if (batch.counts.records === 0) {
        yield batch;
        continue;
      }
      const notices = isTold ? [noticeOf(source, heardMs, now())] : [];
      heardMs = now();
      isTold = false;
      yield notices.length === 0 ? batch : { ...batch, notices: [...batch.notices, ...notices] };
    }
  } finally {
    // A read that is still waiting would keep the source from ending.
    stop.abort();
    await batches.return();
  }
}

/** What comes, or undefined where it does not come in time; undefined milliseconds are no bound. */
async function within<Value>(
  value: Promise<Value>,
  leftMs: number | undefined,
): Promise<Value | undefined> {
  if (leftMs === undefined) return value;
  const timer = new AbortController();
  const late = wait(Math.max(0, leftMs), undefined, { signal: timer.signal }).catch(
    (error: unknown) => {
      if (!timer.signal.aborted) throw error;
      return undefined;
    },
  );
  try {
    return await Promise.race([value, late]);
  } finally {
    timer.abort();
  }
}

function noticeOf({ name }: Source, fromMs: number, toMs: number | undefined): SourceNotice {
  const since = new Date(fromMs).toISOString();
  const text =
    toMs === undefined
      ? `No record of any service has arrived since ${since}.`
      : `Records arrive again after a silence since ${since}.`;
  return { kind: "silent", subject: name, text, fromMs, toMs };
}

function quiet(notice: SourceNotice): Batch {
  return {
    events: [],
    deadLetters: [],
    counts: noCounts,
    positions: new Map(),
    notices: [notice],
  };
}
