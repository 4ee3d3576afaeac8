import { Stack, Validations } from "aws-cdk-lib";
import type { CfnResource } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/** Says why a finding of cdk-nag stands: the rule, or `RULE[FINDING]` where the rule has several. */
export function acknowledge(scope: IConstruct, id: string, reason: string): void {
  Validations.of(scope).acknowledge({ id, reason });
}

/** Says why a role's policy may name everything below an ARN: `<Bucket.Arn>/*`. */
export function acknowledgeBelow(
  scope: IConstruct,
  resource: IConstruct,
  suffix: string,
  reason: string,
): void {
  const logicalId = Stack.of(resource).getLogicalId(resource.node.defaultChild as CfnResource);
  acknowledge(scope, `AwsSolutions-IAM5[Resource::<${logicalId}.Arn>${suffix}]`, reason);
}
