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

  /** Size of a chunk; twice of it is set aside, since the next one is read while one is taken. */
  take(): number {
    const chunk = Math.min(this.#most, Math.max(mebibyte / 4, Math.floor(this.#left / 4)));
    this.#left -= 2 * chunk;
    return chunk;
  }

  give(chunk: number): void {
    this.#left += 2 * chunk;
  }
}
