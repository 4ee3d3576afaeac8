import { addAbortSignal, pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { isGzip } from "./parse-items.ts";

/** A file being read, opened where it is gzip by its content, whatever its name. */
export interface OpenedBytes {
  readonly chunks: AsyncGenerator<Uint8Array, void, undefined>;
  /** Stored bytes read so far. */
  stored(): number;
  /** Frees what is open; reading need not have ended. */
  close(): void;
}

/**
 * Opens a file from its `start`th opened byte on. Errors, that of opening included, come out of `chunks`; so does the
 * signal, which ends the wait for a pipe that says nothing.
 */
export function openBytes(
  open: () => Readable | Promise<Readable>,
  start: number,
  signal: AbortSignal,
): OpenedBytes {
  const streams: Readable[] = [];
  let stored = 0;

  async function* storedChunks(): AsyncGenerator<Uint8Array, void, undefined> {
    const raw = addAbortSignal(signal, await open());
    streams.push(raw);
    for await (const chunk of raw) {
      const bytes = chunk as Uint8Array;
      stored += bytes.length;
      yield bytes;
    }
  }

  async function* openedChunks(): AsyncGenerator<Uint8Array, void, undefined> {
    const input = await withMagic(storedChunks());
    if (input === undefined) return;
    let skip = start;
    for await (const bytes of input.isGzip ? gunzipped(input.chunks, streams) : input.chunks) {
      if (skip < bytes.length) yield skip === 0 ? bytes : bytes.subarray(skip);
      skip = Math.max(0, skip - bytes.length);
    }
  }

  return {
    chunks: openedChunks(),
    stored: () => stored,
    close() {
      for (const stream of streams) stream.destroy();
    },
  };
}

type Chunks = AsyncGenerator<Uint8Array, void, undefined>;

/** Looks at the first two bytes, however small the chunks are; undefined for an empty file. */
async function withMagic(chunks: Chunks): Promise<{ isGzip: boolean; chunks: Chunks } | undefined> {
  let first = new Uint8Array();
  while (first.length < 2) {
    const next = await chunks.next();
    if (next.done === true) break;
    first = Buffer.concat([first, next.value]);
  }
  if (first.length === 0) return undefined;
  return { isGzip: isGzip(first), chunks: putBack(first, chunks) };
}

async function* putBack(first: Uint8Array, chunks: Chunks): Chunks {
  yield first;
  yield* chunks;
}

/** All members of a gzip file. */
function gunzipped(chunks: Chunks, streams: Readable[]): AsyncIterable<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: openedChunkBytes });
  streams.push(gunzip);
  pipeline(Readable.from(chunks), gunzip, () => undefined); // A failure destroys `gunzip` and comes out of it.
  return gunzip;
}

const openedChunkBytes = 256 * 1024;
