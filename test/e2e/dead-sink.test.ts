import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Alert } from "../../src/detection/alert.ts";
import { type Arrival, arrivalsOf, packed } from "../support/e2e-arrivals.ts";
import { liveEnvironment, writeLiveConfig } from "../support/e2e-config.ts";
import { type Keyhawk, startKeyhawk } from "../support/e2e-keyhawk.ts";
import { revisionsIn, type Siem, startSiem } from "../support/e2e-siem.ts";
import {
  consumed,
  createState,
  delivered,
  eventually,
  readState,
  type StateView,
} from "../support/e2e-state.ts";
import { type KinesisServer, startKinesalite } from "../support/kinesalite.ts";
import { createStream, type KinesisProducer } from "../support/kinesis-producer.ts";
import { startTopic, type Topic } from "../support/topic.ts";
import { readScenario } from "../support/trail/scenario.ts";

const arrivals = arrivalsOf(readScenario("ransom-attempt").records);

describe.each([
  ["refuses connections", "cut"],
  ["answers 500", { status: 500, body: "no" }],
] as const)("while a webhook receiver %s", (_, answer) => {
  let folder = "";
  let state = "";
  let server: KinesisServer;
  let producer: KinesisProducer;
  let siem: Siem;
  let topic: Topic;
  let consumer: Keyhawk;
  let during: StateView;
  const inQueue: Alert[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "keyhawk-dead-sink-"));
    state = await createState(join(folder, "state"));
    server = await startKinesalite();
    producer = await createStream(server.endpoint, "cloudtrail-events", 1);
    [siem, topic] = await Promise.all([startSiem(), startTopic("alerts")]);
    siem.outage(answer);
    const config = await writeLiveConfig(join(folder, "keyhawk.json"), {
      endpoint: server.endpoint,
      stream: producer.stream,
      state,
      siem,
      topic,
      delivery: { sinkDeadAfterMinutes: 0.01 },
    });
    await put(arrivals);
    consumer = startKeyhawk(["run", "--config", config], liveEnvironment(siem));
    await consumed(state, arrivals.length, consumer.stderr);
    await eventually(async () => (await queued("delivery-failing")) !== undefined, consumer.stderr);
    await delivered(state, ["siem"]);
    await queued("");
    during = await readState(state);
  });

  afterAll(async () => {
    await consumer?.[Symbol.asyncDispose]();
    producer?.close();
    await Promise.allSettled([
      siem?.[Symbol.asyncDispose](),
      topic?.[Symbol.asyncDispose](),
      server?.stop(),
    ]);
    await rm(folder, { recursive: true, force: true });
  });

  async function put(some: readonly Arrival[]): Promise<void> {
    await producer.put(packed(some));
  }

  /** The newest alert of a detector that has come to the queue. */
  async function queued(detector: string): Promise<Alert | undefined> {
    inQueue.push(...(await topic.messages()).map(({ alert }) => alert));
    return inQueue.findLast((alert) => alert.detector === detector);
  }

  it("detection goes on and the other sink has everything", () => {
    expect(during.counters.records).toBe(arrivals.length);
    expect(during.alerts.size).toBeGreaterThan(10);
    const found = [...during.alerts.values()].map(({ alertId }) => alertId).sort();
    expect([...new Set(inQueue.map(({ alertId }) => alertId))].sort()).toEqual(found);
  });

  it("the other sink is told, in words that help", async () => {
    expect(await queued("delivery-failing")).toMatchObject({
      severity: "high",
      status: "created",
      title: "Sink siem accepts no alerts",
      observed: { subject: "siem", state: "dead" },
    });
  });

  it("nothing was accepted by the dead one, and all of it waits", () => {
    expect(siem.accepted).toEqual([]);
    const waiting = during.outbox.find(({ sink }) => sink === "siem");
    const others = revisionsIn(inQueue.filter(({ detector }) => detector !== "delivery-failing"));
    expect(waiting).toMatchObject({ pending: others.length, parked: 0, accepted: 0 });
  });

  it("and once it is back, everything arrives, each revision once, and the alarm is over", async () => {
    siem.outage(undefined);
    await delivered(state);
    await eventually(
      async () => (await queued("delivery-failing"))?.status === "closed",
      consumer.stderr,
    );
    const toBoth = inQueue.filter(({ detector }) => detector !== "delivery-failing");
    expect(revisionsIn(siem.accepted)).toEqual(revisionsIn(toBoth));
    expect(siem.accepted).toHaveLength(revisionsIn(siem.accepted).length);
    expect(await consumer.stop()).toEqual({ status: 143, signal: null });
  });
});
