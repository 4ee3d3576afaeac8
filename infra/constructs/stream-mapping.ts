import { CfnEventSourceMapping } from "aws-cdk-lib/aws-lambda";
import { z } from "zod";
import type { DeadLetters } from "./dead-letters.ts";
import type { KeyhawkFunction } from "./keyhawk-function.ts";

/** How records of a stream are handed to a function. Limits: AWS::Lambda::EventSourceMapping in the CloudFormation reference. */
export const MappingSettings = z.strictObject({
  batchRecords: z.int().min(1).max(10_000).describe("Most records of one call; 6 MB bound it too."),
  batchWindowSeconds: z
    .int()
    .min(0)
    .max(300)
    .describe(
      "How long records are gathered before a call: what alerts wait, and what writes cost.",
    ),
  parallelization: z
    .int()
    .min(1)
    .max(10)
    .default(1)
    .describe("Calls at once for each shard; records of one partition key stay in order."),
  retries: z
    .int()
    .min(0)
    .max(10_000)
    .default(1000)
    .describe("Tries of a batch that keeps failing before it goes to the dead letters."),
  oldestRecordHours: z
    .int()
    .min(1)
    .max(168)
    .default(12)
    .describe("Age from which a record that keeps failing goes to the dead letters."),
});
export type MappingSettings = z.infer<typeof MappingSettings>;

export interface StreamMappingProps {
  readonly streamArn: string;
  readonly settings: MappingSettings;
  readonly deadLetters: DeadLetters;
  /** Whether it is made, but reads nothing yet. */
  readonly paused?: boolean;
  /** Only records that match are handed over; a pattern of Lambda's event filtering. */
  readonly filter?: unknown;
}

/**
 * Lets a stream call a function: from the oldest record on, failed batches halved until the culprit is alone, the failed part
 * of a batch told by its first sequence number, what cannot be handled kept whole in the bucket of dead letters.
 */
export function mapStream(
  target: KeyhawkFunction,
  { streamArn, settings, deadLetters, filter, paused = false }: StreamMappingProps,
): CfnEventSourceMapping {
  deadLetters.allowWriting(target.role);
  const mapping = new CfnEventSourceMapping(target, "Mapping", {
    eventSourceArn: streamArn,
    functionName: target.function.functionName,
    enabled: !paused,
    startingPosition: "TRIM_HORIZON", // LATEST may miss what arrives while the mapping is being made.
    batchSize: settings.batchRecords,
    maximumBatchingWindowInSeconds: settings.batchWindowSeconds,
    parallelizationFactor: settings.parallelization,
    bisectBatchOnFunctionError: true,
    functionResponseTypes: ["ReportBatchItemFailures"],
    maximumRetryAttempts: settings.retries,
    maximumRecordAgeInSeconds: settings.oldestRecordHours * 3600,
    destinationConfig: { onFailure: { destination: deadLetters.bucket.bucketArn } },
    metricsConfig: { metrics: ["EventCount"] },
    ...(filter === undefined
      ? {}
      : { filterCriteria: { filters: [{ pattern: JSON.stringify(filter) }] } }),
  });
  mapping.node.addDependency(target.role); // It is refused while the role may not read the stream.
  return mapping;
}
