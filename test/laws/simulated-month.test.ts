import { describe, expect, it } from "vitest";
import { DAY_HOURS, hourOf } from "../../src/baseline/calendar.ts";
import { detectors } from "../../detectors/index.ts";
import type { Alert } from "../../src/detection/alert.ts";
import { Engine, type EngineOptions } from "../../src/detection/engine.ts";
import { configureDetectors, detectionOptions } from "../../src/detection/options.ts";
import { Random } from "../../src/simulation/random.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { WHOLE_NAME } from "../../src/lambda/entity-names.ts";
import { engineOptions } from "../support/detection.ts";
import { type Json, read } from "../support/parsing.ts";
import {
  differences,
  envelopesOf,
  isSilent,
  parsed,
  silenceIn,
  standing,
} from "../support/topology/comparison.ts";
import { roughRates } from "../support/topology/faults.ts";
import { Topology } from "../support/topology/topology.ts";
import { timeOf } from "../support/topology/trail.ts";

const FIRST_MS = Date.parse("2026-01-05T00:00:00Z");
const DAYS = 28;
const END_HOUR = hourOf(FIRST_MS) + (DAYS + 5) * DAY_HOURS;

const options: EngineOptions = engineOptions({
  replay: false,
  detectors: configureDetectors(detectors, detectionOptions(detectors).parse({})),
});

/** Four weeks of an invented organization with attacks in the last one, hour by hour. */
const hours = [
  ...simulate({
    seed: 1,
    days: DAYS,
    firstMs: FIRST_MS,
    principals: 12,
    accounts: 3,
    attacks: 10,
    attacksFrom: 20,
    scale: 0.1,
    kmsOnly: true,
    strength: "mixed",
  }).hours(),
].map(({ records }) => records as unknown as Json[]);

const LAST_MS = Math.max(...(hours.at(-1) ?? []).map((record) => timeOf(record)));

describe("a simulated month", () => {
  it("leaves the same alerts and memories in one process and in the functions", async () => {
    const one = throughEngine();
    const many = await throughTopology();
    expect(one.alerts.size).toBeGreaterThan(20);
    expect(one.memories.size).toBeGreaterThan(40);
    expect(differences(standing(many.alerts), standing(one.alerts))).toEqual([]);
    expect(differences(many.memories, one.memories)).toEqual([]);
  }, 300_000);
});

function throughEngine() {
  const engine = new Engine(options, undefined);
  const alerts = new Map<string, Alert>();
  const keep = () => {
    const output = engine.take();
    for (const alert of output.alerts) alerts.set(alert.alertId, alert);
    return output;
  };
  for (const records of hours) {
    const { events } = read({ Records: records });
    engine.process([...events].sort((a, b) => a.timeMs - b.timeMs));
    keep();
  }
  engine.passTime(END_HOUR);
  keep();
  const silent = [...alerts.values()].filter(isSilent);
  engine.finish();
  const { memories, state } = keep();
  // Only the end of a history ends a silence that lasts.
  for (const alert of silent) alerts.set(alert.alertId, alert);
  const { whole = "" } = silenceIn(state);
  return { alerts, memories: parsed(new Map([...memories, [WHOLE_NAME, whole]])) };
}

async function throughTopology() {
  const random = new Random("month");
  const topology = new Topology({ engine: options, rates: roughRates, random });
  for (const [number, records] of hours.entries()) {
    const shuffled = random.shuffle(records).map((record) => ({ record }));
    for (const envelope of envelopesOf(shuffled, random)) {
      topology.source.put(String(random.bits()), envelope);
    }
    topology.beginSlice(number);
    if (random.chance(0.02)) topology.reshard();
    await topology.drain();
    await topology.tick();
  }
  await topology.settle(END_HOUR);
  const engine = new Engine(options, JSON.stringify({ watermarkMs: LAST_MS, open: [] }));
  const items = [...topology.store.items()].filter(([name]) =>
    /^(?:principal|key|account):/.test(name),
  );
  engine.adopt(new Map(items.map(([name, { memory }]) => [name, memory])));
  engine.finish();
  const alerts = new Map<string, Alert>();
  for (const [id, { alert }] of topology.store.keptAlerts()) alerts.set(id, alert);
  return { alerts, memories: parsed(engine.take().memories) };
}
