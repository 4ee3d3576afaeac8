import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { DAY_HOURS, HOUR_MS, hourOf } from "../../src/baseline/calendar.ts";
import { spokenHours } from "../../src/baseline/spoken-hours.ts";
import { detectors } from "../../detectors/index.ts";
import type { KmsEvent } from "../../src/cloudtrail/event.ts";
import type { Alert } from "../../src/detection/alert.ts";
import { Engine, type EngineOptions } from "../../src/detection/engine.ts";
import { WHOLE_NAME } from "../../src/lambda/entity-names.ts";
import { configureDetectors, detectionOptions } from "../../src/detection/options.ts";
import { Random } from "../../src/simulation/random.ts";
import type { EntityItem, EntityStore } from "../../src/store/entity-store.ts";
import type { HistoryRow } from "../../src/store/store.ts";
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
import { type FaultRates, roughRates } from "../support/topology/faults.ts";
import { type PlantedBug, Topology } from "../support/topology/topology.ts";
import { timeOf, Trail } from "../support/topology/trail.ts";

const MINUTE_MS = 60_000;
/** Event time that arrives before everything is drained: with the greatest delay it makes the lateness, one hour. */
const SLICE_MS = 20 * MINUTE_MS;
const MOST_DELAY_MS = 39 * MINUTE_MS;
/** How far back a second mapping begins: of the six hours for which calls are recognised, two for each of both streams. */
const OVERLAP_SLICES = 6;
/** Seeds within which a planted bug must show: some need a notice to be lost that no later one makes good. */
const MOST_SEEDS = 15;
const SEEDS = (process.env["TOPOLOGY_SEEDS"] ?? "1,2,3").split(",");

const BUDGETED = "unexpected-principal";

const options: EngineOptions = engineOptions({
  replay: false,
  detectors: configureDetectors(
    detectors,
    // A small budget, so that notices are told.
    detectionOptions(detectors).parse({
      detectors: { [BUDGETED]: { budgetPerDay: 1 } },
    }),
  ),
});
const trail = new Trail(new Random("trail"));
const habit = trail.habit();
const night = trail.night();
const END_HOUR = hourOf(Math.max(...night.map(timeOf))) + 5 * DAY_HOURS;
const learned = learn();
const expected = throughEngine();

describe("the Lambda topology", () => {
  it("has something to be compared with", () => {
    expect(learned.open).toEqual([]);
    expect(
      [...expected.alerts.values()]
        .filter(({ detector }) => detector === "sensor-silent")
        .map(({ title, accountId, status }) => `${title}: ${accountId}, ${status}`)
        .sort(),
    ).toEqual([
      "An account has fallen silent: 444455556666, updated",
      "An account has fallen silent: 777788889999, closed",
      "The organization has fallen silent: null, closed",
      "The organization has fallen silent: null, closed",
    ]);
    expect(expected.memories.size).toBeGreaterThan(8);
    const found = new Set([...expected.alerts.values()].map(({ detector }) => detector));
    expect([...found]).toEqual(
      expect.arrayContaining([
        "alert-budget",
        "combined-signals",
        "context-fan-out",
        "decrypt-spike",
        "foreign-account",
        "foreign-encryption",
        "key-destruction",
        "sensor-blinded",
        "sensor-silent",
        "unexpected-principal",
      ]),
    );
  });

  const counts: Record<string, number> = {};

  it.each(SEEDS)(
    "leaves the memories and alerts of one engine, whatever goes wrong (seed %s)",
    async (seed) => {
      const { outcome, topology, poison } = await run(seed, roughRates);
      for (const [name, count] of Object.entries(topology.faults.counts)) {
        counts[name] = (counts[name] ?? 0) + count;
      }
      expect(differences(standing(outcome.alerts), standing(expected.alerts))).toEqual([]);
      expect(differences(outcome.memories, expected.memories)).toEqual([]);
      const { hours } = topology.store.keptHistory();
      // A crash right after a commit leaves a gap.
      expect(hours.length).toBeGreaterThan(0.8 * expected.history.size);
      expect(
        hours.filter((row) => !isDeepStrictEqual(expected.history.get(hourName(row)), row)),
      ).toEqual([]);
      expect(undelivered(topology.received, outcome.alerts)).toEqual([]);
      const kept = new Set(
        topology.letters.map(({ payload }) => Buffer.from(payload).toString("hex")),
      );
      expect(kept).toEqual(new Set(poison.map((payload) => Buffer.from(payload).toString("hex"))));
    },
  );

  it("has met every kind of fault", () => {
    // What the seeds survived, for whoever wants to know.
    process.stderr.write(`${JSON.stringify(counts)}\n`);
    for (const name of [
      "bisected",
      "coldStarts",
      "conflicts",
      "crashes",
      "discardedBatches",
      "doubleInvocations",
      "failedBatches",
      "hurriedInvocations",
      "lostResponses",
      "partialResponses",
      "rebatched",
      "recordsRefused",
      "reshardings",
      "secondMappings",
      "sinkRefusals",
      "throttled",
    ]) {
      expect(counts[name], name).toBeGreaterThan(0);
    }
  });

  describe.each(Object.entries(planted()))("shows a bug: %s", (_, bug) => {
    it("within a few seeds", async () => {
      let found = false;
      for (let seed = 0; seed < MOST_SEEDS && !found; seed += 1) {
        found = await run(`planted ${seed}`, roughRates, bug).then(
          ({ outcome: { alerts, memories }, topology }) =>
            differences(standing(alerts), standing(expected.alerts)).length > 0 ||
            differences(memories, expected.memories).length > 0 ||
            undelivered(topology.received, alerts).length > 0,
          () => true,
        );
      }
      expect(found).toBe(true);
    });
  });
});

function hourName({ entity, hour }: HistoryRow): string {
  return `${entity} ${hour}`;
}

interface Outcome {
  readonly memories: Map<string, unknown>;
  readonly alerts: Map<string, Alert>;
}

interface Expected extends Outcome {
  /** Rows of the hours that were folded. */
  readonly history: ReadonlyMap<string, HistoryRow>;
}

interface Bug {
  readonly plant?: PlantedBug;
  readonly heedsFailures?: boolean;
}

/** Bugs where the handlers meet the world: each must show. */
function planted(): Record<string, Bug> {
  const empty = new Uint8Array();
  const change = (changed: (store: EntityStore) => Partial<EntityStore>): Bug => ({
    plant: (store) => ({ ...store, ...changed(store) }),
  });
  return {
    "identities of calls are not kept": change((store) => ({
      commit: (write) => store.commit({ ...write, calls: empty }),
    })),
    "segments of identities are lost": change(() => ({ readSegments: async () => new Map() })),
    "an item is written whatever its version, out of what was read before": {
      plant(store) {
        const read = new Map<string, EntityItem>();
        return {
          ...store,
          async load(names) {
            for (const [name, item] of await store.load(names)) {
              if (!read.has(name)) read.set(name, item);
            }
            return new Map([...read].filter(([name]) => names.includes(name)));
          },
          async commit(write) {
            const version = (await store.load([write.name])).get(write.name)?.version ?? 0;
            return await store.commit({ ...write, version });
          },
        };
      },
    },
    "the outbox is not part of the commit": change((store) => ({
      async commit(write) {
        const isWritten = await store.commit({ ...write, outbox: [] });
        return isWritten;
      },
    })),
    "entries leave the outbox before they are told": change((store) => ({
      async outboxes(names) {
        const all = await store.outboxes(names);
        for (const [name, own] of all) {
          await store.removeFromOutbox(
            name,
            own.map(({ id }) => id),
          );
        }
        return all;
      },
    })),
    "nobody tells quiet entities that time passes": change(() => ({ closing: async () => [] })),
    "outboxes that were missed are not looked for": change(() => ({
      pendingOutboxes: async () => [],
    })),
    "nobody knows whether others are heard": change(() => ({ heard: async () => [] })),
    "hours in which somebody is heard are not noted": change(() => ({
      noteHeard: async () => {},
    })),
    "what is known of accounts is not shared": change(() => ({
      accounts: async () => new Map(),
    })),
    "what was told in time is told again when it comes again": change((store) => ({
      alerts: { ...store.alerts, get: async () => undefined },
    })),
    "records that failed are taken as done": { heedsFailures: false },
  };
}

/** Two weeks learned by one engine: where the night begins for both. */
function learn() {
  const engine = new Engine(options, undefined);
  const alerts = new Map<string, Alert>();
  const memories = new Map<string, string>();
  engine.process(eventsOf(habit));
  const output = engine.take();
  for (const alert of output.alerts) alerts.set(alert.alertId, alert);
  for (const [name, text] of output.memories) memories.set(name, text);
  const { open, accounts } = JSON.parse(output.state ?? "{}") as {
    open: string[];
    accounts: Record<string, number>;
  };
  return { state: output.state, alerts, memories, open, accounts, calls: output.calls };
}

function throughEngine(): Expected {
  const engine = new Engine(options, learned.state);
  engine.restoreCalls(learned.calls);
  engine.adopt(learned.memories);
  const alerts = new Map(learned.alerts);
  const history = new Map<string, HistoryRow>();
  const keep = () => {
    const { alerts: moved, history: folded } = engine.take();
    for (const alert of moved) alerts.set(alert.alertId, alert);
    for (const row of folded) history.set(hourName(row), row);
  };
  const byHour = Map.groupBy(eventsOf(night), ({ timeMs }) => hourOf(timeMs));
  for (const [, events] of [...byHour].sort(([one], [other]) => one - other)) {
    engine.process(events.sort((one, other) => one.timeMs - other.timeMs));
    keep();
  }
  engine.passTime(END_HOUR);
  keep();
  const silent = [...alerts.values()].filter(isSilent);
  engine.finish();
  const output = engine.take();
  for (const alert of output.alerts) alerts.set(alert.alertId, alert);
  // Only the end of a history ends a silence that lasts.
  for (const alert of silent) alerts.set(alert.alertId, alert);
  const { whole = "" } = silenceIn(output.state);
  return { memories: parsed(new Map([...output.memories, [WHOLE_NAME, whole]])), alerts, history };
}

async function run(seed: string | undefined, rates: FaultRates, bug: Bug = {}) {
  const random = new Random(`${seed}`);
  const topology = new Topology({ engine: options, rates, random, ...bug });
  await seedStore(topology);
  const poison = poisonOf(random);
  const slices = Map.groupBy(arrivals(random), ({ atMs }) => Math.floor(atMs / SLICE_MS));
  const waiting = [...poison];
  for (const [number, slice] of [...slices].sort(([one], [other]) => one - other)) {
    for (const envelope of envelopesOf(slice, random)) {
      topology.source.put(String(random.bits()), envelope);
    }
    const next = random.chance(0.2) ? waiting.shift() : undefined;
    if (next !== undefined) topology[next.stream].put("3", next.data);
    topology.beginSlice(number);
    if (random.chance(0.08)) topology.doubleMapping(OVERLAP_SLICES);
    if (random.chance(0.08)) topology.reshard();
    await topology.drain();
    if (random.chance(0.3)) await topology.tick();
  }
  await redeliver(topology, random);
  await topology.settle(END_HOUR);
  return {
    topology,
    outcome: outcomeOf(topology),
    poison: poison.filter((one) => !waiting.includes(one)).map(({ data }) => data),
  };
}

/** The first hours of the night once more, when their calls are recognised no more. */
async function redeliver(topology: Topology, random: Random): Promise<void> {
  const recognizedMs = Math.max(...night.map(timeOf)) - options.deduplicationHours * HOUR_MS;
  const again = night
    .filter((record) => timeOf(record) < recognizedMs - 2 * HOUR_MS)
    .map((record) => ({ record }));
  for (const envelope of envelopesOf(again, random)) {
    topology.source.put(String(random.bits()), envelope);
  }
  await topology.drain();
}

/** The night as it arrives: delayed, and some of it twice. */
function arrivals(random: Random): { readonly record: Json; readonly atMs: number }[] {
  const once = night.map((record) => ({ record, atMs: timeOf(record) }));
  const twice = once.filter(() => random.chance(0.1));
  return [...once, ...twice]
    .map(({ record, atMs }) => ({ record, atMs: atMs + random.integer(0, MOST_DELAY_MS) }))
    .sort((one, other) => one.atMs - other.atMs);
}

/** A source record that is no envelope, and a record of the entity stream of a version to come. */
function poisonOf(random: Random) {
  return [
    { stream: "source", data: Buffer.from(`<html>${random.uuid()}`) },
    { stream: "entities", data: Buffer.from(`\u0009${random.uuid()}`) },
    { stream: "entities", data: Buffer.from(`\u0001\u0001${random.uuid()}`) },
  ] as const;
}

async function seedStore({ store }: Topology): Promise<void> {
  await store.noteAccounts(new Map(Object.entries(learned.accounts)));
  const { spoken, whole = "" } = silenceIn(learned.state);
  await store.noteHeard(spokenHours(spoken, 0, END_HOUR));
  for (const [name, memory] of [...learned.memories, [WHOLE_NAME, whole] as const]) {
    const calls = new Uint8Array();
    await store.commit({ name, version: 0, memory, calls, closesAtHour: undefined, outbox: [] });
  }
}

function outcomeOf({ store }: Topology): Outcome {
  const lastMs = Math.max(...night.map(timeOf));
  const state = JSON.stringify({ watermarkMs: lastMs, accounts: learned.accounts, open: [] });
  const engine = new Engine(options, state);
  const items = [...store.items()].filter(([name]) => /^(?:principal|key|account):/.test(name));
  engine.adopt(new Map(items.map(([name, { memory }]) => [name, memory])));
  engine.finish();
  const alerts = new Map(learned.alerts);
  for (const [id, { alert }] of store.keptAlerts()) alerts.set(id, alert);
  return { memories: parsed(engine.take().memories), alerts };
}

/** Alerts whose last revision the sink does not have, but for those that are held back by their detector's budget. */
function undelivered(received: readonly Alert[], kept: ReadonlyMap<string, Alert>): string[] {
  const newest = new Map<string, number>();
  for (const { alertId, revision } of received) {
    newest.set(alertId, Math.max(newest.get(alertId) ?? 0, revision));
  }
  return [...kept]
    .filter(([alertId, { detector }]) => !learned.alerts.has(alertId) && detector !== BUDGETED)
    .filter(([alertId, { revision }]) => newest.get(alertId) !== revision)
    .map(([, { detector, status }]) => `${detector} ${status}`);
}

function eventsOf(records: readonly Json[]): KmsEvent[] {
  const { events, rejected } = read({ Records: records });
  expect(rejected).toEqual([]);
  return [...events].sort((one, other) => one.timeMs - other.timeMs);
}
