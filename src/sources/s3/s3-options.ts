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
