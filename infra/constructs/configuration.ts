import { createHash } from "node:crypto";
import { ArnFormat, Lazy, Stack } from "aws-cdk-lib";
import { PolicyStatement, type Role } from "aws-cdk-lib/aws-iam";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import { Construct } from "constructs";
import type { KeyhawkDocument } from "../keyhawk-configuration.ts";
import type { KeyUse } from "./own-key.ts";

export interface ConfigurationProps {
  /** First part of the parameters' names: `/keyhawk/serverless/configuration`. */
  readonly path: string;
  /** Keyhawk's configuration as its file has it. */
  readonly document: KeyhawkDocument;
  /** A sink for the topic of the stack. */
  readonly topicArn: string;
  /** What stands in for `source` and `state`, where the shape has them. */
  readonly place?: Readonly<Record<string, unknown>>;
}

/**
 * Keyhawk's configuration as parameters whose values make one JSON text when put together: one parameter of the free tier holds
 * 4 KB only. It holds no secret: the configuration knows references only, and its format refuses a secret written in clear.
 */
export class Configuration extends Construct {
  readonly parameters: StringParameter[] = [];
  /** Changes with the document: functions that name it start anew. */
  readonly revision: string;
  readonly #props: ConfigurationProps;
  readonly #readers: { readonly role: Role; readonly action: string }[] = [];

  constructor(scope: Construct, id: string, props: ConfigurationProps) {
    super(scope, id);
    this.#props = props;
    const text = JSON.stringify(props.document);
    this.revision = createHash("sha256").update(text).digest("hex").slice(0, 12);
  }

  /** What KEYHAWK_CONFIG says: names of parameters, in their order. */
  get reference(): string {
    const produce = () =>
      `ssm:${this.parameters.map((_, index) => this.#parameterName(index)).join(",")}`;
    return Lazy.string({ produce });
  }

  /** The same, separated by blanks. */
  get parameterNames(): string {
    const produce = () => this.parameters.map((_, index) => this.#parameterName(index)).join(" ");
    return Lazy.string({ produce });
  }

  /** The functions read all parts at once, the script of an instance one by one. */
  allowReading(role: Role, action: "ssm:GetParameters" | "ssm:GetParameter"): void {
    this.#readers.push({ role, action });
  }

  /** Writes it, the uses of our own keys included; called once all roles have what they need. */
  write(keys: readonly KeyUse[]): void {
    for (const [index, stringValue] of this.#values(keys).entries()) {
      this.parameters.push(
        new StringParameter(this, `Parameter${index + 1}`, {
          parameterName: this.#parameterName(index),
          description: "Configuration of Keyhawk, a part",
          stringValue,
        }),
      );
    }
    // Only now it is known how many parts there are.
    const resources = this.parameters.map((_, index) => this.#parameterArn(index));
    for (const { role, action } of this.#readers) {
      role.addToPolicy(new PolicyStatement({ actions: [action], resources }));
    }
  }

  #parameterArn(index: number): string {
    return Stack.of(this).formatArn({
      service: "ssm",
      resource: "parameter",
      resourceName: this.#parameterName(index).slice(1),
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
  }

  #parameterName(index: number): string {
    return `${this.#props.path}/${index + 1}`;
  }

  #values(keys: readonly KeyUse[]): string[] {
    const { document, topicArn, place = {} } = this.#props;
    const { sinks, detection, ...rest } = document;
    const { self = [], ...settings } = (detection ?? {}) as { readonly self?: readonly unknown[] };
    const topic = { type: "sns", name: "keyhawk-topic", topicArn };
    const own = keys.flatMap((key) => key.self);
    return packed([
      ...characters(`{${members(rest)}`),
      members(place),
      '"sinks":[',
      ...listed([...(Array.isArray(sinks) ? sinks : []), topic]),
      ...characters(`],"detection":{${members(settings)}`),
      '"self":[',
      ...listed([...self, ...own]),
      "]}}",
    ]);
  }
}

/** A parameter of the standard tier holds 4 KB: "Managing parameter tiers" of Systems Manager. */
const maximumBytes = 4096;
/** What an ARN that is known at deployment only may take more than its placeholder. */
const arnBytes = 120;

/** The members of an object, each followed by a comma. */
function members(object: Readonly<Record<string, unknown>>): string {
  return Object.entries(object)
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)},`)
    .join("");
}

/** The entries of a list. An entry is not cut, since a placeholder in it must stay whole. */
function listed(entries: readonly unknown[]): string[] {
  return entries.map((entry, index) => `${index === 0 ? "" : ","}${JSON.stringify(entry)}`);
}

/** What holds no placeholder may be cut anywhere but within a character. */
function characters(text: string): string[] {
  return Array.from(text);
}

function packed(pieces: readonly string[]): string[] {
  const values: string[] = [];
  let value = "";
  let bytes = 0;
  for (const piece of pieces) {
    const placeholders = piece.split("${Token[").length - 1;
    const size = Buffer.byteLength(piece) + placeholders * arnBytes;
    if (value !== "" && bytes + size > maximumBytes) {
      values.push(value);
      value = "";
      bytes = 0;
    }
    value += piece;
    bytes += size;
  }
  return [...values, value];
}
