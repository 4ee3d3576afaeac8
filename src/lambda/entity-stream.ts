import { sipHash64 } from "../cloudtrail/siphash.ts";
import { retryDelayMs, type Sleep } from "../delivery/retry.ts";
import type { Deadline } from "./invocation.ts";

/** A record to be put on the entity stream. */
export interface OutgoingRecord {
  readonly bucket: number;
  readonly data: Uint8Array;
}

/** Puts at most 500 records of at most 5 MiB together; says of each whether it was taken. Rejects where none was. */
export type PutRecords = (
  records: readonly { readonly partitionKey: string; readonly data: Uint8Array }[],
) => Promise<readonly boolean[]>;

export interface EntityStreamDependencies {
  readonly putRecords: PutRecords;
  readonly sleep: Sleep;
  /** From 0 (included) to 1 (excluded). */
  readonly random: () => number;
}

/** Most bytes of one record; Kinesis's own limit of 1 MiB counts the partition key too. */
export const RECORD_BYTES = 2 ** 20 - 64;
/** Limits of one call of PutRecords (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html). */
const CALL_RECORDS = 500;
const CALL_BYTES = 5 * 2 ** 20 - 64 * CALL_RECORDS;
const RETRY = { initialMs: 50, maximumMs: 2000 };
const HASH_KEY = new Uint8Array(16);
const never = new AbortController().signal;

/** The bucket that all records about an entity go by: what keeps them in order. */
export function bucketOf(name: string, buckets: number): number {
  return (sipHash64(HASH_KEY, name).low >>> 0) % buckets;
}

/**
 * Puts records, trying those that were refused again until the deadline. Resolves to the records that were not taken, in the
 * order given: a call that rejected may have put them all the same, so that they come twice.
 */
export async function putAll(
  records: readonly OutgoingRecord[],
  { putRecords, sleep, random }: EntityStreamDependencies,
  deadline: Deadline,
): Promise<readonly OutgoingRecord[]> {
  let waiting = records;
  for (let failures = 0; waiting.length > 0; failures += 1) {
    if (failures > 0) {
      const pauseMs = 1 + retryDelayMs(RETRY, failures - 1, random);
      if (deadline.remainingMs() <= pauseMs) return waiting;
      await sleep(pauseMs, never);
    }
    const refused: OutgoingRecord[] = [];
    for (const call of callsOf(waiting)) {
      const taken = await putRecords(
        call.map(({ bucket, data }) => ({ partitionKey: String(bucket), data })),
      ).catch((): readonly boolean[] => []);
      refused.push(...call.filter((_, index) => taken[index] !== true));
    }
    waiting = refused;
  }
  return waiting;
}

function* callsOf(records: readonly OutgoingRecord[]): Generator<OutgoingRecord[]> {
  let call: OutgoingRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const isFull = call.length === CALL_RECORDS || bytes + record.data.byteLength > CALL_BYTES;
    if (isFull && call.length > 0) {
      yield call;
      call = [];
      bytes = 0;
    }
    call.push(record);
    bytes += record.data.byteLength;
  }
  if (call.length > 0) yield call;
}
