import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEnvelope } from "../../../src/cloudtrail/envelope.ts";
import type { Reading } from "../../../src/cloudtrail/records.ts";
import { nodePlatform } from "../../../src/sources/node-platform.ts";
import {
  base64,
  gzip,
  HAS_PUBLISHED,
  type Json,
  kmsRecord,
  otherRecord,
  published,
  read,
  READ_OPTIONS,
  toBytes,
} from "../../support/parsing.ts";

const KMS = kmsRecord();
const OTHER = otherRecord();
const TRAIL = { Records: [KMS, OTHER, KMS] };
const LOG_FILE = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/03/14/a b+c.json.gz";

function text(value: unknown): string {
  return JSON.stringify(value);
}

function subscription(...messages: readonly unknown[]): Json {
  return {
    messageType: "DATA_MESSAGE",
    logGroup: "trail",
    logEvents: messages.map((message, id) => ({ id, timestamp: 1, message })),
  };
}

function kinesisEvent(...data: readonly unknown[]): Json {
  const records = data.map((item) => ({
    kinesis: { data: base64(item) },
    eventSource: "aws:kinesis",
  }));
  return { Records: records };
}

function sns(message: unknown): Json {
  return { Type: "Notification", MessageId: "1", TopicArn: "arn", Message: text(message) };
}

function sqs(body: unknown): Json {
  return { Records: [{ messageId: "1", body: text(body), eventSource: "aws:sqs" }] };
}

function s3Notification(key: string, eventName = "ObjectCreated:Put"): Json {
  const s3 = { bucket: { name: "trail" }, object: { key } };
  return { Records: [{ eventSource: "aws:s3", eventName, s3 }] };
}

function aggregate(...parts: readonly Uint8Array[]): Buffer {
  const field = (number: number, content: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from([(number << 3) | 2]), varint(content.byteLength), content]);
  const body = Buffer.concat(parts.map((part) => field(3, field(3, part))));
  return Buffer.concat([Buffer.from("f3899ac2", "hex"), body, nodePlatform.md5(body)]);
}

function varint(value: number): Buffer {
  return value < 128
    ? Buffer.from([value])
    : Buffer.concat([Buffer.from([(value & 127) | 128]), varint(value >>> 7)]);
}

/** What a reading holds, in few words. */
function summary(reading: Reading): string {
  const parts = [
    `${reading.records} records`,
    `${reading.events.length} of ${reading.kmsEvents} KMS`,
    ...(reading.skipped === 0 ? [] : [`${reading.skipped} skipped`]),
    ...reading.objects.map(({ bucket, key }) => `${bucket}/${key}`),
    ...reading.rejected.map(({ reason }) => reason),
  ];
  return parts.join(", ");
}

const ONE = "1 records, 1 of 1 KMS";
const FILE = "3 records, 2 of 2 KMS";
const NONE = "0 records, 0 of 0 KMS";

describe("an envelope is found by looking", () => {
  it.each<[string, unknown, string]>([
    ["a bare record", KMS, ONE],
    ["a record of another service", OTHER, "1 records, 0 of 0 KMS"],
    ["a log file", TRAIL, FILE],
    ["a log file in gzip", gzip(TRAIL), FILE],
    ["a log file in gzip in gzip", gzip(gzip(TRAIL)), FILE],
    [
      "a log file in two members of gzip",
      Buffer.concat([gzip(KMS), gzip(`\n${text(OTHER)}`)]),
      "2 records, 1 of 1 KMS",
    ],
    ["a log file in zlib", deflateSync(text(TRAIL)), FILE],
    ["a log file, pretty-printed", JSON.stringify(TRAIL, null, 2), FILE],
    ["a log file after a byte order mark", `\ufeff${text(TRAIL)}`, FILE],
    ["a log file with more than Records", { a: [{ Records: 1 }], ...TRAIL, z: "}" }, FILE],
    ["a list", [KMS, OTHER, KMS], FILE],
    ["one record a line", `${text(KMS)}\n${text(OTHER)}\r\n\n${text(KMS)}\n`, FILE],
    ["records without anything between", text(KMS) + text(OTHER) + text(KMS), FILE],
    ["a log file a line", `${text(TRAIL)}\n${text(TRAIL)}`, "6 records, 4 of 4 KMS"],
    ["EventBridge", { "detail-type": "AWS API Call via CloudTrail", detail: KMS }, ONE],
    ["EventBridge, of any type", { "detail-type": "x", detail: OTHER }, "1 records, 0 of 0 KMS"],
    ["EventBridge, reshaped", { detail: KMS }, ONE],
    ["CloudWatch Logs", gzip(subscription(text(KMS), text(OTHER))), "2 records, 1 of 1 KMS"],
    ["CloudWatch Logs, opened", subscription(text(KMS)), ONE],
    [
      "CloudWatch Logs with extracted fields",
      {
        ...subscription(),
        logEvents: [{ message: text(KMS), extractedFields: { "@aws.account": "1" } }],
      },
      ONE,
    ],
    [
      "several messages of CloudWatch Logs",
      gzip(text(subscription(text(KMS))) + text(subscription(text(KMS)))),
      "2 records, 2 of 2 KMS",
    ],
    [
      "a control message",
      gzip({ messageType: "CONTROL_MESSAGE", logEvents: [{ message: "x" }] }),
      `${NONE}, 1 skipped`,
    ],
    [
      "Lambda's event of CloudWatch Logs",
      { awslogs: { data: base64(gzip(subscription(text(KMS)))) } },
      ONE,
    ],
    ["Lambda's event of Kinesis", kinesisEvent(KMS, gzip(TRAIL)), "4 records, 3 of 3 KMS"],
    ["Lambda's event of SQS", sqs(TRAIL), FILE],
    [
      "Lambda's event of SNS",
      { Records: [{ EventSource: "aws:sns", Sns: { Message: text(KMS) } }] },
      ONE,
    ],
    ["Firehose", { records: [{ recordId: "1", data: base64(KMS) }] }, ONE],
    ["GetRecords", { Records: [{ SequenceNumber: "1", Data: base64(gzip(KMS)) }] }, ONE],
    ["ReceiveMessage", { Messages: [{ MessageId: "1", Body: text(KMS) }] }, ONE],
    [
      "LookupEvents",
      { Events: [{ CloudTrailEvent: text(KMS) }, { CloudTrailEvent: text(OTHER) }] },
      "2 records, 1 of 1 KMS",
    ],
    ["one looked-up event", { EventId: "1", CloudTrailEvent: text(KMS) }, ONE],
    [
      "looked-up events a line",
      `${text({ CloudTrailEvent: text(KMS) })}\n`.repeat(2),
      "2 records, 2 of 2 KMS",
    ],
    ["base64 of a record", base64(KMS), ONE],
    ["base64 of gzip, in lines", (base64(gzip(TRAIL)).match(/.{1,76}/g) ?? []).join("\r\n"), FILE],
    ["base64 of base64", base64(base64(KMS)), ONE],
    ["a JSON string of a record", text(text(KMS)), ONE],
    [
      "a KPL aggregate",
      aggregate(gzip(subscription(text(KMS))), toBytes(OTHER)),
      "2 records, 1 of 1 KMS",
    ],
    ["a KPL aggregate of nothing", aggregate(), `${NONE}, 1 skipped`],
    ["SNS in SQS in Lambda", sqs(sns(KMS)), ONE],
    [
      "CloudTrail's notification",
      { s3Bucket: "trail", s3ObjectKey: [LOG_FILE, "b"] },
      `${NONE}, trail/${LOG_FILE}, trail/b`,
    ],
    [
      "CloudTrail's notification over SNS and SQS",
      sqs(sns({ s3Bucket: "trail", s3ObjectKey: ["b"] })),
      `${NONE}, trail/b`,
    ],
    [
      "S3's notification, whose key is encoded",
      s3Notification("a%3Db+c%2Bd"),
      `${NONE}, trail/a=b c+d`,
    ],
    [
      "S3's notification, whose key is not well encoded",
      s3Notification("100%"),
      `${NONE}, trail/100%`,
    ],
    ["S3's notification over SNS and SQS", sqs(sns(s3Notification("b"))), `${NONE}, trail/b`],
    [
      "S3's notification over EventBridge, whose key is in clear",
      {
        "detail-type": "Object Created",
        detail: { bucket: { name: "trail" }, object: { key: "a+b%20c" } },
      },
      `${NONE}, trail/a+b%20c`,
    ],
    [
      "S3's notification of a digest",
      s3Notification("AWSLogs/1/CloudTrail-Digest/a.json.gz"),
      `${NONE}, 1 skipped`,
    ],
    [
      "S3's notification of Insights",
      s3Notification("AWSLogs/1/CloudTrail-Insight/a.json.gz"),
      `${NONE}, 1 skipped`,
    ],
    ["S3's notification of a folder", s3Notification("AWSLogs/"), `${NONE}, 1 skipped`],
    [
      "S3's notification of a removal",
      s3Notification("b", "ObjectRemoved:Delete"),
      `${NONE}, 1 skipped`,
    ],
    [
      "S3's test event",
      sqs(sns({ Service: "Amazon S3", Event: "s3:TestEvent" })),
      `${NONE}, 1 skipped`,
    ],
    [
      "CloudTrail's word that a topic works",
      { Type: "Notification", Message: "CloudTrail validation message." },
      `${NONE}, 1 skipped`,
    ],
    [
      "SNS asking to be confirmed",
      { Type: "SubscriptionConfirmation", Message: "x" },
      `${NONE}, 1 skipped`,
    ],
    ["a digest", { digestS3Object: "x", logFiles: [] }, `${NONE}, 1 skipped`],
    ["an empty log file", { Records: [] }, `${NONE}, 1 skipped`],
    [
      "an Insight among records",
      { Records: [KMS, { eventType: "AwsCloudTrailInsight", insightDetails: {} }] },
      `${ONE}, 1 skipped`,
    ],
    [
      "an Insight about KMS",
      kmsRecord({ eventType: "AwsCloudTrailInsight" }),
      `${NONE}, 1 skipped`,
    ],
  ])("%s", (_, envelope, expected) => {
    expect(summary(read(envelope))).toBe(expected);
  });
});

describe("what is not understood is set aside with its reason", () => {
  const broken = text(KMS).slice(0, 200);
  it.each<[string, unknown, string]>([
    ["nothing", "", `${NONE}, empty`],
    ["white space", " \n", `${NONE}, empty`],
    ["an empty member of Kinesis", kinesisEvent("", KMS), `${ONE}, empty`],
    ["torn gzip", gzip(TRAIL).subarray(0, 60), `${NONE}, gzip-torn`],
    ["gzip with a flipped bit", flipped(gzip(TRAIL)), `${NONE}, gzip-torn`],
    ["a word", "Hello", `${NONE}, not-json`],
    ["base64 of a word", base64("Hello, this is a test."), `${NONE}, not-json`],
    ["a torn record", broken, `${NONE}, not-json`],
    [
      "a torn, pretty-printed log file",
      JSON.stringify(TRAIL, null, 2).slice(0, 900),
      `${NONE}, not-json`,
    ],
    [
      "a torn line, but not the others",
      `${text(KMS)}\n${broken}\n${text(KMS)}`,
      "2 records, 2 of 2 KMS, not-json",
    ],
    [
      "a record of KMS that is no JSON, but not the file around it",
      text(TRAIL).replace("null", "nul"),
      "3 records, 1 of 2 KMS, not-json",
    ],
    ["text after a record", `${text(KMS)} and more`, `${ONE}, not-json`],
    ["a number", "17", `${NONE}, not-cloudtrail`],
    ["null", "null", `${NONE}, not-cloudtrail`],
    ["an object without sense", {}, `${NONE}, not-cloudtrail`],
    [
      "another service's EventBridge event",
      { source: "aws.ec2", detail: { state: "x" } },
      `${NONE}, not-cloudtrail`,
    ],
    [
      "log messages that are no records",
      subscription("START", "{}", text(KMS)),
      `${ONE}, not-json, not-cloudtrail`,
    ],
    ["a log event without message", subscription(undefined), `${NONE}, not-cloudtrail`],
    ["a KPL aggregate with a wrong digest", flipped(aggregate(toBytes(KMS))), `${NONE}, not-json`],
    ["a record without id", kmsRecord({ eventID: undefined }), "1 records, 0 of 1 KMS, event-id"],
    [
      "a record without name",
      { Records: [kmsRecord({ eventName: undefined }), KMS] },
      "2 records, 1 of 2 KMS, event-name",
    ],
    [
      "a record without time",
      kinesisEvent(kmsRecord({ eventTime: "?" })),
      "1 records, 0 of 1 KMS, event-time",
    ],
  ])("%s", (_, envelope, expected) => {
    expect(summary(read(envelope))).toBe(expected);
  });

  it("keeps of it exactly what was not understood", () => {
    const bad = kmsRecord({ eventID: undefined });
    const reading = read(gzip({ Records: [KMS, bad, OTHER] }));
    expect(reading.rejected).toHaveLength(1);
    expect(reading.rejected[0]).toMatchObject({ recognised: true, detail: "eventID is missing" });
    expect(Buffer.from(reading.rejected[0]?.payload ?? []).toString()).toBe(text(bad));
  });

  it("keeps the detail, too, where it lies inside of a parsed envelope", () => {
    const bad = kmsRecord({ eventID: undefined });
    const reading = read({ detail: bad });
    expect(Buffer.from(reading.rejected[0]?.payload ?? []).toString()).toBe(text(bad));
  });

  it("keeps the whole, once, instead of a thousand crumbs", () => {
    const lines = "{\n".repeat(5000) + text(KMS);
    const reading = read(lines);
    expect(reading.rejected).toHaveLength(1001);
    expect(Buffer.from(reading.rejected.at(-1)?.payload ?? []).toString()).toBe(lines);
  });

  it("refuses what is later than allowed", () => {
    const notAfterMs = Date.parse("2026-03-14T02:11:08Z");
    expect(summary(read(TRAIL, { notAfterMs }))).toBe("3 records, 0 of 2 KMS, future, future");
  });
});

function flipped(data: Buffer): Buffer {
  const copy = Buffer.from(data);
  const middle = copy.length >> 1;
  copy[middle] = (copy[middle] ?? 0) ^ 0x10;
  return copy;
}

describe("limits", () => {
  it("lets a bomb open to no more than allowed", () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const before = process.memoryUsage().arrayBuffers;
    const reading = read(bomb, { maxOpenedBytes: 1_000_000 });
    expect(summary(reading)).toBe(`${NONE}, too-large`);
    expect(reading.rejected[0]?.payload).toEqual(new Uint8Array(bomb));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8_000_000);
  });

  it("counts all layers and parts together", () => {
    const part = gzip({ Records: [kmsRecord({ userAgent: " ".repeat(40_000) })] });
    const options = { maxOpenedBytes: 100_000 };
    expect(summary(read(kinesisEvent(part, part), options))).toBe("2 records, 2 of 2 KMS");
    const third = read(kinesisEvent(part, part, part), options);
    expect(summary(third)).toBe("2 records, 2 of 2 KMS, too-large");
    expect(third.rejected[0]?.payload).toEqual(new Uint8Array(part)); // It was not even opened.
    expect(summary(read(gzip(gzip(Buffer.alloc(100_001, "x"))), options))).toBe(
      `${NONE}, too-large`,
    );
  });

  it("holds for what was not compressed at all", () => {
    expect(summary(read(TRAIL, { maxOpenedBytes: 100 }))).toBe(`${NONE}, too-large`);
  });

  it("says how many bytes it opened", () => {
    expect(read(gzip(TRAIL)).bytes).toBe(text(TRAIL).length);
    expect(read(TRAIL).bytes).toBe(text(TRAIL).length);
  });

  it("opens eight layers and no more", () => {
    const wrapped = (layers: number): Buffer =>
      layers === 0 ? Buffer.from(text(KMS)) : gzip(wrapped(layers - 1));
    expect(summary(read(wrapped(8)))).toBe(ONE);
    expect(summary(read(wrapped(9)))).toBe(`${NONE}, too-large`);
  });

  it("sets a record aside that is larger than allowed, and reads the others", () => {
    const large = kmsRecord({ userAgent: "a".repeat(2000) });
    const options = { maxRecordBytes: 1900 };
    expect(summary(read({ Records: [large, KMS] }, options))).toBe(
      "2 records, 1 of 2 KMS, too-large",
    );
    expect(summary(read({ detail: large }, options))).toBe("1 records, 0 of 1 KMS, too-large");
    expect(summary(read({ padding: "a".repeat(2000), detail: KMS }, options))).toBe(ONE);
  });

  it("is at once done with text that is almost base64, almost JSON or almost a document", () => {
    const started = performance.now();
    for (const repeated of ["\n", "=", "A", " ", "[", "{", '"', '{"a":', "[\n", '{"a":[\n']) {
      read(`AAAA${repeated.repeat(200_000)}!`);
      read(`${repeated.repeat(200_000)}!`);
    }
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it("is not impressed by nesting", () => {
    const depth = 200_000;
    const deep = `${"[".repeat(depth)}${"]".repeat(depth)}`;
    const record = text(KMS).replace('"tenant":"a"', `"tenant":${deep}`);
    expect(summary(read(`{"Records":[${record},${text(OTHER)}]}`, { maxRecordBytes: 1e6 }))).toBe(
      "2 records, 1 of 1 KMS",
    );
    expect(summary(read(deep))).toBe(`${NONE}, not-cloudtrail`);
  });
});

describe("reading never throws", () => {
  const envelopes = [
    gzip(TRAIL),
    toBytes(TRAIL),
    toBytes(kinesisEvent(gzip(subscription(text(KMS))), aggregate(toBytes(KMS)))),
    toBytes(sqs(sns(s3Notification("a%20b")))),
    toBytes(`${text(KMS)}\n${text(OTHER)}\n${text(TRAIL)}`),
    aggregate(gzip(TRAIL), toBytes(KMS)),
  ];

  it("on any bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (data) => whole(data)));
  });

  it("on any JSON", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => whole(toBytes(text(value)))));
  });

  it("on an envelope that was damaged", () => {
    const damage = fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 4 }), fc.nat({ max: 4 }));
    fc.assert(
      fc.property(
        fc.constantFrom(...envelopes),
        fc.array(damage, { minLength: 1, maxLength: 3 }),
        (envelope, damages) => {
          let data = Buffer.from(envelope);
          for (const [position, inserted, removed] of damages) {
            const at = position % data.length;
            data = Buffer.concat([data.subarray(0, at), inserted, data.subarray(at + removed)]);
          }
          whole(data);
        },
      ),
      { numRuns: 1000 },
    );
  });

  /** Nothing vanishes: whatever is recognised is an event or was refused. */
  function whole(data: Uint8Array): void {
    const reading = readEnvelope(data, READ_OPTIONS);
    const refused = reading.rejected.filter(({ recognised }) => recognised).length;
    const events = reading.events.filter(({ service }) => service === undefined).length;
    expect(reading.kmsEvents).toBe(events + refused);
    expect(reading.records).toBeGreaterThanOrEqual(reading.kmsEvents);
    const { records, skipped, objects, rejected } = reading;
    expect(records + skipped + objects.length + rejected.length).toBeGreaterThan(0);
  }
});

describe.skipIf(!HAS_PUBLISHED)("published envelopes (skipped without ../shared)", () => {
  it.each([
    [
      "DataDog--aws__logs_monitoring__tests__events__cloudwatch_logs_2.json",
      `${NONE}, not-cloudtrail`,
    ],
    ["DataDog--aws__logs_monitoring__tests__events__sqs_s3.json", `${NONE}, my-bucket/my-key.log`],
    [
      "DataDog--aws__logs_monitoring__tests__events__sqs_sns_s3.json",
      `${NONE}, my-bucket/my-key.log`,
    ],
    [
      "DataDog--aws__logs_monitoring__tools__integration_tests__snapshots-cache-test__cloudwatch_log_cloudtrail.json",
      "3 records, 0 of 0 KMS",
    ],
    [
      "DataDog--aws__logs_monitoring__tests__approved_files__TestLambdaFunctionEndToEnd.test_kinesis_awslogs_handler.approved.json",
      `${NONE}, not-cloudtrail, not-cloudtrail`,
    ],
    ["aws-powertools--cloudWatchLogEvent.json", `${NONE}, not-json, not-json`],
    ["aws-powertools--cloudWatchLogEventWithPolicyLevel.json", `${NONE}, not-json, not-json`],
    ["aws-powertools--eventBridgeEvent.json", `${NONE}, not-cloudtrail`],
    ["aws-powertools--kinesisFirehoseKinesisEvent.json", `${NONE}, not-json, not-cloudtrail`],
    ["aws-powertools--kinesisStreamCloudWatchLogsEvent.json", `${NONE}${", not-json".repeat(6)}`],
    ["aws-powertools--kinesisStreamEvent.json", `${NONE}, not-json, not-json`],
    ["aws-powertools--kinesisStreamEventOneRecord.json", `${NONE}, not-cloudtrail`],
    [
      "aws-powertools--s3Event.json",
      `${NONE}, lambda-artifacts-deafc19498e3f2df/b21b84d653bb07b05b1e6b33684dc11b`,
    ],
    [
      "aws-powertools--s3EventBridgeNotificationObjectCreatedEvent.json",
      `${NONE}, example-bucket/IMG_m7fzo3.jpg`,
    ],
    ["aws-powertools--s3SqsEvent.json", `${NONE}, xxx/test.pdf`],
    ["aws-powertools--snsEvent.json", `${NONE}, not-json`],
    ["aws-powertools--snsSqsEvent.json", `${NONE}, not-cloudtrail`],
    ["aws-powertools--sqsEvent.json", `${NONE}, not-json, not-cloudtrail`],
    ["cwl-subscription.decoded.json", "5 records, 5 of 5 KMS"],
    ["eventbridge-kms.json", ONE],
    ["nexthink-oss--sns-event.json", `${NONE}, my-cloudtrail-bucket/dir/to/cloudtrail.json.gz`],
    ["open-telemetry--extracted_fields_both.json", `${NONE}, not-json`],
    ["open-telemetry--multiple_json_objects.json", `${NONE}, not-json, not-json`],
    ["open-telemetry--valid_cloudwatch_log_control.json", `${NONE}, 1 skipped`],
    [
      "lambda-kinesis-event.mixed.json",
      "24 records, 24 of 24 KMS, 1 skipped, gzip-torn, not-json, not-json, not-json, empty, not-json",
    ],
  ])("%s", (name, expected) => {
    expect(summary(read(published(`envelopes/${name}`)))).toBe(expected);
  });

  it("DataDog's log lines are rejected one by one", () => {
    const name = "DataDog--aws__logs_monitoring__tests__events__cloudwatch_logs.json";
    const { logEvents } = JSON.parse(published(`envelopes/${name}`).toString());
    expect(read(published(`envelopes/${name}`)).rejected).toHaveLength(logEvents.length);
  });

  const notifications: Json = HAS_PUBLISHED
    ? JSON.parse(published("envelopes/s3-sns-sqs-notifications.json").toString())
    : {};

  it.each(Object.keys(notifications))("notification %s", (name) => {
    const expected =
      name === "s3_test_event"
        ? `${NONE}, 1 skipped`
        : `${NONE}, example-trail/AWSLogs/123456789012/CloudTrail/us-east-1/2024/03/13/123456789012_CloudTrail_us-east-1_20240313T0840Z_AbCdEfGhIjKlMnOp.json.gz`;
    expect(summary(read(notifications[name]))).toBe(expected);
  });

  const forms = [
    "5 records, 5 of 5 KMS",
    `${NONE}, 1 skipped`,
    ONE,
    ONE,
    "3 records, 3 of 3 KMS",
    "3 records, 3 of 3 KMS",
    "3 records, 3 of 3 KMS",
    "7 records, 7 of 7 KMS",
    ONE,
    `${NONE}, gzip-torn`,
    `${NONE}, not-json`,
    `${NONE}, not-json`,
    `${NONE}, not-json`,
    `${NONE}, empty`,
    `${NONE}, not-json`,
  ];

  it.each(forms.map((expected, at) => ({ expected, at })))(
    "record $at of the mixed Lambda event: $expected",
    ({ expected, at }) => {
      const event = JSON.parse(published("envelopes/lambda-kinesis-event.mixed.json").toString());
      const data = Buffer.from(event.Records[at].kinesis.data, "base64");
      expect(summary(read(data))).toBe(expected);
    },
  );

  it.each([
    ["trail-invictus.ndjson.gz", 2900, 240],
    ["trail-opensearch.ndjson.gz", 840, 25],
    ["trail-coralogix.ndjson.gz", 20, 13],
  ])("%s holds %i records, %i of KMS", (name, records, kmsEvents) => {
    const lines = Buffer.from(nodePlatform.gunzip(published(name), 1e8))
      .toString()
      .trim()
      .split("\n");
    const counted = lines.filter((line) => JSON.parse(line).eventSource === "kms.amazonaws.com");
    const reading = read(published(name));
    expect(reading).toMatchObject({ records, kmsEvents, rejected: [], skipped: 0 });
    const kms = reading.events.filter(({ service }) => service === undefined);
    expect(kms.map(({ eventId }) => eventId)).toEqual(
      counted.map((line) => JSON.parse(line).eventID),
    );
    expect([lines.length, counted.length]).toEqual([records, kmsEvents]);
  });

  it("trail-invictus.ndjson.gz holds eight calls that decide what CloudTrail records", () => {
    const calls = read(published("trail-invictus.ndjson.gz")).events.filter(
      ({ service }) => service === "cloudtrail",
    );
    expect(calls).toHaveLength(8);
    for (const { operation, keys } of calls) expect([operation, keys]).toEqual(["admin", []]);
  });
});
