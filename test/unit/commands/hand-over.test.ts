import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openDynamodbEntityStore } from "../../../src/store/dynamodb/dynamodb-entity-store.ts";
import { startDynalite } from "../../support/dynalite.ts";
import { createTable, useLoopbackCredentials } from "../../support/dynamodb-table.ts";
import type { DynamoDbServer } from "../../support/dynoxide.ts";
import { keyhawk } from "./command-line.ts";

const trail = "samples/stolen-role/trail";

describe("a table that the Lambda functions learn into", () => {
  let server: DynamoDbServer;
  let table = "";

  beforeAll(async () => {
    useLoopbackCredentials();
    server = await startDynalite();
    vi.stubEnv("AWS_ENDPOINT_URL_DYNAMODB", server.endpoint);
    table = await createTable(server.endpoint);
  });

  afterAll(async () => {
    vi.unstubAllEnvs();
    await server.stop();
  });

  it("is refused to a process, which says what to do, until it is handed over", async () => {
    const state = ["--state", `dynamodb://${table}`];
    await using entities = openDynamodbEntityStore(table);
    await entities.claim();
    const refused = await keyhawk(["replay", trail, ...state, "--alerts", "/dev/null"]);
    expect(refused).toMatchObject({ status: 1, stdout: "" });
    expect(refused.stderr).toContain(
      `keyhawk: dynamodb://${table}: the Lambda functions learn here`,
    );
    expect(refused.stderr).toContain(`keyhawk baseline hand-over --to run ${state.join(" ")}`);
    const handedOver = await keyhawk(["baseline", "hand-over", "--to", "run", ...state]);
    expect(handedOver).toMatchObject({ status: 0, stdout: "" });
    await expect(entities.claim()).rejects.toMatchObject({ code: "locked" });
  });

  it("is not a folder, and has no third shape", async () => {
    const folder = await keyhawk(["baseline", "hand-over", "--to", "run", "--state", "/nowhere"]);
    expect(folder).toMatchObject({ status: 2 });
    expect(folder.stderr).toContain("/nowhere: expected dynamodb://TABLE");
    const shape = await keyhawk(["baseline", "hand-over", "--to", "me", "--state", "dynamodb://t"]);
    expect(shape).toMatchObject({ status: 2 });
  });
});
