import { ArnFormat, Stack } from "aws-cdk-lib";
import { PolicyStatement, type Role } from "aws-cdk-lib/aws-iam";

export interface SinkSecretsProps {
  /** Keyhawk's configuration, as written. */
  readonly document: Readonly<Record<string, unknown>>;
  /** ARNs of customer-managed keys that the secrets are encrypted under. */
  readonly keyArns: readonly string[];
}

/** The secrets that the configuration refers to, each by its exact name. */
export class SinkSecrets {
  readonly secretArns: readonly string[];
  readonly parameterNames: readonly string[];
  readonly #keyArns: readonly string[];

  constructor({ document, keyArns }: SinkSecretsProps) {
    const text = JSON.stringify(document["sinks"] ?? []);
    this.secretArns = found(text, /secretsmanager:(arn:[^"#\s]+)/g);
    this.parameterNames = found(text, /(?<=["\s])ssm:([\w./-]+)/g);
    this.#keyArns = keyArns;
  }

  allowReading(role: Role): void {
    const stack = Stack.of(role);
    if (this.secretArns.length > 0) {
      role.addToPolicy(
        new PolicyStatement({
          actions: ["secretsmanager:GetSecretValue"],
          resources: [...this.secretArns],
        }),
      );
    }
    if (this.parameterNames.length > 0) {
      role.addToPolicy(
        new PolicyStatement({
          actions: ["ssm:GetParameter"],
          resources: this.parameterNames.map((name) =>
            stack.formatArn({
              service: "ssm",
              resource: "parameter",
              resourceName: name.replace(/^\//, ""),
              arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
            }),
          ),
        }),
      );
    }
    if (this.#keyArns.length > 0) this.#allowKeys(role, stack);
  }

  #allowKeys(role: Role, { region, urlSuffix }: Stack): void {
    role.addToPolicy(
      new PolicyStatement({
        actions: ["kms:Decrypt"],
        resources: [...this.#keyArns],
        conditions: {
          StringEquals: {
            "kms:ViaService": [
              `secretsmanager.${region}.${urlSuffix}`,
              `ssm.${region}.${urlSuffix}`,
            ],
          },
        },
      }),
    );
  }
}

function found(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, name]) => name ?? ""))];
}
