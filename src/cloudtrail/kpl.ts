import type { Platform } from "./records.ts";

/**
 * The user records inside a record that the Kinesis Producer Library aggregated; undefined where it is an ordinary record.
 *
 * Layout: magic number, protobuf `AggregatedRecord`, MD5 of the protobuf (awslabs/amazon-kinesis-producer,
 * "aggregation-format.md"). As in AWS's own consumer library, a wrong digest or protobuf makes an ordinary record. Records are
 * never dropped by their hash key: only a producer that sends them again could make up for that.
 */
export function openAggregate(
  data: Uint8Array,
  platform: Pick<Platform, "md5">,
): readonly Uint8Array[] | undefined {
  if (!isAggregate(data) || data.byteLength < MAGIC.length + DIGEST_BYTES) {
    return undefined;
  }
  const body = data.subarray(MAGIC.length, data.byteLength - DIGEST_BYTES);
  const digest = data.subarray(data.byteLength - DIGEST_BYTES);
  const computed = platform.md5(body);
  return digest.every((byte, at) => byte === computed[at]) ? userRecords(body) : undefined;
}

/** Whether the data begins with the magic number of an aggregate. */
export function isAggregate(data: Uint8Array): boolean {
  return MAGIC.every((byte, at) => data[at] === byte);
}

const MAGIC = [0xf3, 0x89, 0x9a, 0xc2];
const DIGEST_BYTES = 16;

/** Field numbers of `AggregatedRecord` and of the `Record`s in it. */
const RECORDS_FIELD = 3;
const DATA_FIELD = 3;

function userRecords(body: Uint8Array): readonly Uint8Array[] | undefined {
  const messages = fieldsNumbered(body, RECORDS_FIELD);
  const records: Uint8Array[] = [];
  for (const message of messages ?? []) {
    const data = fieldsNumbered(message, DATA_FIELD)?.at(-1);
    if (data === undefined) {
      return undefined;
    }
    records.push(data);
  }
  return messages === undefined ? undefined : records;
}

/** All length-delimited fields of that number; undefined where the message is not protobuf. */
function fieldsNumbered(message: Uint8Array, wanted: number): Uint8Array[] | undefined {
  const found: Uint8Array[] = [];
  let at = 0;
  while (at < message.byteLength) {
    const tag = readVarint(message, at);
    if (tag === undefined) {
      return undefined;
    }
    const body = readBody(message, tag.next, tag.value & 7);
    if (body === undefined) {
      return undefined;
    }
    if (tag.value >>> 3 === wanted && (tag.value & 7) === 2) {
      found.push(message.subarray(body.start, body.end));
    }
    at = body.end;
  }
  return found;
}

/** Where a field's content lies, by its wire type (protobuf.dev, "Encoding"). */
function readBody(
  message: Uint8Array,
  at: number,
  wireType: number,
): { start: number; end: number } | undefined {
  const varint = wireType === 0 || wireType === 2 ? readVarint(message, at) : undefined;
  let end = -1;
  if (wireType === 0) {
    end = varint?.next ?? -1;
  } else if (wireType === 1) {
    end = at + 8;
  } else if (wireType === 2) {
    end = varint === undefined ? -1 : varint.next + varint.value;
  } else if (wireType === 5) {
    end = at + 4;
  }
  if (end < 0 || end > message.byteLength) {
    return undefined;
  }
  return { start: wireType === 2 ? (varint?.next ?? at) : at, end };
}

const LONGEST_VARINT = 10;

/** A value above 2^53 loses its low bits, which serves for indexes and lengths: none is that large and valid. */
function readVarint(bytes: Uint8Array, at: number): { value: number; next: number } | undefined {
  let value = 0;
  for (let length = 0; length < LONGEST_VARINT; length += 1) {
    const byte = bytes[at + length];
    if (byte === undefined) {
      return undefined;
    }
    value += (byte & 0x7f) * 2 ** (7 * length);
    if (byte < 0x80) {
      return { value, next: at + length + 1 };
    }
  }
  return undefined;
}
