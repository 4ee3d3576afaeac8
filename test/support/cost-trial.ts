import { join } from "node:path";
import { detectors } from "../../detectors/index.ts";
import { bundleFunctions } from "../../infra/bundle.ts";
import { serverlessCounts, type ServerlessKnobs } from "../../infra/cost/serverless.ts";
import { type EntityKind, entityKinds, type Workload } from "../../infra/cost/workload.ts";
import { readEnvelope } from "../../src/cloudtrail/envelope.ts";
import type { KmsEvent } from "../../src/cloudtrail/event.ts";
import { Engine } from "../../src/detection/engine.ts";
import { entityName, route } from "../../src/detection/routing.ts";
import { unpack } from "../../src/lambda/packing.ts";
import type { CloudTrailRecord } from "../../src/simulation/record.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { openDynamodbEntityStore } from "../../src/store/dynamodb/dynamodb-entity-store.ts";
import { engineOptions, noAccountsListed } from "./detection.ts";
import { logsMessage } from "./e2e-arrivals.ts";
import type { MeteredExchange } from "./meter.ts";
import { READ_OPTIONS } from "./parsing.ts";
import { buckets, type ServerlessWorld, startServerless } from "./serverless-world.ts";
import { TableMeter } from "./table-meter.ts";

/** A count of the model for a trail, and what was counted where that trail ran through the functions. */
export interface ComparedCount {
  readonly what: string;
  readonly predicted: number;
  readonly counted: number;
}

const LEARNING_DAYS = 7;
/** The morning of the next day: hours that fill those of identities, then those that are counted. */
const WARM_FROM_HOUR = LEARNING_DAYS * 24 + 2;
const COUNTED_FROM_HOUR = WARM_FROM_HOUR + 10;
const COUNTED_HOURS = 6;
const WINDOW_SECONDS = 1800;
/** Events of one record of the source, and so of one call of `spread`. */
const TOGETHER = 100;
const LANES = 4;
const TICKS = 3;

/**
 * Runs an ordinary day of a simulated organization through the bundled functions on loopback, without faults, and counts: records,
 * calls, requests and capacity units. Then asks the model about that day. `folder` takes the bundles.
 */
export async function runCostTrial(folder: string): Promise<readonly ComparedCount[]> {
  const hours = simulatedHours();
  const memories = learned(hours.slice(0, WARM_FROM_HOUR));
  const table = new TableMeter();
  const stream = new StreamMeter();
  await using world = await startWorld(folder, table, stream);
  await seed(world, memories);
  for (const records of hours.slice(WARM_FROM_HOUR, COUNTED_FROM_HOUR)) await pass(world, records);
  table.reset();
  stream.reset();
  const before = counted(world);
  const told = publishesIn(world);
  const halves = hours
    .slice(COUNTED_FROM_HOUR, COUNTED_FROM_HOUR + COUNTED_HOURS)
    .flatMap(inHalves);
  for (const records of halves) await pass(world, records);
  const after = counted(world);
  const revisions = publishesIn(world) - told;
  const share = COUNTED_HOURS / 24;
  const events = eventsOf(halves.flat());
  const knobs: ServerlessKnobs = {
    windowSeconds: WINDOW_SECONDS,
    // So long that a call of `spread` brings what one brought here.
    spreadWindowSeconds: (COUNTED_HOURS * 3600) / (after.spreadCalls - before.spreadCalls),
    buckets,
    parallelization: LANES,
    tickMinutes: 60,
    sourceShards: 1,
    entityShards: 1,
    containers: LANES,
  };
  const model = serverlessCounts(workloadOf(events, revisions / share), knobs);
  const compared: ComparedCount[] = [];
  const compare = (what: string, ofDay: number, found: number) => {
    compared.push({ what, predicted: ofDay * share, counted: found });
  };
  compare("calls of spread", model.spreadCalls, after.spreadCalls - before.spreadCalls);
  compare("PutRecords requests", model.putRequests, stream.requests);
  compare("records of the entity stream", model.entityRecords, stream.records);
  compare("bytes of the entity stream", model.entityBytes, stream.bytes);
  compare("payload units of the entity stream", model.putUnits, stream.units);
  compare("calls of detect", model.detectCalls, after.detectCalls - before.detectCalls);
  compare("commits of entities", model.table.commits, table.requests(/^UpdateItem memory$/));
  compare("bases of memories", model.table.bases, table.requests(/^UpdateItem part$/));
  compare("segments of identities", model.table.segments, stream.segments);
  const { writes, reads } = model.table;
  compare("write units, memories", writes.memories, table.units(/^UpdateItem (?:memory|part)$/));
  compare("write units, identities", writes.identities, table.units(/^BatchWriteItem segment$/));
  compare("write units, history", writes.history, table.units(/ (?:history|usage)$/));
  compare("write units, alerts", writes.alerts, table.units(alertWrites));
  compare("write units, watermarks", writes.watermarks, table.units(/^UpdateItem watermarks$/));
  compare("read units, memories", reads.memories, table.units(/^BatchGetItem (?:memory|part)$/));
  compare("read units, identities", reads.identities, table.units(/^BatchGetItem segment$/));
  compare("read units, alerts", reads.alerts, table.units(alertReads));
  compare(
    "read units, organization",
    reads.organization,
    table.units(/^(?:Query|GetItem) (?:accounts|engine|heard)$/),
  );
  compare("publishes", model.publishes, revisions);
  table.reset();
  for (let run = 0; run < TICKS; run += 1) await world.tick();
  // Once an hour.
  const ticking = (table.units(/^(?:Query|GetItem) /) / TICKS) * COUNTED_HOURS;
  compare("read units, tick", reads.tick, ticking);
  return compared;
}

const alertWrites =
  /^(?!Query|GetItem|BatchGetItem).* (?:outbox entries|tally|alerts?|outbox|sinks)$/;
const alertReads =
  /^(?:Query|GetItem|BatchGetItem) (?:tally|alerts?|outbox|sinks)$|^GetItem memory$/;

function simulatedHours(): (readonly CloudTrailRecord[])[] {
  const simulation = simulate({
    seed: 11,
    days: LEARNING_DAYS + 1,
    firstMs: Date.parse("2026-01-05T00:00:00Z"),
    principals: 120,
    accounts: 4,
    attacks: 0,
    attacksFrom: 1,
    scale: 2,
    kmsOnly: true,
    strength: "mixed",
  });
  return [...simulation.hours()].map(({ records }) => records);
}

function eventsOf(records: readonly CloudTrailRecord[]): KmsEvent[] {
  const options = { ...READ_OPTIONS, maxOpenedBytes: 2 ** 30 };
  return [...readEnvelope(Buffer.from(JSON.stringify({ Records: records })), options).events];
}

function learned(hours: readonly (readonly CloudTrailRecord[])[]): ReadonlyMap<string, string> {
  const engine = new Engine(engineOptions({ replay: false }), undefined);
  const memories = new Map<string, string>();
  for (const records of hours) {
    engine.process(eventsOf(records));
    for (const [name, memory] of engine.take().memories) memories.set(name, memory);
  }
  return memories;
}

async function startWorld(
  folder: string,
  table: TableMeter,
  stream: StreamMeter,
): Promise<ServerlessWorld> {
  const { spread, detect, deliver, tick } = bundleFunctions(join(folder, "bundles"));
  return await startServerless({
    files: { spread: spread.file, detect: detect.file, deliver: deliver.file, tick: tick.file },
    config: { version: 1 },
    meters: {
      dynamodb: (exchange) => {
        table.tell(exchange);
        stream.tellSegments(exchange);
      },
      kinesis: (exchange) => stream.tell(exchange),
    },
    // No entity is kept warm, as where each call meets another container.
    environment: { detect: { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "0.001" } },
    shards: { source: 1, entities: 1 },
    mappings: {
      spread: { batchSize: 1, batchingWindowMs: 0 },
      detect: { batchSize: 10_000, batchingWindowMs: 0, parallelizationFactor: LANES },
    },
  });
}

async function seed(
  { table, tableEndpoint }: ServerlessWorld,
  memories: ReadonlyMap<string, string>,
): Promise<void> {
  await using store = openDynamodbEntityStore(table, { endpoint: tableEndpoint });
  const calls = new Uint8Array();
  for (const [name, memory] of memories) {
    await store.commit({ name, version: 0, memory, calls, closesAtHour: undefined, outbox: [] });
  }
}

/** Lets a window pass: all its records are on the entity stream before `detect` sees any. */
async function pass(world: ServerlessWorld, records: readonly CloudTrailRecord[]): Promise<void> {
  const positions = await world.mappings.detect.stop();
  const messages: Uint8Array[] = [];
  for (let at = 0; at < records.length; at += TOGETHER) {
    messages.push(logsMessage(records.slice(at, at + TOGETHER)));
  }
  await world.source.put(messages.map((data) => ({ partitionKey: "1", data })));
  await world.mappings.spread.drained();
  await world.rewind(positions);
  await world.settle();
}

function inHalves(records: readonly CloudTrailRecord[]): CloudTrailRecord[][] {
  const isLate = ({ eventTime }: CloudTrailRecord) => new Date(eventTime).getUTCMinutes() >= 30;
  return [records.filter((record) => !isLate(record)), records.filter(isLate)];
}

function counted({ mappings }: ServerlessWorld) {
  return {
    spreadCalls: mappings.spread.counts.batches,
    detectCalls: mappings.detect.counts.batches,
  };
}

function publishesIn({ proxies }: ServerlessWorld): number {
  return [...proxies.sns.requests.values()].reduce((sum, requests) => sum + requests, 0);
}

function workloadOf(events: readonly KmsEvent[], revisionsPerDay: number): Workload {
  const eventsPerDay = (events.length * 24) / COUNTED_HOURS;
  const shares = Object.fromEntries(entityKinds.map((kind) => [kind, sharesOf(kind, events)]));
  return { eventsPerDay, shares: shares as Record<EntityKind, number[]>, revisionsPerDay };
}

function sharesOf(kind: EntityKind, events: readonly KmsEvent[]): number[] {
  const own = detectors.filter(({ entity }) => entity === kind);
  const names = events
    .filter((event) => own.some((detector) => detector.accepts(event)))
    .flatMap((event) => route(event, noAccountsListed).filter((target) => target.kind === kind))
    .map(({ id }) => entityName(kind, id));
  return [...Map.groupBy(names, (name) => name).values()].map((met) => met.length / names.length);
}

/** Counts what is put on the entity stream, events only: hours and signs come of alerts. */
class StreamMeter {
  requests = 0;
  records = 0;
  bytes = 0;
  /** Of 25 KB. */
  units = 0;
  segments = 0;

  reset(): void {
    this.requests = 0;
    this.records = 0;
    this.bytes = 0;
    this.units = 0;
    this.segments = 0;
  }

  tell({ operation, request }: MeteredExchange): void {
    if (operation !== "PutRecords") return;
    const records = (request["Records"] as readonly { readonly Data: string }[])
      .map(({ Data }) => Buffer.from(Data, "base64"))
      .filter((data) => unpack(data).events.length > 0);
    if (records.length > 0) this.requests += 1;
    this.records += records.length;
    for (const { length } of records) {
      this.bytes += length;
      this.units += Math.ceil(length / 25_600);
    }
  }

  tellSegments({ operation, request }: MeteredExchange): void {
    if (operation !== "BatchWriteItem") return;
    for (const writes of Object.values(request["RequestItems"] as Record<string, unknown[]>)) {
      this.segments += writes.filter((write) => JSON.stringify(write).includes('"segment#')).length;
    }
  }
}
