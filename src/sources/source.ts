import type { KmsEvent } from "../cloudtrail/event.ts";
import type { RejectReason } from "../cloudtrail/records.ts";

/**
 * Where batches come from. `test/contracts/source.ts` says what each source must do.
 *
 * A source recovers from whatever can pass (throttling, expired iterators, a lost network) by itself and throws only what
 * an operator must mend. It reads on only when the consumer asks for the next batch, so back-pressure is free.
 */
export interface Source {
  readonly name: string;
  /**
   * Reads on from the committed positions until the end (history) or until the signal aborts (live), which ends the
   * generator without an error. A batch that was yielded but not committed is read again next time.
   */
  read(
    positions: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ): AsyncGenerator<Batch, void, undefined>;
}

/** Records read together, opened and parsed, with the positions after them. */
export interface Batch {
  /** In event-time order as far as one batch goes. */
  readonly events: readonly KmsEvent[];
  readonly deadLetters: readonly DeadLetter[];
  readonly counts: BatchCounts;
  /** Positions after this batch; keys not named keep their value. An empty string removes a key. */
  readonly positions: ReadonlyMap<string, string>;
  /** What the source itself has to say, to be alerted on: lost data, mostly. */
  readonly notices: readonly SourceNotice[];
}

export interface BatchCounts {
  readonly files: number;
  readonly filesSkipped: number;
  readonly filesFailed: number;
  readonly bytesCompressed: number;
  readonly bytes: number;
  readonly records: number;
  readonly kmsEvents: number;
  readonly rejected: number;
}

/** The counts of a batch that nothing was read for. */
export const noCounts: BatchCounts = {
  files: 0,
  filesSkipped: 0,
  filesFailed: 0,
  bytesCompressed: 0,
  bytes: 0,
  records: 0,
  kmsEvents: 0,
  rejected: 0,
};

/** Something that could not be understood, kept whole with where it was found. */
export interface DeadLetter {
  readonly reason: RejectReason | "unreadable";
  readonly detail: string;
  /** Coordinates for people and for a re-drive: `stream/shard/sequence` or a file path. */
  readonly origin: string;
  readonly payload: Uint8Array;
}

export interface SourceNotice {
  /** `gap`: records were lost. `silent`: none arrive, until `toMs` once they do again. */
  readonly kind: "gap" | "silent";
  /** What it is about: stream and shard. */
  readonly subject: string;
  readonly text: string;
  /**
   * Milliseconds, undefined if not known. Of a gap: when the position that was lost had been written, and where reading went on;
   * of a silence: since when, and until when.
   */
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
}
