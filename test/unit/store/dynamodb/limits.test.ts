import { PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { CreateTableCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type DynamodbStoreOptions,
  openDynamodbStore,
} from "../../../../src/store/dynamodb/dynamodb-store.ts";
import type { StateStore } from "../../../../src/store/store.ts";
import { alertOf, commitOf, deliveryOf, letterOf } from "../../../support/commits.ts";
import { startDynalite } from "../../../support/dynalite.ts";
import { createTable, useLoopbackCredentials } from "../../../support/dynamodb-table.ts";
import type { DynamoDbServer } from "../../../support/dynoxide.ts";
import { type FaultProxy, startFaultProxy, throttled } from "../../../support/fault-proxy.ts";

let server: DynamoDbServer;
let proxy: FaultProxy;
let client: DynamoDBClient;
let table = "";
let store: StateStore;

beforeAll(async () => {
  useLoopbackCredentials();
  server = await startDynalite();
  proxy = await startFaultProxy(server.endpoint);
  client = new DynamoDBClient({ endpoint: server.endpoint });
});
beforeEach(async () => {
  proxy.plan(undefined);
  table = await createTable(server.endpoint);
  store = await open();
});
afterEach(() => store[Symbol.asyncDispose]());
afterAll(async () => {
  client.destroy();
  await proxy.stop();
  await server.stop();
});

const open = (options: DynamodbStoreOptions = {}) =>
  openDynamodbStore(table, { endpoint: server.endpoint, leaseMs: 5000, ...options });

async function reopenWith(options: DynamodbStoreOptions): Promise<void> {
  await store[Symbol.asyncDispose]();
  store = await open(options);
}

/** Text that cannot be compressed. */
const noise = (bytes: number) => randomBytes(bytes / 2).toString("latin1");

describe("what is larger than an item", () => {
  it("a memory, the engine's state and an alert of megabytes come back, and shrink again", async () => {
    const memory = noise(3_000_000);
    const engineState = noise(1_200_000);
    const alert = alertOf({ summary: noise(900_000) });
    await store.commit(
      commitOf({
        memories: new Map([["principal:a", memory]]),
        engineState,
        alerts: [alert],
        deliveries: [{ alert, sinks: ["siem"] }],
      }),
    );
    expect((await store.loadMemories(["principal:a"])).get("principal:a") === memory).toBe(true);
    expect((await store.engineState()) === engineState).toBe(true);
    expect((await store.alerts.get("a1"))?.alert).toEqual(alert);
    const [entry] = await store.outbox.due("siem", Date.now(), 9);
    expect(entry?.alert).toEqual(alert);
    await store.outbox.park([entry?.id ?? 0], "400");
    expect(await store.outbox.redrive("siem")).toBe(1);
    expect((await store.outbox.due("siem", Date.now(), 9))[0]?.alert).toEqual(alert);
    await store.commit(
      commitOf({
        memories: new Map([["principal:a", "1"]]),
        engineState: "2",
        alerts: [alertOf()],
      }),
    );
    expect(await store.loadMemories(["principal:a"])).toEqual(new Map([["principal:a", "1"]]));
    expect(await store.engineState()).toBe("2");
    expect((await store.alerts.get("a1"))?.alert).toEqual(alertOf());
  });

  it("a commit whose log takes many items is one commit", async () => {
    const memories = new Map(
      Array.from({ length: 40 }, (_, index) => [`key:${index}`, noise(100_000)] as const),
    );
    await store.commit(commitOf({ memories }));
    expect(await store.memoriesAfter("", 99)).toEqual(
      new Map([...memories].sort(([one], [other]) => (one < other ? -1 : 1))),
    );
  });

  it("names longer than a sort key are kept whole and apart", async () => {
    const long = `principal:${"ü".repeat(700)}`;
    const names = [`${long}a`, `${long}b`, "principal:z"];
    const row = { hour: 5, events: 1, decrypts: 0, expected: null, limit: null };
    await store.commit(
      commitOf({
        positions: new Map(names.map((name) => [name, "1"])),
        memories: new Map(names.map((name) => [name, `"${name}"`])),
        history: names.map((entity) => ({ ...row, entity })),
      }),
    );
    expect(await store.loadMemories(names)).toEqual(
      new Map(names.map((name) => [name, `"${name}"`])),
    );
    expect([...(await store.memoriesAfter("", 9)).keys()].sort()).toEqual([...names].sort());
    expect([...(await store.positions()).keys()].sort()).toEqual([...names].sort());
    const rows = await store.history.hours({ prefix: "principal:" });
    expect(rows.map(({ entity }) => entity).sort()).toEqual([...names].sort());
  });
});

describe("dead letters", () => {
  const commitLetter = (origin: string, bytes: number) =>
    store.commit(commitOf({ deadLetters: [letterOf({ origin, payload: randomBytes(bytes) })] }));
  const kept = async () =>
    (await store.history.deadLetters(9)).map(
      (letter) => `${letter.origin} ${letter.kept} ${letter.payload.length}/${letter.bytes}`,
    );

  it("the oldest payloads make room for new ones, while their letters stay and are counted", async () => {
    await reopenWith({ deadLetters: { payloadBytes: 2500 } });
    for (const origin of ["one", "two", "three"]) await commitLetter(origin, 1000);
    expect(await kept()).toEqual([
      "three whole 1000/1000",
      "two whole 1000/1000",
      "one dropped 0/1000",
    ]);
    const totals = await store.history.deadLetterTotals();
    expect(totals).toMatchObject({ letters: 3, payloads: 2, dropped: 1, cut: 0, forgotten: 0 });
    expect(totals.payloadBytes).toBeLessThanOrEqual(2500);
  });

  it("of one batch, too, only as many are kept as there is room for", async () => {
    await reopenWith({ deadLetters: { payloads: 2, letters: 3 } });
    const letters = ["1", "2", "3", "4", "5"].map((origin) => letterOf({ origin }));
    await store.commit(commitOf({ deadLetters: letters }));
    expect(await kept()).toEqual(["5 whole 6/6", "4 whole 6/6", "3 dropped 0/6"]);
    await store.commit(commitOf({ deadLetters: [letterOf({ origin: "1" })] }));
    expect(await kept()).toEqual(["1 whole 6/6", "5 whole 6/6", "4 dropped 0/6"]);
    expect(await store.history.deadLetterTotals()).toMatchObject({
      letters: 3,
      payloads: 2,
      dropped: 4,
      forgotten: 3,
      repeated: 0,
    });
  });

  it("a payload longer than an item holds is cut, and says so", async () => {
    await commitLetter("long", 400_000);
    expect(await kept()).toEqual(["long cut 262144/400000"]);
    expect((await store.history.deadLetterTotals()).cut).toBe(1);
  });
});

describe("a snapshot", () => {
  it("shows the same to its end, whatever is added, changed, removed and forgotten", async () => {
    const names = Array.from({ length: 80 }, (_, index) => `key:${index}`);
    const first = new Map(names.map((name) => [name, "1"]));
    await store.commit(
      commitOf({
        memories: first,
        positions: new Map([["a", "1"]]),
        deliveries: [deliveryOf(["s"])],
      }),
    );
    await using reader = await open({ access: "read" });
    const read = async () => {
      const pages: string[] = [];
      for (let last = ""; ;) {
        const page = await reader.memoriesAfter(last, 7);
        if (page.size === 0) break;
        pages.push(...[...page].map(([name, memory]) => `${name}=${memory}`));
        last = [...page.keys()].at(-1) ?? "";
        const round = pages.length;
        await store.commit(
          commitOf({
            memories: new Map([...names, `key:new-${round}`].map((name) => [name, `${round + 1}`])),
            positions: new Map([["a", ""]]),
          }),
        );
      }
      return { pages, positions: await reader.positions(), counts: await reader.outbox.counts() };
    };
    const seen = await reader.snapshot(read);
    expect(seen.pages.toSorted()).toEqual(names.map((name) => `${name}=1`).toSorted());
    expect(seen.positions).toEqual(new Map([["a", "1"]]));
    expect(seen.counts).toMatchObject([{ sink: "s", pending: 1 }]);
    expect(await reader.positions()).toEqual(new Map());
  }, 120_000);

  it("shows all of a commit whose writer died in its midst", async () => {
    const memories = new Map(Array.from({ length: 30 }, (_, index) => [`key:${index}`, "1"]));
    await reopenWith({ endpoint: proxy.endpoint, patienceMs: 30 });
    let updates = 0;
    // The head is the first of them.
    proxy.plan(({ operation }) =>
      operation === "UpdateItem" && ++updates > 5 ? { kind: "cut" } : undefined,
    );
    await expect(store.commit(commitOf({ memories }))).rejects.toMatchObject({ code: "busy" });
    await using reader = await open({ access: "read" });
    expect((await reader.memoriesAfter("", 99)).size).toBeLessThan(30);
    const shown = await reader.snapshot(() => reader.memoriesAfter("", 99));
    expect(shown.size).toBe(30);
  });
});

describe("a table that cannot be used says what can be done", () => {
  const refusal = (options: DynamodbStoreOptions = {}) =>
    openDynamodbStore(table, {
      endpoint: proxy.endpoint,
      patienceMs: 100,
      access: "read",
      ...options,
    });

  it("that is not there", async () => {
    await expect(openDynamodbStore("none", { endpoint: server.endpoint })).rejects.toMatchObject({
      code: "missing",
      message: expect.stringMatching(
        /^dynamodb:\/\/none: no such table.*aws dynamodb create-table/,
      ),
    });
  });

  it("that may not be read, naming the permission", async () => {
    const message = "User: u is not authorized to perform: dynamodb:GetItem on resource: r";
    proxy.plan(() => ({ kind: "error", name: "AccessDeniedException", message }));
    await expect(refusal()).rejects.toMatchObject({
      code: "read-only",
      message: expect.stringContaining(message),
    });
  });

  it("that throttles for too long", async () => {
    proxy.plan(() => throttled);
    await expect(refusal()).rejects.toMatchObject({ code: "busy" });
  });

  it("whose credentials nobody knows", async () => {
    proxy.plan(() => ({ kind: "error", name: "UnrecognizedClientException" }));
    await expect(refusal()).rejects.toMatchObject({
      code: "failed",
      message: expect.stringContaining("credentials"),
    });
  });

  it("that has other keys", async () => {
    const KeySchema = [{ AttributeName: "id", KeyType: "HASH" as const }];
    const AttributeDefinitions = [{ AttributeName: "id", AttributeType: "S" as const }];
    const TableName = `${table}-other`;
    const BillingMode = "PAY_PER_REQUEST";
    await client.send(
      new CreateTableCommand({ TableName, KeySchema, AttributeDefinitions, BillingMode }),
    );
    await expect(openDynamodbStore(TableName, { endpoint: server.endpoint })).rejects.toMatchObject(
      {
        code: "corrupt",
        message: expect.stringContaining("not a table of Keyhawk's"),
      },
    );
  });

  it("that a later version wrote", async () => {
    await setOf({ pk: "head", sk: "head" }, "layout", { N: "2" });
    await expect(refusal()).rejects.toMatchObject({ code: "newer" });
  });

  it("whose content is damaged", async () => {
    await store.commit(commitOf({ memories: new Map([["key:a", "{}"]]), alerts: [alertOf()] }));
    await setOf({ pk: "alert#a1", sk: "alert" }, "body", { B: Uint8Array.of(255, 255, 1) });
    await expect(store.alerts.get("a1")).rejects.toMatchObject({ code: "corrupt" });
    await client.send(
      new PutItemCommand({ TableName: table, Item: { pk: { S: "positions" }, sk: { S: "x" } } }),
    );
    await expect(store.positions()).rejects.toMatchObject({ code: "corrupt" });
  });

  async function setOf(
    { pk, sk }: { pk: string; sk: string },
    name: string,
    value: { N: string } | { B: Uint8Array },
  ): Promise<void> {
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { pk: { S: pk }, sk: { S: sk } },
        UpdateExpression: "SET #name = :value",
        ExpressionAttributeNames: { "#name": name },
        ExpressionAttributeValues: { ":value": value },
      }),
    );
  }
});

describe("a consumer that ends", () => {
  it("leaves no log behind, and traces that go by themselves", async () => {
    await store.commit(commitOf({ deliveries: [deliveryOf(["s"])] }));
    const [entry] = await store.outbox.due("s", Date.now(), 1);
    await store.outbox.accepted([entry?.id ?? 0]);
    await store[Symbol.asyncDispose]();
    const { Items = [] } = await client.send(new ScanCommand({ TableName: table }));
    const partitions = Items.map((item) => item["pk"]?.S ?? "");
    expect(partitions.filter((pk) => pk.startsWith("log#"))).toEqual([]);
    const [trace] = Items.filter((item) => item["pk"]?.S === "outbox#pending#s");
    expect(Object.keys(trace ?? {}).sort()).toEqual(["c", "expires", "hidden", "pk", "sk"]);
  });

  it("sweeps the traces of its outbox once no request can be late any more", async () => {
    let nowMs = Date.now();
    await reopenWith({ now: () => nowMs });
    await store.commit(commitOf({ deliveries: [deliveryOf(["s"])] }));
    const [entry] = await store.outbox.due("s", nowMs, 1);
    await store.outbox.accepted([entry?.id ?? 0]);
    nowMs += 2 * 3_600_000;
    expect(await store.outbox.due("s", nowMs, 1)).toEqual([]);
    const { Items = [] } = await client.send(new ScanCommand({ TableName: table }));
    expect(Items.filter((item) => item["pk"]?.S === "outbox#pending#s")).toEqual([]);
  });
});
