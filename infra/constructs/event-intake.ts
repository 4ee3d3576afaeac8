import { Duration, Stack } from "aws-cdk-lib";
import { CfnEventBus, CfnEventBusPolicy, CfnRule } from "aws-cdk-lib/aws-events";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";
import type { EncryptedStream } from "./encrypted-stream.ts";
import type { OwnKey } from "./own-key.ts";

/** As AWS::Events::Rule has it: without it EventBridge leaves out calls that only read. */
export const ALL_MANAGEMENT_EVENTS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";

/**
 * Calls of KMS, what KMS does by itself (rotation, deletion), and calls that could blind CloudTrail; or, where keys are named, only
 * what is about them.
 */
export function kmsEventPattern(keys: readonly string[]): Record<string, unknown> {
  return {
    "detail-type": ["AWS API Call via CloudTrail", "AWS Service Event via CloudTrail"],
    detail:
      keys.length > 0
        ? { eventSource: ["kms.amazonaws.com"], resources: { ARN: [...keys] } }
        : { eventSource: ["kms.amazonaws.com", "cloudtrail.amazonaws.com"] },
  };
}

/** Log files that a trail has written; the records are read out of the bucket by whoever reads the stream. */
export function logFilePattern(bucket: string): Record<string, unknown> {
  return {
    source: ["aws.s3"],
    "detail-type": ["Object Created"],
    detail: {
      bucket: { name: [bucket] },
      object: { key: [{ wildcard: "*AWSLogs/*/CloudTrail/*.json.gz" }] },
    },
  };
}

export interface EventIntakeProps {
  /** Name of the deployment. */
  readonly name: string;
  readonly key: OwnKey;
  readonly stream: EncryptedStream;
  /** The organization whose accounts may send, as o-…; without it only those of `accounts`. */
  readonly organization: string | undefined;
  readonly accounts: readonly string[];
  readonly pattern: unknown;
}

/** Where other accounts and Regions send their events to: a bus, and a rule that puts them on the stream. */
export class EventIntake extends Construct {
  readonly bus: CfnEventBus;
  readonly rule: CfnRule;
  readonly senderPolicies: readonly CfnEventBusPolicy[];
  readonly role: Role;
  /** Events that the stream did not take within a day. */
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, props: EventIntakeProps) {
    super(scope, id);
    const { name, key, stream } = props;
    this.undelivered = new Queue(this, "Undelivered", {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: key.key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(this.undelivered, "AwsSolutions-SQS3", "It is the dead-letter queue itself.");
    this.bus = new CfnEventBus(this, "Bus", {
      name,
      description: "Events for Keyhawk from the organization's accounts and Regions",
      kmsKeyIdentifier: key.key.keyArn,
      deadLetterConfig: { arn: this.undelivered.queueArn },
    });
    this.senderPolicies = this.#allowSenders(props);
    this.role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("events.amazonaws.com", {
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
      }),
      description: "Puts events of the bus on the stream",
    });
    stream.access.allowWriting(this.role);
    this.rule = new CfnRule(this, "Rule", {
      description: "Keyhawk: events of the organization to the stream",
      eventBusName: this.bus.ref,
      eventPattern: props.pattern,
      state: ALL_MANAGEMENT_EVENTS,
      targets: [
        {
          id: "stream",
          arn: stream.access.streamArn,
          roleArn: this.role.roleArn,
          retryPolicy: { maximumEventAgeInSeconds: 86_400, maximumRetryAttempts: 185 },
          deadLetterConfig: { arn: this.undelivered.queueArn },
        },
      ],
    });
    this.#allowUndelivered();
  }

  #allowSenders({ organization, accounts }: EventIntakeProps): CfnEventBusPolicy[] {
    const ofOrganization =
      organization === undefined
        ? []
        : [this.#allowSender("Organization", "*", { "aws:PrincipalOrgID": organization })];
    const ofAccounts = accounts.map((account) =>
      this.#allowSender(`Account${account}`, { AWS: account }),
    );
    return [...ofOrganization, ...ofAccounts];
  }

  #allowSender(
    sid: string,
    principal: unknown,
    equals?: Record<string, string>,
  ): CfnEventBusPolicy {
    return new CfnEventBusPolicy(this, sid, {
      eventBusName: this.bus.ref,
      statementId: sid,
      statement: {
        Sid: sid,
        Effect: "Allow",
        Principal: principal,
        Action: "events:PutEvents",
        Resource: this.bus.attrArn,
        ...(equals !== undefined && { Condition: { StringEquals: equals } }),
      },
    });
  }

  #allowUndelivered(): void {
    this.undelivered.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal("events.amazonaws.com")],
        actions: ["sqs:SendMessage"],
        resources: [this.undelivered.queueArn],
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
      }),
    );
  }
}
