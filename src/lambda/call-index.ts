import type { CallSegment } from "../store/store.ts";
import {
  type CallHour,
  idOf,
  readIndex,
  type SegmentName,
  writeIndex,
} from "./call-index-format.ts";
import { ID_BYTES, packCalls, unpackCalls } from "./call-coding.ts";

/**
 * Identities kept within the item, bytes: what more there is goes to segments, so that a write stays small. Found with the model of
 * `infra/cost`: with less there are too many segments to write and to read again, with more each write of the item is larger.
 */
export const INLINE_BYTES = 1024;
/** Most bytes of one segment, as the engine has its identities; the store's limit. */
export const SEGMENT_BYTES = 256 * 1024;
/** Segments smaller than this are merged when there are many of one hour, so that an item names few. */
export const SMALL_BYTES = 128 * 1024;
export const MOST_SMALL = 16;
/** Most segments that an item names; beyond, the oldest hours are forgotten early. */
const MOST_SEGMENTS = 800;

/** How a call index is to change: which segments must be read for it, and what is written out of them. */
export interface CallPlan {
  /** Small segments that are merged with what is new; their bytes are to be read. */
  readonly merged: readonly string[];
  /** The index, the segments to write before it, and those that nobody needs after it. `newDigits` gives 16 hexadecimal digits. */
  complete(read: ReadonlyMap<string, Uint8Array>, newDigits: () => string): CompletedPlan;
}

export interface CompletedPlan {
  readonly index: CallIndex;
  readonly written: readonly { readonly id: string; readonly bytes: Uint8Array }[];
  readonly garbage: readonly string[];
  /** Hours forgotten although they may still repeat, since an item cannot name so many segments. */
  readonly forgottenEarly: number;
}

/**
 * Where the identities of an entity's recent calls are: the newest within the item, the others in segments that it names.
 * Immutable; plain data on the outside.
 */
export class CallIndex {
  readonly #hours: readonly CallHour[];

  constructor(hours: readonly CallHour[] = []) {
    this.#hours = hours;
  }

  /** Reads what `write` wrote. Throws RangeError for another version. */
  static read(data: Uint8Array): CallIndex {
    return new CallIndex(readIndex(data));
  }

  write(): Uint8Array {
    return writeIndex(this.#hours);
  }

  /** Bytes of all identities as they are kept, wherever they are. */
  get bytes(): number {
    return this.#hours.reduce(
      (sum, { inline, segments }) =>
        segments.reduce((own, { bytes }) => own + bytes, sum + inline.byteLength),
      0,
    );
  }

  /** Identities of an hour that are within the item. */
  inline(hour: number): Uint8Array {
    return this.#hours.find((own) => own.hour === hour)?.inline ?? new Uint8Array();
  }

  /** Ids of the segments that hold the other identities of an hour. */
  segments(hour: number): string[] {
    return this.#hours.find((own) => own.hour === hour)?.segments.map(({ id }) => id) ?? [];
  }

  /** Adds identities and forgets the hours before one. */
  plan(fresh: readonly CallSegment[], forgetBeforeHour: number): CallPlan {
    const kept = this.#hours.filter(({ hour }) => hour >= forgetBeforeHour);
    const hours = new Map(kept.map((own) => [own.hour, own]));
    for (const { hour, ids } of fresh) {
      if (hour < forgetBeforeHour || ids.byteLength === 0) continue;
      const own = hours.get(hour) ?? { hour, inline: new Uint8Array(), segments: [] };
      hours.set(hour, { ...own, inline: joined([own.inline, ids]) });
    }
    const flushed = toFlush([...hours.values()]);
    const merging = new Map(flushed.map((own) => [own.hour, smallOf(own)]));
    return {
      merged: [...merging.values()].flatMap((small) => small.map(({ id }) => id)),
      complete(read, newDigits) {
        const written: { id: string; bytes: Uint8Array }[] = [];
        for (const own of flushed) {
          const small = merging.get(own.hour) ?? [];
          const pieces = cut(joined([...small.map(({ id }) => bytesIn(read, id)), own.inline]));
          const made = pieces.map((ids) => ({
            id: idOf(own.hour, newDigits()),
            bytes: packCalls(ids),
          }));
          written.push(...made);
          hours.set(own.hour, {
            hour: own.hour,
            inline: new Uint8Array(),
            segments: [
              ...own.segments.filter((one) => !small.includes(one)),
              ...made.map(({ id, bytes }) => ({ id, bytes: bytes.byteLength })),
            ],
          });
        }
        const { kept, early } = withinLimit([...hours.values()]);
        return {
          index: new CallIndex(kept),
          written,
          garbage: [...merging.values()].flat().map(({ id }) => id),
          forgottenEarly: early.length,
        };
      },
    };
  }
}

/** The hours with most identities within the item, until the others fit. */
function toFlush(hours: readonly CallHour[]): CallHour[] {
  let bytes = hours.reduce((sum, { inline }) => sum + inline.byteLength, 0);
  if (bytes <= INLINE_BYTES) return [];
  const largest = hours.toSorted((one, other) => other.inline.byteLength - one.inline.byteLength);
  const flushed: CallHour[] = [];
  for (const own of largest) {
    if (bytes <= INLINE_BYTES / 2) break;
    flushed.push(own);
    bytes -= own.inline.byteLength;
  }
  return flushed;
}

function smallOf({ segments }: CallHour): readonly SegmentName[] {
  const small = segments.filter(({ bytes }) => bytes < SMALL_BYTES);
  return small.length < MOST_SMALL ? [] : small;
}

function withinLimit(hours: readonly CallHour[]): { kept: CallHour[]; early: CallHour[] } {
  const kept = hours.toSorted((one, other) => one.hour - other.hour);
  const early: CallHour[] = [];
  let names = kept.reduce((sum, { segments }) => sum + segments.length, 0);
  while (names > MOST_SEGMENTS && kept.length > 1) {
    const [oldest] = kept.splice(0, 1);
    if (oldest === undefined) break;
    names -= oldest.segments.length;
    early.push(oldest);
  }
  return { kept, early };
}

function bytesIn(read: ReadonlyMap<string, Uint8Array>, id: string): Uint8Array {
  const bytes = read.get(id);
  // One that vanished has outlived every record that could repeat its calls.
  return bytes === undefined ? new Uint8Array() : unpackCalls(bytes);
}

function cut(bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const most = SEGMENT_BYTES - (SEGMENT_BYTES % ID_BYTES);
  for (let at = 0; at < bytes.byteLength; at += most) pieces.push(bytes.slice(at, at + most));
  return pieces;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}
