import { afterAll, beforeAll, describe } from "vitest";
import { openDynamodbEntityStore } from "../../src/store/dynamodb/dynamodb-entity-store.ts";
import { openDynamodbStore } from "../../src/store/dynamodb/dynamodb-store.ts";
import { startDynalite } from "../support/dynalite.ts";
import { createTable, useLoopbackCredentials } from "../support/dynamodb-table.ts";
import { type DynamoDbServer, hasDynoxide, startDynoxide } from "../support/dynoxide.ts";
import { testEntityStore } from "./entity-store.ts";

useLoopbackCredentials();

function testOn(name: string, start: () => Promise<DynamoDbServer>): void {
  let server: DynamoDbServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());
  testEntityStore(name, {
    async place() {
      const { endpoint } = server;
      const table = await createTable(endpoint);
      return {
        open: async (now) => openDynamodbEntityStore(table, { endpoint, now }),
        async history() {
          await using reader = await openDynamodbStore(table, { endpoint, access: "read" });
          const { history } = reader;
          return { hours: await history.hours({ prefix: "" }), usage: await history.usage(99) };
        },
        // The table goes with its server.
        [Symbol.asyncDispose]: async () => {},
      };
    },
  });
}

describe("dynalite", () => testOn("the DynamoDB entity store on dynalite", startDynalite));

describe.skipIf(!hasDynoxide)("dynoxide (where it is missing: run .ci/dynoxide)", () =>
  testOn("the DynamoDB entity store on dynoxide", startDynoxide),
);
