import { S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";

/** How S3 is reached. Credentials come from the environment as for every AWS tool, unless given. */
export interface S3Options {
  readonly region?: string | undefined;
  /** URL of a VPC endpoint or of another store that speaks S3. */
  readonly endpoint?: string | undefined;
  /** The bucket in the path rather than the host name; by default so where an endpoint is given, as other stores need it. */
  readonly forcePathStyle?: boolean | undefined;
}

/**
 * What the environment says of S3, as the AWS command line reads it: `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL`. The region
 * and the credentials are found by the SDK.
 */
export function s3Options(env: Readonly<Record<string, string | undefined>>): S3Options {
  return { endpoint: env["AWS_ENDPOINT_URL_S3"] || env["AWS_ENDPOINT_URL"] || undefined };
}

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
