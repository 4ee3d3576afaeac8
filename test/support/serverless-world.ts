import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { type FauxqsServer, startFauxqs } from "fauxqs";
import { type FunctionName, functionNames } from "../../infra/bundle.ts";
import { outboxFilter, tableDefinition } from "../../src/store/dynamodb/table-definition.ts";
import { startDynoxide } from "./dynoxide.ts";
import {
  type EventSourceMapping,
  type MappingOptions,
  startEventSourceMapping,
} from "./event-source-mapping.ts";
import { type FaultPlan, type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { startKinesalite } from "./kinesalite.ts";
import { createStream, type KinesisProducer } from "./kinesis-producer.ts";
import { bundledSandboxes } from "./lambda/bundled-sandboxes.ts";
import { dynamoDbReader } from "./lambda/dynamodb-reader.ts";
import { bucketDestination } from "./lambda/failure-destination.ts";
import { kinesisReader } from "./lambda/kinesis-reader.ts";
import { lambdaFunction, type LambdaFunction } from "./lambda/lambda-function.ts";
import { startSchedule } from "./lambda/schedule.ts";
import { type MeteredExchange, startMeter } from "./meter.ts";
import { startTopic, type Topic } from "./topic.ts";

export interface ServerlessOptions {
  /** The bundled file of each function. */
  readonly files: Readonly<Record<FunctionName, string>>;
  /** Configuration but for the sink. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What goes wrong with requests of the functions to each service. */
  readonly faults?: Partial<Readonly<Record<ServiceName, FaultPlan>>>;
  /** Told of each exchange of the functions with a service that went through. */
  readonly meters?: Partial<Readonly<Record<ServiceName, (exchange: MeteredExchange) => void>>>;
  /** Environment variables of a function besides. */
  readonly environment?: Partial<Readonly<Record<FunctionName, Readonly<Record<string, string>>>>>;
  readonly shards?: { readonly source: number; readonly entities: number };
  /** How the mappings of each function differ from AWS's defaults. */
  readonly mappings?: Partial<Readonly<Record<MappedFunction, Partial<MappingOptions>>>>;
}

const serviceNames = ["kinesis", "dynamodb", "s3", "sns"] as const;
export type ServiceName = (typeof serviceNames)[number];
export type MappedFunction = Exclude<FunctionName, "tick">;

/** Long enough for a machine that does much else: what never drains fails all the same. */
const DRAIN_MS = 90_000;

/** Keyhawk as it is deployed without servers, on loopback. */
export interface ServerlessWorld extends AsyncDisposable {
  readonly source: KinesisProducer;
  readonly entities: KinesisProducer;
  readonly topic: Topic;
  readonly table: string;
  /** Of the table itself, past the faults. */
  readonly tableEndpoint: string;
  readonly kinesisEndpoint: string;
  readonly proxies: Readonly<Record<ServiceName, FaultProxy>>;
  readonly functions: Readonly<Record<FunctionName, LambdaFunction>>;
  readonly mappings: Readonly<Record<MappedFunction, EventSourceMapping>>;
  /** Resolves when all that is in the streams is handled, and all that came of it. */
  settle(): Promise<void>;
  /** Runs `tick` once. */
  tick(): Promise<void>;
  /** Runs `tick` once as if it were ten minutes later: what was missed or refused is tried again then. */
  tickLater(): Promise<void>;
  /** Goes on with the entity stream where a mapping stood some time ago: what came since comes again. */
  rewind(to: Rewind): Promise<void>;
  mark(): Rewind;
  /** Objects of the bucket of dead letters, and of the one for batches that were given up. */
  letters(): Promise<string[]>;
  discarded(): Promise<string[]>;
  /** What the functions logged. */
  log(): string;
}

export type Rewind = ReturnType<EventSourceMapping["positions"]>;

const region = "us-east-1";
const credentials = { accessKeyId: "test", secretAccessKey: "test" };
const letterBucket = "dead-letters";
const discardBucket = "given-up";
export const buckets = 16;

export async function startServerless(options: ServerlessOptions): Promise<ServerlessWorld> {
  const kinesis = await startKinesalite();
  const dynamodb = await startDynoxide();
  const aws = await startFauxqs({ port: 0, logger: false });
  aws.createBucket(letterBucket);
  aws.createBucket(discardBucket);
  const topic = await startTopic("serverless");
  const targets: Record<ServiceName, string> = {
    kinesis: kinesis.endpoint,
    dynamodb: dynamodb.endpoint,
    s3: aws.address,
    sns: topic.options.endpoint ?? "",
  };
  const meters = await eachOf(serviceNames, async (name) => {
    const tell = options.meters?.[name];
    return tell === undefined ? undefined : await startMeter(targets[name], tell);
  });
  const proxies = await eachOf(serviceNames, (name) =>
    startFaultProxy(meters[name]?.endpoint ?? targets[name], options.faults?.[name]),
  );
  const shards = options.shards ?? { source: 2, entities: 2 };
  const source = await createStream(kinesis.endpoint, "cloudtrail-events", shards.source);
  const entities = await createStream(kinesis.endpoint, "keyhawk-entities", shards.entities);
  const table = "keyhawk";
  await createTable(dynamodb.endpoint, table);

  const sink = {
    type: "sns",
    name: "on-call",
    topicArn: topic.options.topicArn,
    endpoint: proxies.sns.endpoint,
  };
  const env = environment({ ...options.config, sinks: [sink] }, table, proxies);
  const sandboxes = await eachOf(functionNames, async (name) =>
    bundledSandboxes(options.files[name], { ...env, ...options.environment?.[name] }),
  );
  const functions = await eachOf(functionNames, async (name) =>
    lambdaFunction({ name, ...sandboxes[name], timeoutMs: 60_000, concurrency: 4 }),
  );
  const s3 = s3Client(aws);
  const readers = {
    spread: () => kinesisReader(kinesis.endpoint, source.stream),
    detect: () => kinesisReader(kinesis.endpoint, entities.stream),
    deliver: () => dynamoDbReader(dynamodb.endpoint, table),
  };
  const startMapping = async (name: MappedFunction, more: Partial<MappingOptions> = {}) =>
    startEventSourceMapping(await readers[name](), functions[name], {
      batchSize: 200,
      batchingWindowMs: 20,
      reportBatchItemFailures: true,
      bisectBatchOnFunctionError: true,
      onFailure: bucketDestination(s3, discardBucket),
      retryDelayMs: 5,
      pollMs: 250,
      seed: name,
      filter: name === "deliver" ? outboxFilter : {},
      ...options.mappings?.[name],
      ...more,
    });
  const mappings = await eachOf(["spread", "detect", "deliver"] as const, (name) =>
    startMapping(name),
  );
  const later = lambdaFunction({
    name: "tick-later",
    ...bundledSandboxes(options.files.tick, env, 600_000),
    timeoutMs: 60_000,
    concurrency: 1,
  });

  return {
    source,
    entities,
    topic,
    table,
    tableEndpoint: dynamodb.endpoint,
    kinesisEndpoint: kinesis.endpoint,
    proxies,
    functions,
    mappings,
    async settle() {
      const puts = () => proxies.kinesis.requests.get("PutRecords");
      await mappings.spread.drained(DRAIN_MS);
      // What is delivered may lead to more on the entity stream.
      for (let before; ;) {
        before = puts();
        await mappings.detect.drained(DRAIN_MS);
        await mappings.deliver.drained(DRAIN_MS);
        if (puts() === before) return;
      }
    },
    tick: () => fire(functions.tick),
    tickLater: () => fire(later),
    mark: () => mappings.detect.positions(),
    async rewind(positions) {
      await mappings.detect.stop();
      const counts = mappings.detect.counts;
      mappings.detect = await startMapping("detect", { positions, counts });
    },
    letters: () => objectsIn(s3, letterBucket),
    discarded: () => objectsIn(s3, discardBucket),
    log: () => functionNames.map((name) => sandboxes[name].log()).join(""),
    async [Symbol.asyncDispose]() {
      await Promise.all(Object.values(mappings).map((mapping) => mapping.stop()));
      await Promise.all([...Object.values(functions), later].map((one) => one.stop()));
      source.close();
      entities.close();
      s3.destroy();
      await Promise.all(Object.values(proxies).map((proxy) => proxy.stop()));
      await Promise.all(Object.values(meters).map(async (meter) => meter?.stop()));
      await topic[Symbol.asyncDispose]();
      await Promise.all([aws.stop(), dynamodb.stop(), kinesis.stop()]);
    },
  };
}

async function fire(tick: LambdaFunction): Promise<void> {
  const schedule = startSchedule(tick, Number.POSITIVE_INFINITY);
  const result = await schedule.fire();
  await schedule.stop();
  if (result.status !== "answered") throw new Error(`tick: ${JSON.stringify(result)}`);
}

/** The environment variables that the functions are deployed with, and where their services are. */
function environment(
  config: object,
  table: string,
  proxies: Readonly<Record<ServiceName, FaultProxy>>,
): Record<string, string> {
  return {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL_KINESIS: proxies.kinesis.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: proxies.dynamodb.endpoint,
    AWS_ENDPOINT_URL_S3: proxies.s3.endpoint,
    AWS_ENDPOINT_URL_SNS: proxies.sns.endpoint,
    KEYHAWK_CONFIG: JSON.stringify(config),
    KEYHAWK_ENTITY_STREAM: "keyhawk-entities",
    KEYHAWK_TABLE: table,
    KEYHAWK_BUCKETS: String(buckets),
    KEYHAWK_DEAD_LETTER_BUCKET: letterBucket,
    KEYHAWK_HASH_KEY_SECRET: "env:CONTEXT_HASH_KEY",
    CONTEXT_HASH_KEY: "0".repeat(32),
  };
}

async function createTable(endpoint: string, TableName: string): Promise<void> {
  const requestHandler = new NodeHttpHandler({});
  const client = new DynamoDBClient({ endpoint, region, credentials, requestHandler });
  try {
    await client.send(new CreateTableCommand({ ...tableDefinition, TableName }));
  } finally {
    client.destroy();
  }
}

function s3Client({ address }: FauxqsServer): S3Client {
  const requestHandler = new NodeHttpHandler({});
  return new S3Client({
    endpoint: address,
    region,
    credentials,
    requestHandler,
    forcePathStyle: true,
  });
}

async function objectsIn(client: S3Client, Bucket: string): Promise<string[]> {
  const found: string[] = [];
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
    );
    for (const { Key } of page.Contents ?? []) {
      const object = await client.send(new GetObjectCommand({ Bucket, Key }));
      found.push((await object.Body?.transformToString()) ?? "");
    }
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return found;
}

async function eachOf<Name extends string, Value>(
  names: readonly Name[],
  make: (name: Name) => Promise<Value>,
): Promise<Record<Name, Value>> {
  const made = await Promise.all(names.map(async (name) => [name, await make(name)] as const));
  return Object.fromEntries(made) as Record<Name, Value>;
}
