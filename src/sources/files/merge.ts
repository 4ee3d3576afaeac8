import type { KmsEvent } from "../../cloudtrail/event.ts";
import type { Batch, BatchCounts, DeadLetter } from "../source.ts";
import { EventHeap } from "./event-heap.ts";
import { addCounts, compareEvents, noCounts } from "./event-stream.ts";
import type { EventStream, Piece } from "./event-stream.ts";

/** When a batch is full. */
export interface BatchLimits {
  readonly events: number;
  readonly files: number;
  /** Opened bytes of the files read, so that trails with few KMS events move their positions as well. */
  readonly bytes: number;
}

export const batchLimits: BatchLimits = { events: 10_000, files: 1_000, bytes: 256 * 1024 * 1024 };

/**
 * Merges streams event by event into batches, by event time, ties by event id. A stream is opened when the merge reaches
 * the time at which it starts. At most 512 are open at once: should more overlap, the later ones wait, and their first
 * events come late. A batch never ends between two events with the same place in the order.
 */
export async function* mergeStreams(
  streams: readonly EventStream[],
  limits: BatchLimits,
  signal: AbortSignal,
): AsyncGenerator<Batch, void, undefined> {
  const waiting = [...streams].sort((a, b) => b.startsAtMs - a.startsAtMs); // The next one is the last.
  const heap = new EventHeap();
  const batch = new OpenBatch(limits);
  let hungry = takeDue(waiting, heap);
  while (!signal.aborted && (hungry.length > 0 || heap.size > 0)) {
    if (hungry.length > 0) {
      hungry = await feed(hungry, heap, batch);
    } else {
      takeEvents(heap, batch, hungry, startOfNext(waiting, heap));
    }
    if (hungry.length === 0) hungry = takeDue(waiting, heap);
    if (batch.isFull()) yield batch.take(heap);
  }
  if (!signal.aborted && !batch.isEmpty()) yield batch.take(heap);
}

const mostOpen = 512;

/** Streams that start at or before the merge's place, or the first ones where nothing is open. */
function takeDue(waiting: EventStream[], heap: EventHeap): EventStream[] {
  const due: EventStream[] = [];
  while (heap.size + due.length < mostOpen) {
    const next = waiting.at(-1);
    const reachedMs = heap.first()?.event.timeMs ?? due[0]?.startsAtMs ?? Infinity;
    if (next === undefined || next.startsAtMs > reachedMs) break;
    waiting.pop();
    due.push(next);
  }
  return due;
}

/** When the merge must stop to open a stream. */
function startOfNext(waiting: readonly EventStream[], heap: EventHeap): number {
  return heap.size < mostOpen ? (waiting.at(-1)?.startsAtMs ?? Infinity) : Infinity;
}

/** Gives streams their next piece; returns those whose piece held no event to take. */
async function feed(
  hungry: readonly EventStream[],
  heap: EventHeap,
  batch: OpenBatch,
): Promise<EventStream[]> {
  const pieces = await Promise.all(hungry.map((stream) => stream.next()));
  const still: EventStream[] = [];
  for (const [index, stream] of hungry.entries()) {
    const piece = pieces[index];
    const event = piece?.events[0];
    if (piece === undefined) continue;
    if (event !== undefined) {
      heap.push({ stream, piece, index: 0, event });
    } else {
      batch.finish(piece);
      still.push(stream);
    }
  }
  return still;
}

/** Takes events in order until a stream needs its next piece, the batch is full, or a waiting stream starts. */
function takeEvents(
  heap: EventHeap,
  batch: OpenBatch,
  hungry: EventStream[],
  untilMs: number,
): void {
  let cursor = heap.first();
  while (cursor !== undefined && cursor.event.timeMs < untilMs) {
    const taken = cursor.event;
    batch.add(taken);
    cursor.index += 1;
    const next = cursor.piece.events[cursor.index];
    if (next === undefined) {
      heap.removeFirst();
      batch.finish(cursor.piece);
      hungry.push(cursor.stream);
      return;
    }
    cursor.event = next;
    heap.sinkFirst();
    cursor = heap.first();
    if (batch.isFull() && cursor !== undefined && compareEvents(cursor.event, taken) !== 0) return;
  }
}

/** The batch being filled. */
class OpenBatch {
  readonly #limits: BatchLimits;
  #events: KmsEvent[] = [];
  #deadLetters: DeadLetter[] = [];
  #counts: BatchCounts = noCounts;
  #finished = new Map<string, Piece>();
  #pieces = 0;

  constructor(limits: BatchLimits) {
    this.#limits = limits;
  }

  add(event: KmsEvent): void {
    this.#events.push(event);
  }

  finish(piece: Piece): void {
    piece.finish();
    this.#pieces += 1;
    this.#counts = addCounts(this.#counts, piece.counts);
    for (const letter of piece.deadLetters) this.#deadLetters.push(letter);
    if (piece.positionKey !== undefined) this.#finished.set(piece.positionKey, piece);
  }

  isEmpty(): boolean {
    return this.#events.length === 0 && this.#pieces === 0;
  }

  isFull(): boolean {
    return (
      this.#events.length >= this.#limits.events ||
      this.#pieces >= this.#limits.files ||
      this.#counts.bytes >= this.#limits.bytes ||
      this.#deadLetters.length >= this.#limits.events
    );
  }

  /** Closes the batch: its positions are those after the finished pieces and within the ones begun. */
  take(heap: EventHeap): Batch {
    const positions = new Map<string, string>();
    for (const [key, piece] of this.#finished) positions.set(key, piece.positionAfter(undefined));
    for (const { piece, index } of heap.items()) {
      if (piece.positionKey === undefined || index === 0) continue;
      positions.set(piece.positionKey, piece.positionAfter(piece.events[index - 1]));
    }
    const batch: Batch = {
      events: this.#events.sort(compareEvents), // Files of a trail overlap in time.
      deadLetters: this.#deadLetters,
      counts: this.#counts,
      positions,
      notices: [],
    };
    this.#events = [];
    this.#deadLetters = [];
    this.#counts = noCounts;
    this.#finished = new Map();
    this.#pieces = 0;
    return batch;
  }
}
