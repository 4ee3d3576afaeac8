import { expect, it } from "vitest";
import type { KmsEvent } from "../../../../src/cloudtrail/event.ts";
import { readTable, writeTable } from "../../../../src/sources/files/event-table.ts";
import { plainEvent } from "../../../support/reading.ts";

const plain = plainEvent("id", 5);
const { principal } = plain;

const events: KmsEvent[] = [
  plain,
  { ...plain, eventId: "other", sharedEventId: "shared", timeMs: 6 },
  { ...plain, principal: { ...principal, human: true } },
  { ...plain, principal: { ...principal, session: "a b", via: undefined } },
  { ...plain, principal: { ...principal, session: "a", via: "b" } },
  { ...plain, principal: { ...principal, session: "a b undefined" } },
  { ...plain, source: { kind: "address", value: "" } },
  { ...plain, error: { code: "AccessDenied", class: "denied" } },
  { ...plain, error: { code: "AccessDenied", class: "other" } },
  { ...plain, parameters: { policy: "p" } },
  { ...plain, parameters: { policy: "q" } },
  { ...plain, context: { keys: ["a"], fingerprint: "f", place: undefined } },
  { ...plain, context: { keys: ["b"], fingerprint: "f", place: undefined } },
  { ...plain, keys: [{ arn: "k", accountId: "1", region: "r", alias: undefined }] },
  { ...plain, keys: [{ arn: "k", accountId: "1", region: "r", alias: "alias/a" }] },
  { ...plain, attestation: "0ee5" },
  { ...plain, name: "Sign", operation: "sign", signing: "ECDSA_SHA_256 DIGEST" },
  { ...plain, userAgent: "agent", vpcEndpointId: "vpce-1", networkActivity: true },
  { ...plain, name: "StopLogging", operation: "admin", keys: [], service: "cloudtrail" },
];

it("events read out of a table are those written, however alike they look", () => {
  expect(readTable(structuredClone(writeTable(events)))).toEqual(events);
});

it("what events have in common is kept once", () => {
  const copies = Array.from({ length: 9 }, (_, index) =>
    structuredClone(plainEvent(`${index}`, index)),
  );
  const read = readTable(structuredClone(writeTable(copies)));
  expect(read).toEqual(copies);
  expect(new Set(read.map((event) => event.principal)).size).toBe(1);
});
