import { Duration, Fn, RemovalPolicy } from "aws-cdk-lib";
import { PolicyStatement, type Role } from "aws-cdk-lib/aws-iam";
import { type CfnStream, Stream, StreamEncryption, StreamMode } from "aws-cdk-lib/aws-kinesis";
import { Construct } from "constructs";
import { z } from "zod";
import { acknowledge } from "./acknowledge.ts";
import type { KeyUse, OwnKey } from "./own-key.ts";

/** How a stream grows and how long it keeps records. Limits: "Quotas and limits" of Kinesis Data Streams. */
export const StreamSettings = z.strictObject({
  shards: z
    .union([z.literal("on-demand"), z.int().min(1).max(10_000)], {
      error: "expected on-demand, or from 1 to 10,000",
    })
    .optional()
    .describe(
      "Shards, 1 MB/s each, by default what `eventsPerDay` needs; on demand, as without both, the stream splits by itself.",
    ),
  retentionHours: z
    .int()
    .min(24)
    .max(8760)
    .default(168)
    .describe("How long a record can still be read: the longest outage that loses nothing."),
});
export type StreamSettings = z.infer<typeof StreamSettings>;

export interface EncryptedStreamProps {
  readonly key: OwnKey;
  readonly settings: StreamSettings;
}

/** A Kinesis stream under the stack's own key. */
export class EncryptedStream extends Construct {
  readonly stream: Stream;
  readonly access: StreamAccess;

  constructor(scope: Construct, id: string, { key, settings }: EncryptedStreamProps) {
    super(scope, id);
    const { shards, retentionHours } = settings;
    this.stream = new Stream(this, "Stream", {
      encryption: StreamEncryption.KMS,
      encryptionKey: key.key,
      retentionPeriod: Duration.hours(retentionHours),
      removalPolicy: RemovalPolicy.DESTROY,
      ...(shards === undefined || shards === "on-demand"
        ? { streamMode: StreamMode.ON_DEMAND }
        : { streamMode: StreamMode.PROVISIONED, shardCount: shards }),
    });
    acknowledge(
      this.stream,
      "AwsSolutions-KDS3",
      "The customer-managed key is wanted: its use is seen, held to roles and contexts, and can be taken back.",
    );
    this.access = new StreamAccess(this.stream.streamArn, key.use);
  }

  /** The stream as CloudFormation has it. */
  get resource(): CfnStream {
    return this.stream.node.defaultChild as CfnStream;
  }
}

/** What roles of ours may do with a stream, one that exists already included. */
export class StreamAccess {
  readonly streamArn: string;
  /** Undefined where the stream is not encrypted under a customer-managed key. */
  readonly keyUse: KeyUse | undefined;

  constructor(streamArn: string, keyUse: KeyUse | undefined) {
    this.streamArn = streamArn;
    this.keyUse = keyUse;
  }

  /** Name out of the ARN, also where the ARN is known at deployment only. */
  get streamName(): string {
    return Fn.select(1, Fn.split("/", this.streamArn));
  }

  /** Reading as an event source mapping or the one-process consumer does. */
  allowReading(role: Role): void {
    role.addToPolicy(
      new PolicyStatement({
        actions: [
          "kinesis:DescribeStream",
          "kinesis:DescribeStreamSummary",
          "kinesis:ListShards",
          "kinesis:GetShardIterator",
          "kinesis:GetRecords",
        ],
        resources: [this.streamArn],
      }),
    );
    this.#allowKey(role, "kms:Decrypt");
  }

  /** Writing with PutRecord and PutRecords. */
  allowWriting(role: Role): void {
    role.addToPolicy(
      new PolicyStatement({
        actions: ["kinesis:PutRecord", "kinesis:PutRecords"],
        resources: [this.streamArn],
      }),
    );
    this.#allowKey(role, "kms:GenerateDataKey");
  }

  #allowKey(role: Role, action: string): void {
    this.keyUse?.allow({
      role,
      service: "kinesis",
      actions: [action],
      context: { "aws:kinesis:arn": this.streamArn },
    });
  }
}
