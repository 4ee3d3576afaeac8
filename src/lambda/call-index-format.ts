/** A segment that an index names. */
export interface SegmentName {
  readonly id: string;
  readonly bytes: number;
}

/** Where the identities of one hour are. */
export interface CallHour {
  readonly hour: number;
  readonly inline: Uint8Array;
  readonly segments: readonly SegmentName[];
}

const VERSION = 3;
/** Random digits of a segment's id, hexadecimal. */
export const ID_DIGITS = 16;

/** An index as bytes: it is part of every commit of its entity, so it is short. */
export function writeIndex(hours: readonly CallHour[]): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(VERSION), number(hours.length)];
  for (const { hour, inline, segments } of hours) {
    parts.push(number(hour), number(inline.byteLength), number(segments.length), inline);
    for (const { id, bytes } of segments) parts.push(digitsOf(id), number(bytes));
  }
  return Buffer.concat(parts);
}

/** Reads what `writeIndex` wrote. Throws RangeError for another version, or where bytes are missing. */
export function readIndex(data: Uint8Array): CallHour[] {
  if (data.byteLength === 0) return [];
  if (data[0] !== VERSION) throw new RangeError(`version ${data[0]} of a call index`);
  const reader = new Reader(data, 1);
  return times(reader.number(), () => {
    const hour = reader.number();
    const inlineBytes = reader.number();
    const segments = reader.number();
    const inline = reader.bytes(inlineBytes);
    return {
      hour,
      inline,
      segments: times(segments, () => ({ id: idIn(reader, hour), bytes: reader.number() })),
    };
  });
}

/** The id of a segment, whose digits are unique. */
export function idOf(hour: number, digits: string): string {
  return `${hour}.${digits}`;
}

function digitsOf(id: string): Uint8Array {
  return Buffer.from(id.slice(-ID_DIGITS), "hex");
}

function idIn(reader: Reader, hour: number): string {
  return idOf(hour, Buffer.from(reader.bytes(ID_DIGITS / 2)).toString("hex"));
}

/** Seven bits a byte, the lowest first; the last byte of a number is below 128. */
function number(value: number): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return Uint8Array.of(...bytes, left);
}

class Reader {
  readonly #data: Uint8Array;
  #at: number;

  constructor(data: Uint8Array, at: number) {
    this.#data = data;
    this.#at = at;
  }

  number(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#data[this.#at];
      if (byte === undefined) throw new RangeError("a call index that ends too early");
      this.#at += 1;
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
  }

  bytes(count: number): Uint8Array {
    const end = this.#at + count;
    if (end > this.#data.byteLength) throw new RangeError("a call index that ends too early");
    const bytes = Uint8Array.from(this.#data.subarray(this.#at, end));
    this.#at = end;
    return bytes;
  }
}

function times<Value>(count: number, make: () => Value): Value[] {
  const made: Value[] = [];
  for (let index = 0; index < count; index += 1) made.push(make());
  return made;
}
