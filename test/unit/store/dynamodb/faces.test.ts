import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openDynamodbEntityStore } from "../../../../src/store/dynamodb/dynamodb-entity-store.ts";
import { openDynamodbStore } from "../../../../src/store/dynamodb/dynamodb-store.ts";
import { handOverTable } from "../../../../src/store/dynamodb/hand-over.ts";
import type { Learner } from "../../../../src/store/learner.ts";
import { changedEntity } from "../../../../src/store/dynamodb/entity-items.ts";
import type { EntityWrite } from "../../../../src/store/entity-store.ts";
import { alertOf, commitOf } from "../../../support/commits.ts";
import { startDynalite } from "../../../support/dynalite.ts";
import { createTable, useLoopbackCredentials } from "../../../support/dynamodb-table.ts";
import type { DynamoDbServer } from "../../../support/dynoxide.ts";

let server: DynamoDbServer;
let table = "";

beforeAll(async () => {
  useLoopbackCredentials();
  server = await startDynalite();
});
beforeEach(async () => {
  table = await createTable(server.endpoint);
});
afterAll(() => server.stop());

const asConsumer = () => openDynamodbStore(table, { endpoint: server.endpoint });
const asHandlers = () => openDynamodbEntityStore(table, { endpoint: server.endpoint });

const noise = Array.from({ length: 60_000 }, (_, index) => ((index * index) % 7919).toString(36));
const large = JSON.stringify(noise);

describe("a consumer and the Lambda handlers read what the other wrote", () => {
  it("memories that a consumer committed, small and large, are loaded by handlers and written on", async () => {
    {
      await using store = await asConsumer();
      const memories = new Map([
        ["principal:a", "1"],
        ["key:b", large],
      ]);
      await store.commit(commitOf({ memories }));
    }
    await using entities = asHandlers();
    const loaded = await entities.load(["principal:a", "key:b"]);
    expect(loaded.get("principal:a")).toEqual({
      version: 1,
      memory: "1",
      calls: new Uint8Array(),
      closesAtHour: undefined,
    });
    expect(loaded.get("key:b")?.memory).toBe(large);
    expect(await entities.commit(writeOf({ version: 1, memory: "2" }))).toBe(true);
    expect(await entities.commit(writeOf({ name: "key:b", version: 1, memory: "3" }))).toBe(true);
    await using store = await asConsumer();
    expect(await store.loadMemories(["principal:a", "key:b"])).toEqual(
      new Map([
        ["principal:a", "2"],
        ["key:b", "3"],
      ]),
    );
  });

  it("a consumer's commit leaves outbox, calls and hour of an entity, and makes cached copies old", async () => {
    await using entities = asHandlers();
    const outbox = [{ id: "e1", text: "{}", queuedMs: 1 }];
    const calls = Uint8Array.of(1, 2);
    await entities.commit(writeOf({ memory: large, calls, closesAtHour: 5, outbox }));
    {
      await using store = await asConsumer();
      expect([...(await store.memoriesAfter("", 9)).keys()]).toEqual(["principal:a"]);
      await store.commit(commitOf({ memories: new Map([["principal:a", "new"]]) }));
    }
    expect(await entities.load(["principal:a"])).toEqual(
      new Map([["principal:a", { version: 2, memory: "new", calls, closesAtHour: 5 }]]),
    );
    expect((await entities.outboxes(["principal:a"])).get("principal:a")).toEqual(outbox);
    expect(await entities.commit(writeOf({ version: 1 }))).toBe(false);
  });

  it("what only handlers wrote is state that the commands read, and a consumer goes on from", async () => {
    await expect(
      openDynamodbStore(table, { endpoint: server.endpoint, access: "read" }),
    ).rejects.toThrow("no state here");
    await using entities = asHandlers();
    await entities.commit(writeOf({ memory: "1" }));
    await entities.keepAlerts([alertOf()], new Map());
    for (const access of ["read", "consume"] as const) {
      await using store = await openDynamodbStore(table, { endpoint: server.endpoint, access });
      expect(await store.loadMemories(["principal:a"])).toEqual(new Map([["principal:a", "1"]]));
      expect(await store.alerts.list({})).toHaveLength(1);
    }
  });

  it("combinations, budgets and all accounts together are the handlers' own, no part of what was learned", async () => {
    await using entities = asHandlers();
    await entities.commit(writeOf({ name: "combination:principal 20000" }));
    await entities.commit(writeOf({ name: "budget:new-key 20000" }));
    await entities.commit(writeOf({ name: "account:organization" }));
    await entities.commit(writeOf({}));
    await using store = await asConsumer();
    expect([...(await store.memoriesAfter("", 9)).keys()]).toEqual(["principal:a"]);
    expect(await store.history.entities()).toEqual({ principals: 1, keys: 0, accounts: 0 });
  });

  it("what handlers learned is read where no consumer ever was, in a snapshot as well", async () => {
    await using entities = asHandlers();
    await entities.commit(writeOf({ memory: "1", closesAtHour: 9 }));
    await entities.commit(writeOf({ name: "combination:x", closesAtHour: 9 }));
    await entities.commit(writeOf({ name: "account:organization", memory: "7" }));
    await entities.noteHeard([4, 5]);
    await entities.raiseWatermark(3, 5000);
    await entities.noteAccounts(
      new Map([
        ["111122223333", 4],
        ["arn:key alias/a", 6],
      ]),
    );
    const reader = await openDynamodbStore(table, { endpoint: server.endpoint, access: "read" });
    await using _reader = reader;
    const [state, memories] = await reader.snapshot(() =>
      Promise.all([reader.engineState(), reader.memoriesAfter("", 9)]),
    );
    expect(JSON.parse(state ?? "")).toEqual({
      watermarkMs: 5000,
      accounts: { "111122223333": 4 },
      aliases: { "arn:key": { "alias/a": 6 } },
      open: ["principal:a"],
      silence: { spoken: [[4, 5]], whole: "7" },
    });
    expect(memories).toEqual(new Map([["principal:a", "1"]]));
  });

  it("the organization that a consumer learned is known to handlers, and when it heard anybody", async () => {
    await using entities = asHandlers();
    await entities.noteHeard([6, 9]);
    await entities.noteAccounts(new Map([["111122223333", 9]]));
    const engineState = JSON.stringify({
      watermarkMs: 1,
      accounts: { "111122223333": 4, "444455556666": 5 },
      aliases: { "arn:key": { "alias/a": 6 } },
      open: [],
      silence: { spoken: [[1, 5]], whole: "7" },
    });
    await using store = await asConsumer();
    await store.commit(commitOf({ engineState }));
    expect(await entities.heard()).toEqual([
      [1, 6],
      [9, 9],
    ]);
    expect(await entities.accounts()).toEqual(
      new Map([
        ["111122223333", 4],
        ["444455556666", 5],
        ["arn:key alias/a", 6],
      ]),
    );
  });

  it("alerts, verdicts and mutes are the same, whoever kept them", async () => {
    await using entities = asHandlers();
    const mute = { id: "s1", match: { account: "1" }, owner: "ana", reason: "r" };
    await entities.suppressions.add({ ...mute, expiresMs: 2, createdMs: 1 });
    await entities.keepAlerts([alertOf()], new Map([["a1", "s1"]]));
    const verdict = { verdict: "benign", by: "ana", note: "", atMs: 5 } as const;
    {
      await using store = await asConsumer();
      expect((await store.alerts.list({}))[0]?.suppressedBy).toBe("s1");
      await store.commit(
        commitOf({
          alerts: [alertOf({ revision: 1 }), alertOf({ alertId: "a2" })],
          suppressed: new Map([["a2", "s1"]]),
        }),
      );
      await store.alerts.close("a1", verdict);
      expect((await store.suppressions.list())[0]?.hits).toBe(2);
    }
    const later = alertOf({ revision: 2, eventTime: "2026-03-14T05:00:00Z" });
    await entities.keepAlerts([alertOf(), later], new Map());
    expect(await entities.alerts.get("a1")).toEqual({
      alert: { ...later, status: "closed" },
      verdict,
      suppressedBy: undefined,
    });
    await using store = await asConsumer();
    const listed = await store.alerts.list({});
    expect(listed.map(({ alert }) => [alert.alertId, alert.revision])).toEqual([
      ["a1", 2],
      ["a2", 0],
    ]);
  });

  it("alerts that handlers left undelivered are delivered by a consumer", async () => {
    await using entities = asHandlers();
    await entities.deliveries.add([{ alert: alertOf(), sinks: ["siem"] }]);
    await using store = await asConsumer();
    await store.outbox.add([{ alert: alertOf({ alertId: "a2" }), sinks: ["siem", "sns"] }]);
    const due = await store.outbox.due("siem", Date.now(), 9);
    expect(due.map(({ alert }) => alert.alertId).sort()).toEqual(["a1", "a2"]);
    await store.outbox.accepted(due.map(({ id }) => id));
    expect(await entities.deliveries.due("siem", Date.now(), 9)).toEqual([]);
    expect(await store.outbox.counts()).toMatchObject([
      { sink: "siem", pending: 0, accepted: 2 },
      { sink: "sns", pending: 1 },
    ]);
  });
});

describe("a table is learned into by one shape", () => {
  const asLearner = () =>
    openDynamodbStore(table, { endpoint: server.endpoint, learns: true, leaseMs: 1000 });
  const handOver = (to: Learner) => handOverTable(table, to, { endpoint: server.endpoint });
  const engineState = JSON.stringify({
    watermarkMs: 9000,
    accounts: { "111122223333": 4 },
    open: ["key:b"],
    budget: [],
    silence: { spoken: [[1, 5]], whole: "7" },
  });

  it("handlers are refused where a process learns, until it is handed over to them", async () => {
    await using entities = asHandlers();
    await (await asLearner())[Symbol.asyncDispose]();
    await expect(entities.claim()).rejects.toThrow(
      `\`keyhawk run\` or \`replay\` learns here (since`,
    );
    await expect(entities.claim()).rejects.toThrow(
      `keyhawk baseline hand-over --to functions --state dynamodb://${table}`,
    );
    await handOver("functions");
    await entities.claim();
    await expect(asLearner()).rejects.toMatchObject({ code: "locked" });
  });

  it("a process is refused where handlers learn, and has the table from there on", async () => {
    await using entities = asHandlers();
    await Promise.all([entities.claim(), entities.claim()]);
    await expect(asLearner()).rejects.toThrow("the Lambda functions learn here (since");
    await handOver("run");
    await using _learner = await asLearner();
    await expect(entities.claim()).rejects.toMatchObject({ code: "locked" });
  });

  it("what only carries learning or reads is not refused", async () => {
    await using entities = asHandlers();
    await entities.claim();
    await using store = await asConsumer();
    await store.commit(commitOf({ engineState }));
    await entities.claim();
  });

  it("cannot be handed over while a process has it", async () => {
    await using _learner = await asLearner();
    await expect(
      handOverTable(table, "functions", { endpoint: server.endpoint, leaseMs: 3000 }),
    ).rejects.toMatchObject({ code: "locked" });
  });

  it("what all entities share is handed over both ways", async () => {
    await using entities = asHandlers();
    {
      await using store = await asLearner();
      await store.commit(commitOf({ engineState }));
    }
    await handOver("functions");
    const whole = "account:organization";
    expect((await entities.load([whole])).get(whole)).toMatchObject({ version: 0, memory: "7" });
    await entities.commit(writeOf({ name: whole, memory: "8" }));
    await entities.noteHeard([6]);
    await entities.noteAccounts(new Map([["444455556666", 8]]));
    await entities.raiseWatermark(0, 9500);
    await handOver("run");
    await using store = await asLearner();
    expect(JSON.parse((await store.engineState()) ?? "")).toEqual({
      watermarkMs: 9500,
      accounts: { "111122223333": 4, "444455556666": 8 },
      aliases: {},
      open: ["key:b"],
      budget: [],
      silence: { spoken: [[1, 6]], whole: "8" },
    });
  });
});

describe("the outbox of the handlers", () => {
  const idOf = async (sink: string) => {
    await using entities = asHandlers();
    return (await entities.deliveries.due(sink, Date.now(), 9)).map(({ id }) => id);
  };

  it("queues nothing anew that was accepted, and parks, redrives and counts", async () => {
    await using entities = asHandlers();
    const { deliveries } = entities;
    const two = [alertOf(), alertOf({ alertId: "a2" })].map((alert) => ({
      alert,
      sinks: ["siem"],
    }));
    await deliveries.add(two);
    const [first = 0, second = 0] = await idOf("siem");
    await deliveries.accepted([first]);
    await deliveries.accepted([first]);
    await deliveries.retryLater([second], 5, "503");
    await deliveries.add(two);
    expect(await deliveries.due("siem", Date.now(), 9)).toMatchObject([
      { id: second, attempts: 1 },
    ]);
    await deliveries.park([second], "400");
    await deliveries.add(two);
    expect(await deliveries.counts()).toMatchObject([
      { sink: "siem", pending: 0, parked: 1, accepted: 1 },
    ]);
    expect(await deliveries.redrive("siem")).toBe(1);
    expect(await deliveries.due("siem", Date.now(), 9)).toMatchObject([
      { id: second, attempts: 2 },
    ]);
  });

  it("hands out a newer revision only after the older one", async () => {
    await using entities = asHandlers();
    const revisions = [2, 0, 1].map((revision) => ({ alert: alertOf({ revision }), sinks: ["s"] }));
    for (const revision of revisions) await entities.deliveries.add([revision]);
    const seen: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const [due] = await entities.deliveries.due("s", Date.now(), 9);
      seen.push(due?.alert.revision ?? -1);
      await entities.deliveries.accepted([due?.id ?? 0]);
    }
    expect(seen).toEqual([0, 1, 2]);
  });
});

describe("the entity that a change of the table is about", () => {
  const text = (S: string) => ({ S });

  it.each([
    ["an entity", { pk: text("memory#07"), sk: text("key:a") }, "key:a"],
    ["a combination", { pk: text("tally#31"), sk: text("combination:x") }, "combination:x"],
    ["one with a long name", { pk: text("memory#00"), sk: text("x~1"), name: text("xyz") }, "xyz"],
    ["an alert", { pk: text("alert#1"), sk: text("alert") }, undefined],
    ["an image of an entity", { pk: text("image#3#memory#07"), sk: text("key:a") }, undefined],
  ])("is found for %s", (_, image, name) => {
    expect(changedEntity(image)).toBe(name);
  });
});

function writeOf(changes: Partial<EntityWrite>): EntityWrite {
  return {
    name: "principal:a",
    version: 0,
    memory: "{}",
    calls: new Uint8Array(),
    closesAtHour: undefined,
    outbox: [],
    ...changes,
  };
}
