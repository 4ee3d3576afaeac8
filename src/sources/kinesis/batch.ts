import { setImmediate as nextTurn } from "node:timers/promises";
import type { KmsEvent } from "../../cloudtrail/event.ts";
import type { ObjectPointer, Reading } from "../../cloudtrail/records.ts";
import type { Batch, BatchCounts, DeadLetter, SourceNotice } from "../source.ts";
import type { ShardRecord } from "./lane.ts";
import { type FetchObject, fetchObjects } from "./objects.ts";

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

/** Opens and parses records. Nothing is lost: what is not understood becomes a dead letter with its coordinate. */
export async function assembleBatch(parts: BatchParts, means: BatchMeans): Promise<Batch> {
  const tally = createTally();
  const pointers: { pointer: ObjectPointer; origin: string; notAfterMs: number }[] = [];
  let sinceTurn = 0;

  for (const record of parts.records) {
    const origin = `${means.stream}/${record.shardId}/${record.sequence}`;
    const notAfterMs = record.arrivalMs + CLOCK_TOLERANCE_MS;
    const reading = means.read(record.data, notAfterMs);
    tally.add(reading, record.data.byteLength, origin);
    pointers.push(...reading.objects.map((pointer) => ({ pointer, origin, notAfterMs })));
    sinceTurn += reading.bytes;
    if (sinceTurn >= TURN_BYTES) {
      sinceTurn = 0;
      await nextTurn();
    }
  }

  await fetchObjects(
    pointers,
    means.fetchObject,
    means.signal,
    ({ pointer, origin, notAfterMs }, got) => {
      const place = `${origin}/s3://${pointer.bucket}/${pointer.key}`;
      if ("problem" in got) {
        tally.unreadable(place, got.problem, pointer);
        return;
      }
      const reading = means.read(got.data, notAfterMs);
      tally.add(reading, got.data.byteLength, place);
      tally.file();
      for (const inner of reading.objects) {
        tally.unreadable(
          place,
          "a log file that points to a further object is not followed",
          inner,
        );
      }
    },
  );

  return { ...tally.result(), positions: parts.positions, notices: parts.notices };
}

function createTally() {
  const events: KmsEvent[] = [];
  const deadLetters: DeadLetter[] = [];
  const counts = { ...noCounts };
  return {
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

const noCounts = {
  files: 0,
  filesSkipped: 0,
  filesFailed: 0,
  bytesCompressed: 0,
  bytes: 0,
  records: 0,
  kmsEvents: 0,
  rejected: 0,
};

function byTime(left: KmsEvent, right: KmsEvent): number {
  if (left.timeMs !== right.timeMs) {
    return left.timeMs - right.timeMs;
  }
  if (left.eventId === right.eventId) {
    return 0;
  }
  return left.eventId < right.eventId ? -1 : 1;
}
