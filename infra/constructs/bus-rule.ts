import { Stack } from "aws-cdk-lib";
import { CfnRule } from "aws-cdk-lib/aws-events";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { ALL_MANAGEMENT_EVENTS } from "./event-intake.ts";

export interface BusRuleProps {
  /** Bus of Keyhawk's account. */
  readonly busArn: string;
  readonly pattern: unknown;
  readonly description: string;
}

/** Sends events of this account and Region to the bus of Keyhawk's account. */
export class BusRule extends Construct {
  readonly rule: CfnRule;
  readonly role: Role;

  constructor(scope: Construct, id: string, { busArn, pattern, description }: BusRuleProps) {
    super(scope, id);
    this.role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("events.amazonaws.com", {
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
      }),
      description: "Sends events to Keyhawk's bus",
    });
    this.role.addToPolicy(
      new PolicyStatement({ actions: ["events:PutEvents"], resources: [busArn] }),
    );
    this.rule = new CfnRule(this, "Rule", {
      description,
      eventPattern: pattern,
      state: ALL_MANAGEMENT_EVENTS,
      targets: [{ id: "keyhawk", arn: busArn, roleArn: this.role.roleArn }],
    });
  }
}
