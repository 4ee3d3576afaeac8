import { setImmediate as nextTurn } from "node:timers/promises";
import type { KmsEvent } from "../../cloudtrail/event.ts";
import type { ObjectPointer, Reading } from "../../cloudtrail/records.ts";
import {
  type Batch,
  type BatchCounts,
  type DeadLetter,
  noCounts,
  type SourceNotice,
} from "../source.ts";
import type { ShardRecord } from "./lane.ts";
import { type FetchObject, fetchObjects, PARALLEL } from "./objects.ts";
import { formatPosition, positionKey } from "./position.ts";

export type Read = (data: Uint8Array, notAfterMs: number | undefined) => Reading;

export interface BatchParts {
  readonly records: readonly ShardRecord[];
  readonly positions: ReadonlyMap<string, string>;
  readonly notices: readonly SourceNotice[];
}

export interface BatchMeans {
  readonly stream: string;
  readonly read: Read;
  readonly fetchObject: FetchObject | undefined;
  readonly signal: AbortSignal;
}

/** An event cannot be later than its arrival, but for a clock that is a little wrong. */
const CLOCK_TOLERANCE_MS = 15 * 60_000;
/** Opened bytes after which other work gets its turn. */
const TURN_BYTES = 4 * 1024 * 1024;
/** Opened bytes at which a batch is cut: a small record can point to large objects. */
const BATCH_BYTES = 32 * 1024 * 1024;

interface Pointed {
  readonly pointer: ObjectPointer;
  readonly origin: string;
  readonly notAfterMs: number;
}

/**
 * Opens and parses records that were taken together, into one batch, or several where they open to much. Nothing is lost:
 * what is not understood becomes a dead letter with its coordinate. Throws only when the signal aborts.
 */
export async function* assembleBatches(
  parts: BatchParts,
  means: BatchMeans,
): AsyncGenerator<Batch, void, undefined> {
  let tally = createTally();
  let notices = parts.notices;
  const reached = new Map<string, string>();
  const pointed: Pointed[] = [];
  let turnBytes = TURN_BYTES;

  for (const record of parts.records) {
    if (tally.bytes >= BATCH_BYTES) {
      await readObjects(pointed.splice(0), tally, means);
      yield { ...tally.result(), positions: new Map(reached), notices };
      means.signal.throwIfAborted();
      tally = createTally();
      notices = [];
      turnBytes = TURN_BYTES;
    }
    const origin = `${means.stream}/${record.shardId}/${record.sequence}`;
    const notAfterMs = record.arrivalMs + CLOCK_TOLERANCE_MS;
    const reading = means.read(record.data, notAfterMs);
    tally.add(reading, record.data.byteLength, origin);
    pointed.push(...reading.objects.map((pointer) => ({ pointer, origin, notAfterMs })));
    if (pointed.length >= PARALLEL) {
      await readObjects(pointed.splice(0), tally, means);
    }
    reached.set(positionKey(means.stream, record.shardId), positionAfter(record));
    if (tally.bytes >= turnBytes) {
      turnBytes = tally.bytes + TURN_BYTES;
      await nextTurn();
    }
  }
  await readObjects(pointed, tally, means);
  // Ends of shards and positions of quiet ones count only now, when all that came before them is handed over.
  yield { ...tally.result(), positions: parts.positions, notices };
}

function positionAfter({ sequence, arrivalMs }: ShardRecord): string {
  return formatPosition({ kind: "after", sequence, throughMs: arrivalMs });
}

async function readObjects(
  pointed: readonly Pointed[],
  tally: Tally,
  means: BatchMeans,
): Promise<void> {
  await fetchObjects(pointed, means.fetchObject, means.signal, (item, got) => {
    const { pointer, notAfterMs } = item;
    const origin = `${item.origin}/s3://${pointer.bucket}/${pointer.key}`;
    if ("problem" in got) {
      tally.unreadable(origin, got.problem, pointer);
      return;
    }
    const reading = means.read(got.data, notAfterMs);
    tally.add(reading, got.data.byteLength, origin);
    tally.file();
    for (const inner of reading.objects) {
      tally.unreadable(origin, "a log file that points to a further object is not followed", inner);
    }
  });
}

type Tally = ReturnType<typeof createTally>;

function createTally() {
  const events: KmsEvent[] = [];
  const deadLetters: DeadLetter[] = [];
  const counts = { ...noCounts };
  return {
    get bytes() {
      return counts.bytes;
    },
    add(reading: Reading, compressedBytes: number, origin: string) {
      for (const event of reading.events) {
        events.push(event);
      }
      for (const { reason, detail, payload } of reading.rejected) {
        deadLetters.push({ reason, detail, origin, payload });
      }
      counts.bytesCompressed += compressedBytes;
      counts.bytes += reading.bytes;
      counts.records += reading.records;
      counts.kmsEvents += reading.kmsEvents;
      counts.rejected += reading.rejected.length;
    },
    file() {
      counts.files += 1;
    },
    unreadable(origin: string, detail: string, pointer: ObjectPointer) {
      const payload = new TextEncoder().encode(JSON.stringify(pointer));
      deadLetters.push({ reason: "unreadable", detail, origin, payload });
      counts.rejected += 1;
      counts.filesFailed += 1;
    },
    result: () => ({ events: events.sort(byTime), deadLetters, counts: counts as BatchCounts }),
  };
}

function byTime(left: KmsEvent, right: KmsEvent): number {
  if (left.timeMs !== right.timeMs) {
    return left.timeMs - right.timeMs;
  }
  if (left.eventId === right.eventId) {
    return 0;
  }
  return left.eventId < right.eventId ? -1 : 1;
}
