import { gzipSync, deflateRawSync, inflateRawSync } from "node:zlib";
import { readEnvelope } from "../../src/cloudtrail/envelope.ts";
import type { KmsEvent } from "../../src/cloudtrail/event.ts";
import { LearnedOrganization } from "../../src/detection/organization.ts";
import { openBatch } from "../../src/lambda/detect-batch.ts";
import { EntityCache } from "../../src/lambda/entity-cache.ts";
import { EntityFolder } from "../../src/lambda/entity-folder.ts";
import { Parcels } from "../../src/lambda/parcels.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { engineOptions, noAccountsListed } from "../support/detection.ts";
import { memoryEntityStore } from "../support/memory-entity-store.ts";
import { READ_OPTIONS } from "../support/parsing.ts";

/**
 * Processor time that `infra/cost/measured.ts` reckons with: of `spread` for an event, of `detect` for an event of one entity and
 * for a commit, which are told apart by folding the same days in short and in long windows. Every entity is opened anew for each
 * window, as where many containers take turns. Prints microseconds of one processor, and bytes of items as they are stored.
 *
 * `npm run bench:handlers -- [days]`
 */
const [days = "4"] = process.argv.slice(2);
const options = engineOptions();

const events = spread();
const long = await fold(3600);
const short = await fold(120);
const perCommit = (short.micros - long.micros) / (short.commits - long.commits);
const perTarget = (long.micros - long.commits * perCommit) / long.targets;
tell(
  `detect: ${perTarget.toFixed(1)} µs for an event of one entity, ${perCommit.toFixed(0)} µs for a commit`,
);
for (const [kind, bytes] of long.itemBytes)
  tell(`item of a ${kind}: ${Math.round(mean(bytes))} bytes`);

/** Opens and packs all events, an hour at a time. */
function spread(): KmsEvent[] {
  const all: KmsEvent[] = [];
  let micros = 0;
  const simulation = simulate({
    seed: 3,
    days: Number(days),
    firstMs: Date.parse("2026-01-05T00:00:00Z"),
    principals: 150,
    accounts: 4,
    attacks: 0,
    attacksFrom: 1,
    scale: 1,
    kmsOnly: true,
    strength: "mixed",
  });
  for (const { records } of simulation.hours()) {
    const data = gzipSync(JSON.stringify({ Records: records }));
    const start = process.cpuUsage();
    const { events } = readEnvelope(data, { ...READ_OPTIONS, maxOpenedBytes: 2 ** 30 });
    packed(events);
    micros += spent(start);
    all.push(...events);
  }
  tell(`spread: ${(micros / all.length).toFixed(0)} µs for an event, of ${all.length}`);
  return all;
}

async function fold(windowSeconds: number) {
  const stored = new Map<string, Buffer>();
  const kept = memoryEntityStore(Date.now);
  const store: typeof kept = {
    ...kept,
    async load(names) {
      const items = await kept.load(names);
      // As the table gives it back: compressed.
      return new Map(
        [...items].map(([name, item]) => {
          const memory = inflateRawSync(stored.get(name) ?? Buffer.alloc(0)).toString();
          return [name, { ...item, memory }];
        }),
      );
    },
    commit(write) {
      stored.set(write.name, deflateRawSync(write.memory, { level: 4 }));
      return kept.commit(write);
    },
  };
  const windows = Map.groupBy(events, ({ timeMs }) => Math.floor(timeMs / windowSeconds / 1000));
  let micros = 0;
  let commits = 0;
  let targets = 0;
  for (const [, own] of [...windows].sort(([one], [other]) => one - other)) {
    const { records } = packed(own);
    const start = process.cpuUsage();
    const counts: Record<string, number> = {};
    const folder = new EntityFolder({
      store,
      cache: new EntityCache(0),
      options: {
        engine: options,
        organization: new LearnedOrganization(options.organization, {}),
        notes: { current: [] },
        heard: { current: [] },
        before: { learnedUntilMs: Number.NEGATIVE_INFINITY },
      },
      now: Date.now,
      sleep: async () => {},
      random: Math.random,
    });
    const { works } = openBatch(
      records.map(({ data }) => ({
        sequence: "1",
        origin: "shard/1",
        partitionKey: "0",
        data,
        arrivalMs: 0,
      })),
    );
    const loaded = await store.load([...works.keys()]);
    for (const [name, { work }] of works) {
      targets += work.events.length;
      await folder.settle(name, work, loaded.get(name), {
        deadline: { remainingMs: () => 60_000 },
        counts,
      });
    }
    micros += spent(start);
    commits += counts["commits"] ?? 0;
  }
  const itemBytes = Map.groupBy(stored, ([name]) => name.slice(0, name.indexOf(":")));
  return {
    micros,
    commits,
    targets,
    itemBytes: new Map(
      [...itemBytes].map(([kind, own]) => [kind, own.map(([, { length }]) => length)]),
    ),
  };
}

function packed(some: readonly KmsEvent[]) {
  const parcels = new Parcels(256, noAccountsListed, () => true);
  for (const [index, event] of some.entries()) parcels.add({ event, origin: "shard/1", index });
  return parcels.close();
}

function spent(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}
