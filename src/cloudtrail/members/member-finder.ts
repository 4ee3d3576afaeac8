import {
  type AT_RECORDS,
  BEFORE_WINDOW,
  BLOCK,
  type CLOSED,
  ENDED_AT,
  UNEVEN,
  WINDOW_BYTES,
  WINDOW_ENDED,
  WINDOW_START,
} from "./layout.ts";
import { MODULE } from "./module.ts";

/** How going through an object ended. */
export type Ending = typeof CLOSED | typeof UNEVEN | typeof AT_RECORDS;

/**
 * Finds the members that matter in the objects of one text: `find-members.as.ts`, with the text put before it window by
 * window, so that its memory is small whatever the text. What was found is there until this or another finder goes on.
 */
export class MemberFinder {
  readonly #bytes: Uint8Array;
  readonly #machine: Machine;
  readonly #number: number;
  /** While the window is this finder's: what to add to a position for its address, and the first position behind it. */
  #shift = 0;
  #windowEnd = 0;
  #start = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#machine = theMachine();
    this.#number = this.#machine.finders;
    this.#machine.finders += 1;
  }

  /**
   * Goes from `start`, inside of an object or list, to its closing bracket, or to the colon behind a name `Records` directly
   * in it. `end` says where that is.
   */
  go(start: number): Ending {
    const machine = this.#machine;
    const isInWindow = start + this.#shift >= WINDOW_START && start < this.#windowEnd;
    if (machine.user !== this.#number || !isInWindow) {
      this.#moveWindow(start);
    }
    this.#start = start;
    const origin = start + this.#shift;
    let ending = machine.begin(origin, this.#limit, origin);
    while (ending === WINDOW_ENDED && this.#windowEnd < this.#bytes.length) {
      this.#moveWindow(this.end);
      ending = machine.goOn(WINDOW_START, this.#limit, start + this.#shift);
    }
    return ending === WINDOW_ENDED ? UNEVEN : ending;
  }

  /** The position behind the closing bracket, or of the colon. */
  get end(): number {
    return this.number(ENDED_AT) - this.#shift;
  }

  /** What is in one of the places of `layout.ts`. */
  number(place: number): number {
    return this.#machine.places[place] ?? 0;
  }

  /** The position for the offset in one of the places. */
  position(place: number): number {
    return this.#start + this.number(place);
  }

  #moveWindow(start: number): void {
    const { memory } = this.#machine;
    const before = Math.max(0, start - BEFORE_WINDOW);
    this.#machine.user = this.#number;
    this.#shift = WINDOW_START - start;
    this.#windowEnd = Math.min(this.#bytes.length, start + WINDOW_BYTES);
    memory.set(this.#bytes.subarray(before, this.#windowEnd), before + this.#shift);
    memory.fill(SPACE, this.#windowEnd + this.#shift, this.#windowEnd + this.#shift + BLOCK);
  }

  /** The text's last bytes are in a block too, since a block of spaces comes after them. */
  get #limit(): number {
    const isLast = this.#windowEnd === this.#bytes.length;
    return this.#windowEnd + this.#shift + (isLast ? BLOCK : 0);
  }
}

const SPACE = 0x20;

/** The module. It has one window and one set of places, and serves one finder after the other. */
interface Machine {
  readonly begin: Step;
  readonly goOn: Step;
  readonly memory: Uint8Array;
  readonly places: Uint32Array;
  /** How many there were. */
  finders: number;
  /** Number of the one whose text is in the window. */
  user: number;
}

/** Goes from an address to an address at most; what it finds gets offsets from the origin. */
type Step = (start: number, limit: number, origin: number) => Ending | typeof WINDOW_ENDED;

let machine: Machine | undefined;

/** Made when it is first needed: a command or function that opens no record starts without it. */
function theMachine(): Machine {
  machine ??= makeMachine();
  return machine;
}

function makeMachine(): Machine {
  const module = new WebAssembly.Module(Buffer.from(MODULE, "base64"));
  const { begin, goOn, memory } = new WebAssembly.Instance(module).exports;
  const { buffer } = memory;
  const places = new Uint32Array(buffer);
  return { begin, goOn, memory: new Uint8Array(buffer), places, finders: 0, user: -1 };
}

/** The part needed here of what every JavaScript engine has, which TypeScript knows for browsers only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => {
    readonly exports: {
      readonly begin: Step;
      readonly goOn: Step;
      readonly memory: { readonly buffer: ArrayBuffer };
    };
  };
};
