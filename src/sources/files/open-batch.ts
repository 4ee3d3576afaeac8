import type { KmsEvent } from "../../cloudtrail/event.ts";
import { type Batch, type BatchCounts, type DeadLetter, noCounts } from "../source.ts";
import { addCounts, compareEvents, placeOf } from "./event-stream.ts";
import type { EventStream, Piece } from "./event-stream.ts";

/** When a batch is full. */
export interface BatchLimits {
  readonly events: number;
  readonly files: number;
  /** Opened bytes of the files read, so that trails with few KMS events move their positions as well. */
  readonly bytes: number;
}

/** Bytes of dead letters that fill a batch, as each may be of 16 MiB. */
const mostLetterBytes = 64 * 1024 * 1024;

export const batchLimits: BatchLimits = { events: 20_000, files: 1_000, bytes: 256 * 1024 * 1024 };

/** A piece being taken and the place in it. */
export interface Cursor {
  /** Undefined for a piece of the feed. */
  readonly stream: EventStream | undefined;
  readonly piece: Piece;
  /** Of the next event to take. */
  index: number;
  event: KmsEvent;
  /** The last event taken. */
  last: KmsEvent | undefined;
  /** Whether events were taken since the last batch. */
  isMoved: boolean;
}

/** The batch being filled. */
export class OpenBatch {
  readonly #limits: BatchLimits;
  #events: KmsEvent[] = [];
  #deadLetters: DeadLetter[] = [];
  #counts: BatchCounts = noCounts;
  #letterBytes = 0;
  #moved = new Map<string, Piece>();
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
    for (const letter of piece.deadLetters) {
      this.#deadLetters.push(letter);
      this.#letterBytes += letter.payload.length;
    }
    if (piece.positionKey !== undefined) this.#moved.set(piece.positionKey, piece);
  }

  isEmpty(): boolean {
    return this.#events.length === 0 && this.#pieces === 0;
  }

  isFull(): boolean {
    return (
      this.#events.length >= this.#limits.events ||
      this.#pieces >= this.#limits.files ||
      this.#counts.bytes >= this.#limits.bytes ||
      this.#deadLetters.length >= this.#limits.events ||
      this.#letterBytes >= mostLetterBytes
    );
  }

  /** Closes the batch: its positions are those after the finished pieces and within the ones begun. */
  take(cursors: readonly Cursor[]): Batch {
    const last = this.#events.at(-1);
    for (const cursor of cursors) {
      const { piece, isMoved } = cursor;
      if (!isMoved) continue;
      cursor.isMoved = false;
      piece.mark(markOf(cursor, last));
      if (piece.positionKey !== undefined) this.#moved.set(piece.positionKey, piece);
    }
    const batch: Batch = {
      events: this.#events.sort(compareEvents), // What was opened late comes behind what is later.
      deadLetters: this.#deadLetters,
      counts: this.#counts,
      positions: new Map([...this.#moved].map(([key, piece]) => [key, piece.position()])),
      notices: [],
    };
    this.#events = [];
    this.#deadLetters = [];
    this.#letterBytes = 0;
    this.#counts = noCounts;
    this.#moved = new Map();
    this.#pieces = 0;
    return batch;
  }
}

/**
 * Where a piece was left: by the last event of all, which serves for most pieces alike, as what comes next of any lies
 * behind it; by its own where it was ahead of that when a piece was opened late.
 */
function markOf({ event, last }: Cursor, lastOfAll: KmsEvent | undefined): string {
  const own = last ?? event;
  const isCommon = lastOfAll !== undefined && compareEvents(own, lastOfAll) <= 0;
  return placeOf(isCommon ? lastOfAll : own);
}
