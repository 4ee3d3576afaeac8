import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDynamodbEntityStore } from "../../../../src/store/dynamodb/dynamodb-entity-store.ts";
import { openDynamodbStore } from "../../../../src/store/dynamodb/dynamodb-store.ts";
import { memoryKey } from "../../../../src/store/dynamodb/keys.ts";
import type { EntityStore } from "../../../../src/store/entity-store.ts";
import { Random } from "../../../../src/simulation/random.ts";
import { commitOf } from "../../../support/commits.ts";
import { startDynalite } from "../../../support/dynalite.ts";
import { createTable, useLoopbackCredentials } from "../../../support/dynamodb-table.ts";
import type { DynamoDbServer } from "../../../support/dynoxide.ts";
import { type Fault, type FaultProxy, startFaultProxy } from "../../../support/fault-proxy.ts";

const NAME = "principal:arn:aws:iam::111122223333:role/app";

let server: DynamoDbServer;
let proxy: FaultProxy;
let client: DynamoDBClient;

beforeAll(async () => {
  useLoopbackCredentials();
  server = await startDynalite();
  proxy = await startFaultProxy(server.endpoint);
  client = new DynamoDBClient({ endpoint: server.endpoint });
});
afterAll(async () => {
  client.destroy();
  await proxy.stop();
  await server.stop();
});

const openAt = (endpoint: string, table: string) => openDynamodbEntityStore(table, { endpoint });

/** A memory of some kilobytes that cannot be compressed; a count in it changes, and now and then a line of it. */
const lines = Array.from({ length: 40 }, (_, at) => noise(`line ${at}`, 128));
function memoryAt(step: number): string {
  const fresh = Array.from({ length: step }, (_, at) => noise(`fresh ${at}`, 128));
  return JSON.stringify({ count: step, lines: [...lines, ...fresh].slice(-40) });
}

function noise(seed: string, bytes: number): string {
  const random = new Random(seed);
  return Buffer.from(Uint8Array.from({ length: bytes }, () => random.integer(0, 255))).toString(
    "base64",
  );
}

describe("a memory that changes little", () => {
  it("is written in full every so often, and as what has changed in between", async () => {
    const table = await createTable(server.endpoint);
    await using store = openAt(server.endpoint, table);
    const sizes: number[] = [];
    for (let step = 0; step < 24; step += 1) {
      await commit(store, memoryAt(step));
      sizes.push(await bodyBytes(table));
    }
    expect(sizes[0]).toBeGreaterThan(5000);
    const rest = sizes.slice(1).sort((one, other) => one - other);
    expect(rest[12]).toBeLessThan(1000);
    expect(Math.max(...rest)).toBeLessThan(2500);
    await using other = openAt(server.endpoint, table);
    expect(await memoryIn(other)).toBe(memoryAt(23));
  });

  it("is read by the commands, written by them, and goes on", async () => {
    const table = await createTable(server.endpoint);
    await using store = openAt(server.endpoint, table);
    for (let step = 0; step < 4; step += 1) await commit(store, memoryAt(step));
    {
      await using state = await openDynamodbStore(table, {
        access: "consume",
        endpoint: server.endpoint,
      });
      expect(await state.loadMemories([NAME])).toEqual(new Map([[NAME, memoryAt(3)]]));
      await state.commit(commitOf({ memories: new Map([[NAME, memoryAt(30)]]) }));
    }
    expect(await memoryIn(store)).toBe(memoryAt(30));
    for (let step = 31; step < 36; step += 1) await commit(store, memoryAt(step));
    await using other = openAt(server.endpoint, table);
    expect(await memoryIn(other)).toBe(memoryAt(35));
  });

  it.each<[string, Fault]>([
    ["done, its answer lost", { kind: "lostAnswer" }],
    ["cut before it arrives", { kind: "cut" }],
  ])("is what was committed last where one request in three is %s", async (_, fault) => {
    const table = await createTable(server.endpoint);
    let count = 0;
    proxy.plan(() => (count++ % 3 === 0 ? fault : undefined));
    await using disturbed = openAt(proxy.endpoint, table);
    for (let step = 0; step < 16; step += 1) await commit(disturbed, memoryAt(step));
    await using other = openAt(server.endpoint, table);
    expect(await memoryIn(other)).toBe(memoryAt(15));
  });

  it("of many writers at once is that of the one who won, each time", async () => {
    const table = await createTable(server.endpoint);
    await using one = openAt(server.endpoint, table);
    await using other = openAt(server.endpoint, table);
    await using reader = openAt(server.endpoint, table);
    for (let step = 0; step < 24; step += 1) {
      const stores = [one, other, one, other];
      const tried = await Promise.all(
        stores.map(async (store, index) => {
          // Some are late: they write a base when another is in use already.
          const loaded = await store.load([NAME]);
          if (index % 2 === step % 2) await new Promise((resolve) => setTimeout(resolve, 3));
          const memory = memoryAt(step + index * 3);
          return { memory, won: await write(store, memory, loaded.get(NAME)?.version ?? 0) };
        }),
      );
      const winners = tried.filter(({ won }) => won).map(({ memory }) => memory);
      expect(winners.length).toBeGreaterThan(0);
      expect(winners).toContain(await memoryIn(reader));
    }
  });

  it("is written in full by one who does not know its base as of now", async () => {
    const table = await createTable(server.endpoint);
    await using one = openAt(server.endpoint, table);
    await using other = openAt(server.endpoint, table);
    for (let step = 0; step < 3; step += 1) await commit(one, memoryAt(step));
    // Both places are given to other bases meanwhile.
    for (let step = 3; step < 12; step += 1) await commit(other, memoryAt(step * 20));
    expect(await write(one, memoryAt(2), 12)).toBe(true);
    expect(await memoryIn(other)).toBe(memoryAt(2));
  });

  it("is read again where its base was replaced between two readings", async () => {
    const table = await createTable(server.endpoint);
    await using writer = openAt(server.endpoint, table);
    for (let step = 0; step < 3; step += 1) await commit(writer, memoryAt(step));
    const { promise: until, resolve: release } = Promise.withResolvers<void>();
    const { promise: held, resolve: hold } = Promise.withResolvers<void>();
    proxy.plan(({ body }) => {
      if (!body.includes("part#")) return undefined;
      hold();
      return { kind: "held", until };
    });
    await using reader = openAt(proxy.endpoint, table);
    const reading = memoryIn(reader);
    await held;
    for (let step = 3; step < 9; step += 1) await commit(writer, memoryAt(step * 20));
    release();
    expect(await reading).toBe(memoryAt(160));
  });

  it("is read whole while its base is replaced, again and again", async () => {
    const table = await createTable(server.endpoint);
    await using writer = openAt(server.endpoint, table);
    await commit(writer, memoryAt(0));
    const progress = { step: 0 };
    const writing = (async () => {
      // Half of the lines are others each time, so that each second commit brings a new base.
      for (let step = 1; step < 30; step += 1) {
        await commit(writer, memoryAt(step * 20));
        progress.step = step;
      }
    })();
    const seen = new Set<string>();
    while (progress.step < 29) {
      await using reader = openAt(server.endpoint, table);
      seen.add((await memoryIn(reader)) ?? "");
    }
    await writing;
    const written = new Set(Array.from({ length: 30 }, (_, step) => memoryAt(step * 20)));
    expect([...seen].filter((memory) => !written.has(memory))).toEqual([]);
    expect(seen.size).toBeGreaterThan(3);
  });
});

async function commit(store: EntityStore, memory: string): Promise<void> {
  const version = (await store.load([NAME])).get(NAME)?.version ?? 0;
  expect(await write(store, memory, version)).toBe(true);
}

function write(store: EntityStore, memory: string, version: number): Promise<boolean> {
  const calls = new Uint8Array();
  return store.commit({ name: NAME, version, memory, calls, closesAtHour: undefined, outbox: [] });
}

async function memoryIn(store: EntityStore): Promise<string | undefined> {
  return (await store.load([NAME])).get(NAME)?.memory;
}

async function bodyBytes(table: string): Promise<number> {
  const { pk, sk } = memoryKey(NAME);
  const Key = { pk: { S: pk }, sk: { S: sk } };
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key }));
  return Item?.["body"]?.B?.length ?? Buffer.byteLength(Item?.["body"]?.S ?? "");
}
