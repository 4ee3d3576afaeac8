import { deflateSync, inflateSync } from "node:zlib";
import type { KmsEvent } from "../cloudtrail/event.ts";
import type { Alert } from "../detection/alert.ts";
import { RowReader, RowWriter } from "./event-rows.ts";

/** What one record of the entity stream holds: work for the entities of one bucket. */
export interface Parcel {
  readonly events: readonly SourcedEvent[];
  readonly entities: readonly EntityShare[];
  /** Entities whose time must pass, events or none. */
  readonly hours: readonly { readonly name: string; readonly hour: number }[];
  /** Closed alerts that a combination of signs is to count. */
  readonly signs: readonly { readonly name: string; readonly alert: Alert }[];
}

/** An event with where it was read: for diagnosis only. */
export interface SourcedEvent {
  readonly event: KmsEvent;
  /** `shard/sequence` of the source stream's record. */
  readonly origin: string;
  /** Number of the event within that record. */
  readonly index: number;
}

/** The events of a parcel that are about an entity. */
export interface EntityShare {
  readonly name: string;
  /** Indexes into the parcel's events. */
  readonly events: readonly number[];
}

/** Why a record of the entity stream cannot be unpacked. */
export class PackingError extends Error {
  override readonly name = "PackingError";
  readonly reason: "version" | "corrupt";

  constructor(reason: PackingError["reason"], problem: string, cause?: unknown) {
    super(problem, { cause });
    this.reason = reason;
  }
}

export const emptyParcel: Parcel = { events: [], entities: [], hours: [], signs: [] };

/** First byte of every record. Raised when an older reader could not understand it. */
const VERSION = 1;
const PLAIN = 0;
const DEFLATED = 1;
/** Smaller bodies seldom shrink. */
const DEFLATE_FROM_BYTES = 256;
/** Most bytes that a record may open to: a record holds at most 1 MiB, and 1 MiB of JSON seldom shrinks to less than a 30th. */
const MOST_OPENED_BYTES = 64 * 2 ** 20;

/** A parcel as bytes: version, compression (0 none, 1 zlib), and JSON with the values that events share written once. */
export function pack(parcel: Parcel): Uint8Array {
  const rows = new RowWriter();
  const origins: string[] = [];
  const events = parcel.events.map(({ event, origin, index }) => {
    // Events of one record stand together.
    if (origins[origins.length - 1] !== origin) origins.push(origin);
    return [origins.length - 1, index, rows.write(event)];
  });
  const entities = parcel.entities.map(({ name, events }) => [name, events]);
  const hours = parcel.hours.map(({ name, hour }) => [name, hour]);
  const signs = parcel.signs.map(({ name, alert }) => [name, alert]);
  const body = Buffer.from(
    JSON.stringify([rows.values, origins, events, entities, hours, signs]),
    "utf8",
  );
  if (body.length < DEFLATE_FROM_BYTES) return Buffer.concat([Buffer.of(VERSION, PLAIN), body]);
  // The fastest level: what shrinks most, repeated names, is written once already.
  return Buffer.concat([Buffer.of(VERSION, DEFLATED), deflateSync(body, { level: 1 })]);
}

/** Reads a record of the entity stream. Throws `PackingError` where it is of another version, or damaged. */
export function unpack(data: Uint8Array): Parcel {
  if (data[0] !== VERSION) {
    const found = data.length === 0 ? "nothing" : `version ${data[0]}`;
    throw new PackingError(
      "version",
      `expected version ${VERSION} of a packed record, found ${found}`,
    );
  }
  try {
    return parcelOf(JSON.parse(open(data)));
  } catch (error) {
    const problem = error instanceof Error ? error.message : "not readable";
    throw new PackingError("corrupt", `damaged: ${problem}`, error);
  }
}

function open(data: Uint8Array): string {
  const body = data.subarray(2);
  if (data[1] === PLAIN) return new TextDecoder("utf-8", { fatal: true }).decode(body);
  if (data[1] !== DEFLATED) throw new RangeError(`no compression ${data[1]}`);
  return inflateSync(body, { maxOutputLength: MOST_OPENED_BYTES }).toString("utf8");
}

function parcelOf(body: unknown): Parcel {
  const [values, origins, events, entities, hours, signs] = listIn(body).map(listIn);
  if (signs === undefined) throw new RangeError("too few parts");
  const rows = new RowReader(values ?? []);
  const read = (events ?? []).map((field) => {
    const [origin, index, row] = listIn(field);
    return {
      event: rows.read(listIn(row)),
      origin: String(origins?.[Number(origin)]),
      index: Number(index),
    };
  });
  return {
    events: read,
    entities: named(entities).map(([name, field]) => ({
      name,
      events: listIn(field).map((at) => indexIn(at, read.length)),
    })),
    hours: named(hours).map(([name, hour]) => ({
      name,
      hour: indexIn(hour, Number.POSITIVE_INFINITY),
    })),
    signs: named(signs).map(([name, alert]) => ({ name, alert: alert as Alert })),
  };
}

function named(fields: readonly unknown[] | undefined): [string, unknown][] {
  return (fields ?? []).map((field) => {
    const [name, value] = listIn(field);
    if (typeof name !== "string") throw new RangeError("an entity without a name");
    return [name, value];
  });
}

function listIn(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new RangeError(`expected a list, found ${typeof value}`);
  return value;
}

function indexIn(value: unknown, below: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value >= below)
    throw new RangeError(`no index ${String(value)}`);
  return value;
}
