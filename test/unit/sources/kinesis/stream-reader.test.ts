import { describe, expect, it } from "vitest";
import type { BatchParts } from "../../../../src/sources/kinesis/batch.ts";
import { KinesisOptions } from "../../../../src/sources/kinesis/options.ts";
import { type Position, positionsOf } from "../../../../src/sources/kinesis/position.ts";
import type { Shard } from "../../../../src/sources/kinesis/shard-graph.ts";
import type { Page, StreamApi } from "../../../../src/sources/kinesis/stream-api.ts";
import { StreamReader } from "../../../../src/sources/kinesis/stream-reader.ts";
import { silentLog } from "../../../../src/telemetry.ts";
import { eventually } from "./stream-world.ts";

const NOW = 1_800_000_000_000;
const HOUR_MS = 3_600_000;

/** A stream in memory, for what no server on loopback does: shards that expire, and shards that lag by hours. */
function memoryStream(shards: Shard[]) {
  const listed = new Map(shards.map((shard) => [shard.id, shard]));
  const pages = new Map<string, (Partial<Page> | "missing")[]>();
  const api: StreamApi = {
    listShards: async () => new Map(listed),
    retentionMs: async () => 24 * HOUR_MS,
    openIterator: async (shardId) => (listed.has(shardId) ? { iterator: shardId } : "missing"),
    getRecords: async (shardId) => {
      const page = pages.get(shardId)?.shift() ?? {};
      return page === "missing"
        ? page
        : { records: [], bytes: 0, next: "more", behindMs: 0, children: [], ...page };
    },
  };
  return { api, listed, pages };
}

const shard = (id: string, ...parents: string[]): Shard => ({ id, parents, open: true });

function arrivals(...times: number[]): Partial<Page> {
  const records = times.map((arrivalMs) => ({
    sequence: String(arrivalMs),
    arrivalMs,
    data: new Uint8Array(1),
  }));
  return { records, bytes: records.length };
}

async function withReader(
  api: StreamApi,
  positions: ReadonlyMap<string, Position>,
  use: (taken: BatchParts[], take: () => void) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const options = KinesisOptions.parse({
    stream: "trail",
    shardRefreshMs: 1000,
    pollIntervalMs: 200,
  });
  const reader = new StreamReader({
    options,
    api,
    signal: stop.signal,
    log: silentLog,
    now: () => NOW,
  });
  const taken: BatchParts[] = [];
  const take = () => {
    const parts = reader.take();
    if (parts !== undefined) {
      taken.push(parts);
    }
  };
  try {
    await reader.begin(positions);
    await use(taken, take);
  } finally {
    stop.abort();
    await reader.settle();
  }
}

const sequences = (taken: readonly BatchParts[]) =>
  taken.flatMap((parts) => parts.records.map((record) => Number(record.sequence)));
const written = (taken: readonly BatchParts[], shardId: string) =>
  taken.flatMap((parts) => parts.positions.get(`kinesis/trail/${shardId}`) ?? []);

describe("reading a stream", () => {
  it("holds what is new in one shard until a shard hours behind has caught up to within 10 minutes", async () => {
    const { api, pages } = memoryStream([shard("a"), shard("b")]);
    const lagging = NOW - HOUR_MS;
    pages.set("a", [{ ...arrivals(NOW), behindMs: 0 }]);
    pages.set("b", [
      { ...arrivals(lagging), behindMs: HOUR_MS },
      { behindMs: HOUR_MS },
      { ...arrivals(lagging + 100), behindMs: 30 * 60_000 },
      {},
    ]);
    await withReader(api, new Map(), async (taken, take) => {
      await eventually(() => {
        take();
        return sequences(taken).length === 3;
      }, "three records");
      expect(sequences(taken)).toEqual([lagging, lagging + 100, NOW]);
    });
  });

  it("ends no shard, and starts no child, before its last records were handed over", async () => {
    const { api, pages } = memoryStream([shard("a"), shard("b"), shard("c", "a")]);
    pages.set("a", [{ ...arrivals(NOW), next: undefined }]);
    pages.set("b", [{ behindMs: HOUR_MS }, { behindMs: HOUR_MS }, {}]);
    pages.set("c", [arrivals(NOW + 1)]);
    await withReader(api, new Map(), async (taken, take) => {
      await eventually(() => {
        take();
        return sequences(taken).length === 2;
      }, "two records");
      expect(sequences(taken)).toEqual([NOW, NOW + 1]);
      const handedOver = taken.findIndex((parts) => parts.records.length > 0);
      const ended = taken.findIndex((parts) => parts.positions.has("kinesis/trail/a"));
      expect(ended).toBe(handedOver);
    });
  });

  it("drops the mark of a finished shard once it has expired and its children have positions", async () => {
    const { api, listed, pages } = memoryStream([shard("a"), shard("b", "a")]);
    pages.set("a", [{ ...arrivals(1), next: undefined }]);
    await withReader(api, new Map(), async (taken, take) => {
      await eventually(() => {
        take();
        return written(taken, "b").length > 0;
      }, "a position of the child");
      expect(written(taken, "a").at(-1)).toBe(`END@${NOW}:b`);
      listed.delete("a");
      await eventually(() => {
        take();
        return written(taken, "a").at(-1) === "";
      }, "the mark dropped");
    });
  });

  it("reports a shard that expires while it is read, and starts its children", async () => {
    const { api, listed, pages } = memoryStream([shard("a"), shard("b", "a")]);
    pages.set("a", [arrivals(NOW - 1), "missing"]);
    pages.set("b", [arrivals(NOW)]);
    await withReader(api, new Map(), async (taken, take) => {
      listed.delete("a");
      await eventually(() => {
        take();
        return sequences(taken).includes(NOW);
      }, "the child's record");
      const notices = taken.flatMap((parts) => parts.notices);
      expect(notices).toMatchObject([{ kind: "gap", subject: "trail/a" }]);
      expect(written(taken, "a").at(-1)).toBe("");
    });
  });

  it("reports a child that expires before its parent is read to its end", async () => {
    const { api, listed } = memoryStream([shard("a"), shard("b", "a")]);
    await withReader(api, new Map(), async (taken, take) => {
      listed.delete("b");
      await eventually(() => {
        take();
        return taken.some((parts) => parts.notices.length > 0);
      }, "a notice");
      expect(taken.flatMap((parts) => parts.notices)).toMatchObject([{ subject: "trail/b" }]);
    });
  });

  it("reports once that it is slower than retention, though it loses records all the time", async () => {
    const { api, pages } = memoryStream([shard("a")]);
    const position = positionsOf(
      "trail",
      new Map([["kinesis/trail/a", `5@${NOW - 30 * HOUR_MS}`]]),
    );
    const old = NOW - 25 * HOUR_MS;
    pages.set("a", [arrivals(old), arrivals(old + 1), arrivals(old + 2)]);
    await withReader(api, position, async (taken, take) => {
      await eventually(() => {
        take();
        return sequences(taken).length === 3;
      }, "three records");
      expect(taken.flatMap((parts) => parts.notices)).toHaveLength(1);
    });
  });
});
