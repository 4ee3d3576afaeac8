import { KinesisClient } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { KinesisOptions } from "./options.ts";

const CONNECT_TIMEOUT_MS = 5000;
/** An answer of 10 MB over a slow line must fit; a dead connection must not hold a shard for long. */
const REQUEST_TIMEOUT_MS = 30_000;
/** One read of each shard may be under way at a time. */
const SOCKETS = 512;

/**
 * A client for one stream. It speaks HTTP/1.1, since not every endpoint that looks like Kinesis speaks HTTP/2, and tries
 * each request once: when to try again is decided in one place, `calls.ts`.
 */
export function kinesisClient({ region, endpoint, stream }: KinesisOptions): KinesisClient {
  const place = region ?? regionOf(stream);
  return new KinesisClient({
    ...(place === undefined ? {} : { region: place }),
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      httpsAgent: { maxSockets: SOCKETS, keepAlive: true },
      httpAgent: { maxSockets: SOCKETS, keepAlive: true },
    }),
  });
}

function regionOf(stream: string): string | undefined {
  return stream.startsWith("arn:") ? stream.split(":")[3] : undefined;
}
