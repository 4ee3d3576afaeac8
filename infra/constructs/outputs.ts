import { CfnOutput, type Stack } from "aws-cdk-lib";

/** Shows values of a stack, by name, when it is deployed and in `aws cloudformation describe-stacks`. */
export function addOutputs(stack: Stack, values: Readonly<Record<string, string>>): CfnOutput[] {
  return Object.entries(values).map(([name, value]) => new CfnOutput(stack, name, { value }));
}
