import { type Caller, type Json, type JsonObject, isoSeconds, seenFromOutside } from "./caller.ts";
import { company } from "./company.ts";
import type { TrailKey } from "./key.ts";
import { Random } from "./random.ts";

/** One CloudTrail record in AWS's spelling and field order; JSON text leaves out what is undefined. */
export interface CloudTrailRecord {
  readonly eventVersion: string;
  readonly userIdentity: JsonObject;
  readonly eventTime: string;
  readonly eventSource: string;
  readonly eventName: string;
  readonly awsRegion: string;
  readonly sourceIPAddress: string;
  readonly userAgent: string;
  readonly errorCode?: string | undefined;
  readonly errorMessage?: string | undefined;
  readonly requestParameters: JsonObject | null;
  readonly responseElements: JsonObject | null;
  readonly additionalEventData?: JsonObject | undefined;
  readonly requestID?: string | undefined;
  readonly eventID: string;
  readonly readOnly: boolean;
  readonly resources?: readonly JsonObject[] | undefined;
  readonly eventType: string;
  readonly managementEvent: boolean;
  readonly recipientAccountId: string;
  readonly sharedEventID?: string | undefined;
  readonly vpcEndpointId?: string | undefined;
  readonly serviceEventDetails?: JsonObject | undefined;
  readonly eventCategory: string;
  readonly tlsDetails?: JsonObject | undefined;
  readonly sessionCredentialFromConsole?: string | undefined;
}

/** A KMS call in few words; what is left out gets an ordinary value. */
export interface KmsCall {
  /** ISO 8601 text or milliseconds since the epoch. */
  readonly time: string | number;
  readonly name?: string;
  readonly caller: Caller;
  /** The service that calls for the caller: `s3`, `secretsmanager` …, or `AWS Internal` (Parameter Store). */
  readonly via?: string;
  /** The key of the call; for calls about no key (`ListKeys`) any key of the account and Region. */
  readonly key: TrailKey;
  /** ReEncrypt only: the key under which the data ends up. */
  readonly destinationKey?: TrailKey;
  readonly context?: Readonly<Record<string, string>>;
  /** Replaces the request parameters that the call would have. */
  readonly parameters?: JsonObject | null;
  readonly response?: JsonObject;
  readonly error?: { readonly code: string; readonly message: string };
  /** The account in whose trail the record is; the caller's where left out. */
  readonly recipientAccountId?: string;
  readonly sharedEventId?: string;
}

/** The CloudTrail record of a KMS call. Ids are drawn from `random`. */
export function kmsRecord(call: KmsCall, random: Random): CloudTrailRecord {
  const { caller, key, time, name = "Decrypt" } = call;
  const { parameters = parametersOf(name, key, call) } = call;
  const direct = isDirect(caller, call.via);
  return {
    ...recordHead(caller, time, call.via),
    eventSource: "kms.amazonaws.com",
    eventName: name,
    awsRegion: key.region,
    ...callSource(caller, call.via),
    errorCode: call.error?.code,
    errorMessage: call.error?.message,
    requestParameters: parameters,
    responseElements: call.response ?? null,
    additionalEventData: direct && crypto.has(name) && !call.error ? materialOf(key) : undefined,
    requestID: random.uuid(),
    eventID: random.uuid(),
    readOnly: !changes.test(name),
    resources: resourcesOf(name, key, call.destinationKey),
    eventType: "AwsApiCall",
    managementEvent: true,
    recipientAccountId: call.recipientAccountId ?? caller.accountId,
    sharedEventID: call.sharedEventId,
    vpcEndpointId: direct ? caller.vpcEndpointId : undefined,
    eventCategory: "Management",
    ...recordTail(caller, direct, `kms.${key.region}.amazonaws.com`),
  };
}

/** Both copies of a call on another account's key: the caller's, full, and the key owner's, without an ARN. */
export function crossAccountRecords(
  call: KmsCall,
  random: Random,
): [CloudTrailRecord, CloudTrailRecord] {
  const sharedEventId = random.uuid();
  const own = kmsRecord({ ...call, sharedEventId }, random);
  const outside = {
    ...call,
    caller: seenFromOutside(call.caller),
    sharedEventId,
    recipientAccountId: call.key.accountId,
  };
  return [own, { ...kmsRecord(outside, random), requestID: own.requestID }];
}

/** A call of any other AWS service. */
export interface ServiceCall {
  /** ISO 8601 text or milliseconds since the epoch. */
  readonly time: string | number;
  readonly caller: Caller;
  /** `s3`, `ec2` … */
  readonly service: string;
  readonly name: string;
  readonly region?: string;
  readonly parameters: JsonObject | null;
  readonly response?: JsonObject;
  readonly resources?: readonly JsonObject[];
  readonly via?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** The CloudTrail record of a call that is not KMS's. */
export function serviceRecord(call: ServiceCall, random: Random): CloudTrailRecord {
  const { caller, service, region = company.region } = call;
  const direct = isDirect(caller, call.via);
  const isData = dataEvents.has(call.name);
  return {
    ...recordHead(caller, call.time, call.via),
    eventSource: `${service}.amazonaws.com`,
    eventName: call.name,
    awsRegion: region,
    ...callSource(caller, call.via),
    errorCode: call.error?.code,
    errorMessage: call.error?.message,
    requestParameters: call.parameters,
    responseElements: call.response ?? null,
    requestID: random.uuid(),
    eventID: random.uuid(),
    readOnly: !changes.test(call.name),
    resources: call.resources,
    eventType: "AwsApiCall",
    managementEvent: !isData,
    recipientAccountId: caller.accountId,
    eventCategory: isData ? "Data" : "Management",
    ...recordTail(caller, direct, `${service}.${region}.amazonaws.com`),
  };
}

function recordHead(
  caller: Caller,
  time: string | number,
  via: string | undefined,
): Pick<CloudTrailRecord, "eventVersion" | "userIdentity" | "eventTime"> {
  const timeMs = typeof time === "number" ? time : Date.parse(time);
  const identity = caller.identityAt(timeMs);
  return {
    eventVersion: isDirect(caller, via) ? "1.11" : "1.09",
    userIdentity: via === undefined ? identity : { ...identity, invokedBy: serviceName(via) },
    eventTime: isoSeconds(timeMs),
  };
}

/** A service that calls for someone gives its own name as address and as user agent. */
function callSource(
  caller: Caller,
  via: string | undefined,
): Pick<CloudTrailRecord, "sourceIPAddress" | "userAgent"> {
  if (via === undefined) {
    return { sourceIPAddress: caller.sourceAddress, userAgent: caller.userAgent };
  }
  return { sourceIPAddress: serviceName(via), userAgent: serviceName(via) };
}

function recordTail(
  caller: Caller,
  direct: boolean,
  host: string,
): Pick<CloudTrailRecord, "tlsDetails" | "sessionCredentialFromConsole"> {
  return {
    tlsDetails: direct ? tlsDetails(host) : undefined,
    sessionCredentialFromConsole: direct && caller.fromConsole ? "true" : undefined,
  };
}

const crypto = new Set([
  "Decrypt",
  "Encrypt",
  "GenerateDataKey",
  "GenerateDataKeyWithoutPlaintext",
]);
const dataEvents = new Set(["GetObject", "PutObject", "CopyObject", "Invoke20150331"]);
const changes =
  /^(?:Cancel|Copy|Create|Delete|Disable|Enable|Import|Invoke|Put|Replicate|Retire|Revoke|Rotate|Run|Schedule|Start|Stop|Tag|Terminate|Untag|Update)/;

function serviceName(via: string): string {
  return via === "AWS Internal" ? via : `${via}.amazonaws.com`;
}

/** Whether the caller itself was at the other end of the connection, rather than a service for it. */
function isDirect(caller: Caller, via: string | undefined): boolean {
  return via === undefined && caller.userAgent !== caller.sourceAddress;
}

function parametersOf(name: string, key: TrailKey, call: KmsCall): JsonObject {
  const encryptionContext = call.context && { encryptionContext: call.context };
  const algorithm = { encryptionAlgorithm: "SYMMETRIC_DEFAULT" };
  if (name === "Decrypt") return { ...encryptionContext, ...algorithm };
  if (name === "Encrypt") return { keyId: key.arn, ...encryptionContext, ...algorithm };
  if (name.startsWith("GenerateDataKey")) {
    return { keyId: key.arn, ...encryptionContext, keySpec: "AES_256" };
  }
  if (name === "Sign") return signingParameters(key);
  if (name !== "ReEncrypt") return { keyId: key.arn };
  return {
    ...(call.context && { sourceEncryptionContext: call.context }),
    sourceKeyId: key.arn,
    sourceEncryptionAlgorithm: "SYMMETRIC_DEFAULT",
    destinationKeyId: call.destinationKey?.arn ?? key.arn,
    ...(call.context && { destinationEncryptionContext: call.context }),
    destinationEncryptionAlgorithm: "SYMMETRIC_DEFAULT",
  };
}

/** Request parameters of a signature by the nth of the ways in which the key's users sign. */
export function signingParameters(key: TrailKey, nth = 0): JsonObject {
  const first = new Random(`signing/${key.arn}`).integer(0, signingAlgorithms.length - 1);
  const signingAlgorithm = signingAlgorithms[(first + nth) % signingAlgorithms.length] ?? "";
  return { keyId: key.arn, signingAlgorithm, messageType: "DIGEST" };
}

const signingAlgorithms = [
  "RSASSA_PSS_SHA_256",
  "RSASSA_PKCS1_V1_5_SHA_256",
  "RSASSA_PSS_SHA_512",
] as const;

function resourcesOf(
  name: string,
  key: TrailKey,
  destination: TrailKey | undefined,
): readonly JsonObject[] | undefined {
  if (/^List(?:Keys|Aliases)$/.test(name)) return undefined;
  const used = destination === undefined ? [key] : [key, destination];
  return used.map((one) => ({
    accountId: one.accountId,
    type: "AWS::KMS::Key",
    ARN: one.arn,
  }));
}

function materialOf(key: TrailKey): { readonly keyMaterialId: Json } {
  let material = materials.get(key);
  if (material === undefined) {
    material = { keyMaterialId: new Random(`material/${key.arn}`).text(64, "0123456789abcdef") };
    materials.set(key, material);
  }
  return material;
}

const materials = new WeakMap<TrailKey, { readonly keyMaterialId: Json }>();

function tlsDetails(clientProvidedHostHeader: string): JsonObject {
  return { tlsVersion: "TLSv1.3", cipherSuite: "TLS_AES_128_GCM_SHA256", clientProvidedHostHeader };
}
