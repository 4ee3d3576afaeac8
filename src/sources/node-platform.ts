import { createHash } from "node:crypto";
import { unzipSync } from "node:zlib";
import { EnvelopeError, type Platform } from "../cloudtrail/records.ts";

/** Lends Node's zlib and MD5 to the pure parser. */
export const nodePlatform: Platform = { gunzip, release, md5 };

function gunzip(data: Uint8Array, maxBytes: number): Uint8Array {
  if (maxBytes < 1) {
    throw new EnvelopeError("too-large", "gzip: no byte left to open it into");
  }
  try {
    return unzipSync(data, { maxOutputLength: maxBytes, chunkSize: chunkSize(data, maxBytes) });
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new EnvelopeError("too-large", `gzip: opens to more than ${maxBytes} bytes`, { cause });
    }
    throw new EnvelopeError("gzip-torn", "gzip: torn or damaged", { cause });
  }
}

const LEAST_CHUNK_BYTES = 16_384;
const MOST_CHUNK_BYTES = 67_108_864;

/**
 * Opening into one chunk that fits saves copies. The last four bytes of gzip say how large it opens, modulo 2^32
 * (RFC 1952, ISIZE); they may lie, so they are no more than a hint between two bounds.
 */
function chunkSize(data: Uint8Array, maxBytes: number): number {
  if (data.byteLength < 18) {
    return LEAST_CHUNK_BYTES;
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const hint = view.getUint32(data.byteLength - 4, true) + 1;
  return Math.max(LEAST_CHUNK_BYTES, Math.min(hint, maxBytes, MOST_CHUNK_BYTES));
}

/**
 * Frees memory at once rather than at the next collection: file after file is then opened into the same memory, which is
 * faster than memory that has to be fetched from the system. Small results may share their memory with others.
 */
function release({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}

function md5(data: Uint8Array): Uint8Array {
  return createHash("md5").update(data).digest();
}
