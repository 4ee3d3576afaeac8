import { PolicyStatement, ServicePrincipal, type Role } from "aws-cdk-lib/aws-iam";
import { Stack } from "aws-cdk-lib";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";
import type { OwnKey } from "./own-key.ts";

export interface EncryptedTopicProps {
  readonly key: OwnKey;
  /** What a mail from it says it is from. */
  readonly displayName: string;
  /** Addresses that are asked to confirm a subscription. */
  readonly emails: readonly string[];
}

/** An SNS topic under the stack's own key that takes messages over TLS only. */
export class EncryptedTopic extends Construct {
  readonly topic: Topic;
  readonly #key: OwnKey;

  constructor(scope: Construct, id: string, { key, displayName, emails }: EncryptedTopicProps) {
    super(scope, id);
    this.#key = key;
    this.topic = new Topic(this, "Topic", { displayName, masterKey: key.key, enforceSSL: true });
    for (const email of emails) this.topic.addSubscription(new EmailSubscription(email));
  }

  /** Publishing by a role of ours. */
  allowPublishing(role: Role): void {
    const { topicArn } = this.topic;
    role.addToPolicy(new PolicyStatement({ actions: ["sns:Publish"], resources: [topicArn] }));
    this.#key.use.allow({
      role,
      service: "sns",
      actions: ["kms:GenerateDataKey", "kms:Decrypt"],
      context: { "aws:sns:topicArn": topicArn },
    });
  }

  /** Publishing by the alarms of this account. */
  allowAlarms(): void {
    const { account, region, partition } = Stack.of(this);
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: "AlarmsOfThisAccount",
        principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
        actions: ["sns:Publish"],
        resources: [this.topic.topicArn],
        conditions: {
          StringEquals: { "aws:SourceAccount": account },
          ArnLike: { "aws:SourceArn": `arn:${partition}:cloudwatch:${region}:${account}:alarm:*` },
        },
      }),
    );
  }
}
