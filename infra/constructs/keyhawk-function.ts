import { ArnFormat, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  Architecture,
  type CfnEventSourceMapping,
  type Code,
  Function,
  LoggingFormat,
  Runtime,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { acknowledgeBelow } from "./acknowledge.ts";
import type { FunctionName } from "../bundle.ts";
import type { Configuration } from "./configuration.ts";
import type { DeadLetters } from "./dead-letters.ts";
import type { OwnKey } from "./own-key.ts";

/** What all handlers of one deployment share. */
export interface HandlerParts {
  /** Name of the deployment; the functions are called NAME-HANDLER. */
  readonly name: string;
  readonly code: (handler: FunctionName) => Code;
  readonly key: OwnKey;
  readonly configuration: Configuration;
  readonly deadLetters: DeadLetters;
  readonly logGroupPath: string;
  readonly logRetention: RetentionDays;
  readonly environment: Readonly<Record<string, string>>;
}

export interface KeyhawkFunctionProps extends HandlerParts {
  readonly handler: FunctionName;
  readonly description: string;
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
}

/**
 * One handler as a Lambda function with a role, and a log group, of its own. The role may write its log and decrypt its own
 * environment; each handler's construct adds what that handler does, statement by statement.
 */
export class KeyhawkFunction extends Construct {
  readonly function: Function;
  readonly role: Role;
  readonly logGroup: LogGroup;
  /** Set by the handler's construct where a stream calls the function. */
  mapping: CfnEventSourceMapping | undefined;

  constructor(scope: Construct, id: string, props: KeyhawkFunctionProps) {
    super(scope, id);
    const { handler, name, key } = props;
    const functionName = `${name}-${handler}`;
    this.role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
      description: `Execution role of ${functionName}`,
    });
    this.logGroup = new LogGroup(this, "Log", {
      logGroupName: `${props.logGroupPath}/${handler}`,
      encryptionKey: key.key,
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.#allowLog();
    key.use.allow({
      role: this.role,
      service: "lambda",
      actions: ["kms:Decrypt"],
      context: {
        "aws:lambda:FunctionArn": Stack.of(this).formatArn({
          service: "lambda",
          resource: "function",
          resourceName: functionName,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      },
    });
    this.function = new Function(this, "Function", {
      functionName,
      description: `${props.description} (configuration ${props.configuration.revision})`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: "index.handler",
      code: props.code(handler),
      role: this.role,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.TEXT, // The handlers write JSON lines themselves.
      memorySize: props.memoryMiB,
      timeout: Duration.seconds(props.timeoutSeconds),
      environment: props.environment,
      environmentEncryption: key.key,
    });
    props.configuration.allowReading(this.role, "ssm:GetParameters");
    // Without its permissions and its configuration in place the first calls of a new function fail.
    this.function.node.addDependency(this.role, props.configuration);
  }

  #allowLog(): void {
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
        resources: [this.logGroup.logGroupArn],
      }),
    );
    acknowledgeBelow(
      this.role,
      this.logGroup,
      "",
      "Log streams get names from Lambda, in this group only.",
    );
  }
}
