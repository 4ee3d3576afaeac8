import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDynamodbStore } from "../../src/store/dynamodb/dynamodb-store.ts";
import type { StateStore } from "../../src/store/store.ts";
import { commitOf } from "../support/commits.ts";
import { startDynalite } from "../support/dynalite.ts";
import { createTable, useLoopbackCredentials } from "../support/dynamodb-table.ts";
import type { DynamoDbServer } from "../support/dynoxide.ts";
import {
  broken,
  type Fault,
  type FaultPlan,
  type FaultProxy,
  type ProxiedRequest,
  seededPlan,
  startFaultProxy,
  throttled,
} from "../support/fault-proxy.ts";
import { contentOf, type StoreContent, storySteps } from "../support/store-content.ts";

/** No wall clock: what was made of a story is the same whenever it was told. */
const now = () => Date.parse("2026-03-14T12:00:00Z");
const writes = new Set(["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"]);

describe("the DynamoDB store where things go wrong", () => {
  let server: DynamoDbServer;
  let proxy: FaultProxy;
  /** What each step of the story leaves. */
  const stages: StoreContent[] = [];

  beforeAll(async () => {
    useLoopbackCredentials();
    server = await startDynalite();
    proxy = await startFaultProxy(server.endpoint);
    const table = await createTable(server.endpoint);
    await using store = await openDirectly(table);
    stages.push(await contentOf(store));
    for (const step of storySteps) {
      await step(store);
      stages.push(await contentOf(store));
    }
  });

  afterAll(async () => {
    await proxy.stop();
    await server.stop();
  });

  const openDirectly = (table: string) =>
    openDynamodbStore(table, { endpoint: server.endpoint, leaseMs: 150, now });

  /** Opens with so much patience that only a dead server is given up. */
  const openThroughProxy = (table: string, patienceMs = 30_000) =>
    openDynamodbStore(table, { endpoint: proxy.endpoint, leaseMs: 20_000, patienceMs, now });

  async function contentIn(table: string): Promise<StoreContent> {
    await using store = await openDirectly(table);
    return await contentOf(store);
  }

  async function tell(store: StateStore, from = 0, to = storySteps.length): Promise<void> {
    for (const step of storySteps.slice(from, to)) await step(store);
  }

  it.each<[string, Fault]>([
    ["throttled", throttled],
    ["answered with 500", broken],
    ["cut before it arrives", { kind: "cut" }],
    ["done, its answer lost", { kind: "lostAnswer" }],
    ["done in part, as batches are", { kind: "partial" }],
  ])("leaves the same where one request in three is %s", async (_, fault) => {
    const table = await createTable(server.endpoint);
    const before = proxy.faults;
    let count = 0;
    // Of a batch that comes back halved each time, one is left in the end.
    const every = fault.kind === "partial" ? 1 : 3;
    proxy.plan(() => (count++ % every === 0 ? fault : undefined));
    {
      await using store = await openThroughProxy(table);
      await tell(store);
      expect(await contentOf(store)).toEqual(stages.at(-1));
    }
    expect(proxy.faults - before).toBeGreaterThan(3);
    expect(await contentIn(table)).toEqual(stages.at(-1));
  });

  it("leaves the same where every kind of fault happens by chance", async () => {
    for (const seed of [1, 2]) {
      const table = await createTable(server.endpoint);
      const faults: Fault[] = [throttled, broken, { kind: "cut" }, { kind: "lostAnswer" }];
      const chances = [...faults, { kind: "partial" } as const].map((fault) => ({
        fault,
        probability: 0.08,
      }));
      proxy.plan(seededPlan(seed, chances));
      {
        await using store = await openThroughProxy(table);
        await tell(store);
      }
      expect(await contentIn(table)).toEqual(stages.at(-1));
    }
  });

  describe("a consumer that dies", () => {
    /** Lets so many writes through to the server, of the last of them perhaps no answer, and then nothing. */
    function dyingAfter(count: number, isAnswered: boolean): FaultPlan {
      let seen = 0;
      return ({ operation }: ProxiedRequest) => {
        if (seen >= count) return { kind: "cut" };
        if (writes.has(operation)) seen += 1;
        return seen === count && !isAnswered ? { kind: "lostAnswer" } : undefined;
      };
    }

    it.each([1, 4])(
      "leaves step %i of the story whole or not at all, whichever write was its last",
      async (stage) => {
        const outcomes: string[] = [];
        // The log, the head, the first change, and from there on by leaps, with and without an answer.
        for (let last = 1; outcomes.at(-1) !== "survived"; last += last < 4 ? 1 : 5) {
          outcomes.push(await deathAt(stage, last));
        }
        const commitPoint = outcomes.indexOf("done");
        expect(commitPoint).toBeGreaterThan(0);
        expect(outcomes.slice(0, commitPoint).every((outcome) => outcome === "undone")).toBe(true);
        expect(outcomes.slice(commitPoint, -1).every((outcome) => outcome === "done")).toBe(true);
        expect(outcomes.length).toBeGreaterThan(6);
      },
      120_000,
    );

    it("leaves a whole commit though the log of the one before is delivered again", async () => {
      const table = await createTable(server.endpoint);
      const log: ProxiedRequest[] = [];
      proxy.plan((request) => {
        if (request.operation === "PutItem" && request.body.includes("log#")) log.push(request);
        return undefined;
      });
      const store = await openThroughProxy(table, 40);
      await tell(store, 0, 2);
      expect(log).toHaveLength(1);
      proxy.plan(dyingAfter(2, true));
      await expect(tell(store, 2, 3)).rejects.toMatchObject({ code: "busy" });
      proxy.plan(undefined);
      for (const { operation, body } of log) await sendRaw(operation, body);
      expect(await contentIn(table)).toEqual(stages[3]);
      await store[Symbol.asyncDispose]();
    });

    async function deathAt(stage: number, last: number): Promise<string> {
      const table = await createTable(server.endpoint);
      proxy.plan(undefined);
      const store = await openThroughProxy(table, 40);
      await tell(store, 0, stage);
      proxy.plan(dyingAfter(last, last % 2 === 0));
      const failure: unknown = await tell(store, stage, stage + 1).catch((error: unknown) => error);
      if (failure === undefined) {
        proxy.plan(undefined);
        await store[Symbol.asyncDispose]();
        return "survived";
      }
      expect(failure).toMatchObject({ name: "StoreError", code: "busy" });
      const left = await contentIn(table);
      const isUndone = isDeepStrictEqual(left, stages[stage]);
      expect(left).toEqual(stages[isUndone ? stage : stage + 1]);
      proxy.plan(undefined);
      await store[Symbol.asyncDispose]();
      return isUndone ? "undone" : "done";
    }
  });

  describe("a consumer that lost the table", () => {
    it("is told so, and has changed nothing", async () => {
      const table = await createTable(server.endpoint);
      const stale = await openThroughProxy(table);
      await tell(stale, 0, 2);
      // Asleep, as far as the table can tell: no sign of life arrives.
      proxy.plan(({ operation }) =>
        operation === "UpdateItem" ? { kind: "slow", ms: 2000 } : undefined,
      );
      {
        await using next = await openDirectly(table);
        await tell(next, 2, 3);
        proxy.plan(undefined);
        const late = stale.commit(commitOf({ positions: new Map([["stream/0", "stale"]]) }));
        await expect(late).rejects.toMatchObject({
          code: "locked",
          message: expect.stringContaining("in use by process"),
        });
        await expect(stale.outbox.accepted([1])).rejects.toMatchObject({ code: "locked" });
        await stale[Symbol.asyncDispose]();
        expect(await contentOf(next)).toEqual(stages[3]);
        await tell(next, 3);
      }
      expect(await contentIn(table)).toEqual(stages.at(-1));
    });

    it("changes nothing by what the network delivers again, whenever that is", async () => {
      const table = await createTable(server.endpoint);
      const sent: ProxiedRequest[] = [];
      proxy.plan((request) => {
        // Notes of people are not part of a commit: the last one stands.
        const isNote = request.body.includes("suppressions") && sent.length < 3;
        if (writes.has(request.operation) && !isNote) sent.push(request);
        return undefined;
      });
      {
        await using store = await openThroughProxy(table);
        await tell(store);
      }
      proxy.plan(undefined);
      expect(sent.length).toBeGreaterThan(100);
      await using store = await openDirectly(table);
      for (const { operation, body } of sent) await sendRaw(operation, body);
      expect(await contentOf(store)).toEqual(stages.at(-1));
      await store.commit(commitOf({ positions: new Map([["stream/9", "9"]]) }));
    });
  });

  /** Sends a request once more, signed by nobody: loopback servers do not look. */
  async function sendRaw(operation: string, body: Buffer): Promise<void> {
    const response = await fetch(server.endpoint, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `DynamoDB_20120810.${operation}`,
        "x-amz-date": "20260314T000000Z",
        authorization:
          "AWS4-HMAC-SHA256 Credential=a/20260314/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=b",
      },
      body: new Uint8Array(body),
    });
    const answer = await response.text();
    expect([200, 400]).toContain(response.status);
    if (response.status === 400) expect(answer).toContain("ConditionalCheckFailed");
  }
});
