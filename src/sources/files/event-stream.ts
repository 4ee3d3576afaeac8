import type { KmsEvent } from "../../cloudtrail/event.ts";
import type { BatchCounts, DeadLetter } from "../source.ts";

/** Events of one origin, piece by piece; what the merge by event time takes in. */
export interface EventStream {
  /** No event of the stream is earlier, so that it need not be opened before; -Infinity where that is not known. */
  readonly startsAtMs: number;
  next(): Promise<Piece | undefined>;
  close(): Promise<void>;
}

/** Pieces of many origins in the order in which they begin, each a file that is held whole while its events are taken. */
export interface PieceFeed {
  next(): Promise<FedPiece | undefined>;
  close(): Promise<void>;
}

/** A piece that has to be there before the merge takes any event of `startsAtMs` or later. */
export interface FedPiece extends Piece {
  readonly startsAtMs: number;
}

/** A file or part of one, opened and parsed. It counts as a whole when its last event is taken. */
export interface Piece {
  /** In order of event time, ties by event id. The merge removes those that are taken, so that they need no memory. */
  readonly events: KmsEvent[];
  readonly deadLetters: readonly DeadLetter[];
  readonly counts: BatchCounts;
  /** Key of the position that taking events of this piece moves; undefined where reading cannot be resumed. */
  readonly positionKey: string | undefined;
  /** Notes that its events are being taken from now on. */
  begin(): void;
  /** Notes that all events up to a place in the order, as `placeOf` names it, were taken and none after it. */
  mark(place: string): void;
  /** Notes that all of it was taken. Called once. */
  finish(): void;
  /** The position of its key, by all that was noted. */
  position(): string;
}

/** Sums of counts, name by name. */
export function addCounts(a: BatchCounts, b: Partial<BatchCounts>): BatchCounts {
  return {
    files: a.files + (b.files ?? 0),
    filesSkipped: a.filesSkipped + (b.filesSkipped ?? 0),
    filesFailed: a.filesFailed + (b.filesFailed ?? 0),
    bytesCompressed: a.bytesCompressed + (b.bytesCompressed ?? 0),
    bytes: a.bytes + (b.bytes ?? 0),
    records: a.records + (b.records ?? 0),
    kmsEvents: a.kmsEvents + (b.kmsEvents ?? 0),
    rejected: a.rejected + (b.rejected ?? 0),
  };
}

/** Order of events: event time, ties by event id. */
export function compareEvents(a: KmsEvent, b: KmsEvent): number {
  if (a.timeMs !== b.timeMs) return a.timeMs - b.timeMs;
  if (a.eventId === b.eventId) return 0;
  return a.eventId < b.eventId ? -1 : 1;
}

/** Names an event's place in the order; read back by `isAfter`. */
export function placeOf(event: KmsEvent): string {
  return `${event.timeMs}/${event.eventId}`;
}

/** Whether an event comes after a place in the order. */
export function isAfter(event: KmsEvent, place: string): boolean {
  const slash = place.indexOf("/");
  const timeMs = Number(place.slice(0, slash));
  return event.timeMs === timeMs ? event.eventId > place.slice(slash + 1) : event.timeMs > timeMs;
}
