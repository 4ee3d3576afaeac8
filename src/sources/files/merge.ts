import type { KmsEvent } from "../../cloudtrail/event.ts";
import type { Log } from "../../telemetry.ts";
import type { Batch } from "../source.ts";
import { compareEvents } from "./event-stream.ts";
import type { EventStream, FedPiece, PieceFeed } from "./event-stream.ts";
import { Heap } from "./heap.ts";
import { mostEventsHeld } from "./memory-budget.ts";
import { OpenBatch } from "./open-batch.ts";
import type { BatchLimits, Cursor } from "./open-batch.ts";

/** What is merged. */
export interface MergeInput {
  readonly streams: readonly EventStream[];
  readonly feed?: PieceFeed | undefined;
  /** Events of the feed that are held at once; what has no room is opened late, and that is logged. */
  readonly mostHeld?: number | undefined;
  readonly log: Log;
}

/**
 * Merges streams and the feed's pieces event by event into batches, by event time, ties by event id. Each is opened when
 * the merge reaches the time at which it starts. At most 512 streams are open at once: should more overlap, the later ones
 * wait, and their first events come late. A batch never ends between two events with the same place in the order.
 */
export async function* mergeStreams(
  input: MergeInput,
  limits: BatchLimits,
  signal: AbortSignal,
): AsyncGenerator<Batch, void, undefined> {
  const batch = new OpenBatch(limits);
  const merge = new Merge(input, batch);
  while (!signal.aborted && (await merge.step())) {
    if (batch.isFull() && !merge.isWithinTie()) yield batch.take(merge.cursors());
  }
  if (!signal.aborted && !batch.isEmpty()) yield batch.take(merge.cursors());
}

const mostOpen = 512;
/** Taken events are let go of in groups. */
const forgottenAtOnce = 1024;
/** What comes later than this changes no closed hour. */
const latenessMs = 3_600_000;

class Merge {
  readonly #batch: OpenBatch;
  readonly #log: Log;
  readonly #heap = new Heap<Cursor>((a, b) => compareEvents(a.event, b.event));
  /** The next one is the last. */
  readonly #waiting: EventStream[];
  #hungry: EventStream[];
  readonly #feed: PieceFeed | undefined;
  readonly #mostHeld: number;
  #upcoming: FedPiece | undefined;
  #isFeedDone: boolean;
  #openStreams = 0;
  #held = 0;
  /** Whether the upcoming piece had to wait for room. */
  #isCrowded = false;
  #last: KmsEvent | undefined;
  readonly #told = new Set<string>();

  constructor({ streams, feed, mostHeld = mostEventsHeld, log }: MergeInput, batch: OpenBatch) {
    this.#batch = batch;
    this.#log = log;
    this.#waiting = [...streams].sort((a, b) => b.startsAtMs - a.startsAtMs);
    this.#feed = feed;
    this.#isFeedDone = feed === undefined;
    this.#mostHeld = mostHeld;
    this.#hungry = this.#takeDue();
  }

  cursors(): readonly Cursor[] {
    return this.#heap.items();
  }

  /** Whether the next event has the same place in the order as the last one taken. */
  isWithinTie(): boolean {
    const next = this.#heap.first()?.event;
    return next !== undefined && this.#last !== undefined && compareEvents(next, this.#last) === 0;
  }

  /** Opens what is due, or takes events; false at the end of everything. */
  async step(): Promise<boolean> {
    if (this.#hungry.length > 0) {
      await this.#fill();
    } else if (this.#upcoming === undefined && !this.#isFeedDone) {
      this.#upcoming = await this.#feed?.next();
      this.#isFeedDone = this.#upcoming === undefined;
    } else if (this.#upcoming !== undefined && this.#isDue(this.#upcoming)) {
      if (this.#hasRoomFor(this.#upcoming)) this.#open(this.#upcoming);
      else this.#makeRoomFor(this.#upcoming);
    } else if (this.#heap.size > 0) {
      this.#take(Math.min(this.#startOfNext(), this.#upcoming?.startsAtMs ?? Infinity), Infinity);
    } else {
      return false;
    }
    if (this.#hungry.length === 0) this.#hungry = this.#takeDue();
    return true;
  }

  #isDue({ startsAtMs }: FedPiece): boolean {
    return startsAtMs <= (this.#heap.first()?.event.timeMs ?? Infinity);
  }

  #hasRoomFor({ events }: FedPiece): boolean {
    return this.#held === 0 || this.#held + events.length <= this.#mostHeld;
  }

  /** Takes events before the piece is there that should be. */
  #makeRoomFor({ events }: FedPiece): void {
    this.#isCrowded = true;
    this.#take(Infinity, Math.min(this.#held, this.#held + events.length - this.#mostHeld));
  }

  #open(piece: FedPiece): void {
    this.#upcoming = undefined;
    const [event] = piece.events;
    piece.begin();
    if (event === undefined) {
      this.#batch.finish(piece);
      return;
    }
    this.#held += piece.events.length;
    this.#heap.push({ stream: undefined, piece, index: 0, event, last: undefined, isMoved: false });
    const isLate = this.#last !== undefined && event.timeMs < this.#last.timeMs - latenessMs;
    if (isLate && this.#isCrowded) {
      this.#warnOnce(
        { events: this.#mostHeld },
        "the log files in CloudTrail's layout span more events than are held at once: some come late and change no closed hour; replay fewer accounts or Regions at a time, each into a state directory of its own, or cut the files into those of an hour",
      );
    }
    this.#isCrowded = false;
  }

  /** Streams that start at or before the merge's place, or the first ones where nothing is open. */
  #takeDue(): EventStream[] {
    const due: EventStream[] = [];
    while (true) {
      const next = this.#waiting.at(-1);
      const reachedMs = this.#heap.first()?.event.timeMs ?? due[0]?.startsAtMs ?? Infinity;
      if (next === undefined || next.startsAtMs > reachedMs) return due;
      if (this.#openStreams >= mostOpen) {
        this.#warnOnce(
          { files: mostOpen },
          "more files overlap in time than are open at once: the events of some come late and may change no closed hour",
        );
        return due;
      }
      this.#waiting.pop();
      this.#openStreams += 1;
      due.push(next);
    }
  }

  /** When the merge must stop to open a stream. */
  #startOfNext(): number {
    return this.#openStreams < mostOpen ? (this.#waiting.at(-1)?.startsAtMs ?? Infinity) : Infinity;
  }

  /** Gives streams their next piece; those whose piece held no event to take stay hungry. */
  async #fill(): Promise<void> {
    const streams = this.#hungry;
    const pieces = await Promise.all(streams.map((stream) => stream.next()));
    this.#hungry = [];
    for (const [index, stream] of streams.entries()) {
      const piece = pieces[index];
      const event = piece?.events[0];
      if (piece === undefined) {
        this.#openStreams -= 1;
        continue;
      }
      piece.begin();
      if (event === undefined) {
        this.#batch.finish(piece);
        this.#hungry.push(stream);
      } else {
        this.#heap.push({ stream, piece, index: 0, event, last: undefined, isMoved: false });
      }
    }
  }

  /** Takes events in order until a stream needs its next piece, the batch is full, the time is reached, or there are enough. */
  #take(untilMs: number, most: number): void {
    const heap = this.#heap;
    let cursor = heap.first();
    for (let taken = 0; taken < most; taken += 1) {
      if (cursor === undefined || cursor.event.timeMs >= untilMs) return;
      const { event } = cursor;
      this.#batch.add(event);
      this.#last = event;
      if (cursor.stream === undefined) this.#held -= 1;
      const next = advance(cursor);
      if (next !== undefined) {
        cursor.event = next;
        heap.sinkFirst();
      } else {
        heap.removeFirst();
        this.#batch.finish(cursor.piece);
        if (cursor.stream !== undefined) {
          this.#hungry.push(cursor.stream);
          return;
        }
      }
      cursor = heap.first();
      if (this.#batch.isFull()) return;
    }
  }

  #warnOnce(fields: Readonly<Record<string, number>>, text: string): void {
    if (this.#told.has(text)) return;
    this.#told.add(text);
    this.#log.warn(fields, text);
  }
}

/** Moves behind the event that was taken; returns the next one. */
function advance(cursor: Cursor): KmsEvent | undefined {
  cursor.last = cursor.event;
  cursor.isMoved = true;
  cursor.index += 1;
  if (cursor.index === forgottenAtOnce) {
    cursor.piece.events.splice(0, forgottenAtOnce);
    cursor.index = 0;
  }
  return cursor.piece.events[cursor.index];
}
