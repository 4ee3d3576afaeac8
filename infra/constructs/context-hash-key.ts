import { RemovalPolicy } from "aws-cdk-lib";
import { PolicyStatement, type Role } from "aws-cdk-lib/aws-iam";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";
import type { OwnKey } from "./own-key.ts";

export interface ContextHashKeyProps {
  readonly key: OwnKey;
}

/** The secret that encryption-context values are hashed with: 16 bytes, written as 32 hexadecimal digits. It outlives the stack. */
export class ContextHashKey extends Construct {
  readonly secret: Secret;
  readonly #key: OwnKey;

  constructor(scope: Construct, id: string, { key }: ContextHashKeyProps) {
    super(scope, id);
    this.#key = key;
    this.secret = new Secret(this, "Secret", {
      description:
        "Keyhawk hashes encryption-context values with it; another one makes every context unknown",
      encryptionKey: key.key,
      generateSecretString: {
        passwordLength: 32,
        excludeUppercase: true,
        excludePunctuation: true,
        excludeCharacters: "ghijklmnopqrstuvwxyz",
        requireEachIncludedType: false,
      },
      removalPolicy: RemovalPolicy.RETAIN,
    });
    acknowledge(
      this.secret,
      "AwsSolutions-SMG4",
      "It is no credential: nobody is let in with it. After a rotation every known context would count as new.",
    );
  }

  /** What KEYHAWK_HASH_KEY_SECRET says. */
  get reference(): string {
    return `secretsmanager:${this.secret.secretArn}`;
  }

  allowReading(role: Role): void {
    const { secretArn } = this.secret;
    role.addToPolicy(
      new PolicyStatement({ actions: ["secretsmanager:GetSecretValue"], resources: [secretArn] }),
    );
    this.#key.use.allow({
      role,
      service: "secretsmanager",
      actions: ["kms:Decrypt"],
      context: { SecretARN: secretArn },
      varying: ["SecretVersionId"],
    });
  }
}
