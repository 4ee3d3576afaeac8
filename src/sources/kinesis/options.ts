import { z } from "zod";

/** How a Kinesis stream is read. Limits are those of the AWS page "Quotas and limits" of Kinesis Data Streams. */
export const KinesisOptions = z.strictObject({
  stream: z
    .string()
    .regex(
      /^(arn:[^:]+:kinesis:[^:]+:\d{12}:stream\/)?[a-zA-Z0-9_.-]{1,128}$/,
      "expected the name or the ARN of a Kinesis stream",
    )
    .describe("Name or ARN of the stream; the ARN where it belongs to another account."),
  region: z
    .string()
    .min(1)
    .optional()
    .describe("AWS region; by default that of the ARN, else that of the environment."),
  endpoint: z.url().optional().describe("URL of a VPC endpoint or of a test server."),
  startAt: z
    .union([z.enum(["TRIM_HORIZON", "LATEST"]), z.iso.datetime({ offset: true })])
    .default("TRIM_HORIZON")
    .describe(
      "Where the very first run starts: all that the stream still holds, only what is new, or a time. " +
        "Later runs go on from where the last one stopped.",
    ),
  pollIntervalMs: z
    .int()
    .min(200)
    .max(60_000)
    .default(1000)
    .describe(
      "Pause between two reads of a shard that has nothing more to say; AWS allows five a second.",
    ),
  recordsPerRead: z
    .int()
    .min(1)
    .max(10_000)
    .default(10_000)
    .describe("Most records of one read of a shard, and of one batch."),
  prefetchBytes: z
    .int()
    .min(1)
    .default(64 * 1024 * 1024)
    .describe(
      "Bytes read ahead, shared evenly by the shards; one with nothing in hand reads a page in any case.",
    ),
  alignmentMs: z
    .int()
    .min(0)
    .default(600_000)
    .describe("How far one shard may be read ahead of another, by arrival time."),
  silentAfterMinutes: z
    .int()
    .min(1)
    .max(10_080)
    .default(60)
    .describe(
      "Minutes without a record of any service after which `run` says that nothing arrives.",
    ),
  shardRefreshMs: z
    .int()
    .min(1000)
    .default(60_000)
    .describe("How often the shards are listed again."),
});
export type KinesisOptions = z.infer<typeof KinesisOptions>;

/** Name of a stream given by name or ARN: what its positions are filed under. */
export function streamName(stream: string): string {
  return stream.slice(stream.lastIndexOf("/") + 1);
}
