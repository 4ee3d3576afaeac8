import type { KmsEvent } from "../../cloudtrail/event.ts";
import { compareEvents } from "./event-stream.ts";
import type { EventStream, Piece } from "./event-stream.ts";

/** A stream with the piece being taken and the place in it. */
export interface Cursor {
  readonly stream: EventStream;
  readonly piece: Piece;
  /** Of the next event to take. */
  index: number;
  event: KmsEvent;
}

/** A binary heap of cursors: the first is the one whose next event comes first. */
export class EventHeap {
  readonly #cursors: Cursor[] = [];

  get size(): number {
    return this.#cursors.length;
  }

  first(): Cursor | undefined {
    return this.#cursors[0];
  }

  items(): readonly Cursor[] {
    return this.#cursors;
  }

  push(cursor: Cursor): void {
    const cursors = this.#cursors;
    let at = cursors.push(cursor) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = cursors[above];
      if (parent === undefined || compareEvents(parent.event, cursor.event) <= 0) break;
      cursors[at] = parent;
      at = above;
    }
    cursors[at] = cursor;
  }

  removeFirst(): void {
    const last = this.#cursors.pop();
    if (last === undefined || this.#cursors.length === 0) return;
    this.#cursors[0] = last;
    this.sinkFirst();
  }

  /** Restores the order after the first cursor moved on. */
  sinkFirst(): void {
    const cursors = this.#cursors;
    const moved = cursors[0];
    if (moved === undefined) return;
    let at = 0;
    while (true) {
      let below = 2 * at + 1;
      let child = cursors[below];
      if (child === undefined) break;
      const other = cursors[below + 1];
      if (other !== undefined && compareEvents(other.event, child.event) < 0) {
        below += 1;
        child = other;
      }
      if (compareEvents(moved.event, child.event) <= 0) break;
      cursors[at] = child;
      at = below;
    }
    cursors[at] = moved;
  }
}
