import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { PolicyStatement, type Role } from "aws-cdk-lib/aws-iam";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { acknowledge, acknowledgeBelow } from "./acknowledge.ts";
import type { OwnKey } from "./own-key.ts";

export interface DeadLettersProps {
  readonly key: OwnKey;
  /** Days after which a dead letter in the bucket is removed. */
  readonly keepDays: number;
}

/**
 * Where goes what could not be handled: whole records and batches into the bucket, schedules that could not be run into the
 * queue. A queue alone would not do: a stream mapping writes only the position of a batch there, and the batch itself is gone
 * when the stream's retention ends.
 */
export class DeadLetters extends Construct {
  readonly bucket: Bucket;
  readonly queue: Queue;
  readonly #key: OwnKey;

  constructor(scope: Construct, id: string, { key, keepDays }: DeadLettersProps) {
    super(scope, id);
    this.#key = key;
    this.bucket = new Bucket(this, "Bucket", {
      encryption: BucketEncryption.KMS,
      encryptionKey: key.key,
      bucketKeyEnabled: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      versioned: true,
      lifecycleRules: [
        {
          expiration: Duration.days(keepDays),
          noncurrentVersionExpiration: Duration.days(7),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    acknowledge(
      this.bucket,
      "AwsSolutions-S1",
      "Written by two functions and read by operators; data events of the organization's trail record access, and a bucket " +
        "for access logs could not be encrypted under a customer-managed key.",
    );
    this.queue = new Queue(this, "Queue", {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: key.key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(this.queue, "AwsSolutions-SQS3", "It is the dead-letter queue itself.");
  }

  /** Writing objects under a prefix; a mapping's on-failure destination asks for the listing besides. */
  allowWriting(role: Role): void {
    role.addToPolicy(
      new PolicyStatement({
        actions: ["s3:PutObject"],
        resources: [this.bucket.arnForObjects("*")],
      }),
    );
    role.addToPolicy(
      new PolicyStatement({ actions: ["s3:ListBucket"], resources: [this.bucket.bucketArn] }),
    );
    acknowledgeBelow(
      role,
      this.bucket,
      "/*",
      "Dead letters get names of their own, in this bucket only.",
    );
    this.#key.use.allow({
      role,
      service: "s3",
      actions: ["kms:GenerateDataKey", "kms:Decrypt"],
      context: { "aws:s3:arn": this.bucket.bucketArn },
    });
  }
}
