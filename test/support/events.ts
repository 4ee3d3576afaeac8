import type { KmsEvent, Principal } from "../../src/cloudtrail/event.ts";

/** Monday, 2 February 2026, 00:00 UTC: hours in tests count from here. */
export const START_MS = Date.UTC(2026, 1, 2);
export const ACCOUNT = "111122223333";
export const KEY = `arn:aws:kms:eu-west-1:${ACCOUNT}:key/0b6f4a8e-1111-4c2d-9a3b-2f6d5e7c8b90`;

let serial = 0;

/** A successful Decrypt of a workload at hour 0; whatever a test is about it overrides. */
export function event(
  overrides: Partial<KmsEvent> & { hour?: number; second?: number } = {},
): KmsEvent {
  const { hour = 0, second = 0, ...rest } = overrides;
  serial += 1;
  return {
    eventId: idOf(serial),
    sharedEventId: undefined,
    timeMs: START_MS + hour * 3_600_000 + second * 1000,
    name: "Decrypt",
    operation: "decrypt",
    region: "eu-west-1",
    recipientAccountId: ACCOUNT,
    principal: principal("app"),
    keys: [key(KEY)],
    error: undefined,
    source: { kind: "address", value: "192.0.2.10" },
    userAgent: "aws-sdk-java/2.25",
    context: undefined,
    networkActivity: false,
    serviceEvent: false,
    vpcEndpointId: undefined,
    parameters: undefined,
    ...rest,
  };
}

/** Events of one hour, spread evenly over it. */
export function inHour(hour: number, count: number, overrides: Partial<KmsEvent> = {}): KmsEvent[] {
  return Array.from({ length: count }, (_, index) =>
    event({ ...overrides, hour, second: Math.floor((index * 3600) / Math.max(1, count)) }),
  );
}

/** Hours counted from the start, e.g. `hours(0, 24)` for the first day. */
export function hours(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

export function principal(name: string, overrides: Partial<Principal> = {}): Principal {
  const accountId = overrides.accountId ?? ACCOUNT;
  const arn = `arn:aws:iam::${accountId}:role/${name}`;
  return {
    key: arn,
    entity: arn,
    type: "AssumedRole",
    accountId,
    name,
    session: "session",
    via: undefined,
    human: false,
    service: false,
    family: name,
    accessKeyId: undefined,
    ...overrides,
  };
}

/** A person in a permission set. */
export function person(name: string): Principal {
  const role = principal("AWSReservedSSO_Engineer_0123456789abcdef");
  return { ...role, entity: `${role.key}#${name}`, session: name, human: true };
}

export function key(arn: string): KmsEvent["keys"][number] {
  const [, , , region = "", accountId = ""] = arn.split(":");
  return { arn, region, accountId, alias: undefined };
}

export function keyArn(name: number, accountId = ACCOUNT): string {
  return `arn:aws:kms:eu-west-1:${accountId}:key/0b6f4a8e-2222-4c2d-9a3b-${String(name).padStart(12, "0")}`;
}

/** A context with one key; the value decides the fingerprint. */
export function context(name: string, value: number): NonNullable<KmsEvent["context"]> {
  const mixed = Math.imul(value + 1, 0x9e3779b1) >>> 0;
  const other = Math.imul(value + 7, 0x85ebca6b) >>> 0;
  return {
    keys: [name],
    fingerprint: mixed.toString(16).padStart(8, "0") + other.toString(16).padStart(8, "0"),
    place: undefined,
  };
}

/** A UUID whose first and last digits are spread, as those of real ones. */
function idOf(number: number): string {
  const head = (Math.imul(number, 0x9e3779b1) >>> 0).toString(16).padStart(8, "0");
  return `${head}-0000-4000-8000-${number.toString(16).padStart(12, "0")}`;
}
