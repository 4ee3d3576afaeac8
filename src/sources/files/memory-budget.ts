const mebibyte = 1024 * 1024;

/**
 * Shares memory between the files that are open at once. Each gets a chunk of up to 32 MiB, less as the budget runs low,
 * at least 256 KiB: a file that fits into its chunk comes out fully sorted by time.
 */
export class MemoryBudget {
  #left: number;
  readonly #most: number;

  constructor(bytes = 256 * mebibyte, mostChunk = 32 * mebibyte) {
    this.#left = bytes;
    this.#most = mostChunk;
  }

  /** A share for a file that opens to about `need` bytes. */
  take(need: number): MemoryShare {
    const spare = Math.max(mebibyte / 4, Math.floor(this.#left / 4));
    const chunk = Math.min(this.#most, spare);
    const bytes = Math.min(2 * chunk, need); // The next chunk, if there is one, is read while one is taken.
    this.#left -= bytes;
    let isTaken = true;
    return {
      chunk,
      give: () => {
        if (isTaken) this.#left += bytes;
        isTaken = false;
      },
    };
  }
}

/** Part of a budget, until it is given back. */
export interface MemoryShare {
  /** Size of a chunk, in opened bytes. */
  readonly chunk: number;
  give(): void;
}

/**
 * Most events of files in CloudTrail's layout that are held at once while files that overlap are merged. An event takes 0.5
 * to 1.1 KB, the more the smaller the files are: at most about 560 MB.
 */
export const mostEventsHeld = 500_000;
