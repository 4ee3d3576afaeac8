import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { readEnvelope } from "../../src/cloudtrail/envelope.ts";
import type { KmsEvent } from "../../src/cloudtrail/event.ts";
import { isFault, parseRecord } from "../../src/cloudtrail/record.ts";
import type { Reading, ReadOptions } from "../../src/cloudtrail/records.ts";
import { nodePlatform } from "../../src/sources/node-platform.ts";

export type Json = Record<string, unknown>;

/** The sixteen bytes 00 to 0f, the key of SipHash's published vectors. */
export const HASH_KEY = Uint8Array.from({ length: 16 }, (_, byte) => byte);

export const READ_OPTIONS: ReadOptions = {
  platform: nodePlatform,
  contextHashKey: HASH_KEY,
  maxOpenedBytes: 8_388_608,
  maxRecordBytes: 262_144,
  notAfterMs: undefined,
};

/** Reads an envelope given as bytes, as text, or as a value to be written as JSON. */
export function read(envelope: unknown, options: Partial<ReadOptions> = {}): Reading {
  return readEnvelope(toBytes(envelope), { ...READ_OPTIONS, ...options });
}

export function toBytes(envelope: unknown): Uint8Array {
  if (envelope instanceof Uint8Array) {
    return envelope;
  }
  return Buffer.from(typeof envelope === "string" ? envelope : JSON.stringify(envelope));
}

export function gzip(envelope: unknown): Buffer {
  return gzipSync(toBytes(envelope));
}

export function base64(envelope: unknown): string {
  return Buffer.from(toBytes(envelope)).toString("base64");
}

/** A good record of a Decrypt by a role; the given fields replace its own, undefined ones remove them. */
export function kmsRecord(fields: Json = {}): Json {
  const record: Json = {
    eventVersion: "1.11",
    userIdentity: {
      type: "AssumedRole",
      principalId: "AROAEXAMPLEAPP000001:i-0aaa",
      arn: "arn:aws:sts::111122223333:assumed-role/app/i-0aaa",
      accountId: "111122223333",
      accessKeyId: "ASIAEXAMPLEAPP000001",
      sessionContext: {
        sessionIssuer: { type: "Role", arn: "arn:aws:iam::111122223333:role/app" },
      },
    },
    eventTime: "2026-03-14T02:11:09Z",
    eventSource: "kms.amazonaws.com",
    eventName: "Decrypt",
    awsRegion: "eu-west-1",
    sourceIPAddress: "192.0.2.10",
    userAgent: "app/1.0",
    requestParameters: { encryptionContext: { tenant: "a" } },
    responseElements: null,
    eventID: "7e0f6a52-0000-4000-8000-000000000001",
    eventType: "AwsApiCall",
    recipientAccountId: "111122223333",
    ...fields,
  };
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

/** A record of another service. */
export function otherRecord(fields: Json = {}): Json {
  return kmsRecord({ eventSource: "ec2.amazonaws.com", eventName: "DescribeInstances", ...fields });
}

/** Parses a record that must be good. */
export function eventOf(record: unknown): KmsEvent {
  const parsed = parseRecord(record, READ_OPTIONS);
  if (isFault(parsed)) {
    throw new Error(`not an event: ${parsed.reason}: ${parsed.detail}`);
  }
  return parsed;
}

/** Published data beside the checkout; a test that needs it is skipped where it is missing. */
export const PUBLISHED = "../shared/fixtures";
export const HAS_PUBLISHED = existsSync(PUBLISHED);

export function published(name: string): Buffer {
  return readFileSync(`${PUBLISHED}/${name}`);
}
