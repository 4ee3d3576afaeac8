import { afterAll, beforeAll, describe } from "vitest";
import { openDynamodbStore } from "../../src/store/dynamodb/dynamodb-store.ts";
import { startDynalite } from "../support/dynalite.ts";
import { createTable, useLoopbackCredentials } from "../support/dynamodb-table.ts";
import { type DynamoDbServer, hasDynoxide, startDynoxide } from "../support/dynoxide.ts";
import { testStore } from "./store.ts";

useLoopbackCredentials();

/** A refusal comes with the holder's next sign of life, a fifth of it later. */
const LEASE_MS = 5000;

function testOn(name: string, start: () => Promise<DynamoDbServer>): void {
  let server: DynamoDbServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());
  testStore(name, {
    async place() {
      const { endpoint } = server;
      const table = await createTable(endpoint);
      return {
        open: (options) => openDynamodbStore(table, { endpoint, leaseMs: LEASE_MS, ...options }),
        // The table goes with its server.
        [Symbol.asyncDispose]: async () => {},
      };
    },
  });
}

describe("dynalite", () => testOn("the DynamoDB store on dynalite", startDynalite));

describe.skipIf(!hasDynoxide)("dynoxide (where it is missing: run .ci/dynoxide)", () =>
  testOn("the DynamoDB store on dynoxide", startDynoxide),
);
