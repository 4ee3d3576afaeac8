import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { callIdentity } from "../../../src/cloudtrail/call.ts";
import type { KmsEvent } from "../../../src/cloudtrail/event.ts";
import { isCloudTrailRecord, isFault, parseRecord } from "../../../src/cloudtrail/record.ts";
import { eventOf, HASH_KEY, type Json, kmsRecord, READ_OPTIONS } from "../../support/parsing.ts";

const ACCOUNT = "111122223333";
const ID = "0b6f4a8e-1111-4c2d-9a3b-2f6d5e7c8b90";
const OTHER_ID = "0b6f4a8e-2222-4c2d-9a3b-2f6d5e7c8b90";
const KMS = `arn:aws:kms:eu-west-1:${ACCOUNT}`;

/** As in the KMS Developer Guide's example of a call from an enclave. */
const RECIPIENT = {
  attestationDocumentModuleId: "i-123456789abcde123-enc123456789abcde12",
  attestationDocumentEnclaveImageDigest: "ee0d451a",
  attestationDocumentEnclavePCR1: "11",
};

function resource(arn: string): Json {
  return { accountId: ACCOUNT, type: "AWS::KMS::Key", ARN: arn };
}

/** Key ARNs without what they have in common, each with the alias the caller used. */
function keysOf(fields: Json): string[] {
  return eventOf(kmsRecord(fields)).keys.map(({ arn, alias }) =>
    [arn.replace(`${KMS}:`, ""), alias].filter((part) => part !== undefined).join(" "),
  );
}

describe("the keys of a record", () => {
  it.each<[string, Json, string[]]>([
    ["are those in resources", { resources: [resource(`${KMS}:key/${ID}`)] }, [`key/${ID}`]],
    [
      "may be spelled arn",
      { resources: [{ type: "AWS::KMS::Key", arn: `${KMS}:key/${ID}` }] },
      [`key/${ID}`],
    ],
    ["need no type", { resources: [{ ARN: `${KMS}:key/${ID}` }] }, [`key/${ID}`]],
    ["may be an object alone", { resources: resource(`${KMS}:key/${ID}`) }, [`key/${ID}`]],
    [
      "leave out aliases among them",
      { resources: [resource(`${KMS}:alias/a`), resource(`${KMS}:key/${ID}`)] },
      [`key/${ID}`],
    ],
    [
      "leave out other services' resources",
      { resources: [resource("arn:aws:s3:::bucket"), resource(`${KMS}:key/${ID}`)] },
      [`key/${ID}`],
    ],
    [
      "named twice count once",
      { resources: [resource(`${KMS}:key/1`), resource(`${KMS}:key/1`)] },
      ["key/1"],
    ],
    [
      "by id are in the caller's account and Region",
      { requestParameters: { keyId: ID } },
      [`key/${ID}`],
    ],
    ["by ARN", { requestParameters: { keyId: `${KMS}:key/${ID}` } }, [`key/${ID}`]],
    ["by multi-Region id", { requestParameters: { keyId: "mrk-1" } }, ["key/mrk-1"]],
    ["by alias name", { requestParameters: { keyId: "alias/a" } }, ["alias/a alias/a"]],
    ["by alias ARN", { requestParameters: { keyId: `${KMS}:alias/a` } }, ["alias/a alias/a"]],
    [
      "say by which alias they were used",
      { resources: [resource(`${KMS}:key/1`)], requestParameters: { keyId: "alias/a/b" } },
      ["key/1 alias/a/b"],
    ],
    [
      "of CreateAlias are the target's, with the alias",
      {
        eventName: "CreateAlias",
        resources: [],
        requestParameters: { aliasName: "alias/a", targetKeyId: ID },
      },
      [`key/${ID} alias/a`],
    ],
    [
      "of UpdateAlias begin with the target",
      {
        eventName: "UpdateAlias",
        resources: [resource(`${KMS}:key/${OTHER_ID}`), resource(`${KMS}:key/${ID}`)],
        requestParameters: { aliasName: "alias/a", targetKeyId: ID },
      },
      [`key/${ID} alias/a`, `key/${OTHER_ID}`],
    ],
    [
      "of DeleteAlias are the alias where nothing else is known",
      { eventName: "DeleteAlias", resources: null, requestParameters: { aliasName: "alias/a" } },
      ["alias/a alias/a"],
    ],
    [
      "of CreateKey are the new one",
      {
        eventName: "CreateKey",
        requestParameters: { description: "x" },
        responseElements: { keyMetadata: { arn: `${KMS}:key/${ID}`, keyId: ID } },
      },
      [`key/${ID}`],
    ],
    [
      "are in the response of a call that names none",
      { requestParameters: null, responseElements: { keyId: `${KMS}:key/${ID}` } },
      [`key/${ID}`],
    ],
    [
      "of a service event are in its details",
      {
        eventName: "RotateKey",
        eventType: "AwsServiceEvent",
        userIdentity: { accountId: ACCOUNT, invokedBy: "AWS Internal" },
        requestParameters: null,
        serviceEventDetails: { keyId: ID },
      },
      [`key/${ID}`],
    ],
    [
      "may be in the additional data",
      { requestParameters: null, additionalEventData: { keyId: ID } },
      [`key/${ID}`],
    ],
    ["of ListKeys are none", { eventName: "ListKeys", requestParameters: null, resources: [] }, []],
    [
      "of GenerateRandom are none",
      { eventName: "GenerateRandom", requestParameters: { numberOfBytes: 8 } },
      [],
    ],
    [
      "of a custom key store are none",
      { eventName: "ConnectCustomKeyStore", requestParameters: { customKeyStoreId: "cks-1" } },
      [],
    ],
    [
      "are none where nothing is as it should be",
      { resources: "key/1", requestParameters: "key/2" },
      [],
    ],
    ["are none for a foreign ARN", { requestParameters: { keyId: "arn:aws:s3:::bucket" } }, []],
    ["are none for an ARN torn off", { requestParameters: { keyId: "arn:aws:kms:eu-west-1" } }, []],
    ["are none for half an alias", { requestParameters: { keyId: "alias/" } }, []],
    ["are none for a number", { requestParameters: { keyId: 7 } }, []],
  ])("%s", (_, fields, expected) => {
    expect(keysOf(fields)).toEqual(expected);
  });

  it("carry the account and Region of their ARN", () => {
    const arn = "arn:aws-cn:kms:cn-north-1:999988887777:key/1";
    const [key] = eventOf(kmsRecord({ resources: [resource(arn)] })).keys;
    expect(key).toEqual({ arn, accountId: "999988887777", region: "cn-north-1", alias: undefined });
  });

  it("are in the Region's partition", () => {
    const [key] = eventOf(
      kmsRecord({ awsRegion: "us-gov-west-1", requestParameters: { keyId: "1" } }),
    ).keys;
    expect(key?.arn).toBe(`arn:aws-us-gov:kms:us-gov-west-1:${ACCOUNT}:key/1`);
  });

  const one = resource(`${KMS}:key/1`);
  const two = resource(`${KMS}:key/2`);
  it.each<[string, Json[] | null, Json | null, string[]]>([
    ["in this order", [one, two], null, ["key/1", "key/2"]],
    [
      "though resources have them the other way",
      [two, one],
      { sourceKeyId: "1", destinationKeyId: "2" },
      ["key/1", "key/2"],
    ],
    ["though only the source is listed", [one], { destinationKeyId: "2" }, ["key/1", "key/2"]],
    [
      "though only the destination is listed",
      [two],
      { sourceKeyId: "1", destinationKeyId: "2" },
      ["key/1", "key/2"],
    ],
    [
      "though neither is listed",
      [],
      { sourceKeyId: "1", destinationKeyId: "2" },
      ["key/1", "key/2"],
    ],
    ["though only the request names them", null, { destinationKeyId: "2" }, ["key/2"]],
    [
      "with the alias of the source, listed second",
      [two, one],
      { sourceKeyId: "alias/a", destinationKeyId: "2" },
      ["key/1 alias/a", "key/2"],
    ],
    [
      "with the alias of the destination",
      [one, two],
      { destinationKeyId: "alias/b" },
      ["key/1", "key/2 alias/b"],
    ],
    [
      "with the alias of the source",
      [one, two],
      { sourceKeyId: "alias/a" },
      ["key/1 alias/a", "key/2"],
    ],
    [
      "as aliases where nothing else is known",
      [],
      { sourceKeyId: "alias/a", destinationKeyId: "alias/b" },
      ["alias/a alias/a", "alias/b alias/b"],
    ],
    ["once where both are the same", [one], { sourceKeyId: "1", destinationKeyId: "1" }, ["key/1"]],
    ["as far as they are known", [], null, []],
  ])("of ReEncrypt are source and destination, %s", (_, resources, requestParameters, expected) => {
    const fields = { eventName: "ReEncrypt", resources, requestParameters };
    expect(keysOf(fields)).toEqual(expected);
  });
});

describe("the encryption context", () => {
  const contextOf = (encryptionContext: unknown, fields: Json = {}): KmsEvent["context"] =>
    eventOf(kmsRecord({ requestParameters: { encryptionContext }, ...fields })).context;

  it.each([[undefined], [null], [{}], ["text"], [["a"]]])("%j is none", (context) => {
    expect(contextOf(context)).toBeUndefined();
  });

  it("does not depend on the order of its keys", () => {
    expect(contextOf({ a: "1", b: "2" })).toEqual(contextOf({ b: "2", a: "1" }));
  });

  it("is the same for every version of a secret", () => {
    const arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:s";
    const [first, second] = ["v1", "v2"].map((SecretVersionId) =>
      contextOf({ SecretARN: arn, SecretVersionId }),
    );
    expect(first).toEqual(second);
    expect(first?.keys).toEqual(["SecretARN", "SecretVersionId"]);
  });

  it.each([
    [{ a: "1" }, { a: "2" }],
    [{ a: "1" }, { b: "1" }],
    [{ a: "1=1:b=1:2" }, { a: "1", b: "2" }],
    [{ a: "1;1:b=1:2" }, { a: "1", b: "2" }],
    [{ a: "1;b=2" }, { a: "1", b: "2" }],
    [{ a: 1 }, { a: true }],
  ])("of %j differs from that of %j", (one, other) => {
    expect(contextOf(one)?.fingerprint).not.toBe(contextOf(other)?.fingerprint);
  });

  it("places an object in its bucket, as the bucket's own context is", () => {
    const bucket = "arn:aws:s3:::records";
    const [one, other] = ["a", "b/c"].map((name) =>
      contextOf({ "aws:s3:arn": `${bucket}/${name}` }),
    );
    expect(one?.fingerprint).not.toBe(other?.fingerprint);
    expect(one?.place).toBe(contextOf({ "aws:s3:arn": bucket })?.fingerprint);
    expect(other?.place).toBe(one?.place);
  });

  it.each([
    ["another bucket", { "aws:s3:arn": "arn:aws:s3:::other/a" }],
    ["a bucket itself", { "aws:s3:arn": "arn:aws:s3:::records" }],
    ["no object", { bucket: "arn:aws:s3:::records/a" }],
    ["no text", { "aws:s3:arn": 7 }],
  ])("places %s elsewhere or nowhere", (_, context) => {
    const own = contextOf({ "aws:s3:arn": "arn:aws:s3:::records/a" })?.place;
    expect(own).toMatch(/^[0-9a-f]{16}$/);
    expect(contextOf(context)?.place).not.toBe(own);
  });

  it("shows at most eight names, each cut, and no value", () => {
    const many = Object.fromEntries(
      Array.from({ length: 20 }, (_, at) => [`k${at}`, "secret-value"]),
    );
    const context = contextOf({ ...many, ["a".repeat(300)]: "secret-value" });
    expect(context?.keys).toHaveLength(8);
    expect(context?.keys[0]).toBe("a".repeat(128));
    expect(JSON.stringify(context)).not.toContain("secret-value");
  });

  it("cannot be told without the key of the hash", () => {
    const record = kmsRecord();
    const other = { ...READ_OPTIONS, contextHashKey: HASH_KEY.map((byte) => byte + 1) };
    const [mine, theirs] = [parseRecord(record, READ_OPTIONS), parseRecord(record, other)];
    expect(mine).not.toEqual(theirs);
  });

  it("of ReEncrypt is the source's", () => {
    const re = (requestParameters: Json): KmsEvent["context"] =>
      eventOf(kmsRecord({ eventName: "ReEncrypt", requestParameters })).context;
    const source = contextOf({ a: "1" });
    const destinationEncryptionContext = { b: "2" };
    expect(re({ sourceEncryptionContext: { a: "1" }, destinationEncryptionContext })).toEqual(
      source,
    );
    expect(re({ sourceAAD: { a: "1" }, destinationAAD: { b: "2" } })).toEqual(source);
    expect(re({ destinationEncryptionContext })).toBeUndefined();
  });

  it("may have names that JavaScript holds dear", () => {
    const context = contextOf(JSON.parse('{"__proto__":"1","constructor":"2"}'));
    expect(context?.keys).toEqual(["__proto__", "constructor"]);
  });
});

describe("a call", () => {
  it.each([
    ["Decrypt", "decrypt"],
    ["GenerateDataKeyPairWithoutPlaintext", "dataKey"],
    ["Encrypt", "encrypt"],
    ["ReEncrypt", "reEncrypt"],
    ["VerifyMac", "sign"],
    ["DeriveSharedSecret", "sign"],
    ["DescribeKey", "read"],
    ["GetParametersForImport", "read"],
    ["ListRetirableGrants", "read"],
    ["PutKeyPolicy", "admin"],
    ["CreateGrant", "admin"],
    ["RetireGrant", "admin"],
    ["ScheduleKeyDeletion", "admin"],
    ["RotateKeyOnDemand", "admin"],
    ["DeleteExpiredKeyMaterial", "admin"],
    ["DisconnectCustomKeyStore", "admin"],
    ["GenerateRandom", "other"],
    ["Listen", "other"],
    ["SomethingNew", "other"],
  ])("%s belongs to %s", (eventName, operation) => {
    expect(eventOf(kmsRecord({ eventName })).operation).toBe(operation);
  });

  it.each([
    ["AccessDenied", "denied"],
    ["AccessDeniedException", "denied"],
    ["Client.UnauthorizedOperation", "denied"],
    ["DryRunOperationException", "dryRun"],
    ["NotFoundException", "notFound"],
    ["ThrottlingException", "throttled"],
    ["KMSInvalidStateException", "state"],
    ["DisabledException", "state"],
    ["KeyUnavailableException", "state"],
    ["IncorrectKeyException", "invalid"],
    ["InvalidCiphertextException", "invalid"],
    ["InvalidKeyUsageException", "invalid"],
    ["DependencyTimeout", "other"],
    ["LimitExceededException", "other"],
  ])("that failed with %s was %s", (errorCode, expected) => {
    expect(eventOf(kmsRecord({ errorCode })).error).toEqual({ code: errorCode, class: expected });
  });

  it.each([[undefined], [null], [""], [7]])("with the error code %j did not fail", (errorCode) => {
    expect(eventOf(kmsRecord({ errorCode })).error).toBeUndefined();
  });

  it.each([
    ["192.0.2.10", "address", "192.0.2.10"],
    ["2001:DB8:0:0::1", "address", "2001:db8::1"],
    ["::ffff:192.0.2.10", "address", "192.0.2.10"],
    ["s3.amazonaws.com", "service", "s3.amazonaws.com"],
    ["logs.eu-west-1.amazonaws.com", "service", "logs.amazonaws.com"],
    ["AWS Internal/3", "service", "AWS Internal"],
    ["host.example.com", "unknown", "host.example.com"],
    ["999.0.0.1", "unknown", "999.0.0.1"],
    [undefined, "unknown", ""],
    [7, "unknown", ""],
  ])("from %s", (sourceIPAddress, kind, value) => {
    expect(eventOf(kmsRecord({ sourceIPAddress })).source).toEqual({ kind, value });
  });

  it("is known by the id that both its copies share, else by its own", () => {
    expect(callIdentity(eventOf(kmsRecord({ sharedEventID: "shared" })))).toBe("shared");
    expect(callIdentity(eventOf(kmsRecord({ eventID: "own" })))).toBe("own");
  });

  it("seen by the owner of a VPC endpoint is a copy", () => {
    expect(eventOf(kmsRecord({ eventType: "AwsVpceEvent" })).networkActivity).toBe(true);
    expect(eventOf(kmsRecord({ eventCategory: "NetworkActivity" })).networkActivity).toBe(true);
    expect(eventOf(kmsRecord()).networkActivity).toBe(false);
  });

  it("keeps its parameters where it administrates, and only there", () => {
    const requestParameters = { keyId: "1", policy: "{}" };
    const parametersOf = (eventName: string): unknown =>
      eventOf(kmsRecord({ eventName, requestParameters })).parameters;
    expect(parametersOf("PutKeyPolicy")).toEqual(requestParameters);
    expect(parametersOf("Decrypt")).toBeUndefined();
    expect(parametersOf("DescribeKey")).toBeUndefined();
  });

  it.each<[string, Json | undefined, string | undefined]>([
    ["the image digest of its enclave", { recipient: RECIPIENT }, "ee0d451a"],
    [
      "the registers of a NitroTPM, in order, where there is no image",
      { recipient: { attestationDocumentPCR7: "b", attestationDocumentPCR4: "a", other: "c" } },
      "a b",
    ],
    ["no more than that it was attested, where nothing is told", { recipient: {} }, "unknown"],
    ["nothing of a call without a document", { keyMaterialId: "1" }, undefined],
    ["nothing where nothing is as it should be", { recipient: "yes" }, undefined],
    ["nothing where there is no additional data", undefined, undefined],
  ])("attests %s", (_claim, additionalEventData, attestation) => {
    expect(eventOf(kmsRecord({ additionalEventData })).attestation).toBe(attestation);
  });

  it("has its attestation cut", () => {
    const recipient = { attestationDocumentEnclaveImageDigest: "a".repeat(4096) };
    const { attestation } = eventOf(kmsRecord({ additionalEventData: { recipient } }));
    expect(attestation).toHaveLength(128);
  });

  it.each<[string, string, Json | null, string | undefined]>([
    [
      "algorithm and kind of message",
      "Sign",
      { signingAlgorithm: "ECDSA_SHA_256", messageType: "DIGEST", keyId: "1" },
      "ECDSA_SHA_256 DIGEST",
    ],
    [
      "a raw message where nothing is said of it",
      "Sign",
      { signingAlgorithm: "ECDSA_SHA_256" },
      "ECDSA_SHA_256 RAW",
    ],
    ["the algorithm of a code", "GenerateMac", { macAlgorithm: "HMAC_SHA_256" }, "HMAC_SHA_256"],
    ["nothing of what is verified", "Verify", { signingAlgorithm: "ECDSA_SHA_256" }, undefined],
    ["nothing of what is verified", "VerifyMac", { macAlgorithm: "HMAC_SHA_256" }, undefined],
    ["nothing of another call", "Decrypt", { signingAlgorithm: "ECDSA_SHA_256" }, undefined],
    ["nothing where no algorithm is named", "Sign", { messageType: "RAW" }, undefined],
    ["nothing where nothing is as it should be", "Sign", { signingAlgorithm: 7 }, undefined],
    ["nothing where there are no parameters", "Sign", null, undefined],
  ])("tells how it signs: %s", (_claim, eventName, requestParameters, signing) => {
    expect(eventOf(kmsRecord({ eventName, requestParameters })).signing).toBe(signing);
  });

  it("has its way of signing cut", () => {
    const requestParameters = {
      signingAlgorithm: "a".repeat(4096),
      messageType: "b".repeat(4096),
    };
    const { signing } = eventOf(kmsRecord({ eventName: "Sign", requestParameters }));
    expect(signing).toHaveLength(64 + 1 + 64);
  });

  it("has its user agent cut", () => {
    expect(eventOf(kmsRecord({ userAgent: "a".repeat(1024) })).userAgent).toHaveLength(256);
  });
});

describe("a record", () => {
  it.each<[string, unknown, string]>([
    ["of another service", kmsRecord({ eventSource: "amazonmq.amazonaws.com" }), "not-cloudtrail"],
    ["without source", kmsRecord({ eventSource: undefined }), "not-cloudtrail"],
    ["that is none", [], "not-cloudtrail"],
    ["without id", kmsRecord({ eventID: undefined }), "event-id"],
    ["with an empty id", kmsRecord({ eventID: "" }), "event-id"],
    ["with a number as id", kmsRecord({ eventID: 7 }), "event-id"],
    ["without name", kmsRecord({ eventName: null }), "event-name"],
    ["without time", kmsRecord({ eventTime: undefined }), "event-time"],
    ["with a time nobody can read", kmsRecord({ eventTime: "yesterday" }), "event-time"],
  ])("%s is refused", (_, record, reason) => {
    expect(parseRecord(record, READ_OPTIONS)).toMatchObject({ reason });
  });

  it("later than allowed is refused, and not one millisecond sooner", () => {
    const record = kmsRecord({ eventTime: "2026-03-14T02:11:09.500Z" });
    const timeMs = Date.parse("2026-03-14T02:11:09.500Z");
    const parse = (notAfterMs: number): unknown =>
      parseRecord(record, { ...READ_OPTIONS, notAfterMs });
    expect(parse(timeMs - 1)).toMatchObject({ reason: "future" });
    expect(parse(timeMs)).toMatchObject({ timeMs });
  });

  it("is refused without a word of its content", () => {
    const fault = parseRecord(kmsRecord({ eventTime: "password=hunter2" }), READ_OPTIONS);
    expect(JSON.stringify(fault)).not.toContain("hunter2");
  });

  const nasty = fc.oneof(
    fc.jsonValue(),
    fc.string({ unit: "binary" }),
    fc.constantFrom<unknown>(
      "\ud800",
      "arn:aws:",
      "arn:aws:iam::1:role/",
      "arn:::::",
      ":",
      "/",
      1e308,
    ),
  );
  const odd = fc.dictionary(
    fc.constantFrom(
      "arn",
      "ARN",
      "type",
      "keyId",
      "sessionContext",
      "sessionIssuer",
      "__proto__",
      "aliasName",
      "encryptionContext",
      "onBehalfOf",
      "accountId",
      "principalId",
      "invokedBy",
      "sourceKeyId",
    ),
    fc.oneof(
      nasty,
      fc.dictionary(
        fc.constantFrom("arn", "sessionIssuer", "attributes", "userId", "__proto__"),
        nasty,
      ),
    ),
  );
  const names = Object.keys(kmsRecord({ resources: [], errorCode: "", sharedEventID: "" }));

  it("never makes the parser throw, whatever stands where", () => {
    const field = fc.tuple(fc.constantFrom(...names), fc.oneof(nasty, odd, fc.array(odd)));
    const eventName = fc.constantFrom("Decrypt", "ReEncrypt", "PutKeyPolicy", "CreateAlias");
    fc.assert(
      fc.property(fc.array(field, { maxLength: 6 }), eventName, (fields, name) => {
        const record = { ...kmsRecord({ eventName: name }), ...Object.fromEntries(fields) };
        // Through JSON, so that `__proto__` is a field like any other.
        const parsed = parseRecord(JSON.parse(JSON.stringify(record)), READ_OPTIONS);
        const isRecord = isCloudTrailRecord(record);
        expect(isFault(parsed) || isRecord).toBe(true);
        if (!isFault(parsed)) {
          expect(parsed.principal.key).not.toBe("");
          expect(Number.isSafeInteger(parsed.timeMs)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("may be any JSON value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(isFault(parseRecord(value, READ_OPTIONS))).toBe(true);
      }),
    );
  });

  it("becomes plain data", () => {
    const event = eventOf(kmsRecord({ eventName: "PutKeyPolicy" }));
    expect(structuredClone(event)).toEqual(event);
  });
});

describe("a record of CloudTrail itself", () => {
  const source = { eventSource: "cloudtrail.amazonaws.com", resources: undefined };

  it.each([
    "DeleteTrail",
    "PutEventSelectors",
    "PutInsightSelectors",
    "StopLogging",
    "UpdateTrail",
  ])("is an event where it decides what is recorded: %s", (eventName) => {
    const parameters = { name: "trail", kmsKeyId: `${KMS}:key/${ID}` };
    const event = eventOf(kmsRecord({ ...source, eventName, requestParameters: parameters }));
    expect(event).toMatchObject({
      service: "cloudtrail",
      name: eventName,
      operation: "admin",
      keys: [],
      parameters,
      context: undefined,
    });
  });

  it.each(["DescribeTrails", "StartLogging", "LookupEvents", "Decrypt"])(
    "is none otherwise: %s",
    (eventName) => {
      const parsed = parseRecord(kmsRecord({ ...source, eventName }), READ_OPTIONS);
      expect(parsed).toMatchObject({ reason: "not-cloudtrail" });
    },
  );
});
