import type { Context, KinesisStreamBatchResponse, KinesisStreamEvent } from "aws-lambda";

/** A record of a Kinesis stream as an event source mapping hands it over. */
export interface StreamRecord {
  /** What a partial response names it by. */
  readonly sequence: string;
  /** `shard/sequence`, for people. */
  readonly origin: string;
  readonly partitionKey: string;
  readonly data: Uint8Array;
  /** When Kinesis took it, milliseconds since the epoch. */
  readonly arrivalMs: number;
}

/** How much time is left to an invocation. */
export interface Deadline {
  remainingMs(): number;
}

/** What an invocation gives back: where the records begin that must come again, if any. */
export type BatchResponse = KinesisStreamBatchResponse;

/** The part of Lambda's context that the handlers use. */
export type InvocationContext = Pick<Context, "getRemainingTimeInMillis">;

export function recordsOf({ Records }: KinesisStreamEvent): StreamRecord[] {
  return Records.map(({ kinesis, eventID }) => ({
    sequence: kinesis.sequenceNumber,
    origin: eventID.replace(":", "/"),
    partitionKey: kinesis.partitionKey,
    data: Buffer.from(kinesis.data, "base64"),
    arrivalMs: kinesis.approximateArrivalTimestamp * 1000,
  }));
}

/** The deadline of an invocation, with some milliseconds kept back to write metrics and answer in. */
export function deadlineOf(context: InvocationContext, reserveMs: number): Deadline {
  return { remainingMs: () => context.getRemainingTimeInMillis() - reserveMs };
}

/**
 * The answer that makes Lambda deliver a record, and all after it in its batch, again; undefined: all went well. A name that
 * Lambda does not know would fail the whole batch, so it must be one of this batch
 * (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html).
 */
export function responseFrom(
  firstFailed: { readonly sequence: string } | undefined,
): BatchResponse {
  return {
    batchItemFailures: firstFailed === undefined ? [] : [{ itemIdentifier: firstFailed.sequence }],
  };
}
