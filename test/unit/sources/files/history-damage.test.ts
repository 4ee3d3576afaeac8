import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { historySource } from "../../../../src/sources/history-source.ts";
import type { HistoryOptions } from "../../../../src/sources/history-source.ts";
import type { BatchCounts, DeadLetter } from "../../../../src/sources/source.ts";
import { collect } from "../../../support/collect.ts";
import {
  folderOf,
  idsIn,
  lines,
  logFile,
  parseSettings,
  recordAt,
  silent,
  smallBatches,
  trailKey,
} from "../../../support/history-world.ts";

interface Read {
  readonly ids: readonly string[];
  readonly letters: readonly DeadLetter[];
  readonly counts: BatchCounts;
}

async function read(
  files: Record<string, string | Uint8Array>,
  options: HistoryOptions = smallBatches,
): Promise<Read> {
  await using folder = await folderOf(files);
  const { batches, eventIds } = await collect(historySource([folder.path], options, silent));
  const counts: Record<string, number> = {};
  for (const batch of batches) {
    for (const [name, value] of Object.entries(batch.counts)) {
      counts[name] = (counts[name] ?? 0) + value;
    }
  }
  const letters = batches.flatMap(({ deadLetters }) => deadLetters);
  return { ids: eventIds, letters, counts: counts as unknown as BatchCounts };
}

const records = Array.from({ length: 200 }, (_, index) =>
  recordAt(Date.parse("2026-03-14T00:00:00Z") + index * 60_000, index),
);
const good = { "good.ndjson": lines([recordAt("2026-03-15T00:00:00Z", 1000)]) };
const goodIds = idsIn([recordAt("2026-03-15T00:00:00Z", 1000)]);

describe("what a clock that is behind calls the future", () => {
  const clock = { ...parseSettings, notAfterMs: Date.parse("2026-03-01T00:00:00Z") };
  const delivered = trailKey("111122223333", "us-east-1", "2026-03-14T12:00");
  const inTime = recordAt("2026-03-14T11:55:00Z", 1);
  const lying = recordAt("2026-03-15T14:01:00Z", 2);

  it("is read where the file was delivered by then, and set aside where it was not", async () => {
    const files = { [delivered]: logFile([inTime, lying]) };
    const { ids, letters } = await read(files, { ...smallBatches, parse: clock });
    expect(ids).toEqual(idsIn([inTime]));
    expect(letters).toMatchObject([{ reason: "future" }]);
  });

  it("is set aside where no name says when it was delivered", async () => {
    const files = { "some.json.gz": logFile([inTime]) };
    const { ids, letters } = await read(files, { ...smallBatches, parse: clock });
    expect(ids).toEqual([]);
    expect(letters).toMatchObject([{ reason: "future" }]);
  });
});

describe("what is damaged is set aside, and reading goes on", () => {
  const whole = logFile(records);
  const torn = whole.subarray(0, Math.floor(whole.length / 2));
  const tornKey = trailKey("111122223333", "us-east-1", "2026-03-14T12:00");

  it.each([
    ["a log file in CloudTrail's layout", tornKey, torn],
    ["a document", "torn.json.gz", torn],
    ["lines", "torn.ndjson.gz", tornLines()],
  ])("torn gzip of %s: the records before the tear count", async (_, name, content) => {
    const { ids, letters, counts } = await read({ [name]: content, ...good });
    expect(ids.length).toBeGreaterThan(10);
    expect(ids).toEqual([...idsIn(records).slice(0, ids.length - 1), ...goodIds]);
    expect(letters).toMatchObject([{ reason: "gzip-torn" }]);
    expect(letters[0]?.origin).toContain(name);
    expect(letters[0]?.payload.length).toBeGreaterThan(0);
    expect(counts).toMatchObject({ files: 1, filesFailed: 1, rejected: 1 });
    expect(counts.kmsEvents).toBe(ids.length);
  });

  it("a torn record whose own lists were closed is no record", async () => {
    const text = JSON.stringify(recordAt("2026-03-14T00:00:00Z", 1));
    const cut = text.slice(0, text.indexOf("}]") + 3);
    const content = gzipSync(cut).subarray(0, -8);
    const { ids, counts } = await read({ "torn.json.gz": content });
    expect(ids).toEqual([]);
    expect(counts).toMatchObject({ filesFailed: 1, kmsEvents: 0 });
  });

  it("a line of 10 MiB between others", async () => {
    const [first, second] = records;
    const long = {
      ...recordAt("2026-03-14T00:00:30Z", 500),
      padding: "x".repeat(10 * 1024 * 1024),
    };
    const content = lines([first, long, second]);
    for (const options of [smallBatches, { ...smallBatches, chunkBytes: 1024 * 1024 }]) {
      const { ids, letters } = await read({ "long.ndjson": content }, options);
      expect(ids).toEqual(idsIn(records).slice(0, 2));
      expect(letters).toMatchObject([{ reason: "too-large" }]);
      expect(letters[0]?.payload.length).toBe(JSON.stringify(long).length);
    }
  });

  it("a document larger than the limit", async () => {
    const options = {
      ...smallBatches,
      parse: { ...smallBatches.parse, maxOpenedBytes: 100_000 },
      chunkBytes: 50_000,
    };
    const files = { "big.json": JSON.stringify({ Records: records }), ...good };
    const { ids, letters, counts } = await read(files, options);
    expect(ids).toEqual(goodIds);
    expect(letters).toMatchObject([{ reason: "too-large" }]);
    expect(counts).toMatchObject({ files: 1, filesFailed: 1 });
  });

  it("lines that are no JSON, with those around them kept", async () => {
    const content = `${lines(records.slice(0, 2))}{"eventID": \n${lines(records.slice(2, 4))}`;
    const { ids, letters, counts } = await read({ "a.ndjson": content });
    expect(ids).toEqual(idsIn(records).slice(0, 4));
    expect(letters).toMatchObject([{ reason: "not-json" }]);
    expect(counts).toMatchObject({ files: 1, filesFailed: 0, rejected: 1 });
  });

  it.each([
    ["a file that is no trail", "a.json", "no trail"],
    ["JSON of something else", "a.json", JSON.stringify({ name: "package" })],
    ["a log file that is no trail", tornKey, gzipSync("no trail")],
  ])("%s fails, and is one dead letter", async (_, name, content) => {
    const { ids, counts, letters } = await read({ [name]: content, ...good });
    expect(ids).toEqual(goodIds);
    expect(counts).toMatchObject({ files: 1, filesFailed: 1, rejected: 1 });
    expect(letters).toHaveLength(1);
  });
});

describe("files that are none of ours are skipped and counted", () => {
  it.each([
    [".hidden.json", "{}"],
    ["notes.txt", "text"],
    ["empty.ndjson", ""],
    ["blank.ndjson", "\n\n"],
    ["gzip-of-nothing.json.gz", gzipSync("")],
    [trailKey("111122223333", "us-east-1", "2026-03-14T12:00"), gzipSync("")],
    [
      "exported-digest.json",
      JSON.stringify({
        awsAccountId: "111122223333",
        digestStartTime: "2026-03-14T00:00:00Z",
        digestEndTime: "2026-03-14T01:00:00Z",
        digestS3Bucket: "b",
        digestS3Object: "o",
        logFiles: [],
      }),
    ],
    ["AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/03/14/a.log.gz", "x"],
    ["audit/AWSLogs/o-a1b2c3/111122223333/Config/us-east-1/2026/3/14/ConfigHistory/a.json.gz", "x"],
    ["AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/03/14/a.json.gz", "x"],
    ["flat/111122223333_CloudTrail-Digest_us-east-1_t_us-east-1_20260314T000000Z.json.gz", "x"],
    ["flat/111122223333_CloudTrail-Insight_us-east-1_20260314T0000Z_a.json.gz", "x"],
    ["flat/111122223333_vpcflowlogs_us-east-1_fl-1_20260314T0000Z_a.json.gz", "x"],
    ["AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/14/notes.txt", "x"],
  ])("%s", async (name, content) => {
    const { ids, counts, letters } = await read({ [name]: content, ...good });
    expect(ids).toEqual(goodIds);
    expect(letters).toEqual([]);
    expect(counts).toMatchObject({ files: 1, filesSkipped: 1, filesFailed: 0 });
  });
});

describe("paths", () => {
  const source = (paths: string[], stdin?: Readable) =>
    historySource(paths, smallBatches, { ...silent, stdin });

  it("a path that does not exist is an error that names it", async () => {
    await expect(collect(source(["/no/such/trail"]))).rejects.toMatchObject({
      name: "SourceError",
      code: "usage",
      message: "/no/such/trail: no such file or folder",
    });
  });

  it("- is stdin, and takes gzip as well", async () => {
    for (const data of [Buffer.from(lines(records)), gzipSync(lines(records))]) {
      const { eventIds } = await collect(
        source(["-"], Readable.from([data.subarray(0, 1), data.subarray(1)])),
      );
      expect(eventIds).toEqual(idsIn(records));
    }
  });

  it("a file named by itself is read whatever its extension", async () => {
    await using folder = await folderOf({ "trail.log": lines(records) });
    const { eventIds } = await collect(source([`${folder.path}/trail.log`]));
    expect(eventIds).toEqual(idsIn(records));
  });

  it("the same file reached by two paths is read once", async () => {
    await using folder = await folderOf({
      "a/b.ndjson": lines(records.slice(0, 9)),
      [trailKey("111122223333", "us-east-1", "2026-03-14T12:00")]: logFile(records.slice(9)),
    });
    const { path } = folder;
    const inside = `${path}/AWSLogs/111122223333/CloudTrail/us-east-1/2026/03`;
    const { eventIds } = await collect(source([path, `${path}/a`, `${path}/a/b.ndjson`, inside]));
    expect(eventIds).toEqual(idsIn(records));
  });

  it("a path may point to any level of CloudTrail's layout", async () => {
    const key = trailKey("111122223333", "us-east-1", "2026-03-14T12:00");
    await using folder = await folderOf({ [key]: logFile(records) });
    const parts = key.split("/");
    for (let depth = 0; depth <= parts.length; depth += 1) {
      const path = [folder.path, ...parts.slice(0, depth)].join("/");
      const { eventIds } = await collect(source([path]));
      expect(eventIds, path).toEqual(idsIn(records));
    }
  });
});

function tornLines(): Uint8Array {
  const all = gzipSync(lines(records));
  return all.subarray(0, Math.floor(all.length / 2));
}
