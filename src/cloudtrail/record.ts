import { callError, callSource, operationClass } from "./call.ts";
import { principalOf } from "./caller.ts";
import { attestationOf } from "./attestation.ts";
import { contextOf } from "./context.ts";
import type { KmsEvent } from "./event.ts";
import { type Fields, fieldsOf, textOf } from "./fields.ts";
import { keysOf } from "./key.ts";
import type { ReadOptions, RejectReason } from "./records.ts";
import { signingOf } from "./signing.ts";
import { parseTime } from "./time.ts";

export const KMS_EVENT_SOURCE = "kms.amazonaws.com";
export const CLOUDTRAIL_EVENT_SOURCE = "cloudtrail.amazonaws.com";

/** Calls that decide what CloudTrail records (CloudTrail API Reference, "Actions"). */
const SENSOR_CALLS = new Set([
  "DeleteTrail",
  "PutEventSelectors",
  "PutInsightSelectors",
  "StopLogging",
  "UpdateTrail",
]);

/** Whether a record of CloudTrail itself is about what it records. */
export function isSensorCall(record: Readonly<Record<string, unknown>>): boolean {
  const name = record["eventName"];
  return (
    record["eventSource"] === CLOUDTRAIL_EVENT_SOURCE &&
    typeof name === "string" &&
    SENSOR_CALLS.has(name)
  );
}

/** Why a record could not become an event. */
export interface RecordFault {
  readonly reason: RejectReason;
  /** One line for people, without any value of the record. */
  readonly detail: string;
}

/**
 * Whether a JSON object is a CloudTrail record, of any service (AWS CloudTrail User Guide, "CloudTrail record contents"): `aws:s3` and
 * the like are sources of other notices. By hand, since loading a library of schemas takes a parsing thread longer than all else.
 */
export function isCloudTrailRecord({ eventSource, eventName, eventTime }: Fields): boolean {
  const source = textOf(eventSource);
  const isComplete = textOf(eventName) !== undefined && textOf(eventTime) !== undefined;
  return source !== undefined && !source.startsWith("aws:") && isComplete;
}

/** A KMS record, or one of CloudTrail about what it records, in our own words, or why it cannot be one. Never throws on any JSON value. */
export function parseRecord(
  record: unknown,
  options: Pick<ReadOptions, "contextHashKey" | "notAfterMs">,
): KmsEvent | RecordFault {
  const fields = fieldsOf(record);
  if (
    fields === undefined ||
    (fields["eventSource"] !== KMS_EVENT_SOURCE && !isSensorCall(fields))
  ) {
    return { reason: "not-cloudtrail", detail: `eventSource is not ${KMS_EVENT_SOURCE}` };
  }
  const eventId = textOf(fields["eventID"]);
  if (eventId === undefined || eventId.length > LONGEST_ID) {
    return fault("event-id", "eventID", fields["eventID"]);
  }
  const name = textOf(fields["eventName"]);
  if (name === undefined || name.length > LONGEST_NAME) {
    return fault("event-name", "eventName", fields["eventName"]);
  }
  const timeMs = parseTime(fields["eventTime"]);
  if (timeMs === undefined) {
    return fault("event-time", "eventTime", fields["eventTime"]);
  }
  if (options.notAfterMs !== undefined && timeMs > options.notAfterMs) {
    return { reason: "future", detail: "eventTime lies in the future" };
  }
  return buildEvent(fields, { eventId, name, timeMs }, options.contextHashKey);
}

/** UUIDs in practice. */
const LONGEST_ID = 256;
const LONGEST_NAME = 128;
const LONGEST_USER_AGENT = 256;

export function isFault(parsed: KmsEvent | RecordFault): parsed is RecordFault {
  return "reason" in parsed;
}

function fault(reason: RejectReason, field: string, value: unknown): RecordFault {
  const problem = value === undefined || value === null || value === "" ? "missing" : "unreadable";
  return { reason, detail: `${field} is ${problem}` };
}

function buildEvent(
  fields: Fields,
  essentials: Pick<KmsEvent, "eventId" | "name" | "timeMs">,
  contextHashKey: Uint8Array,
): KmsEvent {
  const { eventId, name, timeMs } = essentials;
  const principal = principalOf(fields);
  const recipientAccountId = textOf(fields["recipientAccountId"]);
  const region = textOf(fields["awsRegion"]) ?? "";
  const accountId = principal.accountId ?? recipientAccountId ?? "";
  const service = fields["eventSource"] === KMS_EVENT_SOURCE ? undefined : "cloudtrail";
  const operation = service === undefined ? operationClass(name) : "admin";
  const parameters = fieldsOf(fields["requestParameters"]);
  return {
    eventId,
    sharedEventId: textOf(fields["sharedEventID"]),
    timeMs,
    name,
    operation,
    region,
    recipientAccountId,
    principal,
    keys: service === undefined ? keysOf(fields, { region, accountId }) : [],
    error: callError(textOf(fields["errorCode"])),
    source: callSource(textOf(fields["sourceIPAddress"])),
    userAgent: textOf(fields["userAgent"])?.slice(0, LONGEST_USER_AGENT),
    context: contextOf(name, parameters, contextHashKey),
    networkActivity:
      fields["eventType"] === "AwsVpceEvent" || fields["eventCategory"] === "NetworkActivity",
    serviceEvent: fields["eventType"] === "AwsServiceEvent",
    vpcEndpointId: textOf(fields["vpcEndpointId"]),
    attestation: attestationOf(fields["additionalEventData"]),
    signing: operation === "sign" ? signingOf(name, parameters) : undefined,
    service,
    parameters: operation === "admin" ? parameters : undefined,
  };
}
