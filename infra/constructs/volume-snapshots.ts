import { Stack, Tags } from "aws-cdk-lib";
import { CfnLifecyclePolicy } from "aws-cdk-lib/aws-dlm";
import type { Volume } from "aws-cdk-lib/aws-ec2";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";

export interface VolumeSnapshotsProps {
  /** Name of the deployment. */
  readonly name: string;
  readonly volume: Volume;
  /** Snapshots that are kept, one a day. */
  readonly days: number;
}

/**
 * A snapshot of a volume each day, taken while it is in use: what lies on it is one moment's, which a database with a write-ahead log
 * opens as after a loss of power. Snapshots are encrypted under the volume's own key, and outlive the stack.
 */
export class VolumeSnapshots extends Construct {
  readonly role: Role;
  readonly policy: CfnLifecyclePolicy;
  readonly #name: string;

  constructor(scope: Construct, id: string, { name, volume, days }: VolumeSnapshotsProps) {
    super(scope, id);
    this.#name = name;
    Tags.of(volume).add(tag, name);
    this.role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("dlm.amazonaws.com", {
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
      }),
      description: `Snapshots of the state of ${name}`,
    });
    this.#allow(volume);
    this.policy = new CfnLifecyclePolicy(this, "Policy", {
      description: `State of ${name} each day`,
      state: "ENABLED",
      executionRoleArn: this.role.roleArn,
      policyDetails: {
        policyType: "EBS_SNAPSHOT_MANAGEMENT",
        resourceTypes: ["VOLUME"],
        targetTags: [{ key: tag, value: name }],
        schedules: [
          {
            name: "daily",
            copyTags: true,
            createRule: { interval: 24, intervalUnit: "HOURS", times: ["03:00"] },
            retainRule: { count: days },
          },
        ],
      },
    });
    this.policy.node.addDependency(this.role);
  }

  /** What a policy for volumes asks for: "Service roles for Amazon Data Lifecycle Manager" in the EBS user guide. */
  #allow({ volumeId }: Volume): void {
    const stack = Stack.of(this);
    const volume = stack.formatArn({ service: "ec2", resource: "volume", resourceName: volumeId });
    const snapshots = stack.formatArn({
      service: "ec2",
      account: "",
      resource: "snapshot",
      resourceName: "*",
    });
    this.#permit({ actions: ["ec2:CreateSnapshot"], resources: [volume, snapshots] });
    this.#permit({ actions: ["ec2:CreateTags"], resources: [snapshots] });
    this.#permit({
      actions: ["ec2:DeleteSnapshot"],
      resources: [snapshots],
      // A snapshot carries the tags of its volume.
      conditions: { StringEquals: { [`aws:ResourceTag/${tag}`]: this.#name } },
    });
    this.#permit({
      actions: ["ec2:DescribeInstances", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"],
      resources: ["*"],
    });
    acknowledge(
      this.role,
      "AwsSolutions-IAM5[Resource::*]",
      "Describing volumes and snapshots knows no resource (Service Authorization Reference).",
    );
    acknowledge(
      this.role,
      `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:${stack.region}::snapshot/*]`,
      "A snapshot has no name before it is there; what may be deleted carries the tag of the volume.",
    );
  }

  #permit(statement: ConstructorParameters<typeof PolicyStatement>[0]): void {
    this.role.addToPolicy(new PolicyStatement(statement));
  }
}

/** By which the policy finds the volume. */
const tag = "keyhawk-state";
