import { Stack } from "aws-cdk-lib";
import { PolicyStatement, type Role } from "aws-cdk-lib/aws-iam";
import { acknowledge } from "./acknowledge.ts";

export interface TrailBucketProps {
  readonly bucket: string;
  /** Region of the bucket. */
  readonly region: string;
  /** Key that the log files are encrypted under. */
  readonly keyArn: string | undefined;
}

/** The trail's bucket, which belongs to somebody else: what a role of ours may do there as far as our side goes. */
export class TrailBucket {
  readonly #props: TrailBucketProps;

  constructor(props: TrailBucketProps) {
    this.#props = props;
  }

  /** Reading log files. In another account the bucket's own policy, and that of the key, must allow it as well. */
  allowReading(role: Role): void {
    const { bucket, region, keyArn } = this.#props;
    const { partition, urlSuffix } = Stack.of(role);
    const object = `arn:${partition}:s3:::${bucket}/*.json.gz`;
    role.addToPolicy(new PolicyStatement({ actions: ["s3:GetObject"], resources: [object] }));
    acknowledge(
      role,
      `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::${bucket}/*.json.gz]`,
      "CloudTrail names its log files; a prefix before AWSLogs/ is possible. Reading only.",
    );
    if (keyArn === undefined) return;
    role.addToPolicy(
      new PolicyStatement({
        actions: ["kms:Decrypt"],
        resources: [keyArn],
        conditions: { StringEquals: { "kms:ViaService": `s3.${region}.${urlSuffix}` } },
      }),
    );
  }
}
