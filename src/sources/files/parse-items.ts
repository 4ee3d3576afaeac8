import { readFileSync, statSync } from "node:fs";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { readEnvelope } from "../../cloudtrail/envelope.ts";
import type { KmsEvent } from "../../cloudtrail/event.ts";
import type { ReadOptions, Rejected } from "../../cloudtrail/records.ts";
import { compareEvents } from "./event-stream.ts";
import { closeTornJson } from "./torn-json.ts";

/** Something to open and parse: bytes, or a file that the parsing thread reads by itself. */
export type ParseItem = ({ readonly data: Uint8Array } | { readonly path: string }) & {
  /** An event time that the item may hold, later than the settings say: its name tells when it was delivered. */
  readonly upToMs?: number;
};

/** What one item held: plain data, cheap to copy between threads. */
export interface Parsed {
  /** In order of event time, ties by event id. */
  readonly events: KmsEvent[];
  readonly rejected: readonly Rejected[];
  readonly records: number;
  readonly kmsEvents: number;
  /** Opened bytes. */
  readonly bytes: number;
  readonly bytesCompressed: number;
  /** All of it is of a kind that holds no records: a digest, a notification; or there is nothing in it. */
  readonly isSkipped: boolean;
  /** Why the item as a whole could not be understood, or not to its end. */
  readonly failure: ItemFailure | undefined;
}

export interface ItemFailure {
  readonly reason: Rejected["reason"] | "unreadable";
  /** One line; says so where not all of the item is in the payload. */
  readonly detail: string;
  /** The beginning of the item, at most 16 MiB. */
  readonly payload: Uint8Array;
}

/** What parsing needs to know, in a form that can be given to a thread. */
export type ParseSettings = Omit<ReadOptions, "platform">;

/** Opens and parses one item. Never rejects: what goes wrong is in `failure` and `rejected`. */
export async function parseItem(item: ParseItem, settings: ReadOptions): Promise<Parsed> {
  const options = { ...settings, notAfterMs: boundOf(item, settings) };
  let data: Uint8Array;
  try {
    data = "data" in item ? item.data : readLimited(item.path, options.maxOpenedBytes);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    return { ...nothing, failure: { reason: "unreadable", detail, payload: new Uint8Array() } };
  }
  const reading = readEnvelope(data, options);
  const torn = reading.rejected.find(({ reason }) => reason === "gzip-torn");
  if (torn === undefined || !isGzip(data)) return parsedOf(reading, data);

  const opened = await openTorn(data, options.maxOpenedBytes);
  const saved = readEnvelope(closeTornJson(opened), options);
  const rest = saved.rejected.filter(({ reason }) => reason !== "empty" && reason !== "not-json");
  const failure = {
    reason: torn.reason,
    detail: `gzip data ends early or is damaged; ${saved.records} records before that were read${cutNote(data, keptBytes)}`,
    payload: copyOf(data.subarray(0, keptBytes)),
  };
  return { ...parsedOf({ ...saved, rejected: rest }, data), failure };
}

function boundOf({ upToMs = Number.NEGATIVE_INFINITY }: ParseItem, { notAfterMs }: ReadOptions) {
  return notAfterMs === undefined ? undefined : Math.max(notAfterMs, upToMs);
}

/** Whether data begins as gzip does (RFC 1952). */
export function isGzip(data: Uint8Array): boolean {
  return data[0] === 0x1f && data[1] === 0x8b;
}

/** Kept of a file or record that cannot be understood: as much as the dead-letter store keeps of anything. */
export const keptBytes = 16 * 2 ** 20;

const nothing: Parsed = {
  events: [],
  rejected: [],
  records: 0,
  kmsEvents: 0,
  bytes: 0,
  bytesCompressed: 0,
  isSkipped: false,
  failure: undefined,
};

/** Reasons that concern all of an item when it held no record. */
const wholeReasons: ReadonlySet<string> = new Set([
  "gzip-torn",
  "too-large",
  "not-json",
  "not-cloudtrail",
]);

function parsedOf(reading: ReturnType<typeof readEnvelope>, data: Uint8Array): Parsed {
  const [only, more] = reading.rejected;
  const failed =
    only !== undefined &&
    more === undefined &&
    reading.records === 0 &&
    wholeReasons.has(only.reason);
  const isEmpty = only?.reason === "empty" && more === undefined && reading.records === 0;
  return {
    events: [...reading.events].sort(compareEvents),
    rejected: failed || isEmpty ? [] : reading.rejected.map(withOwnPayload),
    isSkipped:
      (reading.skipped > 0 && reading.records === 0 && reading.rejected.length === 0) || isEmpty,
    records: reading.records,
    kmsEvents: reading.kmsEvents,
    bytes: reading.bytes,
    bytesCompressed: data.length,
    failure: failed
      ? {
          reason: only.reason,
          detail: only.detail + cutNote(data, keptBytes),
          payload: copyOf(data.subarray(0, keptBytes)),
        }
      : undefined,
  };
}

function withOwnPayload(rejected: Rejected): Rejected {
  return {
    ...rejected,
    detail: rejected.detail + cutNote(rejected.payload, keptBytes),
    payload: copyOf(rejected.payload.subarray(0, keptBytes)),
  };
}

function cutNote({ length }: Uint8Array, kept: number): string {
  return length > kept ? `; the first ${kept} of ${length} bytes are kept` : "";
}

/** Bytes of their own: a view would hold, and copy to another thread, all that it is a view of. */
function copyOf(data: Uint8Array): Uint8Array {
  return new Uint8Array(data);
}

function readLimited(path: string, maxBytes: number): Uint8Array {
  const { size } = statSync(path);
  if (size > maxBytes) throw new Error(`${size} bytes are more than the limit of ${maxBytes}`);
  return readFileSync(path);
}

/** What can be opened before the tear. */
async function openTorn(data: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const gunzip = createGunzip();
  try {
    for await (const chunk of Readable.from([data], { objectMode: false }).pipe(gunzip)) {
      const bytes = chunk as Uint8Array;
      size += bytes.length;
      if (size > maxBytes) break;
      chunks.push(bytes);
    }
  } catch {
    // The tear itself, known already.
  }
  return Buffer.concat(chunks);
}
