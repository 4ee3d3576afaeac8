import { type Fields, fieldsOf, listOf, textOf } from "./fields.ts";
import { isCloudTrailRecord } from "./record.ts";
import type { ObjectPointer } from "./records.ts";

/** What a JSON value turned out to be, and where to look next. */
export type Form =
  | { readonly form: "record" }
  | { readonly form: "list"; readonly values: readonly unknown[] }
  /** Texts that hold JSON again. */
  | { readonly form: "texts"; readonly texts: readonly unknown[] }
  /** Base64 of bytes that hold any envelope again. */
  | { readonly form: "base64"; readonly text: string }
  /** Log files to read; `others` are objects that hold no records. */
  | {
      readonly form: "objects";
      readonly objects: readonly ObjectPointer[];
      readonly others: number;
    }
  /** Fine, but without records: a control message, a digest, an Insight. */
  | { readonly form: "control" }
  | { readonly form: "unknown" };

const CONTROL: Form = { form: "control" };
export const UNKNOWN: Form = { form: "unknown" };

/** Recognises a JSON value by looking at it, never by configuration. */
export function formOf(value: unknown): Form {
  if (Array.isArray(value)) {
    return value.length === 0 ? CONTROL : { form: "list", values: value };
  }
  const fields = fieldsOf(value);
  if (fields === undefined) {
    return UNKNOWN;
  }
  if (fields["eventType"] === INSIGHT) {
    return CONTROL;
  }
  if (isRecord(fields)) {
    return { form: "record" };
  }
  return (
    listForm(fields) ??
    logForm(fields) ??
    notificationForm(fields) ??
    messageForm(fields) ??
    controlForm(fields) ??
    UNKNOWN
  );
}

export const INSIGHT = "AwsCloudTrailInsight";
export const SERVICE_SUFFIX = ".amazonaws.com";

/** The name of a service decides by itself, so that a record without name or time is missed, not overlooked. */
function isRecord(fields: Fields): boolean {
  const source = fields["eventSource"];
  return (
    typeof source === "string" && (source.endsWith(SERVICE_SUFFIX) || isCloudTrailRecord(fields))
  );
}

/** A CloudTrail log file, Lambda's events, Firehose's, LookupEvents, ReceiveMessage: an object around a list. */
function listForm(fields: Fields): Form | undefined {
  for (const name of ["Records", "records", "Events", "Messages"]) {
    const values = fields[name];
    if (Array.isArray(values)) {
      return values.length === 0 ? CONTROL : { form: "list", values };
    }
  }
  return undefined;
}

/** CloudWatch Logs subscriptions, and what carries them. */
function logForm(fields: Fields): Form | undefined {
  if (fields["messageType"] === "CONTROL_MESSAGE") {
    return CONTROL;
  }
  const logEvents = fields["logEvents"];
  if (fields["messageType"] === "DATA_MESSAGE" && Array.isArray(logEvents)) {
    const texts = logEvents.map((event) => fieldsOf(event)?.["message"]);
    return texts.length === 0 ? CONTROL : { form: "texts", texts };
  }
  const lookedUp = textOf(fields["CloudTrailEvent"]);
  if (lookedUp !== undefined) {
    return { form: "texts", texts: [lookedUp] };
  }
  const base64 =
    fieldsOf(fields["awslogs"])?.["data"] ??
    fieldsOf(fields["kinesis"])?.["data"] ??
    (textOf(fields["recordId"]) === undefined ? undefined : fields["data"]) ??
    (textOf(fields["SequenceNumber"]) === undefined ? undefined : fields["Data"]);
  return typeof base64 === "string" ? { form: "base64", text: base64 } : undefined;
}

/** EventBridge around a record or around S3's notification, S3's own notification, CloudTrail's. */
function notificationForm(fields: Fields): Form | undefined {
  const detail = fieldsOf(fields["detail"]);
  if (detail !== undefined) {
    return fieldsOf(detail["object"]) === undefined
      ? { form: "list", values: [detail] }
      : storedObject(fields["detail-type"], detail, (key) => key);
  }
  const s3 = fieldsOf(fields["s3"]);
  if (s3 !== undefined) {
    return storedObject(fields["eventName"], s3, decodeKey);
  }
  const bucket = textOf(fields["s3Bucket"]);
  const keys = listOf(fields["s3ObjectKey"]).filter((key) => typeof key === "string");
  if (bucket === undefined || keys.length === 0) {
    return undefined;
  }
  const objects = keys.filter(isLogFile).map((key) => ({ bucket, key }));
  return { form: "objects", objects, others: keys.length - objects.length };
}

/** Only a new object is worth reading, not a removed or restored one. */
function storedObject(event: unknown, fields: Fields, decode: (key: string) => string): Form {
  const bucket = textOf(fieldsOf(fields["bucket"])?.["name"]);
  const encoded = textOf(fieldsOf(fields["object"])?.["key"]);
  if (bucket === undefined || encoded === undefined) {
    return UNKNOWN;
  }
  const key = decode(encoded);
  const created = typeof event !== "string" || /^(?:s3:)?Object ?Created/.test(event);
  return created && isLogFile(key)
    ? { form: "objects", objects: [{ bucket, key }], others: 0 }
    : CONTROL;
}

/** Not a digest, an Insights file or the mark of an empty folder. */
function isLogFile(key: string): boolean {
  return key !== "" && !/\/CloudTrail-(?:Digest|Insight)\/|\/$/.test(key);
}

/** S3 writes keys as in a web form: percent-encoded, with `+` for a blank. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch (error) {
    if (error instanceof URIError) {
      return key;
    }
    throw error;
  }
}

/** SNS and SQS around any text. */
function messageForm(fields: Fields): Form | undefined {
  const message =
    fieldsOf(fields["Sns"])?.["Message"] ??
    (fields["Type"] === "Notification" ? fields["Message"] : undefined) ??
    (fields["messageId"] === undefined ? undefined : fields["body"]) ??
    (fields["MessageId"] === undefined ? undefined : fields["Body"]);
  if (message === VALIDATION_MESSAGE) {
    return CONTROL;
  }
  return typeof message === "string" ? { form: "texts", texts: [message] } : undefined;
}

/** What CloudTrail publishes when a trail's topic is set up. */
const VALIDATION_MESSAGE = "CloudTrail validation message.";

function controlForm(fields: Fields): Form | undefined {
  const subscription = /^(?:Subscription|Unsubscribe)Confirmation$/.test(
    textOf(fields["Type"]) ?? "",
  );
  const digest = textOf(fields["digestS3Object"]) !== undefined;
  return fields["Event"] === "s3:TestEvent" || subscription || digest ? CONTROL : undefined;
}
