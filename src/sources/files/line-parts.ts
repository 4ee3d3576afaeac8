import { SourceError } from "../source-error.ts";
import { keptBytes } from "./parse-items.ts";
import { closeTornJson } from "./torn-json.ts";

/** Consecutive bytes of a file that can be parsed by themselves: whole lines, or all of it. */
export interface Part {
  readonly data: Uint8Array;
  /** Where it ends in the opened file. */
  readonly end: number;
  /** What follows could not be read, or was left out. */
  readonly failure: PartFailure | undefined;
}

export interface PartFailure {
  readonly reason: "gzip-torn" | "too-large" | "unreadable";
  readonly detail: string;
  readonly payload: Uint8Array;
  /** Reading goes on after it. */
  readonly passed: boolean;
}

export interface PartSizes {
  /** A part of lines is cut at the last line's end before it is this long, if one line is not longer. */
  readonly part: number;
  /** Most bytes of one JSON document, which is held whole. */
  readonly document: number;
  /** Most bytes of one line among many. */
  readonly line: number;
}

/**
 * Cuts opened bytes into parts. Where the first lines are JSON values by themselves, the file is one of lines and is cut
 * at line ends; anything else is a document and comes whole. `start` is the place of the first byte in the file; after
 * the first byte of a file there are only lines. With `firstEnd` the first part ends exactly there. What ends the reading
 * is the last part's failure; only a `SourceError` that passes or concerns a permission is thrown on.
 */
export async function* cutParts(
  chunks: AsyncIterable<Uint8Array>,
  sizes: PartSizes,
  start: number,
  firstEnd?: number,
): AsyncGenerator<Part, void, undefined> {
  const cutter = new PartCutter(sizes, start, firstEnd);
  try {
    for await (const chunk of chunks) {
      for (const part of cutter.push(chunk)) {
        yield part;
        if (part.failure?.passed === false) return;
      }
    }
  } catch (error) {
    if (error instanceof SourceError && (error.retryable || error.code === "access")) throw error;
    yield* cutter.tear(error);
    return;
  }
  yield* cutter.end();
}

/** Decides where parts end as chunks come in. */
class PartCutter {
  readonly #sizes: PartSizes;
  readonly #held: Held;
  /** Whether it is a file of lines, once that is known. */
  #lines: boolean | undefined;
  /** In the middle of a line that is left out. */
  #skipping = false;
  /** Length of the first part, 0 where it may end at any line. */
  #exact: number;

  constructor(sizes: PartSizes, start: number, firstEnd: number | undefined) {
    this.#sizes = sizes;
    this.#held = new Held(start);
    this.#lines = start > 0 ? true : undefined;
    this.#exact = firstEnd === undefined ? 0 : firstEnd - start;
  }

  *push(chunk: Uint8Array): Generator<Part, void, undefined> {
    const held = this.#held;
    held.push(chunk);
    if (this.#skipping) this.#skipping = !held.dropLine();
    while (!this.#skipping && held.size >= Math.max(this.#sizes.part, this.#exact)) {
      const part = this.#next();
      if (part === undefined) return;
      yield part;
    }
  }

  #next(): Part | undefined {
    if (this.#exact > 0) return this.#takeExact();
    this.#lines ??= this.#held.hasLineEnd() ? areLines(this.#held.bytes()) : undefined;
    return this.#lines === true ? this.#takeLines() : this.#checkDocument();
  }

  *end(): Generator<Part, void, undefined> {
    if (this.#exact > 0 && this.#held.size > this.#exact) yield this.#takeExact();
    if (this.#held.size > 0 && !this.#skipping) yield this.#held.take();
  }

  /** The whole lines or elements before a tear, then the tear. */
  *tear(error: unknown): Generator<Part, void, undefined> {
    const held = this.#held;
    const isTorn = error instanceof Error && "code" in error && String(error.code).startsWith("Z_");
    const detail = error instanceof Error ? error.message : String(error);
    const reason = isTorn ? "gzip-torn" : "unreadable";
    if (this.#lines ?? areLines(held.bytes())) {
      const part = held.takeLines();
      if (part !== undefined) yield part;
      yield held.drop(reason, detail, false);
    } else {
      const saved = closeTornJson(held.bytes());
      yield { ...held.drop(reason, detail, false), data: saved };
    }
  }

  #takeExact(): Part {
    const part = this.#held.take(this.#exact);
    this.#exact = 0;
    this.#lines = true;
    return part;
  }

  #takeLines(): Part | undefined {
    const part = this.#held.takeLines(this.#sizes.part);
    if (part !== undefined || this.#held.size <= this.#sizes.line) return part;
    this.#skipping = true;
    const detail = `a line is longer than ${this.#sizes.line} bytes`;
    return this.#held.drop("too-large", detail, true);
  }

  #checkDocument(): Part | undefined {
    if (this.#held.size <= this.#sizes.document) return undefined;
    const detail = `a document opens to more than ${this.#sizes.document} bytes`;
    return this.#held.drop("too-large", detail, false);
  }
}

const lineEnd = 0x0a;

/** Bytes that were read and not handed out. */
class Held {
  #chunks: Uint8Array[] = [];
  #start: number;
  #sawLineEnd = false;
  size = 0;

  constructor(start: number) {
    this.#start = start;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.size += chunk.length;
    this.#sawLineEnd ||= chunk.includes(lineEnd);
  }

  bytes(): Uint8Array {
    const [only] = this.#chunks;
    if (only === undefined || this.#chunks.length > 1) this.#chunks = [joined(this.#chunks)];
    return this.#chunks[0] ?? new Uint8Array();
  }

  hasLineEnd(): boolean {
    return this.#sawLineEnd;
  }

  /** The first bytes, all of them where no number is given, in a buffer of their own that a thread can be given. */
  take(cut = this.size): Part {
    const data = new Uint8Array(cut);
    const rest: Uint8Array[] = [];
    let at = 0;
    for (const chunk of this.#chunks) {
      const head = chunk.subarray(0, cut - at);
      data.set(head, at);
      at += head.length;
      if (head.length < chunk.length) rest.push(chunk.subarray(head.length));
    }
    this.#chunks = rest;
    this.size -= cut;
    this.#sawLineEnd = rest.some((chunk) => chunk.includes(lineEnd));
    this.#start += cut;
    return { data, end: this.#start, failure: undefined };
  }

  /** Whole lines of at most `most` bytes, or one that is longer; undefined where no line ends. */
  takeLines(most = this.size): Part | undefined {
    if (!this.#sawLineEnd) return undefined;
    let found: number | undefined;
    let at = 0;
    for (const chunk of this.#chunks) {
      const inside = at < most ? chunk.lastIndexOf(lineEnd, most - at - 1) : -1;
      if (inside !== -1) found = at + inside + 1;
      else if (at + chunk.length > most) found ??= endOfLine(chunk, at);
      if (at + chunk.length > most && found !== undefined) break;
      at += chunk.length;
    }
    return found === undefined ? undefined : this.take(found);
  }

  /** Drops bytes up to and with the next line's end; says whether it was found. */
  dropLine(): boolean {
    const data = this.bytes();
    const found = data.indexOf(lineEnd);
    const cut = found === -1 ? data.length : found + 1;
    this.#chunks = cut < data.length ? [data.subarray(cut)] : [];
    this.size = data.length - cut;
    this.#sawLineEnd = data.includes(lineEnd, cut);
    this.#start += cut;
    return found !== -1;
  }

  drop(reason: PartFailure["reason"], detail: string, passed: boolean): Part {
    const { data, end } = this.take();
    const payload = data.slice(0, keptBytes);
    const cut = data.length > keptBytes ? `; the first ${keptBytes} bytes are kept` : "";
    const failure = { reason, detail: detail + cut, payload, passed };
    return { data: new Uint8Array(), end, failure };
  }
}

/** One of the first three lines is a JSON object or array by itself, and does not end the text. */
function areLines(text: Uint8Array): boolean {
  let from = 0;
  for (let line = 0; line < 3; line += 1) {
    const end = text.indexOf(lineEnd, from);
    if (end === -1) return false;
    if (isValue(text.subarray(from, end))) return true;
    from = end + 1;
  }
  return false;
}

function isValue(line: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(Buffer.from(line).toString("utf8"));
    return typeof value === "object" && value !== null;
  } catch {
    return false; // What is not a value by itself may be a line of a document.
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** Place after the first line's end of a chunk that begins at `start`; undefined where none ends. */
function endOfLine(chunk: Uint8Array, start: number): number | undefined {
  const found = chunk.indexOf(lineEnd);
  return found === -1 ? undefined : start + found + 1;
}
