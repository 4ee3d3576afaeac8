import type { KmsEvent } from "../../src/cloudtrail/event.ts";
import type { Reading } from "../../src/cloudtrail/records.ts";

/**
 * A stand-in for the envelope reader: data is one event as `ID TIME_MS`, a pointer to an object as `s3://BUCKET/KEY`, and
 * everything else is rejected.
 */
export function readPlain(data: Uint8Array, notAfterMs: number | undefined): Reading {
  const text = new TextDecoder().decode(data);
  const pointer = /^s3:\/\/([^/]+)\/(.+)$/.exec(text);
  const nothing = {
    events: [],
    records: 0,
    kmsEvents: 0,
    bytes: data.byteLength,
    rejected: [],
    skipped: 0,
    objects: [],
  };
  if (pointer?.[1] !== undefined && pointer[2] !== undefined) {
    return { ...nothing, objects: [{ bucket: pointer[1], key: pointer[2] }] };
  }
  const event = /^(\S+) (\d+)$/.exec(text);
  if (event?.[1] === undefined) {
    const detail = "expected an id and a time";
    return {
      ...nothing,
      rejected: [{ reason: "not-cloudtrail", detail, recognised: false, payload: data }],
    };
  }
  const timeMs = Number(event[2]);
  if (notAfterMs !== undefined && timeMs > notAfterMs) {
    const detail = "eventTime is later than the record's arrival";
    const rejected = [{ reason: "future" as const, detail, recognised: true, payload: data }];
    return { ...nothing, records: 1, kmsEvents: 1, rejected };
  }
  return { ...nothing, records: 1, kmsEvents: 1, events: [plainEvent(event[1], timeMs)] };
}

/** A Decrypt of which only the id and the time matter. */
export function plainEvent(eventId: string, timeMs: number): KmsEvent {
  return {
    eventId,
    sharedEventId: undefined,
    timeMs,
    name: "Decrypt",
    operation: "decrypt",
    region: "us-east-1",
    recipientAccountId: "111122223333",
    principal: {
      key: "arn:aws:iam::111122223333:role/app",
      entity: "arn:aws:iam::111122223333:role/app",
      type: "AssumedRole",
      accountId: "111122223333",
      name: "app",
      session: undefined,
      via: undefined,
      human: false,
      service: false,
      family: "app",
      accessKeyId: undefined,
    },
    keys: [],
    error: undefined,
    source: { kind: "unknown", value: "" },
    userAgent: undefined,
    context: undefined,
    networkActivity: false,
    serviceEvent: false,
    vpcEndpointId: undefined,
    parameters: undefined,
  };
}
