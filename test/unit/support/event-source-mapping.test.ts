import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { KinesisStreamEvent } from "aws-lambda";
import { startFauxqs } from "fauxqs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededPlan, startFaultProxy, throttled } from "../../support/fault-proxy.ts";
import {
  type MappingOptions,
  startEventSourceMapping,
} from "../../support/event-source-mapping.ts";
import { type KinesisServer, startKinesalite } from "../../support/kinesalite.ts";
import { createStream, type KinesisProducer } from "../../support/kinesis-producer.ts";
import { bucketDestination, queueDestination } from "../../support/lambda/failure-destination.ts";
import { kinesisReader } from "../../support/lambda/kinesis-reader.ts";
import {
  lambdaFunction,
  type LambdaFunction,
  type LambdaFunctionOptions,
} from "../../support/lambda/lambda-function.ts";

let server: KinesisServer;
let streams = 0;
const producers: KinesisProducer[] = [];

beforeAll(async () => {
  server = await startKinesalite();
});

afterAll(async () => {
  for (const producer of producers) producer.close();
  await server.stop();
});

async function newStream(shards = 1): Promise<KinesisProducer> {
  streams += 1;
  const producer = await createStream(server.endpoint, `stream-${streams}`, shards);
  producers.push(producer);
  return producer;
}

/** Puts texts, one record each; `partition` of them gives the partition key. */
async function put(
  producer: KinesisProducer,
  texts: readonly string[],
  partition = (text: string) => text,
) {
  const encoder = new TextEncoder();
  await producer.put(
    texts.map((text) => ({ partitionKey: partition(text), data: encoder.encode(text) })),
  );
}

const numbers = (count: number, prefix = "") =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

/** What a handler saw: one list of texts for each invocation. */
type Seen = string[][];
type Respond = (texts: string[], ids: string[], attempt: number) => unknown;

/** A function that writes down what it is given, and answers as told. */
function recording(
  respond: Respond = () => undefined,
  options: Partial<LambdaFunctionOptions> = {},
): LambdaFunction & { seen: Seen } {
  const seen: Seen = [];
  const made = lambdaFunction({
    name: "recording",
    create: () => async (event) => {
      const { Records } = event as KinesisStreamEvent;
      const texts = Records.map(({ kinesis }) => Buffer.from(kinesis.data, "base64").toString());
      seen.push(texts);
      const ids = Records.map(({ kinesis }) => kinesis.sequenceNumber);
      return respond(texts, ids, seen.length);
    },
    timeoutMs: 10_000,
    concurrency: 100,
    ...options,
  });
  return Object.assign(made, { seen });
}

/** Maps the whole stream once and gives what the mapping did. */
async function mapped(
  producer: KinesisProducer,
  invoked: LambdaFunction,
  options: Partial<MappingOptions>,
  endpoint = server.endpoint,
) {
  const reader = kinesisReader(endpoint, producer.stream);
  const mapping = startEventSourceMapping(reader, invoked, { retryDelayMs: 1, ...options });
  try {
    await mapping.drained();
  } finally {
    await mapping.stop();
  }
  return mapping.counts;
}

describe("An event source mapping", () => {
  it("gives records in the shape of AWS", async () => {
    const producer = await newStream();
    await put(producer, ["hello"], () => "bucket-7");
    const events: unknown[] = [];
    const create = () => (event: unknown) => Promise.resolve(events.push(event));
    await mapped(
      producer,
      lambdaFunction({ name: "shape", create, timeoutMs: 1000, concurrency: 1 }),
      {},
    );
    expect(events).toEqual([
      {
        Records: [
          {
            kinesis: {
              kinesisSchemaVersion: "1.0",
              partitionKey: "bucket-7",
              sequenceNumber: expect.stringMatching(/^\d{56}$/),
              data: "aGVsbG8=",
              approximateArrivalTimestamp: expect.closeTo(Date.now() / 1000, -3),
            },
            eventSource: "aws:kinesis",
            eventVersion: "1.0",
            eventID: expect.stringMatching(/^shardId-000000000000:\d{56}$/),
            eventName: "aws:kinesis:record",
            invokeIdentityArn: "arn:aws:iam::000000000000:role/keyhawk",
            awsRegion: "us-east-1",
            eventSourceARN: `arn:aws:kinesis:us-east-1:000000000000:stream/${producer.stream}`,
          },
        ],
      },
    ]);
  });

  it("cuts batches by number and keeps a shard's order", async () => {
    const producer = await newStream();
    await put(producer, numbers(25));
    const { seen, ...invoked } = recording();
    await mapped(producer, invoked, { batchSize: 10, batchingWindowMs: 50 });
    expect(seen.map(({ length }) => length)).toEqual([10, 10, 5]);
    expect(seen.flat()).toEqual(numbers(25));
  });

  it("waits for more records while its window is open and the batch not full", async () => {
    const producer = await newStream();
    const { seen, ...invoked } = recording();
    const reader = kinesisReader(server.endpoint, producer.stream);
    const options = { batchingWindowMs: 300_000, batchSize: 2 };
    const mapping = startEventSourceMapping(reader, invoked, options);
    await put(producer, ["first"]);
    while (mapping.counts.records < 1) await sleep(2);
    await sleep(50);
    expect(seen).toEqual([]);
    await put(producer, ["second"]);
    await mapping.drained();
    await mapping.stop();
    expect(seen).toEqual([["first", "second"]]);
  });

  it("skips what does not pass its filter", async () => {
    const producer = await newStream();
    await put(producer, numbers(5), (text) => (Number(text) % 2 === 0 ? "even" : "odd"));
    const { seen, ...invoked } = recording();
    const filter = { kinesis: { partitionKey: ["odd"] } };
    const counts = await mapped(producer, invoked, { filter, batchingWindowMs: 50 });
    expect(seen).toEqual([["1", "3"]]);
    expect([counts.records, counts.passed]).toEqual([5, 2]);
  });

  it("never puts more than 6 MB into an event", async () => {
    const producer = await newStream();
    const big = numbers(9).map((text) => text.padEnd(1_000_000, "."));
    for (const text of big) await put(producer, [text], (whole) => whole.slice(0, 1));
    const { seen, ...invoked } = recording();
    await mapped(producer, invoked, { batchSize: 100, batchingWindowMs: 300 });
    expect(seen.flat()).toEqual(big);
    // A million bytes are 1.33 million in base64: four fit.
    expect(Math.max(...seen.map(({ length }) => length))).toBe(4);
  });

  const failing = (ids: (string | undefined)[]) => ({
    batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
  });
  const answers: Record<string, { answer: (ids: string[]) => unknown; again: string[] }> = {
    "nothing as success": { answer: () => undefined, again: [] },
    "an empty object as success": { answer: () => ({}), again: [] },
    "an empty list as success": { answer: () => failing([]), again: [] },
    "a null list as success": { answer: () => ({ batchItemFailures: null }), again: [] },
    "one record as the one to go on with": {
      answer: (ids) => failing([ids[3]]),
      again: ["3", "4"],
    },
    "several records as the first of them": {
      answer: (ids) => failing([ids[4], ids[2]]),
      again: ["2", "3", "4"],
    },
    "an empty name as failure of all": { answer: () => failing([""]), again: numbers(5) },
    "a name it never gave as failure of all": { answer: () => failing(["7"]), again: numbers(5) },
    "a wrong field as failure of all": {
      answer: () => ({ batchItemFailures: [{ wrongField: "3" }] }),
      again: numbers(5),
    },
  };
  it.each(Object.entries(answers))("takes %s", async (_, { answer, again }) => {
    const producer = await newStream();
    await put(producer, numbers(5));
    const respond: Respond = (_texts, ids, attempt) => (attempt === 1 ? answer(ids) : undefined);
    const { seen, ...invoked } = recording(respond);
    await mapped(producer, invoked, { batchingWindowMs: 50, reportBatchItemFailures: true });
    expect(seen).toEqual(again.length === 0 ? [numbers(5)] : [numbers(5), again]);
  });

  it("does not look at answers unless it is told to", async () => {
    const producer = await newStream();
    await put(producer, numbers(5));
    const { seen, ...invoked } = recording((_, ids) => ({
      batchItemFailures: [{ itemIdentifier: ids[0] }],
    }));
    await mapped(producer, invoked, { batchingWindowMs: 50 });
    expect(seen).toEqual([numbers(5)]);
  });

  const poison: Respond = (texts) => {
    if (texts.includes("6")) throw new Error("poison");
  };

  it("finds a bad record by halves and gives up that one only", async () => {
    const producer = await newStream();
    await put(producer, numbers(8));
    const given: string[] = [];
    const { seen, ...invoked } = recording(poison);
    const counts = await mapped(producer, invoked, {
      batchingWindowMs: 50,
      bisectBatchOnFunctionError: true,
      maximumRetryAttempts: 2,
      onFailure: async ({ records }) => {
        for (const { orderKey } of records) given.push(orderKey);
      },
    });
    expect(given).toEqual(["6"]);
    expect(counts.splits).toBe(3);
    expect(seen.map((batch) => batch.join(""))).toEqual([
      "01234567",
      "0123",
      "4567",
      "45",
      "67",
      "6",
      "6",
      "6",
      "7",
    ]);
  });

  it("gives up all that was in a batch with a bad record if it may not split", async () => {
    const producer = await newStream();
    await put(producer, numbers(8));
    const given: string[] = [];
    const { seen, ...invoked } = recording((texts, ids) => {
      const bad = texts.indexOf("6");
      return bad < 0 ? undefined : { batchItemFailures: [{ itemIdentifier: ids[bad] }] };
    });
    await mapped(producer, invoked, {
      batchingWindowMs: 50,
      reportBatchItemFailures: true,
      maximumRetryAttempts: 1,
      onFailure: async ({ records }) => {
        for (const { orderKey } of records) given.push(orderKey);
      },
    });
    expect(seen).toEqual([numbers(8), ["6", "7"]]);
    expect(given).toEqual(["6", "7"]);
  });

  it("gives up records that are too old, before the function sees them", async () => {
    const producer = await newStream();
    await put(producer, ["old"]);
    await sleep(30);
    const conditions: string[] = [];
    const { seen, ...invoked } = recording();
    await mapped(producer, invoked, {
      maximumRecordAgeMs: 20,
      onFailure: async ({ condition }) => void conditions.push(condition),
    });
    expect([seen, conditions]).toEqual([[], ["RecordAgeExceeded"]]);
  });

  it("tries again without an attempt when the function is throttled", async () => {
    const producer = await newStream();
    await put(producer, numbers(40));
    const { seen, ...invoked } = recording();
    const counts = await mapped(producer, invoked, {
      batchSize: 1,
      maximumRetryAttempts: 0,
      chaos: { throttled: 0.5 },
    });
    expect(counts.throttled).toBeGreaterThan(5);
    expect(seen.flat()).toEqual(numbers(40));
  });

  it("keeps the order per partition key when it runs ten batches of a shard at once", async () => {
    const producer = await newStream();
    const texts = numbers(300).map((text) => `${Number(text) % 15}:${text}`);
    await put(producer, texts, (text) => text.split(":")[0] ?? "");
    let running = 0;
    let most = 0;
    const respond: Respond = async () => {
      running += 1;
      most = Math.max(most, running);
      await sleep(3);
      running -= 1;
    };
    const { seen, ...invoked } = recording(respond);
    await mapped(producer, invoked, { batchSize: 5, parallelizationFactor: 10 });
    expect(most).toBeGreaterThan(3);
    const ofKey = (key: string) => (list: string[]) =>
      list.filter((text) => text.startsWith(`${key}:`));
    for (const key of numbers(15)) expect(ofKey(key)(seen.flat())).toEqual(ofKey(key)(texts));
  });

  it("runs one batch of a shard at a time otherwise", async () => {
    const producer = await newStream();
    await put(producer, numbers(20));
    let running = 0;
    const overlaps: number[] = [];
    const { seen, ...invoked } = recording(async () => {
      overlaps.push((running += 1));
      await sleep(1);
      running -= 1;
    });
    await mapped(producer, invoked, { batchSize: 1 });
    expect(Math.max(...overlaps)).toBe(1);
    expect(seen).toHaveLength(20);
  });

  it("begins with children when all of their parents are done", async () => {
    const producer = await newStream();
    const [root] = await producer.openShards();
    await producer.putInto(root?.ShardId ?? "", numbers(30, "root-"));
    const children = await producer.split(root?.ShardId ?? "");
    for (const child of children) await producer.putInto(child, numbers(10, "child-"));
    const merged = await producer.merge(children[0] ?? "", children[1] ?? "");
    await producer.putInto(merged, numbers(10, "merged-"));
    let failures = 6;
    const { seen, ...invoked } = recording((texts) => {
      if (texts.some((text) => /-[79]$/.test(text)) && (failures -= 1) > 0)
        throw new Error("again");
    });
    await mapped(producer, invoked, { batchSize: 4, parallelizationFactor: 3 });
    const generations = seen.flat().map((text) => text.split("-")[0]);
    expect(new Set(seen.flat()).size).toBe(50);
    expect(generations.lastIndexOf("root")).toBeLessThan(generations.indexOf("child"));
    expect(generations.lastIndexOf("child")).toBeLessThan(generations.indexOf("merged"));
  });

  it("delivers again while a handler that was given up still runs", async () => {
    const producer = await newStream();
    await put(producer, ["slow"]);
    const later = Promise.withResolvers<void>();
    const finished: number[] = [];
    const respond: Respond = async (_texts, _ids, attempt) => {
      if (attempt === 1) await later.promise;
      finished.push(attempt);
      later.resolve();
    };
    const { seen, ...invoked } = recording(respond, { timeoutMs: 100 });
    const counts = await mapped(producer, invoked, {});
    expect(counts.timedOut).toBeGreaterThan(0);
    expect(new Set(seen.flat())).toEqual(new Set(["slow"]));
    expect(finished.at(-1)).toBe(1);
  });

  it("loses nothing in any chaos, and repeats much", async () => {
    const producer = await newStream(2);
    const texts = numbers(200);
    await put(producer, texts);
    const { seen, ...invoked } = recording(() => sleep(1));
    const counts = await mapped(producer, invoked, {
      batchSize: 3,
      parallelizationFactor: 4,
      bisectBatchOnFunctionError: true,
      chaos: {
        throttled: 0.1,
        crashed: 0.1,
        lostAnswer: 0.15,
        abandoned: 0.1,
        killed: 0.1,
        doubled: 0.15,
        rebatched: 0.5,
      },
    });
    expect(new Set(seen.flat())).toEqual(new Set(texts));
    expect(seen.flat().length).toBeGreaterThan(texts.length * 1.2);
    expect(Math.min(...Object.values(counts.chaos))).toBeGreaterThan(0);
  });

  it("goes on where another stopped, with what was not settled", async () => {
    const producer = await newStream();
    await put(producer, numbers(60));
    const first = recording((texts) => {
      if (texts.includes("30")) throw new Error("stuck");
    });
    const reader = kinesisReader(server.endpoint, producer.stream);
    const stuck = startEventSourceMapping(reader, first, { batchSize: 10, batchingWindowMs: 100 });
    while (first.seen.filter((texts) => texts.includes("30")).length < 3) await sleep(2);
    const positions = await stuck.stop();
    const { seen, ...invoked } = recording();
    await mapped(producer, invoked, { positions, batchSize: 10, batchingWindowMs: 100 });
    expect(seen.flat()).toEqual(numbers(60).slice(30));
  });

  it("reads on through throttled, broken and cut reads", async () => {
    const producer = await newStream();
    await put(producer, numbers(100));
    const proxy = await startFaultProxy(
      server.endpoint,
      seededPlan(7, [
        { fault: throttled, probability: 0.2 },
        { fault: { kind: "error", name: "ExpiredIteratorException" }, probability: 0.2 },
        { fault: { kind: "cut" }, probability: 0.1 },
        { fault: { kind: "lostAnswer" }, probability: 0.1 },
      ]),
    );
    const { seen, ...invoked } = recording();
    const counts = await mapped(producer, invoked, { batchSize: 10 }, proxy.endpoint);
    await proxy.stop();
    expect(seen.flat()).toEqual(numbers(100));
    expect(counts.readErrors).toBeGreaterThan(0);
  });

  it("says what is open when it does not come to an end", async () => {
    const producer = await newStream();
    await put(producer, ["never"]);
    const invoked = recording(() => {
      throw new Error("no");
    });
    const reader = kinesisReader(server.endpoint, producer.stream);
    const mapping = startEventSourceMapping(reader, invoked, {});
    await expect(mapping.drained(300)).rejects.toThrow(/not drained .*: 1 records wait/);
    await mapping.stop();
  });
});

describe("An on-failure destination", () => {
  it("gets the records in a bucket, and what they were in a queue", async () => {
    const aws = await startFauxqs({ port: 0, logger: false });
    const common = {
      endpoint: aws.address,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      requestHandler: new NodeHttpHandler({}),
    };
    const s3 = new S3Client({ ...common, forcePathStyle: true });
    const sqs = new SQSClient(common);
    aws.createBucket("dead-letters");
    const { queueUrl } = aws.createQueue("dead-letters");
    const toBucket = bucketDestination(s3, "dead-letters");
    const toQueue = queueDestination(sqs, `${aws.address}${new URL(queueUrl).pathname}`);
    let refusals = 2;
    const producer = await newStream();
    await put(producer, ["a", "b"]);
    const invoked = recording(() => {
      throw new Error("never");
    });
    const counts = await mapped(producer, invoked, {
      batchingWindowMs: 50,
      maximumRetryAttempts: 1,
      onFailure: async (discarded) => {
        if ((refusals -= 1) >= 0) throw new Error("destination is down");
        await toBucket(discarded);
        await toQueue(discarded);
      },
    });
    expect(counts.discarded).toBe(2);

    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "dead-letters" }));
    const Key = Contents[0]?.Key ?? "";
    expect(Contents).toHaveLength(1);
    expect(Key).toMatch(
      /^aws\/lambda\/[-0-9a-f]{36}\/shardId-0{12}\/\d{4}\/\d\d\/\d\d\/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[-0-9a-f]{36}$/,
    );
    const object = await s3.send(new GetObjectCommand({ Bucket: "dead-letters", Key }));
    const kept = JSON.parse((await object.Body?.transformToString()) ?? "") as {
      payload: string;
    };
    const event = JSON.parse(kept.payload) as KinesisStreamEvent;
    expect(event.Records.map(({ kinesis }) => kinesis.data)).toEqual(["YQ==", "Yg=="]);

    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: `${aws.address}${new URL(queueUrl).pathname}` }),
    );
    const message = JSON.parse(Messages[0]?.Body ?? "") as object;
    expect(message).toMatchObject({
      requestContext: { condition: "RetryAttemptsExhausted", approximateInvokeCount: 2 },
      version: "1.0",
      KinesisBatchInfo: {
        shardId: "shardId-000000000000",
        startSequenceNumber: event.Records[0]?.kinesis.sequenceNumber,
        endSequenceNumber: event.Records[1]?.kinesis.sequenceNumber,
        batchSize: 2,
      },
    });
    expect(message).not.toHaveProperty("payload");
    s3.destroy();
    sqs.destroy();
    await aws.stop();
  });
});
