import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type CfnResource, Duration, RemovalPolicy, Size, Stack } from "aws-cdk-lib";
import { AutoScalingGroup, GroupMetrics, Signals, UpdatePolicy } from "aws-cdk-lib/aws-autoscaling";
import {
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  InstanceType,
  LaunchTemplate,
  MachineImage,
  UserData,
  Volume,
} from "aws-cdk-lib/aws-ec2";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Asset } from "aws-cdk-lib/aws-s3-assets";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";
import type { Configuration } from "./configuration.ts";
import type { OwnKey } from "./own-key.ts";
import { VolumeSnapshots } from "./volume-snapshots.ts";
import type { WorkerNetwork } from "./worker-network.ts";

export interface WorkerHostProps {
  /** Name of the deployment. */
  readonly name: string;
  readonly key: OwnKey;
  readonly network: WorkerNetwork;
  readonly configuration: Configuration;
  /** The program, bundled. */
  readonly program: Asset;
  readonly availabilityZone: string;
  readonly instanceType: string;
  readonly volumeGiB: number;
  readonly snapshotDays: number;
  readonly logGroupPath: string;
  readonly logRetention: RetentionDays;
}

/**
 * One instance that is always there, and a volume that outlives each of them. A group of one replaces an instance that fails, and
 * every instance after a month, so that none runs on an old image; the next one attaches the same volume and goes on.
 */
export class WorkerHost extends Construct {
  readonly role: Role;
  readonly volume: Volume;
  readonly snapshots: VolumeSnapshots;
  readonly logGroup: LogGroup;
  readonly launchTemplate: LaunchTemplate;
  readonly group: AutoScalingGroup;
  readonly #props: WorkerHostProps;

  constructor(scope: Construct, id: string, props: WorkerHostProps) {
    super(scope, id);
    this.#props = props;
    this.logGroup = new LogGroup(this, "Log", {
      logGroupName: `${props.logGroupPath}/process`,
      encryptionKey: props.key.key,
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.volume = new Volume(this, "State", {
      availabilityZone: props.availabilityZone,
      size: Size.gibibytes(props.volumeGiB),
      volumeType: EbsDeviceVolumeType.GP3,
      encrypted: true,
      encryptionKey: props.key.key,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.snapshots = new VolumeSnapshots(this, "Snapshots", {
      name: props.name,
      volume: this.volume,
      days: props.snapshotDays,
    });
    this.role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("ec2.amazonaws.com"),
      description: `The process of ${props.name}`,
    });
    this.#allowVolume();
    this.#allowTelemetry();
    this.#allowShell();
    this.#allowProgram();
    props.configuration.allowReading(this.role, "ssm:GetParameter");
    this.launchTemplate = this.#makeLaunchTemplate();
    this.group = this.#makeGroup();
    this.#startWith();
  }

  #makeLaunchTemplate(): LaunchTemplate {
    const { instanceType, key, network } = this.#props;
    return new LaunchTemplate(this, "LaunchTemplate", {
      instanceType: new InstanceType(instanceType),
      // The newest image at each launch, not at each deployment.
      machineImage: MachineImage.resolveSsmParameterAtLaunch(
        "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64",
      ),
      role: this.role,
      securityGroup: network.securityGroup,
      userData: UserData.custom("#!/bin/bash"),
      requireImdsv2: true,
      httpPutResponseHopLimit: 1,
      detailedMonitoring: true,
      blockDevices: [
        {
          deviceName: "/dev/xvda",
          volume: BlockDeviceVolume.ebs(8, {
            volumeType: EbsDeviceVolumeType.GP3,
            encrypted: true,
            kmsKey: key.key,
          }),
        },
      ],
    });
  }

  #makeGroup(): AutoScalingGroup {
    const group = new AutoScalingGroup(this, "Group", {
      vpc: this.#props.network.vpc,
      launchTemplate: this.launchTemplate,
      minCapacity: 1,
      maxCapacity: 1, // Two processes cannot share a state; the volume cannot be attached twice either.
      maxInstanceLifetime: Duration.days(30),
      groupMetrics: [GroupMetrics.all()],
      signals: Signals.waitForAll({ timeout: Duration.minutes(20) }),
      updatePolicy: UpdatePolicy.rollingUpdate({ minInstancesInService: 0, maxBatchSize: 1 }),
    });
    acknowledge(
      group,
      "AwsSolutions-AS3",
      "It never scales; an alarm rings while no instance is in service.",
    );
    return group;
  }

  /** Says what the script needs to know, then the script itself. */
  #startWith(): void {
    const { name, configuration, program } = this.#props;
    const stack = Stack.of(this);
    const known = {
      VOLUME_ID: this.volume.volumeId,
      PROGRAM: program.s3ObjectUrl,
      PARAMETERS: configuration.parameterNames,
      LOG_GROUP: this.logGroup.logGroupName,
      NAMESPACE: `Keyhawk/${name}`,
      STACK: stack.stackName,
      RESOURCE: stack.getLogicalId(this.group.node.defaultChild as CfnResource),
      AWS_DEFAULT_REGION: stack.region,
    };
    const words = Object.entries(known).map(([variable, value]) => `${variable}='${value}'`);
    this.launchTemplate.userData?.addCommands(
      `export ${words.join(" ")} # configuration ${configuration.revision}`,
      readFileSync(join(import.meta.dirname, "..", "worker-start.sh"), "utf8"),
    );
    this.group.node.addDependency(this.role, configuration, this.volume);
  }

  /** https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html#ebs-encryption-permissions */
  #allowVolume(): void {
    const { key, name } = this.#props;
    const stack = Stack.of(this);
    const { volumeId } = this.volume;
    const arnOf = (resource: string, resourceName: string) =>
      stack.formatArn({ service: "ec2", resource, resourceName });
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ["ec2:AttachVolume"],
        resources: [arnOf("volume", volumeId)],
      }),
    );
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ["ec2:AttachVolume"],
        resources: [arnOf("instance", "*")],
        conditions: {
          StringEquals: { "aws:ResourceTag/aws:cloudformation:stack-id": stack.stackId },
        },
      }),
    );
    acknowledge(
      this.role,
      `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:${stack.region}:${stack.account}:instance/*]`,
      `An instance learns its id when it starts; only those that carry the tag of ${name}'s own stack are meant.`,
    );
    key.use.allow({
      role: this.role,
      service: "ec2",
      actions: ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"],
      context: { "aws:ebs:id": volumeId },
    });
    key.allowVolumes(this.role);
  }

  /** Log lines of the process, fill level of the volume. */
  #allowTelemetry(): void {
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
        resources: [this.logGroup.logGroupArn],
      }),
    );
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ["cloudwatch:PutMetricData"],
        resources: ["*"],
        conditions: { StringEquals: { "cloudwatch:namespace": `Keyhawk/${this.#props.name}` } },
      }),
    );
  }

  /** Session Manager, for `keyhawk explain` and the other commands beside the running process; no port is open for it. */
  #allowShell(): void {
    this.role.addToPolicy(
      new PolicyStatement({
        actions: [
          "ssm:UpdateInstanceInformation",
          "ssmmessages:CreateControlChannel",
          "ssmmessages:CreateDataChannel",
          "ssmmessages:OpenControlChannel",
          "ssmmessages:OpenDataChannel",
        ],
        resources: ["*"],
      }),
    );
    acknowledge(
      this.role,
      "AwsSolutions-IAM5[Resource::*]",
      "Metrics and Session Manager's channels know no resource (Service Authorization Reference); metrics are held to a namespace.",
    );
  }

  #allowProgram(): void {
    const { program } = this.#props;
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ["s3:GetObject"],
        resources: [program.bucket.arnForObjects(program.s3ObjectKey)],
      }),
    );
  }
}
