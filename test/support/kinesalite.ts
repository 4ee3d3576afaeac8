import { createRequire } from "node:module";
import type { Server } from "node:http";
import { listenOnLoopback } from "./loopback-server.ts";

/** A Kinesis server on loopback. */
export interface KinesisServer {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  stop(): Promise<void>;
}

type Callback = (error: unknown, answer?: unknown) => void;
type Action = (store: Store, query: Query, callback: Callback) => void;
interface Query {
  readonly StreamName: string;
  readonly ShardId: string;
  readonly ShardIteratorType: string;
  readonly Timestamp?: number;
}
interface Store {
  getStreamDb(name: string): {
    createReadStream(range: { gt: string; lt: string }): AsyncIterable<{
      value: { ApproximateArrivalTimestamp: number };
    }>;
  };
}

const require = createRequire(import.meta.url);

/**
 * Starts kinesalite in this process: strict and fast, all in memory. It names no child shards, lists all shards in one page
 * and always says MillisBehindLatest 0 for an open shard; use `kinesis-local.ts` where these matter.
 */
export async function startKinesalite(
  options: { shardLimit?: number } = {},
): Promise<KinesisServer> {
  answerEmptyTimestamps();
  const kinesalite = require("kinesalite") as (options: Record<string, number>) => Server;
  const server = kinesalite({
    createStreamMs: 0,
    deleteStreamMs: 0,
    updateStreamMs: 0,
    shardLimit: options.shardLimit ?? 500,
  });
  server.keepAliveTimeout = 0; // No request may meet a connection that is being closed because it was idle.
  return await listenOnLoopback(server);
}

/**
 * kinesalite never answers AT_TIMESTAMP when no record is that young; AWS gives an iterator for what comes next. This is
 * patched in before the server is loaded.
 */
function answerEmptyTimestamps(): void {
  const path = require.resolve("kinesalite/actions/getShardIterator.js");
  const original = require(path) as Action & { patched?: boolean };
  const loaded = require.cache[path];
  if (original.patched === true || loaded === undefined) {
    return;
  }
  const { shardIxToHex } = require("kinesalite/db") as {
    shardIxToHex: (index: number) => string;
  };
  const patched: Action & { patched?: boolean } = (store, query, callback) => {
    const { ShardIteratorType: type, Timestamp: time } = query;
    if (type !== "AT_TIMESTAMP" || time === undefined) {
      original(store, query, callback);
      return;
    }
    const index = Number(query.ShardId.replace("shardId-", ""));
    const range = { gt: shardIxToHex(index), lt: shardIxToHex(index + 1) };
    const hasYounger = async () => {
      for await (const { value } of store.getStreamDb(query.StreamName).createReadStream(range)) {
        if (value.ApproximateArrivalTimestamp >= time) {
          return true;
        }
      }
      return false;
    };
    const { Timestamp: _, ...rest } = query;
    const latest = { ...rest, ShardIteratorType: "LATEST" };
    hasYounger().then((younger) => original(store, younger ? query : latest, callback), callback);
  };
  patched.patched = true;
  loaded.exports = patched;
}
