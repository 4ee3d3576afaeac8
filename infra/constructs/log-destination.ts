import { Stack } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { CfnDestination } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { EncryptedStream } from "./encrypted-stream.ts";

export interface LogDestinationProps {
  /** Name of the deployment, and of the destination. */
  readonly name: string;
  readonly stream: EncryptedStream;
  /** The account of the trail's log group. */
  readonly senderAccount: string;
}

/**
 * Where a log group, of this account or another, may send records to: a name for the stream that a subscription filter can
 * point to across accounts. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CrossAccountSubscriptions-Kinesis.html
 */
export class LogDestination extends Construct {
  readonly destination: CfnDestination;
  readonly role: Role;

  constructor(scope: Construct, id: string, { name, stream, senderAccount }: LogDestinationProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const { account, region, partition } = stack;
    this.role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("logs.amazonaws.com", {
        conditions: {
          StringLike: {
            "aws:SourceArn": [...new Set([account, senderAccount])].map(
              (sender) => `arn:${partition}:logs:${region}:${sender}:*`,
            ),
          },
        },
      }),
      description: "CloudWatch Logs puts records on the stream",
    });
    stream.access.allowWriting(this.role);
    this.destination = new CfnDestination(this, "Destination", {
      destinationName: name,
      targetArn: stream.access.streamArn,
      roleArn: this.role.roleArn,
      destinationPolicy: stack.toJsonString({
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "SenderOfTheTrail",
            Effect: "Allow",
            Principal: { AWS: senderAccount },
            Action: "logs:PutSubscriptionFilter",
            Resource: `arn:${partition}:logs:${region}:${account}:destination:${name}`,
          },
        ],
      }),
    });
    this.destination.node.addDependency(this.role); // A test record is put when it is made.
  }
}
