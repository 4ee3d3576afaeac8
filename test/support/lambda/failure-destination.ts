import { randomUUID } from "node:crypto";
import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { StreamReader, StreamRecord } from "./stream-reader.ts";

/** Records that a mapping gives up. */
export interface Discarded {
  readonly condition: "RetryAttemptsExhausted" | "RecordAgeExceeded";
  readonly functionArn: string;
  readonly stream: Pick<StreamReader, "arn" | "batchInfo">;
  readonly shardId: string;
  readonly records: readonly StreamRecord[];
  readonly invocations: number;
  /** The event that the records would be, as JSON text. */
  readonly payload: string;
}

/** Where a mapping puts what it gives up; may throw and is tried again. */
export type FailureDestination = (discarded: Discarded) => Promise<void>;

/** A bucket gets the records themselves. Key and content as in AWS's guide, "kinesis-on-failure-destination". */
export function bucketDestination(client: S3Client, bucket: string): FailureDestination {
  const mapping = randomUUID();
  return async (discarded) => {
    const now = new Date().toISOString();
    const [year, month, day] = now.split(/[-T]/);
    const name = `${now.slice(0, 19).replaceAll(":", ".")}-${randomUUID()}`;
    const Key = `aws/lambda/${mapping}/${discarded.shardId}/${year}/${month}/${day}/${name}`;
    const Body = JSON.stringify({ ...metadataOf(discarded), payload: discarded.payload });
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  };
}

/** A queue hears only which records they were: they must be read again before the stream forgets them. */
export function queueDestination(client: SQSClient, queueUrl: string): FailureDestination {
  return async (discarded) => {
    const MessageBody = JSON.stringify(metadataOf(discarded));
    await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody }));
  };
}

function metadataOf(discarded: Discarded) {
  const { records, stream, shardId } = discarded;
  const time = (record: StreamRecord | undefined) => new Date(record?.arrivalMs ?? 0).toISOString();
  return {
    requestContext: {
      requestId: randomUUID(),
      functionArn: discarded.functionArn,
      condition: discarded.condition,
      approximateInvokeCount: discarded.invocations,
    },
    responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
    version: "1.0",
    timestamp: new Date().toISOString(),
    [stream.batchInfo]: {
      shardId,
      startSequenceNumber: records[0]?.sequenceNumber,
      endSequenceNumber: records.at(-1)?.sequenceNumber,
      approximateArrivalOfFirstRecord: time(records[0]),
      approximateArrivalOfLastRecord: time(records.at(-1)),
      batchSize: records.length,
      streamArn: stream.arn,
    },
  };
}
