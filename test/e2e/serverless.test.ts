import type { Shard } from "@aws-sdk/client-kinesis";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleFunctions } from "../../infra/bundle.ts";
import { loadConfig } from "../../src/config.ts";
import { openDynamodbStore } from "../../src/store/dynamodb/dynamodb-store.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { useLoopbackCredentials } from "../support/dynamodb-table.ts";
import { readReportInput } from "../../src/report/input.ts";
import { renderReport } from "../../src/report/report.ts";
import type { HistoryRow, StateStore } from "../../src/store/store.ts";
import { hasDynoxide } from "../support/dynoxide.ts";
import { ndjson } from "../support/e2e-arrivals.ts";
import { keyhawk, startKeyhawk } from "../support/e2e-keyhawk.ts";
import { lastRevisions } from "../support/e2e-siem.ts";
import { createState, eventually, memoriesOf, readState } from "../support/e2e-state.ts";
import { broken, seededPlan, throttled } from "../support/fault-proxy.ts";
import type { KinesisProducer } from "../support/kinesis-producer.ts";
import type { Chaos } from "../support/lambda/chaos.ts";
import { serverlessScenario } from "../support/serverless-scenario.ts";
import { type Rewind, type ServerlessWorld, startServerless } from "../support/serverless-world.ts";
import { outcomeIn, type ShapeOutcome } from "../support/shape-outcome.ts";

const name = hasDynoxide
  ? "Keyhawk without servers, while everything goes wrong"
  : "Keyhawk without servers (skipped: no dynoxide, see .ci/dynoxide)";

const scenario = serverlessScenario();
const endMs = Math.max(...scenario.arrivals.map(({ record }) => Date.parse(record.eventTime)));

const chaos: Chaos = {
  throttled: 0.04,
  crashed: 0.03,
  lostAnswer: 0.05,
  abandoned: 0.04,
  killed: 0.01,
  doubled: 0.05,
  rebatched: 0.3,
};
const often = [
  { fault: broken, probability: 0.01 },
  { fault: { kind: "cut" }, probability: 0.01 },
  { fault: { kind: "lostAnswer" }, probability: 0.02 },
] as const;
const faults = {
  kinesis: seededPlan(1, [
    { fault: { kind: "partial" }, probability: 0.1 },
    { fault: throttled, probability: 0.03 },
    ...often,
  ]),
  dynamodb: seededPlan(2, [
    { fault: { kind: "partial" }, probability: 0.1 },
    { fault: { kind: "error", name: "ThrottlingException" }, probability: 0.03 },
    ...often,
  ]),
  s3: seededPlan(3, often),
  sns: seededPlan(4, often),
};

describe.skipIf(!hasDynoxide)(name, () => {
  let folder = "";
  let world: ServerlessWorld;
  let replayed: ShapeOutcome;
  let live: ShapeOutcome;
  let serverless: ShapeOutcome;
  let liveLetters: ReadonlySet<string>;
  let drawn: Record<"serverless" | "replayed", ReadonlyMap<string, HistoryRow>>;
  let used: Record<"serverless" | "replayed", ReadonlyMap<string, number>>;
  let page = "";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "keyhawk-serverless-"));
    useLoopbackCredentials();
    const bundles = bundleFunctions(join(folder, "bundles"));
    const mapping = { chaos };
    world = await startServerless({
      files: {
        spread: bundles.spread.file,
        detect: bundles.detect.file,
        deliver: bundles.deliver.file,
        tick: bundles.tick.file,
      },
      config: scenario.config,
      faults,
      mappings: {
        spread: { ...mapping, parallelizationFactor: 2 },
        detect: { ...mapping, parallelizationFactor: 3 },
        deliver: { ...mapping, parallelizationFactor: 2 },
      },
    });
    await tell();
    await compare();
  }, 240_000);

  afterAll(async () => {
    process.stdout.write(survived());
    await world?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** The days, eleven hours at a time, with shards that split and merge and a stretch that comes twice. */
  async function tell(): Promise<void> {
    let before: Rewind | undefined;
    for (const [index, chunk] of scenario.chunks.entries()) {
      if (index === 2) await splitFirst(world.entities);
      if (index === 3) await splitFirst(world.source);
      if (index === 5) await mergeFirst(world.entities);
      if (index === 4) before = world.mark();
      await world.source.put(chunk);
      await world.settle();
      if (index === 5 && before !== undefined) await world.rewind(before);
      await world.tick();
      await world.settle();
    }
    for (let turn = 0; turn < 2; turn += 1) {
      await world.tickLater();
      await world.settle();
    }
    await eventually(nothingWaits, () => "alerts still wait for the topic");
  }

  /** Whether every sink has accepted everything, tried once more. */
  async function nothingWaits(): Promise<boolean> {
    await world.tickLater();
    await world.settle();
    await using table = await openTable();
    return (await table.outbox.counts()).every(({ pending }) => pending === 0);
  }

  function openTable(): Promise<StateStore> {
    return openDynamodbStore(world.table, { access: "read", endpoint: world.tableEndpoint });
  }

  async function compare(): Promise<void> {
    const path = await writeConfig("keyhawk.json", scenario.config);
    const config = await loadConfig(path);
    const [replayState, liveState] = await Promise.all([replay(path), run()]);
    const entities = [...memoriesOf(replayState).keys()];
    const at = { config, endMs };
    await using one = await openSqliteStore(replayState, { access: "read" });
    await using other = await openSqliteStore(liveState, { access: "read" });
    await using table = await openTable();
    replayed = await outcomeIn(one, entities, at);
    live = await outcomeIn(other, entities, at);
    serverless = await outcomeIn(table, entities, at);
    drawn = { serverless: await hoursIn(table), replayed: await hoursIn(one) };
    used = { serverless: await usesIn(table), replayed: await usesIn(one) };
    page = renderReport(await readReportInput(table));
    const { deadLetters } = await readState(liveState);
    liveLetters = new Set(deadLetters.map(({ reason, sha256 }) => `${reason} ${sha256}`));
  }

  async function replay(config: string): Promise<string> {
    const state = await createState(join(folder, "replay"));
    const trail = join(folder, "arrivals.ndjson");
    await writeFile(trail, ndjson(scenario.arrivals));
    await keyhawk("replay", trail, "--state", state, "--config", config, "--alerts", "/dev/null");
    return state;
  }

  async function run(): Promise<string> {
    const state = await createState(join(folder, "live"));
    const source = {
      kinesis: {
        stream: world.source.stream,
        endpoint: world.kinesisEndpoint,
        region: "us-east-1",
        alignmentMs: 0,
      },
    };
    const config = await writeConfig("live.json", { ...scenario.config, source, state });
    await using consumer = startKeyhawk(["run", "--config", config]);
    let seen = 0;
    await eventually(
      async () => {
        const { counters, deadLetters } = await readState(state);
        seen = counters.records;
        return seen >= scenario.arrivals.length && deadLetters.length >= scenario.letters;
      },
      () => `${seen} of ${scenario.arrivals.length} records; ${consumer.stderr()}`,
      90_000,
    );
    await consumer.stop();
    return state;
  }

  async function writeConfig(file: string, config: object): Promise<string> {
    const path = join(folder, file);
    await writeFile(path, JSON.stringify(config));
    return path;
  }

  /** What went wrong on the way, for the log. */
  function survived(): string {
    if (world === undefined) return "";
    const proxies = Object.entries(world.proxies).map(([service, { faults: made, requests }]) => {
      const all = [...requests.values()].reduce((sum, count) => sum + count, 0);
      return `${service} ${made} of ${all} requests`;
    });
    const mappings = Object.entries(world.mappings).map(([own, { counts }]) => {
      const { batches, chaos: done } = counts;
      const kinds = Object.entries(done).map(([kind, count]) => `${count} ${kind}`);
      return `${own} ${batches} batches: ${kinds.join(", ")}`;
    });
    return `survived faults of ${proxies.join(", ")}; ${mappings.join("; ")}\n`;
  }

  it("had much go wrong", () => {
    expect(world.proxies.dynamodb.faults).toBeGreaterThan(50);
    expect(world.proxies.kinesis.faults).toBeGreaterThan(5);
    const { counts } = world.mappings.detect;
    expect(counts.delivered).toBeGreaterThan(counts.records);
    expect(counts.chaos.killed + counts.chaos.abandoned + counts.chaos.doubled).toBeGreaterThan(5);
  });

  it("finds what a replay finds", () => {
    expect(replayed.alerts.size).toBeGreaterThan(20);
    expect([...replayed.alerts.values()].map(({ detector }) => detector)).toContain(
      "combined-signals",
    );
    expect(lastRevisions(serverless.alerts.values())).toEqual(
      lastRevisions(replayed.alerts.values()),
    );
  });

  it("hears that accounts have fallen silent, and that one of them speaks again", () => {
    const silent = [...serverless.alerts.values()]
      .filter(({ title }) => title === "An account has fallen silent")
      .map(({ accountId, status }) => `${accountId} ${status}`);
    expect(silent).toEqual(expect.arrayContaining(["222233334444 updated", "777788889999 closed"]));
  });

  it("finds what one process on the same stream finds", () => {
    expect(lastRevisions(serverless.alerts.values())).toEqual(lastRevisions(live.alerts.values()));
  });

  it("says the same of each alert that is over", () => {
    const over = ({ alerts }: ShapeOutcome) =>
      [...alerts.values()].filter(({ status }) => status === "closed");
    expect(over(live).length).toBeGreaterThan(10);
    expect(over(serverless)).toEqual(over(live));
  });

  it("has learned the same", () => {
    const learned = learnedIn(replayed);
    expect(learned.size).toBeGreaterThan(20);
    expect(learnedIn(live)).toEqual(learned);
    expect(learnedIn(serverless)).toEqual(learned);
  });

  it("keeps the hours that a replay keeps, but for those that a crash took, and draws them", () => {
    const same = [...drawn.serverless].filter(([name, row]) =>
      isDeepStrictEqual(drawn.replayed.get(name), row),
    );
    expect(same.length).toBe(drawn.serverless.size);
    expect(same.length).toBeGreaterThan(0.9 * drawn.replayed.size);
    const [kept, all] = [used.serverless, used.replayed];
    expect([...kept].filter(([pair, count]) => count > (all.get(pair) ?? 0))).toEqual([]);
    expect(sumOf(kept)).toBeGreaterThan(0.9 * sumOf(all));
    expect(page).toContain("counted in CloudWatch");
    expect(page).not.toMatch(/class="empty"/);
  });

  it("tells each alert to its end, under one id", async () => {
    const told = (await world.topic.messages()).map(({ alert }) => alert);
    expect(lastRevisions(told)).toEqual(lastRevisions(serverless.alerts.values()));
  });

  it("keeps what nobody can understand, as one process does, and gives nothing up", async () => {
    const letters = (await world.letters()).flatMap((text) => text.trim().split("\n"));
    const kept = letters.map((line) => {
      const { reason, payload } = JSON.parse(line) as { reason: string; payload: string };
      const sha256 = createHash("sha256").update(Buffer.from(payload, "base64")).digest("hex");
      return `${reason} ${sha256}`;
    });
    expect(new Set(kept).size).toBe(scenario.letters);
    expect(new Set(kept)).toEqual(liveLetters);
    expect(await world.discarded()).toEqual([]);
  });
});

async function usesIn(store: StateStore): Promise<Map<string, number>> {
  const rows = await store.history.usage(100_000);
  return new Map(
    rows.map(({ keyArn, principalKey, count }) => [`${keyArn} ${principalKey}`, count]),
  );
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

async function hoursIn(store: StateStore): Promise<Map<string, HistoryRow>> {
  const rows = await store.history.hours({ prefix: "" });
  return new Map(rows.map((row) => [`${row.entity} ${row.hour}`, row]));
}

/** Memories by entity, without those to which no detector had anything to say: the functions keep none for them. */
function learnedIn({ memories }: ShapeOutcome): Map<string, unknown> {
  const read = [...memories].map(([entity, text]) => [entity, JSON.parse(text) as { d: object }]);
  return new Map(
    (read as [string, { d: object }][]).filter(([, { d }]) => Object.keys(d).length > 0),
  );
}

async function splitFirst(producer: KinesisProducer): Promise<void> {
  const [first] = await producer.openShards();
  expect(await producer.split(first?.ShardId ?? "")).toHaveLength(2);
}

/** Merges the two shards that begin lowest. */
async function mergeFirst(producer: KinesisProducer): Promise<void> {
  const start = (shard: Shard) => BigInt(shard.HashKeyRange?.StartingHashKey ?? 0);
  const open = (await producer.openShards()).sort((one, other) =>
    start(one) < start(other) ? -1 : 1,
  );
  const [first, second] = open;
  expect(await producer.merge(first?.ShardId ?? "", second?.ShardId ?? "")).toContain("shardId");
}
