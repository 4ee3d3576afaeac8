import type { KinesisClient } from "@aws-sdk/client-kinesis";
import {
  type KinesisDependencies,
  kinesisSource,
} from "../../../../src/sources/kinesis/kinesis-source.ts";
import { KinesisOptions } from "../../../../src/sources/kinesis/options.ts";
import type { Source } from "../../../../src/sources/source.ts";
import type { Log } from "../../../../src/telemetry.ts";
import {
  createStream,
  type KinesisProducer,
  loopbackKinesis,
} from "../../../support/kinesis-producer.ts";
import { readPlain } from "../../../support/reading.ts";

/** One stream with a producer, and sources over it. */
export interface StreamWorld {
  readonly producer: KinesisProducer;
  readonly client: KinesisClient;
  readonly log: RecordedLog;
  readonly source: (
    options?: Partial<KinesisOptions>,
    dependencies?: Partial<KinesisDependencies>,
  ) => Source;
  /** Ids of the open shards, in order. */
  readonly open: () => Promise<string[]>;
  /** Puts events named by id into a shard. */
  readonly put: (shardId: string | undefined, ...ids: string[]) => Promise<void>;
  readonly close: () => void;
}

export interface RecordedLog extends Log {
  readonly lines: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[];
}

let streams = 0;

/** Creates a stream of its own on the server. Sources read through `endpoint`, e.g. a fault proxy. */
export async function openWorld(
  server: string,
  { shards = 1, endpoint = server }: { shards?: number; endpoint?: string } = {},
): Promise<StreamWorld> {
  streams += 1;
  const producer = await createStream(server, `trail-${streams}`, shards);
  const client = loopbackKinesis(endpoint);
  const log = recordLog();
  return {
    producer,
    client,
    log,
    source: (options = {}, dependencies = {}) =>
      kinesisSource(
        KinesisOptions.parse({
          stream: producer.stream,
          pollIntervalMs: 200,
          shardRefreshMs: 1000,
          ...options,
        }),
        { client, read: readPlain, log, ...dependencies },
      ),
    open: async () => (await producer.openShards()).map((shard) => shard.ShardId ?? "").toSorted(),
    put: (shardId, ...ids) =>
      producer.putInto(
        shardId ?? "",
        ids.map((id) => `${id} ${Date.now()}`),
      ),
    close() {
      producer.close();
      client.destroy();
    },
  };
}

/** A log that keeps its lines for a test to look at. */
export function recordLog(): RecordedLog {
  const lines: RecordedLog["lines"] = [];
  const record =
    (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
      lines.push({ level, message, fields });
    };
  return {
    lines,
    debug: record("debug"),
    info: record("info"),
    warn: record("warn"),
    error: record("error"),
  };
}

/** Enough was read once these events were. */
export function seen(...ids: string[]) {
  return ({ eventIds }: { eventIds: readonly string[] }) =>
    ids.every((id) => eventIds.includes(id));
}

/** Waits until something holds. Throws when it does not within 10 s. */
export async function eventually(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > deadline) {
      throw new Error(`not within 10 s: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
