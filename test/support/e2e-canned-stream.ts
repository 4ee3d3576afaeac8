import { type HttpReceiver, startHttpReceiver } from "./http-receiver.ts";

/**
 * A stream of one shard that holds the records given: for records that no Kinesis server on loopback takes. AWS takes up to
 * 10 MiB (Kinesis Data Streams, "Quotas and limits").
 */
export async function startCannedStream(records: readonly Uint8Array[]): Promise<HttpReceiver> {
  const shard = {
    ShardId: "shardId-000000000000",
    HashKeyRange: { StartingHashKey: "0", EndingHashKey: String(2n ** 128n - 1n) },
    SequenceNumberRange: { StartingSequenceNumber: "1" },
  };
  const all = records.map((data, index) => ({
    SequenceNumber: String(index + 1),
    ApproximateArrivalTimestamp: Date.now() / 1000,
    Data: Buffer.from(data).toString("base64"),
    PartitionKey: "any",
  }));
  const answers: Readonly<Record<string, (query: { ShardIterator?: string }) => object>> = {
    DescribeStreamSummary: () => ({
      StreamDescriptionSummary: { StreamStatus: "ACTIVE", RetentionPeriodHours: 24 },
    }),
    ListShards: () => ({ Shards: [shard] }),
    GetShardIterator: () => ({ ShardIterator: "0" }),
    GetRecords: ({ ShardIterator = "0" }) => {
      const from = Number(ShardIterator);
      const Records = all.slice(from, from + 2);
      const MillisBehindLatest = from + 2 < all.length ? 1000 : 0;
      return { Records, NextShardIterator: String(from + Records.length), MillisBehindLatest };
    },
  };
  return startHttpReceiver(({ headers, body }) => {
    const operation = String(headers["x-amz-target"] ?? "").replace(/^.*\./, "");
    const answer = answers[operation];
    if (answer === undefined) return { status: 400, body: '{"__type":"UnknownOperation"}' };
    return {
      status: 200,
      headers: { "content-type": "application/x-amz-json-1.1" },
      body: JSON.stringify(answer(JSON.parse(body))),
    };
  });
}
