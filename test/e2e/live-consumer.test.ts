import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Alert } from "../../src/detection/alert.ts";
import { type Arrival, arrivalsOf, ndjson, packed, putInOrder } from "../support/e2e-arrivals.ts";
import { liveEnvironment, writeLiveConfig } from "../support/e2e-config.ts";
import { keyhawk, startKeyhawk, type Keyhawk } from "../support/e2e-keyhawk.ts";
import { lastRevisions, startSiem, type Siem } from "../support/e2e-siem.ts";
import {
  consumed,
  createState,
  delivered,
  differingMemories,
  memoriesOf,
  readState,
} from "../support/e2e-state.ts";
import { type KinesisServer, startKinesalite } from "../support/kinesalite.ts";
import { startKinesisLocal } from "../support/kinesis-local.ts";
import { createStream, type KinesisProducer } from "../support/kinesis-producer.ts";
import { startTopic, type Topic } from "../support/topic.ts";
import { readScenario } from "../support/trail/scenario.ts";

/*
 * A month of a stolen role's company through a real stream, in two parts. First a backlog of three weeks, put before the
 * consumer runs, with a split and a merge within. Then the night of the theft, put while the consumer reads, ten minutes of
 * arrivals at a time, so that no event is more than an hour late.
 */
const NIGHT_FROM_MS = Date.parse("2026-03-14T01:00:00Z");
const NIGHT_TO = "2026-03-14T05:00:00Z";
const CHUNK_MS = 10 * 60_000 - 1;

/** kinesalite says of what a new shard gets in its first second that it came when that second was over. */
const FIRST_SECOND_MS = 1010;

const records = readScenario("stolen-role").records.filter(({ eventTime }) => eventTime < NIGHT_TO);
const arrivals = arrivalsOf(records);
const backlog = arrivals.filter(({ atMs }) => atMs < NIGHT_FROM_MS);
const night = chunksOf(arrivals.slice(backlog.length));

const servers: readonly (readonly [string, () => Promise<KinesisServer>])[] = [
  ["kinesalite", startKinesalite],
  ["kinesis-local", startKinesisLocal],
];

describe.each(servers)("a live consumer of %s", (name, startServer) => {
  let folder = "";
  let state = "";
  let config = "";
  let server: KinesisServer;
  let producer: KinesisProducer;
  let siem: Siem;
  let topic: Topic;
  let expected: Awaited<ReturnType<typeof replayed>>;
  const inQueue: Alert[] = [];
  const consumers: Keyhawk[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "keyhawk-live-"));
    state = await createState(join(folder, "live"));
    server = await startServer();
    producer = await createStream(server.endpoint, "cloudtrail-events", 3);
    [siem, topic] = await Promise.all([startSiem(), startTopic(`alerts-${name}`)]);
    config = await writeLiveConfig(join(folder, "keyhawk.json"), {
      endpoint: server.endpoint,
      stream: producer.stream,
      state,
      siem,
      topic,
    });
    expected = await replayed(folder);
    await tell();
  }, 150_000);

  afterAll(async () => {
    for (const consumer of consumers) await consumer[Symbol.asyncDispose]();
    producer?.close();
    await Promise.allSettled([
      siem?.[Symbol.asyncDispose](),
      topic?.[Symbol.asyncDispose](),
      server?.stop(),
    ]);
    await rm(folder, { recursive: true, force: true });
  });

  /** The whole story; what it leaves is what the tests look at. */
  async function tell(): Promise<void> {
    const third = Math.floor(backlog.length / 3);
    await put(backlog.slice(0, third));
    await splitFirst();
    await put(backlog.slice(third, 2 * third));
    await mergeFirst();
    await put(backlog.slice(2 * third));

    const first = start();
    await consumed(state, Math.floor(backlog.length / 2), first.stderr).catch(ignoreExcess);
    expect(await first.stop()).toEqual({ status: 143, signal: null });

    const second = start();
    await consumed(state, backlog.length, second.stderr);
    let soFar = backlog.length;
    for (const [index, chunk] of night.entries()) {
      if (index === 3) await splitFirst();
      if (index === 8) await mergeFirst();
      if (index === 6) expect(await second.stop()).toEqual({ status: 143, signal: null });
      await put(chunk);
      if (index === 6) start();
      soFar += chunk.length;
      await consumed(state, soFar, latest().stderr);
    }
    await delivered(state);
    expect(await latest().stop()).toEqual({ status: 143, signal: null });
    inQueue.push(...(await topic.messages()).map(({ alert }) => alert));
  }

  function start(): Keyhawk {
    const consumer = startKeyhawk(["run", "--config", config], liveEnvironment(siem));
    consumers.push(consumer);
    return consumer;
  }

  function latest(): Keyhawk {
    const consumer = consumers.at(-1);
    if (consumer === undefined) throw new Error("no consumer was started");
    return consumer;
  }

  async function put(some: readonly Arrival[]): Promise<void> {
    await putInOrder(producer, packed(some));
  }

  async function splitFirst(): Promise<void> {
    const [first] = await producer.openShards();
    expect(await producer.split(first?.ShardId ?? "")).toHaveLength(2);
    await sleep(FIRST_SECOND_MS);
  }

  async function mergeFirst(): Promise<void> {
    const open = (await producer.openShards()).sort(byHashKey);
    const [first, second] = open;
    expect(await producer.merge(first?.ShardId ?? "", second?.ShardId ?? "")).toContain("shardId");
    await sleep(FIRST_SECOND_MS);
  }

  it("finds what the story tells", () => {
    const detectors = new Set([...expected.alerts.values()].map(({ detector }) => detector));
    const told = ["context-fan-out", "decrypt-spike", "unexpected-principal", "unusual-hour"];
    expect([...detectors]).toEqual(expect.arrayContaining(told));
    expect([...expected.alerts.values()].some(({ severity }) => severity === "critical")).toBe(
      true,
    );
  });

  it("counts each record once, duplicates and late ones as a replay does", async () => {
    const { counters } = await readState(state);
    const { counters: replay } = expected;
    expect(counters.duplicates).toBeGreaterThan(300);
    expect(counters.late).toBe(0);
    for (const name of ["records", "kmsEvents", "duplicates", "sharedCopies", "late", "rejected"]) {
      expect([name, counters[name as "records"]]).toEqual([name, replay[name as "records"]]);
    }
  });

  it("has the same alerts in the queue, at the webhook, in its state and in a replay", async () => {
    const listed = await keyhawk("alerts", "list", "--state", state, "--format", "native");
    const kept = linesOf(listed);
    expect(lastRevisions(kept)).toEqual(lastRevisions(expected.alerts.values()));
    expect(lastRevisions(inQueue)).toEqual(lastRevisions(kept));
    expect(lastRevisions(siem.accepted)).toEqual(lastRevisions(kept));
  });

  it("says the same of each as a replay does, but for being live", async () => {
    const { alerts } = await readState(state);
    for (const [id, alert] of expected.alerts) {
      expect(alerts.get(id)).toEqual({ ...alert, replay: false });
    }
  });

  it("has learned the same", () => {
    const learned = memoriesOf(state);
    expect(learned.size).toBeGreaterThan(50);
    const { different, ahead } = differingMemories(learned, expected.memories);
    expect(different).toEqual([]);
    expect(ahead.length).toBeLessThanOrEqual(expected.alerts.size);
  });

  it("signs each delivery, and delivers none twice while nothing fails", () => {
    expect(siem.refused).toEqual([]);
    expect(siem.requests).toBe(siem.accepted.length);
    const said = siem.accepted.map(({ alertId, revision }) => `${alertId} ${revision}`);
    expect(new Set(said).size).toBe(said.length);
  });

  it("reads and ends without a warning", () => {
    for (const consumer of consumers) {
      expect(consumer.stderr()).toContain("stopped, state saved");
      expect(consumer.stderr()).not.toMatch(/^(?:warn|error)/m);
      expect(consumer.stdout()).toBe("");
    }
  });
});

/** The same arrivals as a file of lines, through a replay whose state goes on like that of a consumer. */
async function replayed(folder: string) {
  const trail = join(folder, "arrivals.ndjson");
  const state = await createState(join(folder, "replayed"));
  await writeFile(trail, ndjson(arrivals));
  await keyhawk("replay", trail, "--state", state, "--alerts", join(folder, "alerts.ndjson"));
  return { ...(await readState(state)), memories: memoriesOf(state) };
}

function chunksOf(some: readonly Arrival[]): Arrival[][] {
  const byTime = Map.groupBy(some, ({ atMs }) => Math.floor((atMs - NIGHT_FROM_MS) / CHUNK_MS));
  return [...byTime.values()];
}

function linesOf(text: string): Alert[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Alert);
}

function byHashKey(one: HasRange, other: HasRange): number {
  return BigInt(one.HashKeyRange?.StartingHashKey ?? 0) <
    BigInt(other.HashKeyRange?.StartingHashKey ?? 0)
    ? -1
    : 1;
}

interface HasRange {
  readonly HashKeyRange?: { readonly StartingHashKey?: string | undefined } | undefined;
}

/** More may be read than was waited for: a batch is committed whole. */
function ignoreExcess(error: unknown): void {
  if (!(error instanceof Error) || !error.message.includes("were counted")) throw error;
}
