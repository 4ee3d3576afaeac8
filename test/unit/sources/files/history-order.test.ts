import fc from "fast-check";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { historySource } from "../../../../src/sources/history-source.ts";
import type { HistoryOptions } from "../../../../src/sources/history-source.ts";
import { collect } from "../../../support/collect.ts";
import {
  folderOf,
  idOf,
  idsIn,
  lines,
  logFile,
  recordAt,
  silent,
  smallBatches,
  trailKey,
} from "../../../support/history-world.ts";
import type { TestRecord } from "../../../support/history-world.ts";

type Files = Record<string, string | Uint8Array>;

async function idsOf(files: Files, options: HistoryOptions = smallBatches): Promise<string[]> {
  await using folder = await folderOf(files);
  return [...(await collect(historySource([folder.path], options, silent))).eventIds];
}

/** One event each half minute, with pairs in the same second. */
const trail = Array.from({ length: 300 }, (_, index) =>
  recordAt(Date.parse("2026-03-14T00:00:00Z") + Math.floor(index / 2) * 60_000, index),
);
const wanted = idsIn(trail);

describe("history comes in the order of event time", () => {
  it("CloudTrail's layout in the order of delivery over accounts, regions and days, not by path", async () => {
    const places = [
      ["999900001111", "us-east-1", "2026-03-13T23:55"],
      ["111122223333", "eu-west-1", "2026-03-14T00:05"],
      ["999900001111", "ap-south-1", "2026-03-14T09:00"],
      ["111122223333", "us-east-1", "2026-03-14T10:00"],
      ["999900001111", "us-east-1", "2026-04-01T00:00"],
      ["111122223333", "us-east-1", "2027-01-01T00:00"],
    ] as const;
    const files: Files = {};
    for (const [index, [account, region, delivered]] of places.entries()) {
      const key = `audit/o-abc123/${trailKey(account, region, delivered)}`;
      files[key] = logFile([recordAt(`${delivered}:00Z`, index)]);
    }
    const ids = await idsOf(files, { ...smallBatches, batch: { files: 1 } });
    expect(ids).toEqual(places.map((_, index) => idOf(index)));
  });

  it("log files copied into one folder in the order of their names' stamps", async () => {
    const files: Files = {};
    for (const [index, time] of ["2026-03-13T23:55", "2026-03-14T00:05"].entries()) {
      const key = trailKey(index === 0 ? "999900001111" : "111122223333", "us-east-1", time);
      files[key.slice(key.lastIndexOf("/") + 1)] = logFile([recordAt(`${time}:00Z`, index)]);
    }
    expect(await idsOf(files, { ...smallBatches, batch: { files: 1 } })).toEqual([
      idOf(0),
      idOf(1),
    ]);
  });

  it("files in CloudTrail's folders whose names tell nothing where their events begin", async () => {
    const folder = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/14";
    const files = {
      [`${folder}/a.json.gz`]: logFile([recordAt("2026-03-14T20:00:00Z", 2)]),
      [`${folder}/b.json.gz`]: logFile([recordAt("2026-03-14T02:00:00Z", 1)]),
    };
    expect(await idsOf(files, { ...smallBatches, batch: { files: 1 } })).toEqual([
      idOf(1),
      idOf(2),
    ]);
  });

  it("a trail split at random into files of all forms, like the one file it was", () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.nat(4), { minLength: 300, maxLength: 300 }), async (split) => {
        const parts = [0, 1, 2, 3, 4].map((part) => trail.filter((_, at) => split[at] === part));
        const [a = [], b = [], c = [], d = [], e = []] = parts;
        const files: Files = {
          "a.ndjson": lines(a),
          "b.jsonl.gz": gzipSync(lines(b)),
          "c.json": JSON.stringify({ Records: c }),
          "inner/d.json.gz": gzipSync(JSON.stringify(d)),
          "newest-first.json": lines(e.toReversed()),
        };
        expect(await idsOf(files)).toEqual(wanted);
      }),
      { numRuns: 10 },
    ));

  it("more files than are open at once, each surveyed for where it begins", async () => {
    const files: Files = {};
    for (let part = 0; part < 60; part += 1) {
      const content = lines(trail.slice(part * 5, part * 5 + 5).toReversed());
      files[`${(part * 37) % 60}.ndjson${part % 2 === 0 ? ".gz" : ""}`] =
        part % 2 === 0 ? gzipSync(content) : content;
    }
    expect(await idsOf(files)).toEqual(wanted);
  });

  it("more files than are open at once that all overlap", async () => {
    const files: Files = {};
    for (let part = 0; part < 60; part += 1) {
      const inPart = trail.filter((_, at) => at % 60 === part);
      files[`${(part * 37) % 60}.ndjson`] = lines(inPart.toReversed());
    }
    expect(await idsOf(files)).toEqual(wanted);
  });

  it("chunks smaller than the file, one after the other", async () => {
    const options = { ...smallBatches, chunkBytes: 20_000 };
    expect(await idsOf({ "trail.ndjson": lines(trail) }, options)).toEqual(wanted);
  });

  it("layout and other files merged", async () => {
    const files: Files = { "rest.ndjson": lines(trail.filter((_, at) => at % 3 !== 0)) };
    for (const [at, record] of trail.entries()) {
      if (at % 3 === 0) files[keyFor(record, at)] = logFile([record]);
    }
    expect(await idsOf(files)).toEqual(wanted);
  });

  it("the same with worker threads", async () => {
    const files: Files = { "rest.ndjson": lines(trail.filter((_, at) => at % 3 !== 0)) };
    for (const [at, record] of trail.entries()) {
      if (at % 3 === 0) files[keyFor(record, at)] = logFile([record]);
    }
    const options = { ...smallBatches, jobs: 2, inProcessBytes: 0 };
    expect(await idsOf(files, options)).toEqual(wanted);
  });
});

function keyFor(record: TestRecord, at: number): string {
  const delivered = new Date(Date.parse(record.eventTime) + 300_000).toISOString().slice(0, 16);
  return trailKey("111122223333", "us-east-1", delivered, String(at).padStart(16, "0"));
}
