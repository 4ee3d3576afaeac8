import type { KinesisStreamEvent, KinesisStreamRecord } from "aws-lambda";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../../src/simulation/random.ts";
import {
  type MappingOptions,
  startEventSourceMapping,
} from "../../support/event-source-mapping.ts";
import { type KinesisServer, startKinesalite } from "../../support/kinesalite.ts";
import { createStream, type KinesisProducer } from "../../support/kinesis-producer.ts";
import type { Chaos } from "../../support/lambda/chaos.ts";
import { kinesisReader } from "../../support/lambda/kinesis-reader.ts";
import { lambdaFunction, type LambdaHandler } from "../../support/lambda/lambda-function.ts";

/**
 * Shows that the emulated mapping finds the mistakes that handlers of streams make: small handlers that count the events of
 * twelve entities, each with one mistake, and one without.
 */

const ENTITIES = 12;
const EVENTS = 240;
const chaos: Chaos = {
  throttled: 0.1,
  crashed: 0.05,
  lostAnswer: 0.1,
  abandoned: 0.15,
  killed: 0.1,
  doubled: 0.15,
  rebatched: 0.5,
};

interface Item {
  readonly version: number;
  readonly count: number;
  /** Of calls counted. */
  readonly ids: readonly string[];
  /** By shard: last sequence number counted. */
  readonly fence: Readonly<Record<string, string>>;
  /** Events not yet told. */
  readonly outbox: readonly string[];
}

const blank: Item = { version: 0, count: 0, ids: [], fence: {}, outbox: [] };

/** A table that answers after a while; everything fails for a sandbox that was killed. */
class ToyTable {
  readonly items = new Map<string, Item>();
  readonly told = new Set<string>();
  readonly #random = new Random("toy table");
  readonly #dead = new Set<number>();

  kill(sandbox: number): void {
    this.#dead.add(sandbox);
  }

  async get(sandbox: number, entity: string): Promise<Item> {
    await this.#pass(sandbox);
    return this.items.get(entity) ?? blank;
  }

  /** False when somebody else was faster. */
  async put(sandbox: number, entity: string, item: Item, version?: number): Promise<boolean> {
    await this.#pass(sandbox);
    const known = this.items.get(entity) ?? blank;
    if (version !== undefined && known.version !== version) return false;
    this.items.set(entity, { ...item, version: known.version + 1 });
    return true;
  }

  async tell(sandbox: number, event: string): Promise<void> {
    await this.#pass(sandbox);
    this.told.add(event);
  }

  async #pass(sandbox: number): Promise<void> {
    if (this.#dead.has(sandbox)) throw new Error("killed");
    await sleep(this.#random.integer(0, 2));
    if (this.#dead.has(sandbox)) throw new Error("killed");
  }
}

interface ToyEvent {
  readonly entity: string;
  readonly id: string;
  readonly shard: string;
  readonly sequence: string;
}

type Toy = (table: ToyTable, sandbox: number) => LambdaHandler;

/** Counts the events of a record in one write, on condition that nobody wrote meanwhile. */
async function fold(
  table: ToyTable,
  sandbox: number,
  { entity }: ToyEvent,
  step: (item: Item) => Item,
): Promise<void> {
  for (;;) {
    const item = await table.get(sandbox, entity);
    const next = step(item);
    if (next === item || (await table.put(sandbox, entity, next, item.version))) return;
  }
}

function countOnce({ id }: ToyEvent): (item: Item) => Item {
  return (item) => {
    if (item.ids.includes(id)) return item;
    return { ...item, count: item.count + 1, ids: [...item.ids, id], outbox: [...item.outbox, id] };
  };
}

async function deliver(table: ToyTable, sandbox: number, event: ToyEvent): Promise<void> {
  const { outbox } = await table.get(sandbox, event.entity);
  for (const id of outbox) await table.tell(sandbox, id);
  await fold(table, sandbox, event, (item) => ({
    ...item,
    outbox: item.outbox.filter((id) => !outbox.includes(id)),
  }));
}

const correct: Toy = (table, sandbox) =>
  eachEvent(async (event) => {
    await fold(table, sandbox, event, countOnce(event));
    await deliver(table, sandbox, event);
  });

const addsBlindly: Toy = (table, sandbox) =>
  eachEvent((event) => fold(table, sandbox, event, (item) => ({ ...item, count: item.count + 1 })));

const fencesByShard: Toy = (table, sandbox) =>
  eachEvent((event) => {
    const { shard, sequence } = event;
    return fold(table, sandbox, event, (item) => {
      if (BigInt(sequence) <= BigInt(item.fence[shard] ?? 0)) return item;
      return { ...item, count: item.count + 1, fence: { ...item.fence, [shard]: sequence } };
    });
  });

const writesWithoutCondition: Toy = (table, sandbox) =>
  eachEvent(async (event) => {
    const item = await table.get(sandbox, event.entity);
    await table.put(sandbox, event.entity, countOnce(event)(item));
  });

const trustsItsCache: Toy = (table, sandbox) => {
  const cache = new Map<string, Item>();
  return eachEvent(async (event) => {
    const item = cache.get(event.entity) ?? (await table.get(sandbox, event.entity));
    const next = countOnce(event)(item);
    await table.put(sandbox, event.entity, next);
    cache.set(event.entity, next);
  });
};

const tellsWithoutOutbox: Toy = (table, sandbox) =>
  eachEvent(async (event) => {
    let isNew = false;
    await fold(table, sandbox, event, (item) => {
      const next = countOnce(event)(item);
      isNew = next !== item;
      return { ...next, outbox: [] };
    });
    if (isNew) await table.tell(sandbox, event.id);
  });

function eachEvent(handle: (event: ToyEvent) => Promise<void>): LambdaHandler {
  return async (event) => {
    for (const record of (event as KinesisStreamEvent).Records) await handle(eventOf(record));
  };
}

function eventOf({ kinesis, eventID }: KinesisStreamRecord): ToyEvent {
  const id = Buffer.from(kinesis.data, "base64").toString();
  const entity = `entity-${Number(id) % ENTITIES}`;
  return { entity, id, shard: eventID.split(":")[0] ?? "", sequence: kinesis.sequenceNumber };
}

let server: KinesisServer;
let producer: KinesisProducer;

/** A stream that was split half-way, with events whose partition key is not that of their entity, as CloudTrail's are. */
beforeAll(async () => {
  server = await startKinesalite();
  producer = await createStream(server.endpoint, "toys", 2);
  const encoder = new TextEncoder();
  const records = Array.from({ length: EVENTS }, (_, id) => ({
    partitionKey: `log-stream-${id % 40}`,
    data: encoder.encode(String(id)),
  }));
  await producer.put(records.slice(0, EVENTS / 2));
  const [first] = await producer.openShards();
  await producer.split(first?.ShardId ?? "");
  await producer.put(records.slice(EVENTS / 2));
});

afterAll(async () => {
  producer.close();
  await server.stop();
});

/** Runs a handler over the stream; gives what it made of it. */
async function outcome(toy: Toy, options: Partial<MappingOptions>, mappings = 1) {
  const table = new ToyTable();
  const invoked = lambdaFunction({
    name: "toy",
    create: (sandbox) => toy(table, sandbox),
    end: (sandbox) => table.kill(sandbox),
    timeoutMs: 10_000,
    concurrency: 100,
  });
  const started = Array.from({ length: mappings }, (_, index) =>
    startEventSourceMapping(kinesisReader(server.endpoint, producer.stream), invoked, {
      batchSize: 8,
      retryDelayMs: 1,
      seed: `mapping ${index}`,
      ...options,
    }),
  );
  await Promise.all(started.map((mapping) => mapping.drained()));
  await Promise.all(started.map((mapping) => mapping.stop()));
  const count = [...table.items.values()].reduce((sum, item) => sum + item.count, 0);
  return { count, told: table.told.size };
}

describe.concurrent("The emulated mapping", () => {
  it("lets a handler that makes no mistake come out exact, whatever goes wrong", async () => {
    const options = { parallelizationFactor: 10, bisectBatchOnFunctionError: true, chaos };
    expect(await outcome(correct, options, 2)).toEqual({ count: EVENTS, told: EVENTS });
  });

  it("finds a handler that counts again what it is given again", async () => {
    expect(await outcome(addsBlindly, {})).toMatchObject({ count: EVENTS });
    const { count } = await outcome(addsBlindly, { chaos });
    expect(count).toBeGreaterThan(EVENTS);
  });

  it("finds a fence by shard, which loses events once batches of a shard run side by side", async () => {
    expect(await outcome(fencesByShard, { chaos })).toMatchObject({ count: EVENTS });
    const { count } = await outcome(fencesByShard, { parallelizationFactor: 10 });
    expect(count).toBeLessThan(EVENTS);
  });

  it("finds writes without a condition, which lose what somebody else wrote", async () => {
    const { count } = await outcome(writesWithoutCondition, { parallelizationFactor: 10 });
    expect(count).toBeLessThan(EVENTS);
  });

  it("finds a warm cache that is believed though another sandbox wrote", async () => {
    const { count } = await outcome(trustsItsCache, { chaos }, 2);
    expect(count).toBeLessThan(EVENTS);
  });

  it("finds alerts that are told after the commit and forgotten when the sandbox dies between", async () => {
    const { count, told } = await outcome(tellsWithoutOutbox, { chaos: { killed: 0.5 } });
    expect(count).toBe(EVENTS);
    expect(told).toBeLessThan(EVENTS);
  });
});
