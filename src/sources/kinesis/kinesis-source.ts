import type { KinesisClient } from "@aws-sdk/client-kinesis";
import type { Log } from "../../telemetry.ts";
import type { Batch, Source } from "../source.ts";
import { SourceError } from "../source-error.ts";
import { assembleBatches, type Read } from "./batch.ts";
import { createCall } from "./calls.ts";
import { kinesisClient } from "./client.ts";
import type { FetchObject } from "./objects.ts";
import { type KinesisOptions, streamName } from "./options.ts";
import { positionsOf } from "./position.ts";
import { streamApi } from "./stream-api.ts";
import { StreamReader } from "./stream-reader.ts";

export interface KinesisDependencies {
  /** By default one of its own, closed when reading ends. */
  readonly client?: KinesisClient;
  /** Opens and parses the data of one record, or of an object. */
  readonly read: Read;
  readonly log: Log;
  /** Milliseconds since the epoch, by the wall clock. */
  readonly now?: () => number;
  /** Reads a log file that a notification in the stream points to; without it such pointers become dead letters. */
  readonly fetchObject?: FetchObject;
}

/**
 * All shards of a Kinesis stream in one process. Positions are `kinesis/STREAM/SHARD`.
 *
 * Throws `SourceError` where the stream does not exist or may not be read; whatever can pass is waited for.
 */
export function kinesisSource(options: KinesisOptions, dependencies: KinesisDependencies): Source {
  const stream = streamName(options.stream);
  return {
    name: `kinesis/${stream}`,
    read: (positions, signal) => readStream(options, dependencies, positions, signal),
  };
}

async function* readStream(
  options: KinesisOptions,
  { client, read, log, now = Date.now, fetchObject }: KinesisDependencies,
  positions: ReadonlyMap<string, string>,
  outerSignal: AbortSignal,
): AsyncGenerator<Batch, void, undefined> {
  const stream = streamName(options.stream);
  const committed = positionsOf(stream, positions);
  const stop = new AbortController();
  const signal = AbortSignal.any([outerSignal, stop.signal]);
  const connection = client ?? kinesisClient(options);
  const api = streamApi(connection, options.stream, createCall(stream, log, signal));
  const reader = new StreamReader({ options, api, signal, log, now });
  const onAbort = () => reader.news.ring();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await requireRegion(connection, stream);
    await reader.begin(committed);
    while (!signal.aborted) {
      if (reader.failure !== undefined) {
        throw reader.failure;
      }
      const parts = reader.take();
      if (parts === undefined) {
        await reader.news.wait();
        continue;
      }
      yield* assembleBatches(parts, { stream, read, fetchObject, signal });
    }
  } catch (error) {
    if (!outerSignal.aborted) {
      throw error;
    }
  } finally {
    stop.abort();
    await reader.settle();
    if (client === undefined) {
      connection.destroy();
    }
  }
}

async function requireRegion(client: KinesisClient, stream: string): Promise<void> {
  try {
    await client.config.region();
  } catch (cause) {
    throw new SourceError(`stream ${stream}`, "no AWS region is configured", {
      code: "usage",
      cause,
    });
  }
}
