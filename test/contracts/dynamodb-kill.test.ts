import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openDynamodbStore } from "../../src/store/dynamodb/dynamodb-store.ts";
import { startDynalite } from "../support/dynalite.ts";
import { createTable, useLoopbackCredentials } from "../support/dynamodb-table.ts";
import type { DynamoDbServer } from "../support/dynoxide.ts";
import { startStoreProcess } from "../support/store-process.ts";
import { wholeBatches } from "../support/whole-batches.ts";

/** That of the processes, which are dead by the time. */
const LEASE_MS = 600;

describe("the DynamoDB store under kill -9", () => {
  let server: DynamoDbServer;

  beforeAll(async () => {
    useLoopbackCredentials();
    server = await startDynalite();
    vi.stubEnv("AWS_ENDPOINT_URL_DYNAMODB", server.endpoint);
  });

  afterAll(async () => {
    vi.unstubAllEnvs();
    await server.stop();
  });

  it("has every acknowledged batch, and each batch whole or not at all", async () => {
    const table = await createTable(server.endpoint);
    let acknowledged = 0;
    for (let round = 0; round < 10; round += 1) {
      await using writer = startStoreProcess(`dynamodb://${table}`);
      await writer.printed(2);
      await sleep(Math.random() * 250); // Any moment will do: nothing is ordered by it.
      await writer.kill();
      expect(writer.lines()[0]).toMatch(/^open \d+$/);
      const printed = Number(writer.lines().at(-1));
      expect(printed).toBeGreaterThan(acknowledged);

      await using store = await openDynamodbStore(table, { leaseMs: LEASE_MS });
      acknowledged = await wholeBatches(store);
      expect(acknowledged).toBeGreaterThanOrEqual(printed);
      expect(acknowledged).toBeLessThanOrEqual(printed + 1);
    }
  }, 120_000);

  it("is free for the next consumer once the lease of the dead one is over", async () => {
    const table = await createTable(server.endpoint);
    await using writer = startStoreProcess(`dynamodb://${table}`);
    await writer.printed(1);
    const refusal = openDynamodbStore(table, { leaseMs: 20_000 });
    await expect(refusal).rejects.toMatchObject({
      code: "locked",
      message: expect.stringMatching(`^dynamodb://${table}: in use by process ${writer.pid} `),
    });
    await writer.kill();
    await using store = await openDynamodbStore(table, { leaseMs: LEASE_MS });
    expect((await store.positions()).size).toBeLessThanOrEqual(1);
  });
});
