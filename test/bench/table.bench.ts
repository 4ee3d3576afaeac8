import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openDynamodbStore } from "../../src/store/dynamodb/dynamodb-store.ts";
import { valueBytes } from "../../src/store/dynamodb/value-size.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Commit } from "../../src/store/store.ts";
import { alertOf, commitOf, segmentOf } from "../support/commits.ts";
import { createTable, useLoopbackCredentials } from "../support/dynamodb-table.ts";
import { hasDynoxide, startDynoxide } from "../support/dynoxide.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";

/**
 * What a commit costs in a table: requests, milliseconds and write units, of 500 memories as the sample has them and 20 alerts
 * for one sink. `node test/bench/table.bench.ts`, where dynoxide is (`.ci/dynoxide`).
 */
if (!hasDynoxide) throw new Error("dynoxide is not here: run .ci/dynoxide");
useLoopbackCredentials();
const server = await startDynoxide();
const proxy = await startFaultProxy(server.endpoint);
try {
  process.stdout.write(await measured());
} finally {
  await proxy.stop();
  await server.stop();
}

async function measured(): Promise<string> {
  const memories = await sampleMemories(500);
  const table = await createTable(server.endpoint);
  const texts = [...memories.values()];
  const memoryBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / texts.length;
  const lines = [`a memory has ${Math.round(memoryBytes)} bytes of JSON on average`];
  {
    await using counted = await openDynamodbStore(table, { endpoint: proxy.endpoint });
    await counted.commit(batch(memories, 0));
    const before = new Map(proxy.requests);
    await counted.commit(batch(memories, 1));
    const requests = [...proxy.requests].map(
      ([operation, count]) => `${count - (before.get(operation) ?? 0)} ${operation}`,
    );
    lines.push(`requests: ${requests.filter((text) => !text.startsWith("0 ")).join(", ")}`);
    lines.push(`write units: ${await writeUnits(table)}`);
  }
  await using store = await openDynamodbStore(table, { endpoint: server.endpoint });
  for (const [what, commit] of [
    ["500 memories and 20 alerts", (n: number) => batch(memories, n)],
    ["one memory", (n: number) => batch(new Map([...memories].slice(0, 1)), n, 0)],
  ] as const) {
    const times: number[] = [];
    for (let turn = 2; turn < 12; turn += 1) {
      const startMs = performance.now();
      await store.commit(commit(turn));
      times.push(performance.now() - startMs);
    }
    times.sort((one, other) => one - other);
    lines.push(`${what}: median ${times[5]?.toFixed(1)} ms, least ${times[0]?.toFixed(1)} ms`);
  }
  return `${lines.join("\n")}\n`;
}

function batch(memories: ReadonlyMap<string, string>, number: number, alerts = 20): Commit {
  const made = Array.from({ length: alerts }, (_, index) =>
    alertOf({ alertId: (number * 100 + index).toString(16) }),
  );
  return commitOf({
    memories,
    positions: new Map([["stream/shard-1", `${number}`]]),
    engineState: `{"watermark":${number}}`,
    calls: [segmentOf(5, ...Array.from({ length: 2000 }, (_, index) => number * 2000 + index))],
    counters: { records: 2000 },
    alerts: made,
    deliveries: made.map((alert) => ({ alert, sinks: ["siem"] })),
  });
}

/** Write units of the last commit, from the sizes of the items that it wrote (1 KB each begun). */
async function writeUnits(table: string): Promise<string> {
  const client = new DynamoDBClient({ endpoint: server.endpoint });
  const units = { applied: 0, log: 0 };
  let start: Record<string, never> | undefined;
  do {
    const page = { TableName: table, ...(start === undefined ? {} : { ExclusiveStartKey: start }) };
    const answer = await client.send(new ScanCommand(page));
    for (const item of answer.Items ?? []) {
      const isLast = item["c"]?.N === "2" || item["pk"]?.S === "head";
      const cost = Math.ceil(valueBytes({ M: item }) / 1024);
      if (isLast) units[item["pk"]?.S?.startsWith("log#") === true ? "log" : "applied"] += cost;
    }
    start = answer.LastEvaluatedKey as typeof start;
  } while (start !== undefined);
  client.destroy();
  return `${units.log} for the log, ${units.applied} for the head and the items`;
}

/** Memories of the sample, as often as it takes. */
async function sampleMemories(count: number): Promise<Map<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), "keyhawk-bench-"));
  try {
    const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
    const trail = fileURLToPath(new URL("../../samples/stolen-role/trail", import.meta.url));
    const state = join(folder, "state");
    const alerts = join(folder, "alerts");
    execFileSync(process.execPath, [main, "replay", trail, "--state", state, "--alerts", alerts], {
      stdio: "ignore",
    });
    await using store = await openStore(state, { access: "read" });
    const texts = [...(await store.memoriesAfter("", count)).values()];
    return new Map(
      Array.from({ length: count }, (_, index) => [
        `principal:arn:aws:iam::111122223333:role/application-${index}`,
        texts[index % texts.length] ?? "{}",
      ]),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
