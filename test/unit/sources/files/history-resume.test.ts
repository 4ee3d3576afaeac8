import { utimes } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { historySource } from "../../../../src/sources/history-source.ts";
import type { HistoryOptions } from "../../../../src/sources/history-source.ts";
import type { LogFields } from "../../../../src/telemetry.ts";
import { silentLog } from "../../../../src/telemetry.ts";
import { collect, commit } from "../../../support/collect.ts";
import {
  dailyHistory,
  folderOf,
  idOf,
  idsIn,
  lines,
  logFile,
  mixedHistory,
  recordAt,
  silent,
  smallBatches,
  trailKey,
} from "../../../support/history-world.ts";

const start = Date.parse("2026-03-14T00:00:00Z");
const records = Array.from({ length: 60 }, (_, index) => recordAt(start + index * 1000, index));

describe("reading goes on exactly after what was committed", () => {
  it.each([
    ["files of all kinds", mixedHistory(), 9],
    ["daily files", dailyHistory(), 30],
  ])(
    "wherever it stops in %s, with whatever size of batches and chunks it goes on",
    async (_, world, most) => {
      await using folder = await folderOf(world.files);
      const sizes = fc.record({ events: fc.integer({ min: 1, max: 40 }), files: fc.constant(3) });
      const chunks = fc.integer({ min: 2000, max: 40_000 });
      const held = fc.constantFrom(20, 100, undefined);
      const stop = fc.tuple(sizes, chunks, held, fc.integer({ min: 1, max: most }));
      const stops = fc.array(stop, { maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(stops, async (stops) => {
          let positions: ReadonlyMap<string, string> = new Map();
          const ids: string[] = [];
          const counts = { files: 0, filesSkipped: 0, filesFailed: 0, kmsEvents: 0 };
          const last = [{}, 9000, undefined, Infinity] as const;
          for (const [batch, chunkBytes, eventsHeld, batches] of [...stops, last]) {
            const source = historySource(
              [folder.path],
              { ...smallBatches, batch, chunkBytes, eventsHeld },
              silent,
            );
            const read = await collect(source, {
              positions,
              until: (collected) => collected.batches.length >= batches,
            });
            ids.push(...read.eventIds);
            for (const { counts: more } of read.batches) {
              for (const name of Object.keys(counts) as (keyof typeof counts)[])
                counts[name] += more[name];
            }
            positions = read.positions;
          }
          expect(ids.toSorted()).toEqual(world.eventIds.toSorted());
          expect(counts).toEqual(world.counts);
        }),
        { numRuns: 40 },
      );
    },
  );

  it("within a torn file", async () => {
    const whole = gzipSync(lines(records));
    await using folder = await folderOf({ "torn.ndjson.gz": whole.subarray(0, whole.length - 40) });
    const source = () =>
      historySource(
        [folder.path],
        { ...smallBatches, batch: { events: 2 }, chunkBytes: 9000 },
        silent,
      );
    const { batches, eventIds } = await collect(source());
    expect(eventIds.length).toBeGreaterThan(20);
    for (let committed = 0; committed <= batches.length; committed += 1) {
      const before = batches.slice(0, committed);
      const rest = await collect(source(), { positions: commit(new Map(), before) });
      const letters = [...before, ...rest.batches].flatMap(({ deadLetters }) => deadLetters);
      expect([
        ...before.flatMap(({ events }) => events.map((event) => event.eventId)),
        ...rest.eventIds,
      ]).toEqual(eventIds);
      expect(letters).toHaveLength(1);
    }
  });

  it("within a torn file of many parts, with the tear as the tear it was", async () => {
    const many = Array.from({ length: 1200 }, (_, index) => recordAt(start + index * 1000, index));
    const whole = gzipSync(lines(many));
    await using folder = await folderOf({ "torn.ndjson.gz": whole.subarray(0, whole.length - 40) });
    const options = { ...smallBatches, batch: { events: 1000 } };
    const source = () => historySource([folder.path], options, silent);
    const { batches } = await collect(source());
    const rest = await collect(source(), { positions: commit(new Map(), batches.slice(0, 1)) });
    expect(rest.eventIds.length).toBeGreaterThan(50);
    const reasons = (read: typeof batches) =>
      read.flatMap(({ deadLetters }) => deadLetters.map(({ reason }) => reason));
    expect(reasons(batches)).toEqual(["gzip-torn"]);
    expect(reasons(rest.batches)).toEqual(["gzip-torn"]);
  });

  it.each([
    ["a lane", trailKey("111122223333", "us-east-1", "2026-03-14T12:00"), logFile(records)],
    ["a file", "a.ndjson", lines(records)],
  ])("not from a damaged position of %s, but says whose it is", async (_, name, content) => {
    await using folder = await folderOf({ [name]: content });
    const source = () => historySource([folder.path], smallBatches, silent);
    const { positions } = await collect(source());
    for (const text of ["{", "17", '{"size": "large", "recent": 5}']) {
      const damaged = new Map([...positions.keys()].map((key) => [key, text]));
      await expect(collect(source(), { positions: damaged })).rejects.toMatchObject({
        name: "SourceError",
        subject: expect.stringContaining(name.slice(0, 8)),
        message: expect.stringContaining("the position saved for it in the state directory"),
      });
    }
  });

  it("never ends a batch between two copies of an event", async () => {
    const copies = [records[0], records[0], records[0], records[1], records[1], records[2]];
    await using folder = await folderOf({ "copies.ndjson": lines(copies) });
    const source = () =>
      historySource([folder.path], { ...smallBatches, batch: { events: 1 } }, silent);
    const { batches } = await collect(source());
    expect(batches.map(({ events }) => events.length)).toEqual([3, 2, 1]);
  });
});

describe("what changes between two readings", () => {
  it.each<[string, HistoryOptions]>([
    ["in one batch", { ...smallBatches, batch: {} }],
    ["in small batches", smallBatches],
  ])("a file added later is read by the next reading, %s", async (_, options) => {
    await using folder = await folderOf({ "a.ndjson": lines(records.slice(0, 30)) });
    const first = await collect(historySource([folder.path], options, silent));
    await folder.write({
      "b.ndjson": lines(records.slice(30)),
      [trailKey("111122223333", "us-east-1", "2026-03-14T12:00")]: logFile([recordAt(start, 99)]),
    });
    const second = await collect(historySource([folder.path], options, silent), first);
    expect(second.eventIds.toSorted()).toEqual([...idsIn(records.slice(30)), idOf(99)].toSorted());
  });

  it("a file that changed is read again", async () => {
    await using folder = await folderOf({ "a.ndjson": lines(records.slice(0, 30)) });
    const first = await collect(historySource([folder.path], smallBatches, silent));
    await folder.write({ "a.ndjson": lines(records) });
    const second = await collect(historySource([folder.path], smallBatches, silent), first);
    expect(second.eventIds).toEqual(idsIn(records));
  });

  it("a file that was only touched counts as changed, one that was not is left alone", async () => {
    await using folder = await folderOf({ "a.ndjson": lines(records) });
    const first = await collect(historySource([folder.path], smallBatches, silent));
    expect(
      (await collect(historySource([folder.path], smallBatches, silent), first)).eventIds,
    ).toEqual([]);
    await utimes(`${folder.path}/a.ndjson`, 1, 1);
    const third = await collect(historySource([folder.path], smallBatches, silent), first);
    expect(third.eventIds).toEqual(idsIn(records));
  });
});

describe("log files that appear behind the place a lane was read up to", () => {
  const lane = (delivered: string, random: string) =>
    trailKey("111122223333", "us-east-1", delivered, random);
  const before = {
    [lane("2026-03-13T01:00", "m")]: logFile(records.slice(0, 2)),
    [lane("2026-03-14T11:30", "m")]: logFile(records.slice(2, 4)),
    [lane("2026-03-14T12:00", "m")]: logFile(records.slice(4, 6)),
  };

  it("within the last hour are read", async () => {
    await using folder = await folderOf(before);
    const first = await collect(historySource([folder.path], smallBatches, silent));
    expect(first.eventIds).toHaveLength(6);
    await folder.write({
      [lane("2026-03-14T12:00", "a")]: logFile(records.slice(6, 8)),
      [lane("2026-03-14T11:05", "z")]: logFile(records.slice(8, 10)),
    });
    const second = await collect(historySource([folder.path], smallBatches, silent), first);
    expect(second.eventIds.toSorted()).toEqual(idsIn(records.slice(6, 10)));
    const third = await collect(historySource([folder.path], smallBatches, silent), second);
    expect(third.eventIds).toEqual([]);
  });

  it("earlier are counted as skipped and told once", async () => {
    await using folder = await folderOf(before);
    const told: LogFields[] = [];
    const log = { ...silentLog, warn: (fields: LogFields) => told.push(fields) };
    const source = () => historySource([folder.path], smallBatches, { log });
    const first = await collect(source());
    await folder.write({ [lane("2026-03-13T00:00", "a")]: logFile(records.slice(6, 8)) });
    const second = await collect(source(), first);
    expect(second.eventIds).toEqual([]);
    expect(second.batches.map(({ counts }) => counts.filesSkipped)).toEqual([1]);
    expect(told).toMatchObject([{ files: 1 }]);
    await collect(source(), second);
    expect(told).toHaveLength(1);
  });

  it("of an account that was not there before are read all", async () => {
    await using folder = await folderOf(before);
    const first = await collect(historySource([folder.path], smallBatches, silent));
    const key = trailKey("444455556666", "us-east-1", "2026-01-01T00:00");
    await folder.write({ [key]: logFile(records.slice(6, 8)) });
    const second = await collect(historySource([folder.path], smallBatches, silent), first);
    expect(second.eventIds).toEqual(idsIn(records.slice(6, 8)));
  });
});
