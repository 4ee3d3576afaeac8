import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDynamodbEntityStore } from "../../../../src/store/dynamodb/dynamodb-entity-store.ts";
import type { EntityStore, EntityWrite } from "../../../../src/store/entity-store.ts";
import { alertOf } from "../../../support/commits.ts";
import { startDynalite } from "../../../support/dynalite.ts";
import { createTable, useLoopbackCredentials } from "../../../support/dynamodb-table.ts";
import type { DynamoDbServer } from "../../../support/dynoxide.ts";
import {
  broken,
  type Fault,
  type FaultProxy,
  startFaultProxy,
  throttled,
} from "../../../support/fault-proxy.ts";

const now = () => Date.parse("2026-03-14T12:00:00Z");
const large = randomBytes(150_000).toString("base64");

let server: DynamoDbServer;
let proxy: FaultProxy;

beforeAll(async () => {
  useLoopbackCredentials();
  server = await startDynalite();
  proxy = await startFaultProxy(server.endpoint);
});
afterAll(async () => {
  await proxy.stop();
  await server.stop();
});

const openAt = (endpoint: string, table: string) =>
  openDynamodbEntityStore(table, { endpoint, now });

describe("the entity store where things go wrong", () => {
  it.each<[string, Fault]>([
    ["throttled", throttled],
    ["answered with 500", broken],
    ["cut before it arrives", { kind: "cut" }],
    ["done, its answer lost", { kind: "lostAnswer" }],
    ["done in part, as batches are", { kind: "partial" }],
  ])("leaves the same where one request in two is %s", async (_, fault) => {
    const [table, undisturbed] = [
      await createTable(server.endpoint),
      await createTable(server.endpoint),
    ];
    const before = proxy.faults;
    let count = 0;
    proxy.plan(() => (fault.kind === "partial" || count++ % 2 === 0 ? fault : undefined));
    await using disturbed = openAt(proxy.endpoint, table);
    await tell(disturbed);
    expect(proxy.faults - before).toBeGreaterThan(2);
    await using other = openAt(server.endpoint, undisturbed);
    await tell(other);
    await using reader = openAt(server.endpoint, table);
    expect(await contentOf(reader)).toEqual(await contentOf(other));
  });

  it("finds what a commit queued while the outbox before it was being emptied", async () => {
    const table = await createTable(server.endpoint);
    await using store = openAt(server.endpoint, table);
    await using slow = openAt(proxy.endpoint, table);
    await store.commit(writeOf({ outbox: [entryOf("e1")] }));
    proxy.plan(({ operation }) =>
      operation === "UpdateItem" ? { kind: "slow", ms: 300 } : undefined,
    );
    const before = proxy.requests.get("UpdateItem") ?? 0;
    const removal = slow.removeFromOutbox("principal:a", ["e1"]);
    while ((proxy.requests.get("UpdateItem") ?? 0) === before) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await store.commit(writeOf({ version: 1, outbox: [entryOf("e2")] }));
    await removal;
    expect((await store.outboxes(["principal:a"])).get("principal:a")).toEqual([entryOf("e2")]);
    expect(await store.pendingOutboxes(99, 9)).toEqual(["principal:a"]);
  });

  it("refuses an item that would get too large, and keeps the one before", async () => {
    const table = await createTable(server.endpoint);
    await using store = openAt(server.endpoint, table);
    await store.commit(writeOf({ memory: "1" }));
    const outbox = Array.from({ length: 9 }, (_, index) => ({
      ...entryOf(`e${index}`),
      text: randomBytes(48 * 1024).toString("base64"),
    }));
    const write = store.commit(writeOf({ version: 1, memory: "2", outbox }));
    await expect(write).rejects.toMatchObject({ code: "full" });
    expect((await store.load(["principal:a"])).get("principal:a")).toMatchObject({
      version: 1,
      memory: "1",
    });
  });
});

/** Does one thing of every kind, most of them twice. */
async function tell(store: EntityStore): Promise<void> {
  const mute = { match: { account: "1" }, owner: "ana", reason: "r", expiresMs: 2, createdMs: 1 };
  await store.suppressions.add({ id: "s1", ...mute });
  const names = ["principal:a", "key:b", "combination:c"];
  for (let version = 0; version < 3; version += 1) {
    for (const name of names) {
      const memory = version === 1 ? large : `${version}`;
      const outbox = [entryOf(`e${version}`), entryOf("same", version)];
      expect(await store.commit(writeOf({ name, version, memory, outbox }))).toBe(true);
    }
  }
  expect(await store.commit(writeOf({ version: 1 }))).toBe(false);
  for (const name of names) await store.removeFromOutbox(name, ["e0", "e1"]);
  const segments = ["1", "2", "3"].map((id) => ({
    id,
    bytes: new TextEncoder().encode(id),
    expiresMs: now(),
  }));
  await store.writeSegments("principal:a", segments);
  await store.removeSegments("principal:a", ["1"]);
  await store.raiseWatermark(3, 500);
  await store.noteAccounts(new Map([["111122223333", 7]]));
  const alerts = [alertOf(), alertOf({ alertId: "a2" })];
  await store.keepAlerts(alerts, new Map([["a1", "s1"]]));
  await store.keepAlerts([alertOf({ revision: 1 })], new Map([["a1", "s1"]]));
  await store.deliveries.add(alerts.map((alert) => ({ alert, sinks: ["siem", "sns"] })));
  const [first] = await store.deliveries.due("siem", now(), 9);
  await store.deliveries.accepted([first?.id ?? 0]);
}

async function contentOf(store: EntityStore) {
  const names = ["principal:a", "key:b", "combination:c"];
  const due = await Promise.all(
    ["siem", "sns"].map((sink) => store.deliveries.due(sink, now(), 9)),
  );
  return {
    items: await store.load(names),
    outboxes: await store.outboxes(names),
    pending: (await store.pendingOutboxes(99, 9)).toSorted(),
    segments: await store.readSegments("principal:a", ["1", "2", "3"]),
    watermark: await store.watermark(),
    accounts: await store.accounts(),
    alerts: await Promise.all(["a1", "a2"].map((id) => store.alerts.get(id))),
    suppressions: await store.suppressions.list(),
    due: due.map((entries) => entries.map(({ alert, sink }) => [sink, alert.alertId])),
  };
}

function entryOf(id: string, queuedMs = 10) {
  return { id, text: `{"entry":"${id}"}`, queuedMs };
}

function writeOf(changes: Partial<EntityWrite>): EntityWrite {
  return {
    name: "principal:a",
    version: 0,
    memory: "{}",
    calls: Uint8Array.of(1),
    closesAtHour: undefined,
    outbox: [],
    ...changes,
  };
}
