import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { arrivalsOf, packed, putInOrder } from "../support/e2e-arrivals.ts";
import { liveEnvironment, writeLiveConfig } from "../support/e2e-config.ts";
import { startKeyhawk } from "../support/e2e-keyhawk.ts";
import { killAt, momentsOver } from "../support/e2e-kill.ts";
import { lastRevisions, revisionsIn, type Siem, startSiem } from "../support/e2e-siem.ts";
import {
  consumed,
  createState,
  delivered,
  differingMemories,
  eventually,
  memoriesOf,
  readCounters,
  readState,
  type StateView,
} from "../support/e2e-state.ts";
import { type KinesisServer, startKinesalite } from "../support/kinesalite.ts";
import { createStream, type KinesisProducer } from "../support/kinesis-producer.ts";
import { Random } from "../../src/simulation/random.ts";
import { readScenario } from "../support/trail/scenario.ts";

const KILLS = 20;
const arrivals = arrivalsOf(readScenario("ransom-attempt").records);

describe("a live consumer, killed at random moments and started again", () => {
  let folder = "";
  let server: KinesisServer;
  let producer: KinesisProducer;
  let whole: Outcome;
  let killed: Outcome;
  /** Records committed when it was killed. */
  const reached: number[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "keyhawk-kill-live-"));
    server = await startKinesalite();
    producer = await createStream(server.endpoint, "cloudtrail-events", 3);
    await putInOrder(producer, packed(arrivals, { logEvents: 50 }));
    whole = await outcomeOf("whole", async () => {});
    killed = await outcomeOf("killed", killOften);
  }, 150_000);

  afterAll(async () => {
    producer?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function killOften(start: Start, state: string): Promise<void> {
    for (const moment of momentsOver(arrivals.length, KILLS, new Random("kill-live"))) {
      await using running = start();
      expect(await killAt(moment, running, state)).toEqual({ status: null, signal: "SIGKILL" });
      reached.push((await readCounters(state)).records);
    }
  }

  /** Consumes the whole stream into a new state, after whatever `before` does with the same state. */
  async function outcomeOf(
    name: string,
    before: (start: Start, state: string) => Promise<void>,
  ): Promise<Outcome> {
    await using siem = await startSiem({ answerAfterMs: 40 });
    const state = await createState(join(folder, name));
    const config = await writeLiveConfig(join(folder, `${name}.json`), {
      endpoint: server.endpoint,
      stream: producer.stream,
      state,
      siem,
      kinesis: { recordsPerRead: 2 },
    });
    const start = () => startKeyhawk(["run", "--config", config], liveEnvironment(siem));
    await before(start, state);
    await using last = start();
    await eventually(() => last.stderr().includes("running"), last.stderr);
    await consumed(state, arrivals.length, last.stderr);
    await delivered(state);
    expect(await last.stop()).toEqual({ status: 143, signal: null });
    return { siem, state: await readState(state), memories: memoriesOf(state) };
  }

  it("was killed all along", () => {
    expect(reached).toHaveLength(KILLS);
    expect(new Set(reached).size).toBeGreaterThan(KILLS / 4);
    expect(reached[0]).toBeLessThan(arrivals.length / 3);
    expect(reached.at(-1)).toBeGreaterThan((arrivals.length * 2) / 3);
  });

  it("delivers the same alerts from their first to the same last revision, none lost, none invented", () => {
    const last = lastRevisions(whole.siem.accepted);
    expect(last.size).toBeGreaterThan(10);
    expect(lastRevisions(killed.siem.accepted)).toEqual(last);
    // Which ones are told in between depends on what a batch holds.
    const created = [...last.keys()].map((id) => `${id} 0`);
    for (const { siem } of [whole, killed]) {
      expect(revisionsIn(siem.accepted)).toEqual(expect.arrayContaining(created));
    }
    expect([...whole.siem.refused, ...killed.siem.refused]).toEqual([]);
  });

  it("has delivered the newest revision of all that it keeps", () => {
    for (const { siem, state } of [whole, killed]) {
      expect(lastRevisions(siem.accepted)).toEqual(lastRevisions(state.alerts.values()));
    }
  });

  it("keeps the same alerts, to the word", () => {
    for (const [id, alert] of whole.state.alerts)
      expect(killed.state.alerts.get(id)).toEqual(alert);
    expect(killed.state.alerts.size).toBe(whole.state.alerts.size);
  });

  it("counts each record once", () => {
    expect(whole.state.counters.duplicates).toBeGreaterThan(300);
    expect(whole.state.counters.late).toBe(0);
    expect(killed.state.counters).toEqual(whole.state.counters);
  });

  it("has learned the same", () => {
    const { different, ahead } = differingMemories(killed.memories, whole.memories);
    expect(whole.memories.size).toBeGreaterThan(50);
    expect(different).toEqual([]);
    expect(ahead.length).toBeLessThanOrEqual(whole.state.alerts.size);
  });
});

type Start = () => ReturnType<typeof startKeyhawk>;

interface Outcome {
  readonly siem: Siem;
  readonly state: StateView;
  readonly memories: ReadonlyMap<string, string>;
}
