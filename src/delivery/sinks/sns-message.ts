import { createHash } from "node:crypto";
import type { MessageAttributeValue, PublishBatchRequestEntry } from "@aws-sdk/client-sns";
import type { Alert } from "../../detection/alert.ts";
import { toJson, type Trimmed } from "../formats/format.ts";
import { formatOf } from "../formats/formats.ts";
import type { SnsOptions } from "../options.ts";
import { severityTable } from "../severities.ts";
import { trimAlert } from "../trimming.ts";

/** A message and a batch may have so many bytes, attributes included (SNS quotas). */
export const SNS_MAX_BYTES = 262_144;
const SUBJECT_CHARACTERS = 99;
const ATTRIBUTE_CHARACTERS = 256;

export interface SnsMessage {
  readonly entry: Omit<PublishBatchRequestEntry, "Id">;
  /** What counts towards the limit. */
  readonly bytes: number;
}

/** The message of an alert, made smaller where it would not fit; undefined where that is impossible. */
export function snsMessage(
  alert: Alert,
  options: Pick<SnsOptions, "topicArn" | "format" | "ocsfVersion">,
): SnsMessage | undefined {
  const bytes = Buffer.byteLength(toJson(alert));
  // Formats repeat parts of an alert: one that is far too large is cut before it is multiplied.
  const bounded = trimAlert(alert, (one) => Buffer.byteLength(toJson(one)) <= 2 * SNS_MAX_BYTES);
  if (bounded === undefined) return undefined;
  const whole = messageOf(bounded, options);
  if (bounded === alert && whole.bytes <= SNS_MAX_BYTES) return whole;
  const trimmed = { untrimmedBytes: Math.max(bytes, whole.bytes) };
  const small = trimAlert(
    bounded,
    (candidate) => messageOf(candidate, options, trimmed).bytes <= SNS_MAX_BYTES,
  );
  return small && messageOf(small, options, trimmed);
}

function messageOf(
  alert: Alert,
  options: Pick<SnsOptions, "topicArn" | "format" | "ocsfVersion">,
  trimmed?: Trimmed,
): SnsMessage {
  const format = formatOf(options.format, options);
  const body = format.format(alert, trimmed).body;
  const attributes = {
    ...attributesOf(alert),
    format: text(options.format),
    schema_version: text(format.schemaVersion),
    ...(trimmed && { trimmed: text("true") }),
  };
  const entry = {
    Message: body,
    Subject: subjectOf(alert),
    MessageAttributes: attributes,
    ...(options.topicArn.endsWith(".fifo") && fifoOf(alert)),
  };
  return { entry, bytes: Buffer.byteLength(body) + bytesOf(attributes) };
}

/** What filter policies of subscriptions compare. SQS takes 10 attributes at most with raw delivery. */
function attributesOf(alert: Alert): Record<string, MessageAttributeValue> {
  return {
    severity: text(alert.severity),
    severity_id: { DataType: "Number", StringValue: String(severityTable[alert.severity].number) },
    detector: text(alert.detector),
    alert_status: text(alert.status),
    ...(alert.accountId && { account: text(alert.accountId) }),
    ...(alert.region && { region: text(alert.region) }),
    ...(alert.principal?.type && { principal_type: text(alert.principal.type) }),
  };
}

/** An attribute may not be empty nor hold control characters. */
function text(value: string): MessageAttributeValue {
  const clean = value
    .toWellFormed()
    .replaceAll(/[\p{Cc}\uFFFE\uFFFF]/gu, " ")
    .slice(0, ATTRIBUTE_CHARACTERS)
    .toWellFormed();
  return { DataType: "String", StringValue: clean === "" ? "-" : clean };
}

function bytesOf(attributes: Record<string, MessageAttributeValue>): number {
  let bytes = 0;
  for (const [name, { DataType = "", StringValue = "" }] of Object.entries(attributes)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(DataType) + Buffer.byteLength(StringValue);
  }
  return bytes;
}

/** ASCII, no line break or control character, less than 100 characters (SNS API, Publish). */
function subjectOf({ severity, title }: Alert): string {
  return `[${severity.toUpperCase()}] ${title}`
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .replaceAll(/[^\x20-\x7e]/gu, "?")
    .slice(0, SUBJECT_CHARACTERS)
    .trim();
}

/** Alerts about the same principal, key or account keep their order; the same revision arrives once in five minutes. */
function fifoOf(alert: Alert): { MessageGroupId: string; MessageDeduplicationId: string } {
  const about = alert.principal?.key ?? alert.kmsKey?.arn ?? alert.accountId ?? alert.detector;
  return {
    MessageGroupId: createHash("sha256").update(about).digest("hex"),
    MessageDeduplicationId: `${alert.alertId}-${alert.revision}`,
  };
}
