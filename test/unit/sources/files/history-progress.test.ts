import { expect, it } from "vitest";
import type { HistoryProgress } from "../../../../src/sources/files/progress.ts";
import { diskRoot } from "../../../../src/sources/files/disk-store.ts";
import { countFiles, folderLane } from "../../../../src/sources/files/lane.ts";
import type { ReadingContext } from "../../../../src/sources/files/reading-context.ts";
import { walk } from "../../../../src/sources/files/walk.ts";
import { historySource } from "../../../../src/sources/history-source.ts";
import { collect } from "../../../support/collect.ts";
import {
  folderOf,
  lines,
  logFile,
  mixedHistory,
  recordAt,
  silent,
  smallBatches,
  trailKey,
} from "../../../support/history-world.ts";

async function progressOf(files: Record<string, string | Uint8Array>): Promise<HistoryProgress[]> {
  await using folder = await folderOf(files);
  const told: HistoryProgress[] = [];
  const onProgress = (progress: HistoryProgress) => void told.push(progress);
  await collect(historySource([folder.path], smallBatches, { ...silent, onProgress }));
  return told;
}

it("progress grows file by file to the totals, which are known from the start for other files", async () => {
  const content = lines([recordAt("2026-03-14T00:00:00Z", 1)]);
  const told = await progressOf({ "a.ndjson": content, "b.ndjson": content });
  const size = content.length;
  expect(told).toEqual([
    { filesDone: 1, filesTotal: 2, bytesRead: size, bytesTotal: 2 * size },
    { filesDone: 2, filesTotal: 2, bytesRead: 2 * size, bytesTotal: 2 * size },
  ]);
});

it("files in CloudTrail's layout can be counted without reading them", async () => {
  await using folder = await folderOf(mixedHistory().files);
  const { signal } = new AbortController();
  const { lanes } = await walk([await diskRoot(folder.path)], signal);
  const context = { positions: new Map() } as unknown as ReadingContext;
  const range = { first: "20260314", last: "20260401" };
  const opened = lanes.map((lane) => folderLane(lane, range, context));
  expect(await countFiles(opened, signal)).toBe(8);
});

it("a log file is one file of its stored size", async () => {
  const file = logFile([recordAt("2026-03-14T00:00:00Z", 1)]);
  const key = trailKey("111122223333", "us-east-1", "2026-03-14T00:10");
  expect(await progressOf({ [key]: file })).toMatchObject([{ bytesRead: file.length }]);
});
