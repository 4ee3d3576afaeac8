import { RemovalPolicy, Stack } from "aws-cdk-lib";
import {
  AnyPrincipal,
  Effect,
  PolicyStatement,
  ServicePrincipal,
  type Role,
} from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";

/** Services through which Keyhawk's own roles use its keys; the name is the first label of the service's endpoint. */
export type OwnKeyService =
  | "kinesis"
  | "dynamodb"
  | "sns"
  | "s3"
  | "lambda"
  | "secretsmanager"
  | "ec2";

/** One use of a key by a role of ours: what the role is allowed, and what the detectors are told to leave out. */
export interface OwnUse {
  readonly role: Role;
  readonly service: OwnKeyService;
  readonly actions: readonly string[];
  /** What the service writes into the encryption context: names and values. */
  readonly context: Readonly<Record<string, string>>;
  /** Names in the encryption context whose values change. */
  readonly varying?: readonly string[];
}

/** One entry of `detection.self` in Keyhawk's configuration: a role, a key, and all names in the encryption context. */
export interface SelfTuple {
  readonly principal: string;
  readonly key: string;
  readonly context: { readonly keys: readonly string[] };
}

/** A key given by its ARN, and what our roles do with it. */
export class KeyUse {
  readonly keyArn: string;
  readonly #uses: OwnUse[] = [];

  constructor(keyArn: string) {
    this.keyArn = keyArn;
  }

  /**
   * Lets a role use the key through one service for one encryption context, and notes that very tuple. What Keyhawk may do
   * and what it leaves out of its own alerts are thereby the same list: a use of the key that is not in it raises alerts,
   * also when an intruder who holds the role makes it.
   */
  allow(use: OwnUse): void {
    const { role, service, actions, context } = use;
    const { region, urlSuffix } = Stack.of(role);
    role.addToPolicy(
      new PolicyStatement({
        actions: [...actions],
        resources: [this.keyArn],
        conditions: {
          StringEquals: {
            "kms:ViaService": `${service}.${region}.${urlSuffix}`,
            ...Object.fromEntries(
              Object.entries(context).map(([name, value]) => [
                `kms:EncryptionContext:${name}`,
                value,
              ]),
            ),
          },
        },
      }),
    );
    this.#uses.push(use);
  }

  /** What to leave out, one tuple for each role and kind of context. */
  get self(): readonly SelfTuple[] {
    const tuples = this.#uses.map(({ role, context, varying = [] }) => ({
      principal: role.roleArn,
      key: this.keyArn,
      context: { keys: [...Object.keys(context), ...varying].sort() },
    }));
    return [...new Map(tuples.map((tuple) => [JSON.stringify(tuple), tuple])).values()];
  }
}

export interface OwnKeyProps {
  /** Says in the console what the key protects. */
  readonly description: string;
  /** Path of the log groups that the key encrypts, without the last part: `/keyhawk/serverless`. */
  readonly logGroupPath: string;
}

/**
 * The customer-managed key of one stack, rotated every year. It outlives the stack: without it what the stack leaves behind
 * (memories, backups, dead letters) could never be read again.
 *
 * Roles get their permissions from their own policies; services get theirs here, each for what it does in this account only.
 */
export class OwnKey extends Construct {
  readonly key: Key;
  readonly use: KeyUse;

  constructor(scope: Construct, id: string, { description, logGroupPath }: OwnKeyProps) {
    super(scope, id);
    this.key = new Key(this, "Key", {
      description,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.use = new KeyUse(this.key.keyArn);
    this.#allowLogs(logGroupPath);
    this.#allowNotifications();
  }

  /**
   * Lets a role attach volumes, and Auto Scaling start instances, that are encrypted under the key. EC2 takes a grant for itself in
   * their name: https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html. Auto Scaling's
   * own role is named by a condition, since in a new account it does not exist until the first group is made.
   */
  allowVolumes(role: Role): void {
    const { region, account, partition, urlSuffix } = Stack.of(this);
    const viaEc2 = { "kms:ViaService": `ec2.${region}.${urlSuffix}` };
    role.addToPolicy(
      new PolicyStatement({
        actions: ["kms:CreateGrant"],
        resources: [this.key.keyArn],
        conditions: {
          StringEquals: viaEc2,
          Bool: { "kms:GrantIsForAWSResource": "true" },
        },
      }),
    );
    const autoScaling = `arn:${partition}:iam::${account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`;
    this.key.addToResourcePolicy(
      new PolicyStatement({
        sid: "InstancesOfAutoScaling",
        principals: [new AnyPrincipal()],
        actions: [
          "kms:CreateGrant",
          "kms:Decrypt",
          "kms:DescribeKey",
          "kms:Encrypt",
          "kms:GenerateDataKey",
          "kms:GenerateDataKeyWithoutPlaintext",
          "kms:ReEncryptFrom",
          "kms:ReEncryptTo",
        ],
        resources: ["*"],
        conditions: {
          StringEquals: { "kms:CallerAccount": account },
          ArnEquals: { "aws:PrincipalArn": autoScaling },
        },
      }),
    );
  }

  /** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html */
  #allowLogs(path: string): void {
    const { region, account, partition, urlSuffix } = Stack.of(this);
    this.key.addToResourcePolicy(
      new PolicyStatement({
        sid: "LogGroupsOfThisStack",
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal(`logs.${region}.${urlSuffix}`)],
        actions: [
          "kms:Encrypt",
          "kms:Decrypt",
          "kms:ReEncryptFrom",
          "kms:ReEncryptTo",
          "kms:GenerateDataKey",
          "kms:DescribeKey",
        ],
        resources: ["*"], // In a key's own policy this is the key itself.
        conditions: {
          ArnLike: {
            "kms:EncryptionContext:aws:logs:arn": `arn:${partition}:logs:${region}:${account}:log-group:${path}/*`,
          },
        },
      }),
    );
  }

  /** Alarms into the encrypted operations topic, missed schedules into the encrypted queue. */
  #allowNotifications(): void {
    this.key.addToResourcePolicy(
      new PolicyStatement({
        sid: "AlarmsAndSchedulesOfThisAccount",
        effect: Effect.ALLOW,
        principals: [
          new ServicePrincipal("cloudwatch.amazonaws.com"),
          new ServicePrincipal("events.amazonaws.com"),
        ],
        actions: ["kms:GenerateDataKey", "kms:Decrypt", "kms:DescribeKey"],
        resources: ["*"],
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
      }),
    );
  }
}
