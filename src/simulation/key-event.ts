import { isoSeconds } from "./caller.ts";
import type { TrailKey } from "./key.ts";
import type { Random } from "./random.ts";
import type { CloudTrailRecord } from "./record.ts";

/** Something that KMS does to a key by itself: nobody called. */
export interface KeyEvent {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly name: "RotateKey" | "DeleteKey" | "DeleteExpiredKeyMaterial";
  readonly key: TrailKey;
}

/**
 * The record of a KMS service event, as in
 * https://docs.aws.amazon.com/kms/latest/developerguide/ct-rotatekey.html: no type of identity, no request.
 */
export function keyEventRecord({ time, name, key }: KeyEvent, random: Random): CloudTrailRecord {
  const internal = "AWS Internal";
  return {
    eventVersion: "1.11",
    userIdentity: { accountId: key.accountId, invokedBy: internal },
    eventTime: isoSeconds(time),
    eventSource: "kms.amazonaws.com",
    eventName: name,
    awsRegion: key.region,
    sourceIPAddress: internal,
    userAgent: internal,
    requestParameters: null,
    responseElements: null,
    eventID: random.uuid(),
    readOnly: false,
    resources: [{ accountId: key.accountId, type: "AWS::KMS::Key", ARN: key.arn }],
    eventType: "AwsServiceEvent",
    managementEvent: true,
    recipientAccountId: key.accountId,
    serviceEventDetails: { keyId: key.id },
    eventCategory: "Management",
  };
}
