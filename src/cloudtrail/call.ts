import ipaddr from "ipaddr.js";
import type { CallError, CallSource, KmsEvent, OperationClass } from "./event.ts";
import { memoize } from "./memo.ts";
import { serviceName } from "./principal.ts";

/**
 * The identity of a call, shared by the two copies of a cross-account call: `sharedEventID` if present, else `eventID`.
 */
export function callIdentity(event: KmsEvent): string {
  return event.sharedEventId ?? event.eventId;
}

/** Which family of KMS operations an `eventName` belongs to. */
export function operationClass(name: string): OperationClass {
  const known = OPERATIONS.get(name);
  if (known !== undefined) {
    return known;
  }
  if (READ.test(name)) {
    return "read";
  }
  return ADMIN.test(name) ? "admin" : "other";
}

const OPERATIONS = new Map<string, OperationClass>([
  ["Decrypt", "decrypt"],
  ["GenerateDataKey", "dataKey"],
  ["GenerateDataKeyWithoutPlaintext", "dataKey"],
  ["GenerateDataKeyPair", "dataKey"],
  ["GenerateDataKeyPairWithoutPlaintext", "dataKey"],
  ["Encrypt", "encrypt"],
  ["ReEncrypt", "reEncrypt"],
  ["Sign", "sign"],
  ["Verify", "sign"],
  ["GenerateMac", "sign"],
  ["VerifyMac", "sign"],
  ["DeriveSharedSecret", "sign"],
  ["GenerateRandom", "other"],
]);
const READ = /^(?:Describe|Get|List)[A-Z]/;
/** By verb, so that operations KMS adds later are classed too. */
const ADMIN =
  /^(?:Cancel|Connect|Create|Delete|Disable|Disconnect|Enable|Import|Put|Replicate|Retire|Revoke|Rotate|Schedule|Synchronize|Tag|Untag|Update)[A-Z]/;

/** Why a call failed; undefined for one that succeeded. */
export function callError(code: string | undefined): CallError | undefined {
  return code === undefined ? undefined : { code: code.slice(0, 128), class: errorClass(code) };
}

/** In this order: `KMSInvalidStateException` is about a state, though it begins as what is about a request. */
const ERROR_CLASSES: readonly (readonly [RegExp, CallError["class"]])[] = [
  [/AccessDenied|Unauthorized|NotAuthorized|OptInRequired/, "denied"],
  [/^DryRun/, "dryRun"],
  [/NotFound/, "notFound"],
  [/Throttl|TooManyRequests|RequestLimitExceeded|SlowDown/, "throttled"],
  [/State|Disabled|Unavailable|AlreadyExists|InUse|Conflict|HasCMKs|Expired/, "state"],
  [/Invalid|Incorrect|Validation|Malformed|Unsupported|Missing/, "invalid"],
];

function errorClass(code: string): CallError["class"] {
  return ERROR_CLASSES.find(([pattern]) => pattern.test(code))?.[1] ?? "other";
}

const LONGEST_SOURCE = 256;
const IPV4 = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;

/** `sourceIPAddress`: an address in its shortest spelling, the name of a service, or something else. */
export function callSource(text: string | undefined): CallSource {
  if (text === undefined) return NO_SOURCE;
  return text.length <= LONGEST_SOURCE ? known(text) : readSource(text);
}

const NO_SOURCE: CallSource = { kind: "unknown", value: "" };

const known = memoize(readSource, 10_000);

function readSource(text: string): CallSource {
  const value = text.slice(0, LONGEST_SOURCE);
  if (IPV4.test(value) || value.includes(":")) {
    return ipaddr.isValid(value)
      ? { kind: "address", value: ipaddr.process(value).toString() }
      : { kind: "unknown", value };
  }
  const service = serviceName(value);
  const named = service === "AWS Internal" || /\.amazonaws\.com(?:\.cn)?$/.test(service);
  return named ? { kind: "service", value: service } : { kind: "unknown", value };
}
