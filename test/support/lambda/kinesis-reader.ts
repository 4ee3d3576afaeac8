import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListShardsCommand,
} from "@aws-sdk/client-kinesis";
import type { _Record, ListShardsCommandOutput } from "@aws-sdk/client-kinesis";
import type { KinesisStreamRecord } from "aws-lambda";
import { loopbackKinesis } from "../kinesis-producer.ts";
import type { ShardStart, StreamReader, StreamRecord, StreamShard } from "./stream-reader.ts";

const types = {
  oldest: "TRIM_HORIZON",
  at: "AT_SEQUENCE_NUMBER",
  after: "AFTER_SEQUENCE_NUMBER",
} as const;

/** Reads a Kinesis stream on loopback as an event source mapping does, records in the shape that Lambda gives to handlers. */
export function kinesisReader(endpoint: string, stream: string): StreamReader {
  const client = loopbackKinesis(endpoint);
  const arn = `arn:aws:kinesis:us-east-1:000000000000:stream/${stream}`;
  return {
    arn,
    batchInfo: "KinesisBatchInfo",
    async shards() {
      const found: StreamShard[] = [];
      let token: string | undefined;
      do {
        const page: ListShardsCommandOutput = await client.send(
          new ListShardsCommand(
            token === undefined ? { StreamName: stream } : { NextToken: token },
          ),
        );
        for (const { ShardId = "", ParentShardId, AdjacentParentShardId } of page.Shards ?? []) {
          const parents = [ParentShardId, AdjacentParentShardId].filter((id) => id !== undefined);
          found.push({ id: ShardId, parents });
        }
        token = page.NextToken;
      } while (token !== undefined);
      return found;
    },
    async open(shardId: string, start: ShardStart) {
      const answer = await client.send(
        new GetShardIteratorCommand({
          StreamName: stream,
          ShardId: shardId,
          ShardIteratorType: types[start.type],
          ...(start.type === "oldest" ? {} : { StartingSequenceNumber: start.sequenceNumber }),
        }),
      );
      return answer.ShardIterator ?? "";
    },
    async read(shardId, iterator) {
      const answer = await client.send(
        new GetRecordsCommand({ ShardIterator: iterator, Limit: 10_000 }),
      );
      const records = (answer.Records ?? []).map((record) => recordOf(arn, shardId, record));
      const next = answer.NextShardIterator;
      const isAtTip = records.length === 0 && (answer.MillisBehindLatest ?? 0) === 0;
      return { records, next, isAtTip };
    },
    close: () => client.destroy(),
  };
}

function recordOf(arn: string, shardId: string, record: _Record): StreamRecord {
  const { SequenceNumber = "", PartitionKey = "", Data, ApproximateArrivalTimestamp } = record;
  const arrivalMs = ApproximateArrivalTimestamp?.getTime() ?? 0;
  const shaped: KinesisStreamRecord = {
    kinesis: {
      kinesisSchemaVersion: "1.0",
      partitionKey: PartitionKey,
      sequenceNumber: SequenceNumber,
      data: Buffer.from(Data ?? []).toString("base64"),
      approximateArrivalTimestamp: arrivalMs / 1000,
    },
    eventSource: "aws:kinesis",
    eventVersion: "1.0",
    eventID: `${shardId}:${SequenceNumber}`,
    eventName: "aws:kinesis:record",
    invokeIdentityArn: "arn:aws:iam::000000000000:role/keyhawk",
    awsRegion: "us-east-1",
    eventSourceARN: arn,
  };
  return {
    sequenceNumber: SequenceNumber,
    orderKey: PartitionKey,
    arrivalMs,
    json: JSON.stringify(shaped),
  };
}
