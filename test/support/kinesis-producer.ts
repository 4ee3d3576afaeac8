import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  PutRecordsCommand,
  type Shard,
  SplitShardCommand,
} from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { setTimeout as sleep } from "node:timers/promises";

/** One record to put; with a shard index it lands in that open shard, else by its partition key. */
export interface ProducedRecord {
  readonly partitionKey: string;
  readonly data: Uint8Array;
  /** Any hash key inside the range of the wanted shard. */
  readonly explicitHashKey?: string;
}

/** Writes to one stream and reshapes it, for tests. */
export interface KinesisProducer {
  readonly stream: string;
  put(records: readonly ProducedRecord[]): Promise<void>;
  /** Puts texts into one open shard. */
  putInto(shardId: string, texts: readonly string[]): Promise<void>;
  shards(): Promise<Shard[]>;
  openShards(): Promise<Shard[]>;
  /** Splits an open shard in the middle and gives the ids of its children. */
  split(shardId: string): Promise<string[]>;
  /** Merges two neighbours and gives the id of their child. */
  merge(shardId: string, neighbourId: string): Promise<string>;
  close(): void;
}

/** A client with made-up credentials for a server on loopback. */
export function loopbackKinesis(endpoint: string): KinesisClient {
  return new KinesisClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({ requestTimeout: 20_000 }),
  });
}

/** Most records of one PutRecords request. */
const PUT_RECORDS = 500;

/** Creates the stream and waits until it is active. */
export async function createStream(
  endpoint: string,
  stream: string,
  shardCount = 1,
): Promise<KinesisProducer> {
  const client = loopbackKinesis(endpoint);
  await client.send(new CreateStreamCommand({ StreamName: stream, ShardCount: shardCount }));
  const producer = producerOf(client, stream);
  await active(client, stream);
  return producer;
}

function producerOf(client: KinesisClient, stream: string): KinesisProducer {
  const shards = async () => {
    const answer = await client.send(new ListShardsCommand({ StreamName: stream }));
    return answer.Shards ?? [];
  };
  const openShards = async () =>
    (await shards()).filter(
      (shard) => shard.SequenceNumberRange?.EndingSequenceNumber === undefined,
    );
  const children = async (parent: string) => {
    await active(client, stream);
    const all = await shards();
    return all
      .filter((shard) => shard.ParentShardId === parent || shard.AdjacentParentShardId === parent)
      .map((shard) => shard.ShardId ?? "");
  };
  const rangeOf = async (shardId: string) => {
    const shard = (await shards()).find((candidate) => candidate.ShardId === shardId);
    return {
      from: BigInt(shard?.HashKeyRange?.StartingHashKey ?? 0),
      to: BigInt(shard?.HashKeyRange?.EndingHashKey ?? 0),
    };
  };

  async function put(records: readonly ProducedRecord[]): Promise<void> {
    for (let first = 0; first < records.length; first += PUT_RECORDS) {
      const answer = await client.send(
        new PutRecordsCommand({
          StreamName: stream,
          Records: records.slice(first, first + PUT_RECORDS).map((record) => ({
            PartitionKey: record.partitionKey,
            Data: record.data,
            ...(record.explicitHashKey === undefined
              ? {}
              : { ExplicitHashKey: record.explicitHashKey }),
          })),
        }),
      );
      if ((answer.FailedRecordCount ?? 0) > 0) {
        throw new Error(`${answer.FailedRecordCount} records were not put into ${stream}`);
      }
    }
  }

  return {
    stream,
    put,
    async putInto(shardId, texts) {
      const explicitHashKey = String((await rangeOf(shardId)).from);
      const data = (text: string) => new TextEncoder().encode(text);
      await put(texts.map((text) => ({ partitionKey: "any", data: data(text), explicitHashKey })));
    },
    shards,
    openShards,
    async split(shardId) {
      const { from, to } = await rangeOf(shardId);
      await client.send(
        new SplitShardCommand({
          StreamName: stream,
          ShardToSplit: shardId,
          NewStartingHashKey: String((from + to + 1n) / 2n),
        }),
      );
      return children(shardId);
    },
    async merge(shardId, neighbourId) {
      await client.send(
        new MergeShardsCommand({
          StreamName: stream,
          ShardToMerge: shardId,
          AdjacentShardToMerge: neighbourId,
        }),
      );
      return (await children(shardId))[0] ?? "";
    },
    close: () => client.destroy(),
  };
}

async function active(client: KinesisClient, stream: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (performance.now() < deadline) {
    const answer = await client.send(new DescribeStreamSummaryCommand({ StreamName: stream }));
    if (answer.StreamDescriptionSummary?.StreamStatus === "ACTIVE") {
      return;
    }
    await sleep(10);
  }
  throw new Error(`stream ${stream} did not become active`);
}
