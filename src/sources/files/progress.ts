import type { Log } from "../../telemetry.ts";
import { countFiles } from "./lane.ts";
import type { Lane } from "./lane.ts";
import type { Walk } from "./walk.ts";

/** How far the reading is, in files and stored bytes; totals where they are known. */
export interface HistoryProgress {
  readonly filesDone: number;
  /** Known at once, or after a moment of counting; undefined for S3 in CloudTrail's layout and for stdin. */
  readonly filesTotal: number | undefined;
  readonly bytesRead: number;
  readonly bytesTotal: number | undefined;
}

/** Counts files as they are read and tells a listener. */
export class ProgressCounter {
  readonly #listener: ((progress: HistoryProgress) => void) | undefined;
  readonly #isBounded: boolean;
  #filesDone = 0;
  #filesTotal: number | undefined;
  #bytesRead = 0;
  readonly #bytesTotal: number | undefined;

  constructor(found: Walk, listener: ((progress: HistoryProgress) => void) | undefined) {
    const known = [...found.looseFiles, ...found.trailFiles];
    this.#listener = listener;
    this.#isBounded = found.streams.length === 0;
    if (!this.#isBounded || found.lanes.length > 0) return;
    this.#filesTotal = known.length;
    this.#bytesTotal = known.reduce((sum, { file }) => sum + file.size, 0);
  }

  /** Counts the files of the lanes beside the reading: nobody waits for it, and a failure shows where they are read. */
  async countLanes(lanes: readonly Lane[], others: number, log: Log, signal: AbortSignal) {
    if (this.#listener === undefined || !this.#isBounded) return;
    try {
      const files = await countFiles(lanes, signal);
      if (files !== undefined) this.#filesTotal = files + others;
    } catch (error) {
      log.debug({ error }, "the files could not be counted");
    }
  }

  add(bytesRead: number): void {
    this.#filesDone += 1;
    this.#bytesRead += bytesRead;
    this.#listener?.({
      filesDone: this.#filesDone,
      filesTotal: this.#filesTotal,
      bytesRead: this.#bytesRead,
      bytesTotal: this.#bytesTotal,
    });
  }
}
