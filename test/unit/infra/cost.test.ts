import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { detectors } from "../../../detectors/index.ts";
import {
  centsPerMillion,
  serverlessDollars,
  totalDollars,
  workerDollars,
} from "../../../infra/cost/dollars.ts";
import { hotEntity } from "../../../infra/cost/hot.ts";
import { measured } from "../../../infra/cost/measured.ts";
import { ordinaryKnobs, serverlessCounts } from "../../../infra/cost/serverless.ts";
import { unitsIn } from "../../../infra/cost/table.ts";
import { workerCounts } from "../../../infra/cost/worker.ts";
import { distinct, entityKinds, ordinaryWorkload, shares } from "../../../infra/cost/workload.ts";
import { readEnvelope } from "../../../src/cloudtrail/envelope.ts";
import type { KmsEvent } from "../../../src/cloudtrail/event.ts";
import { entityName, route } from "../../../src/detection/routing.ts";
import { openBatch } from "../../../src/lambda/detect-batch.ts";
import { Parcels } from "../../../src/lambda/parcels.ts";
import { noAccountsListed } from "../../support/detection.ts";
import { READ_OPTIONS } from "../../support/parsing.ts";
import { monthOf } from "../simulation/month.ts";

describe("the shares of entities", () => {
  it("add up to one, the second half as large as the first", () => {
    const some = shares(1000);
    expect(some.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    expect((some[0] ?? 0) / (some[1] ?? 0)).toBeCloseTo(2, 12);
  });

  it("give as many different entities as are met", () => {
    expect(distinct([0.5, 0.5], 0)).toBe(0);
    expect(distinct([1], 50)).toBeCloseTo(1, 12);
    expect(distinct(shares(100), 1e6)).toBeCloseTo(100, 6);
  });
});

describe("the price", () => {
  const at = (eventsPerDay: number, windowSeconds: number) =>
    serverlessCounts(ordinaryWorkload(eventsPerDay), ordinaryKnobs(windowSeconds));

  it("is at most five cents a million at a billion a day, gathered for 300 seconds, with capacity", () => {
    const dollars = totalDollars(serverlessDollars(at(1e9, 300), "provisioned"));
    expect(centsPerMillion(dollars, 1e9)).toBeLessThan(5);
  });

  it("of one process is about a cent a million at a billion a day; ten billion are too many for one", () => {
    const counts = workerCounts(ordinaryWorkload(1e9));
    expect(counts?.busy).toBeLessThan(1 / 3);
    const dollars = totalDollars(counts === undefined ? [] : workerDollars(counts));
    expect(centsPerMillion(dollars, 1e9)).toBeGreaterThan(0.5);
    expect(centsPerMillion(dollars, 1e9)).toBeLessThan(2);
    expect(workerCounts(ordinaryWorkload(1e10))).toBeUndefined();
  });

  it("of a table paid by request is that of its units", () => {
    const day = at(1e6, 60);
    const { writes, reads } = day.table;
    const moreWrites = 3e6 - unitsIn(writes) + writes.memories;
    const moreReads = 4e6 - unitsIn(reads) + reads.memories;
    const table = {
      ...day.table,
      writes: { ...writes, memories: moreWrites },
      reads: { ...reads, memories: moreReads },
    };
    const counts = { ...day, table };
    const lines = new Map(
      serverlessDollars(counts, "on-demand").map(({ what, dollars }) => [what, dollars]),
    );
    expect(lines.get("table writes")).toBeCloseTo(3 * 0.625, 10);
    expect(lines.get("table reads")).toBeCloseTo(4 * 0.125, 10);
  });

  it("falls with the window: fewer commits", () => {
    for (const eventsPerDay of [1e6, 1e8, 1e9, 1e10]) {
      const [short, middle, long] = [10, 60, 300].map((seconds) => at(eventsPerDay, seconds));
      expect(short?.table.commits).toBeGreaterThan(middle?.table.commits ?? Infinity);
      expect(middle?.table.commits).toBeGreaterThan(long?.table.commits ?? Infinity);
    }
  });

  it("buys shards enough for a call to carry what a window gathers", () => {
    const counts = at(1e9, 300);
    const lanes = counts.entityShards * 10;
    expect((counts.entityBytes / 86_400 / lanes) * 300).toBeLessThanOrEqual(4.3e6);
  });
});

describe("the busiest principal", () => {
  it("fits into one shard, one call and one partition up to ten billion events a day", () => {
    const { shard, fold, partition } = hotEntity("principal", ordinaryWorkload(1e10), 300);
    expect(Math.max(shard, fold, partition)).toBeLessThan(1);
  });
});

describe("what the model assumes", () => {
  const events = simulatedEvents();
  const byKind = Map.groupBy(detectors, ({ entity }) => entity);
  const accepts = (kind: "principal" | "key" | "account", event: KmsEvent) =>
    byKind.get(kind)?.some((detector) => detector.accepts(event)) ?? false;
  const chunk = events.parsed.slice(0, 5000);
  it("is looked at with events enough", () => expect(chunk.length).toBe(5000));

  const parcels = new Parcels(256, noAccountsListed, accepts);
  for (const [index, event] of chunk.entries()) parcels.add({ event, origin: "shard/1", index });
  const { records } = parcels.close();
  const within = (found: number, expected: number, share: number) => {
    expect(found, `${found} for ${expected}`).toBeGreaterThan(expected * (1 - share));
    expect(found, `${found} for ${expected}`).toBeLessThan(expected * (1 + share));
  };

  it("of an event's bytes at the source holds for a simulated trail", () => {
    within(events.openedBytes / events.parsed.length, measured.source.openedBytesPerEvent, 0.2);
    within(events.gzipBytes / events.parsed.length, measured.source.bytesPerEvent, 0.3);
  });

  it("of targets holds: how many entities of each kind count an event", () => {
    for (const kind of entityKinds) {
      const targets = chunk.flatMap((event) =>
        route(event, noAccountsListed).filter(
          (target) => target.kind === kind && accepts(kind, event),
        ),
      );
      within(targets.length / chunk.length, measured.targets[kind], 0.2);
    }
  });

  it("of records and bytes on the entity stream holds for what the code packs", () => {
    const { packed } = measured;
    const bytes = records.reduce((sum, { data }) => sum + data.byteLength, 0);
    within(
      bytes,
      chunk.length * packed.bytesPerEvent + records.length * packed.bytesPerRecord,
      0.25,
    );
    const met = new Set(records.flatMap(({ data }) => openedNames(data)));
    within(records.length, 256 * -Math.expm1(-met.size / 256), 0.1);
  });

  it("of commits holds: one for each entity of a batch, as many as chance lets be met", () => {
    const names = events.parsed.flatMap((event) =>
      route(event, noAccountsListed)
        .filter(({ kind }) => accepts(kind, event))
        .map(({ kind, id }) => entityName(kind, id)),
    );
    const counted = [...Map.groupBy(names, (name) => name).values()].map((own) => own.length);
    const perEvent = names.length / events.parsed.length;
    const window = 500;
    const windows = Math.min(20, Math.floor(events.parsed.length / window));
    let commits = 0;
    for (let at = 0; at < windows; at += 1) {
      // Every so-manieth event, so that the hours of the day are mixed as the model has them.
      const some = events.parsed.filter((_, index) => index % windows === at).slice(0, window);
      const own = new Parcels(256, noAccountsListed, accepts);
      for (const [index, event] of some.entries()) own.add({ event, origin: "shard/1", index });
      commits += new Set(own.close().records.flatMap(({ data }) => openedNames(data))).size;
    }
    const expected = distinct(
      counted.map((count) => count / names.length),
      window * perEvent,
    );
    within(commits / windows, expected, 0.1);
  });
});

/** The entities that a record of the entity stream is about, as `detect` sorts them. */
function openedNames(data: Uint8Array): string[] {
  const record = { sequence: "1", origin: "shard/1", partitionKey: "0", data, arrivalMs: 0 };
  return [...openBatch([record]).works.keys()];
}

/** Two simulated working days, and their sizes as CloudWatch Logs hands them on: a few hundred events together. */
function simulatedEvents() {
  const { records } = monthOf({
    seed: 11,
    days: 2,
    accounts: 4,
    principals: 250,
    attacks: 0,
    attacksFrom: 1,
    scale: 1,
    kmsOnly: true,
  });
  const parsed: KmsEvent[] = [];
  let openedBytes = 0;
  let gzipBytes = 0;
  for (let at = 0; at < records.length; at += 300) {
    const messages = records.slice(at, at + 300).map((record) => JSON.stringify(record));
    const logEvents = messages.map((message) => ({ id: "1", timestamp: 0, message }));
    const data = gzipSync(
      JSON.stringify({
        messageType: "DATA_MESSAGE",
        owner: "111122223333",
        logGroup: "trail",
        logStream: "one",
        subscriptionFilters: ["keyhawk"],
        logEvents,
      }),
    );
    parsed.push(...readEnvelope(data, READ_OPTIONS).events);
    openedBytes += messages.reduce((sum, message) => sum + message.length, 0);
    gzipBytes += data.byteLength;
  }
  return { parsed, openedBytes, gzipBytes };
}
