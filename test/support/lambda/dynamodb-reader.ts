import type { DynamoDBRecord } from "aws-lambda";
import type { StreamReader, StreamRecord } from "./stream-reader.ts";

interface Described {
  readonly StreamDescription: {
    readonly Shards: readonly { readonly ShardId: string; readonly ParentShardId?: string }[];
  };
}
interface Page {
  readonly Records: readonly DynamoDBRecord[];
  readonly NextShardIterator?: string | null;
}

const types = {
  oldest: "TRIM_HORIZON",
  at: "AT_SEQUENCE_NUMBER",
  after: "AFTER_SEQUENCE_NUMBER",
} as const;

/**
 * Reads the newest stream of a DynamoDB table on loopback as an event source mapping does. Speaks the wire protocol itself:
 * four calls, no client in the dependencies. Throws when the table has no stream.
 */
export async function dynamoDbReader(endpoint: string, table: string): Promise<StreamReader> {
  const listed = await call<{ Streams: { StreamArn: string }[] }>(endpoint, "ListStreams", {
    TableName: table,
  });
  const arn = listed.Streams.at(-1)?.StreamArn;
  if (arn === undefined) throw new Error(`table ${table} has no stream`);
  return {
    arn,
    batchInfo: "DDBStreamBatchInfo",
    async shards() {
      const { StreamDescription } = await call<Described>(endpoint, "DescribeStream", {
        StreamArn: arn,
      });
      return StreamDescription.Shards.map(({ ShardId, ParentShardId }) => ({
        id: ShardId,
        parents: ParentShardId === undefined ? [] : [ParentShardId],
      }));
    },
    async open(shardId, start) {
      const answer = await call<{ ShardIterator: string }>(endpoint, "GetShardIterator", {
        StreamArn: arn,
        ShardId: shardId,
        ShardIteratorType: types[start.type],
        ...(start.type === "oldest" ? {} : { SequenceNumber: start.sequenceNumber }),
      });
      return answer.ShardIterator;
    },
    async read(_shardId, iterator) {
      const page = await call<Page>(endpoint, "GetRecords", {
        ShardIterator: iterator,
        Limit: 1000,
      });
      const records = page.Records.map((record) => recordOf(arn, record));
      const next = page.NextShardIterator ?? undefined;
      return { records, next, isAtTip: records.length === 0 };
    },
    close: () => undefined,
  };
}

async function call<Answer>(endpoint: string, operation: string, body: object): Promise<Answer> {
  const answer = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-date": "20260101T000000Z",
      "x-amz-target": `DynamoDBStreams_20120810.${operation}`,
      authorization:
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
    },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${operation}: ${answer.status} ${text}`);
  return JSON.parse(text) as Answer;
}

function recordOf(arn: string, record: DynamoDBRecord): StreamRecord {
  const { Keys = {}, SequenceNumber = "", ApproximateCreationDateTime = 0 } = record.dynamodb ?? {};
  const keys = Object.entries(Keys).sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    sequenceNumber: SequenceNumber,
    orderKey: JSON.stringify(keys),
    arrivalMs: ApproximateCreationDateTime * 1000,
    json: JSON.stringify({ ...record, eventSourceARN: arn }),
  };
}
