import { createHash } from "node:crypto";
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { sleep } from "../../delivery/retry.ts";
import { s3Options } from "../../sources/s3/s3-options.ts";
import { openDynamodbEntityStore } from "../../store/dynamodb/dynamodb-entity-store.ts";
import type { EntityStore } from "../../store/entity-store.ts";
import { createLog, type Log } from "../../telemetry.ts";
import { type DeadLetters, deadLetterLines } from "../dead-letters.ts";
import type { PutRecords } from "../entity-stream.ts";
import type { Environment } from "../environment.ts";

/** How long one request to the table is tried again: an invocation has little time, and its batch comes again. */
const PATIENCE_MS = 8000;
const REQUEST_TIMEOUT_MS = 10_000;

/** What every handler needs of the world. */
export function outsideOf(environment: Environment) {
  return {
    log: createLambdaLog(),
    metrics: process.stdout,
    now: Date.now,
    sleep,
    random: Math.random,
    buckets: environment.buckets,
    putRecords: putRecordsTo(environment.entityStream),
    deadLetters: deadLettersIn(environment.deadLetterBucket),
  };
}

export function storeOf({ table }: Environment): EntityStore {
  return openDynamodbEntityStore(table, { patienceMs: PATIENCE_MS });
}

function createLambdaLog(): Log {
  return createLog({ json: true, level: "info", stream: process.stderr, color: false });
}

function putRecordsTo(stream: string): PutRecords {
  const client = new KinesisClient({
    maxAttempts: 3,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 3000,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    }),
  });
  return async (records) => {
    const Records = records.map(({ partitionKey, data }) => ({
      PartitionKey: partitionKey,
      Data: data,
    }));
    const answer = await client.send(new PutRecordsCommand({ StreamName: stream, Records }));
    return records.map((_, index) => answer.Records?.[index]?.SequenceNumber !== undefined);
  };
}

/** Dead letters as objects of a bucket, one an invocation: `dead-letters/HANDLER/YYYY/MM/DD/HASH.ndjson`. */
function deadLettersIn(bucket: string): DeadLetters {
  return {
    async put(handler, letters) {
      // Hardly ever needed, and a large part of a cold start.
      const [{ PutObjectCommand }, { s3Client }] = await Promise.all([
        import("@aws-sdk/client-s3"),
        import("../../sources/s3/s3-client.ts"),
      ]);
      const client = s3Client(s3Options(process.env));
      const Body = deadLetterLines(letters);
      const day = new Date().toISOString().slice(0, 10).replaceAll("-", "/");
      const hash = createHash("sha256").update(Body).digest("hex").slice(0, 32);
      const Key = `dead-letters/${handler}/${day}/${hash}.ndjson`;
      try {
        await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
      } finally {
        client.destroy();
      }
    },
  };
}
