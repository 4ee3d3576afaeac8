import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { startFauxqs } from "fauxqs";
import { inParallel } from "../../src/sources/files/ahead.ts";
import type { S3Options } from "../../src/sources/s3/s3-options.ts";

/** A bucket on this machine. */
export interface TestBucket extends AsyncDisposable {
  readonly url: string;
  readonly options: S3Options;
  readonly client: S3Client;
  write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void>;
}

const bucket = "trail-archive";

/** Starts a server that speaks S3, with one bucket that holds the files. */
export async function bucketOf(
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<TestBucket> {
  const server = await startFauxqs({ port: 0, logger: false });
  server.createBucket(bucket);
  const options = { region: "us-east-1", endpoint: server.address, forcePathStyle: true };
  const client = new S3Client({
    ...options,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  process.env["AWS_ACCESS_KEY_ID"] ??= "test";
  process.env["AWS_SECRET_ACCESS_KEY"] ??= "test";
  const found: TestBucket = {
    url: `s3://${bucket}`,
    options,
    client,
    async write(more) {
      await inParallel(Object.entries(more), 32, async ([Key, content]) => {
        const Body = Buffer.from(content);
        await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
      });
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await server.stop();
    },
  };
  await found.write(files);
  return found;
}
