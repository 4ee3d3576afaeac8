import { writeSync } from "node:fs";
import { openDynamodbStore } from "../../src/store/dynamodb/dynamodb-store.ts";
import { tableIn } from "../../src/store/place.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { StoreError } from "../../src/store/store.ts";
import { alertOf, commitOf, letterOf, segmentOf } from "./commits.ts";

/*
 * A process with a store: `node store-writer.ts PLACE consume|read MAX_BYTES`. A consumer commits batch after batch, each
 * of which writes its number everywhere, and prints the number once the batch is acknowledged. A reader prints how many
 * alerts there are. Either prints `error CODE: MESSAGE` where it cannot.
 */
const [place = "", access = "consume", maxBytes = ""] = process.argv.slice(2);
const entities = Array.from({ length: 20 }, (_, index) => `principal:${index}`);
const padding = "x".repeat(2000);

try {
  await (access === "read" ? countAlerts() : commitBatches());
} catch (error) {
  if (!(error instanceof StoreError)) {
    throw error;
  }
  writeSync(1, `error ${error.code}: ${error.message}\n`);
}

async function countAlerts(): Promise<void> {
  await using store = await openSqliteStore(place, { access: "read" });
  writeSync(1, `alerts ${(await store.alerts.list({})).length}\n`);
}

async function commitBatches(): Promise<void> {
  const table = tableIn(place);
  await using store = await (table === undefined
    ? openSqliteStore(place, { maxBytes: Number(maxBytes) })
    : openDynamodbStore(table, { leaseMs: 600 }));
  const last = Number((await store.positions()).get("stream") ?? "0");
  writeSync(1, `open ${last}\n`);
  for (let batch = last + 1; ; batch += 1) {
    const alert = alertOf({ alertId: batch.toString(16) });
    const commit = commitOf({
      positions: new Map([["stream", `${batch}`]]),
      memories: new Map(entities.map((entity) => [entity, JSON.stringify({ batch, padding })])),
      engineState: `${batch}`,
      calls: [segmentOf(1, batch)],
      alerts: [alert],
      deliveries: [{ alert, sinks: ["siem"] }],
      deadLetters: [letterOf({ origin: `${batch}` })],
      counters: { records: 1 },
      history: [
        {
          entity: "principal:0",
          hour: batch,
          events: batch,
          decrypts: 0,
          expected: null,
          limit: null,
        },
      ],
      usage: [
        { keyArn: "key", principalKey: "principal", firstMs: batch, lastMs: batch, count: 1 },
      ],
    });
    await store.commit(commit);
    writeSync(1, `${batch}\n`);
  }
}
