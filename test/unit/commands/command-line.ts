import { Writable } from "node:stream";
import { main } from "../../../src/main.ts";

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** Whether stdout and stderr are terminals. */
  readonly terminal?: boolean;
  readonly signal?: AbortSignal;
  /** What each write to stdout fails with. */
  readonly stdoutError?: NodeJS.ErrnoException;
}

/** Runs one command line inside this process, as `main.ts` would in its own. */
export async function keyhawk(
  argv: readonly string[],
  surroundings: Surroundings = {},
): Promise<Ran> {
  const { env = {}, terminal = false, signal = new AbortController().signal } = surroundings;
  const stdout = new Memory(terminal, surroundings.stdoutError);
  const stderr = new Memory(terminal);
  const status = await main(argv, { stdout, stderr, env, signal });
  return { status, stdout: stdout.text, stderr: stderr.text };
}

class Memory extends Writable {
  readonly isTTY: boolean;
  readonly columns = 100;
  text = "";
  readonly #error: NodeJS.ErrnoException | undefined;

  constructor(isTTY: boolean, error?: NodeJS.ErrnoException) {
    super({ decodeStrings: false, autoDestroy: false });
    this.isTTY = isTTY;
    this.#error = error;
  }

  override _write(chunk: string | Buffer, _encoding: string, done: (error?: Error) => void): void {
    if (this.#error !== undefined) return done(this.#error);
    this.text += chunk.toString();
    done();
  }
}
