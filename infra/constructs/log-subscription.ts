import { CfnSubscriptionFilter } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";

/** What a subscription filter lets through: all of KMS, and what could blind CloudTrail. */
export const kmsFilterPattern =
  '{ ($.eventSource = "kms.amazonaws.com") || ($.eventSource = "cloudtrail.amazonaws.com") }';

export interface LogSubscriptionProps {
  /** The trail's log group, of this account and Region. */
  readonly logGroupName: string;
  /** ARN of the `LogDestination` in Keyhawk's account, same Region. */
  readonly destinationArn: string;
}

/** Sends records of KMS from the trail's log group to Keyhawk's account. A log group can have two such filters. */
export class LogSubscription extends Construct {
  readonly filter: CfnSubscriptionFilter;

  constructor(
    scope: Construct,
    id: string,
    { logGroupName, destinationArn }: LogSubscriptionProps,
  ) {
    super(scope, id);
    this.filter = new CfnSubscriptionFilter(this, "Filter", {
      logGroupName,
      destinationArn,
      filterName: "keyhawk",
      filterPattern: kmsFilterPattern,
      distribution: "Random", // By log stream, one busy account would fill one shard.
    });
  }
}
