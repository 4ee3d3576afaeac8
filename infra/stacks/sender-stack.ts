import {
  BootstraplessSynthesizer,
  type IStackSynthesizer,
  Stack,
  type StackProps,
} from "aws-cdk-lib";
import type { Construct } from "constructs";
import { BusRule } from "../constructs/bus-rule.ts";
import { kmsEventPattern, logFilePattern } from "../constructs/event-intake.ts";
import { LogSubscription } from "../constructs/log-subscription.ts";
import type { IngestSettings } from "../settings.ts";

export interface SenderStackProps extends StackProps {
  /** Name of the deployment, and of its destination and bus. */
  readonly name: string;
  /** Keyhawk's account and Region. */
  readonly receiver: { readonly account: string; readonly region: string };
  readonly ingest: Exclude<IngestSettings, { readonly route: "existing" }>;
}

/**
 * What sends events from the account that has them: that of the trail's log group or bucket, or, with EventBridge, each account and
 * Region. Its template holds no assets and needs no bootstrapping, so that a StackSet can roll it out over an organization.
 */
export class SenderStack extends Stack {
  readonly subscription: LogSubscription | undefined;
  readonly rule: BusRule | undefined;

  constructor(scope: Construct, id: string, props: SenderStackProps) {
    // Its optional properties are typed without `undefined`, which this project's compiler minds.
    const synthesizer = new BootstraplessSynthesizer() as IStackSynthesizer;
    super(scope, id, { ...props, synthesizer });
    const { name, receiver, ingest } = props;
    const at = `${receiver.region}:${receiver.account}`;
    if (ingest.route === "logs") {
      this.subscription = new LogSubscription(this, "Subscription", {
        logGroupName: ingest.sender.logGroup,
        destinationArn: `arn:${this.partition}:logs:${at}:destination:${name}`,
      });
      return;
    }
    this.rule = new BusRule(this, "Events", {
      busArn: `arn:${this.partition}:events:${at}:event-bus/${name}`,
      pattern:
        ingest.route === "events"
          ? kmsEventPattern(ingest.keys)
          : logFilePattern(ingest.sender.bucket),
      description:
        ingest.route === "events"
          ? "KMS and CloudTrail events to Keyhawk"
          : "Log files of the trail to Keyhawk",
    });
  }
}
