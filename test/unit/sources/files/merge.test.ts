import { describe, expect, it } from "vitest";
import { noCounts } from "../../../../src/sources/source.ts";
import type { EventStream, Piece } from "../../../../src/sources/files/event-stream.ts";
import { mergeStreams } from "../../../../src/sources/files/merge.ts";
import { batchLimits } from "../../../../src/sources/files/open-batch.ts";
import type { BatchLimits } from "../../../../src/sources/files/open-batch.ts";
import { silentLog } from "../../../../src/telemetry.ts";
import type { Log, LogFields } from "../../../../src/telemetry.ts";
import { plainEvent } from "../../../support/reading.ts";

/** A stream of pieces of times; `log` hears when it is opened and when it ends. */
function stream(name: string, pieces: number[][], log: string[] = []): EventStream {
  const rest = pieces.map((times, index) => piece(name, index, times)).values();
  let opened = false;
  return {
    startsAtMs: pieces.flat()[0] ?? -Infinity,
    async next() {
      if (!opened) log.push(`open ${name}`);
      opened = true;
      const next = rest.next().value;
      if (next === undefined) log.push(`end ${name}`);
      return next;
    },
    close: async () => undefined,
  };
}

function piece(name: string, index: number, times: number[]): Piece {
  const events = times.map((timeMs, at) => plainEvent(`${name}${index}${at}`, timeMs));
  let position = `${index} begun`;
  return {
    events,
    deadLetters: [],
    counts: { ...noCounts, files: 1 },
    positionKey: name,
    begin: () => undefined,
    mark: (place) => void (position = `${index} after ${place}`),
    finish: () => void (position = `${index} done`),
    position: () => position,
  };
}

async function merge(
  streams: EventStream[],
  limits: Partial<BatchLimits> = {},
  log: Log = silentLog,
) {
  const { signal } = new AbortController();
  const batches = [];
  const input = { streams, log };
  for await (const batch of mergeStreams(input, { ...batchLimits, ...limits }, signal)) {
    batches.push({
      times: batch.events.map(({ timeMs }) => timeMs),
      files: batch.counts.files,
      positions: Object.fromEntries(batch.positions),
    });
  }
  return batches;
}

describe("the merge", () => {
  it("opens a stream when its time has come, not before", async () => {
    const log: string[] = [];
    const streams = [
      stream("c", [[7, 8]], log),
      stream("a", [[1, 2], [3]], log),
      stream("b", [[3, 9]], log),
    ];
    expect((await merge(streams)).flatMap(({ times }) => times)).toEqual([1, 2, 3, 3, 7, 8, 9]);
    expect(log).toEqual(["open a", "open b", "end a", "open c", "end c", "end b"]);
  });

  it("has positions within the pieces that are begun and behind those that are done", async () => {
    const batches = await merge([stream("a", [[1, 4], [5]]), stream("b", [[2, 3]])], { events: 2 });
    expect(batches).toEqual([
      { times: [1, 2], files: 0, positions: { a: "0 after 2/b00", b: "0 after 2/b00" } },
      { times: [3, 4], files: 2, positions: { a: "0 done", b: "0 done" } },
      { times: [5], files: 1, positions: { a: "1 done" } },
    ]);
  });

  it("moves on with files that hold no event", async () => {
    const batches = await merge([stream("a", [[], [], [], [1]])], { files: 2 });
    expect(batches.map(({ times, files }) => [times, files])).toEqual([
      [[], 2],
      [[1], 2],
    ]);
  });

  it("says once that more than 512 streams overlap, and loses nothing of those that wait", async () => {
    const told: LogFields[] = [];
    const log = { ...silentLog, warn: (fields: LogFields) => told.push(fields) };
    const times = (streams: number) => Array.from({ length: streams }, (_, at) => at + 1);
    const overlapping = (streams: number) =>
      times(streams).map((at) => stream(`s${at}`, [[at, 10_000 + at]]));
    await merge(overlapping(512), {}, log);
    expect(told).toEqual([]);
    const batches = await merge(overlapping(520), {}, log);
    expect(batches.flatMap(({ times }) => times)).toHaveLength(1040);
    expect(told).toEqual([{ files: 512 }]);
  });

  it("ends a batch when its dead letters fill 64 MiB", async () => {
    const letter = { reason: "too-large", detail: "", origin: "" } as const;
    const payload = new Uint8Array(16 * 1024 * 1024);
    const pieces = Array.from({ length: 10 }, (_, at) => ({
      ...piece("a", at, []),
      deadLetters: [{ ...letter, payload }],
    }));
    const rest = pieces.values();
    const next = async () => rest.next().value;
    const batches = await merge([{ startsAtMs: 0, next, close: async () => undefined }]);
    expect(batches.map(({ files }) => files)).toEqual([4, 4, 2]);
  });

  it("puts a batch in order where pieces overlap", async () => {
    const [batch] = await merge([
      stream("a", [
        [5, 9],
        [4, 8],
      ]),
    ]);
    expect(batch?.times).toEqual([4, 5, 8, 9]);
  });
});
