import { parseJson } from "./json.ts";

/**
 * How the sessions seen last are written: each `userIdentity` from its brace to the end of its `sessionContext`, or of whatever
 * object comes last in it. Most calls of a session repeat that, a third of a record, byte by byte; what is seen again is
 * not parsed again.
 *
 * There are 2048 places, and a beginning has one of two by some of its bytes, so that memory has a bound whatever comes (some 8 MB). Who
 * makes beginnings meet on purpose gains no more than that they are parsed each time.
 */
export class SeenIdentities {
  readonly #seen: (SeenIdentity | undefined)[] = Array.from({ length: PLACES }, () => undefined);

  /** How the identity at `start` begins, where that was seen of late. */
  find(bytes: Buffer, start: number): SeenIdentity | undefined {
    const place = placeOf(bytes, start);
    const first = this.#seen[place];
    if (first?.isAt(bytes, start) === true) {
      return first;
    }
    const second = this.#seen[place ^ 1];
    return second?.isAt(bytes, start) === true ? second : undefined;
  }

  /** Keeps the beginning from `start` to `end`, if its size is usual; the one before it at its place goes to the second one. */
  keep(bytes: Buffer, start: number, end: number): void {
    if (end - start < SHORTEST || end - start > LONGEST) {
      return;
    }
    const place = placeOf(bytes, start);
    this.#seen[place ^ 1] = this.#seen[place];
    this.#seen[place] = new SeenIdentity(Buffer.from(bytes.subarray(start, end)));
  }
}

const PLACES = 2048;
/** What is shorter is parsed about as fast as it is found. */
const SHORTEST = 240;
const LONGEST = 1024;

/** How identities of a session begin. */
export class SeenIdentity {
  readonly #bytes: Buffer;
  /** Values by what follows the beginning: nothing, or the service that made the call. */
  readonly #values = new Map<string, unknown>();

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get length(): number {
    return this.#bytes.length;
  }

  isAt(bytes: Buffer, start: number): boolean {
    const end = start + this.#bytes.length;
    return end <= bytes.length && this.#bytes.compare(bytes, start, end) === 0;
  }

  /**
   * The value of an identity that begins so and ends with `rest`; undefined where that is not JSON. It is shared by all that
   * ask: nobody may change it.
   */
  valueWith(rest: string): unknown {
    const known = this.#values.get(rest);
    if (known !== undefined || rest.length > LONGEST_REST) {
      return known ?? parseJson(this.#bytes.toString("utf8") + rest);
    }
    const value = parseJson(this.#bytes.toString("utf8") + rest);
    if (value !== undefined) {
      if (this.#values.size >= MOST_RESTS) {
        this.#values.clear();
      }
      this.#values.set(rest, value);
    }
    return value;
  }
}

const MOST_RESTS = 4;
const LONGEST_REST = 128;

/** By every seventh byte of where the ids of principal and access key stand. */
function placeOf(bytes: Buffer, start: number): number {
  let hash = 0;
  for (let at = start + 20; at < start + SHORTEST; at += 7) {
    hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) & (PLACES - 1);
}
