import { S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { S3Options } from "./s3-options.ts";

/** A client that tries each request up to 8 times, with the SDK's growing pauses, and follows a bucket to its region. */
export function s3Client({ region, endpoint, forcePathStyle }: S3Options): S3Client {
  return new S3Client({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: forcePathStyle ?? endpoint !== undefined,
    followRegionRedirects: true,
    maxAttempts: 8,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 5000,
      requestTimeout: 60_000,
      throwOnRequestTimeout: true,
      httpsAgent: { maxSockets, keepAlive: true },
      httpAgent: { maxSockets, keepAlive: true },
    }),
  });
}

const maxSockets = 64;
