import { KinesisOptions } from "../../src/sources/kinesis/options.ts";
import { kinesisSource } from "../../src/sources/kinesis/kinesis-source.ts";
import { silentLog } from "../../src/telemetry.ts";
import { startKinesalite } from "../support/kinesalite.ts";
import { createStream, loopbackKinesis } from "../support/kinesis-producer.ts";
import { readPlain } from "../support/reading.ts";
import { describeSource } from "./source.ts";

const T0 = Date.parse("2026-03-14T00:00:00Z");

describeSource("kinesis", async () => {
  const server = await startKinesalite();
  const producer = await createStream(server.endpoint, "trail", 2);
  const client = loopbackKinesis(server.endpoint);
  const ids: string[] = [];
  const putInto = async (shardId: string, count: number) => {
    const fresh = Array.from({ length: count }, (_, index) => `e${ids.length + index}`);
    // Times run against the order of arrival, so that sorting has something to do.
    await producer.putInto(
      shardId,
      fresh.map((id) => `${id} ${T0 - ids.length - Number(id.slice(1))}`),
    );
    ids.push(...fresh);
  };

  // Two shards, of which one is split and its children are merged again: 5 shards, of which 3 are closed.
  const [first = "", second = ""] = (await producer.openShards()).map((shard) => shard.ShardId);
  await putInto(first, 5);
  await putInto(second, 5);
  await producer.putInto(first, ["neither an event nor a pointer"]);
  const [left = "", right = ""] = await producer.split(first);
  await putInto(left, 4);
  await putInto(right, 4);
  const merged = await producer.merge(left, right);
  await putInto(merged, 4);

  const options = KinesisOptions.parse({
    stream: "trail",
    recordsPerRead: 3,
    pollIntervalMs: 200,
    shardRefreshMs: 1000,
  });
  return {
    source: () => kinesisSource(options, { client, read: readPlain, log: silentLog }),
    eventIds: () => ids,
    deadLetters: 1,
    counts: { files: 0, filesFailed: 0 },
    publish: async () => {
      for (const { ShardId: shardId } of await producer.openShards()) {
        await putInto(shardId ?? "", 1);
      }
    },
    async close() {
      producer.close();
      client.destroy();
      await server.stop();
    },
  };
});
