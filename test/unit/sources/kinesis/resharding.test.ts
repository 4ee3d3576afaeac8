import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { collect } from "../../../support/collect.ts";
import { type KinesisServer, startKinesalite } from "../../../support/kinesalite.ts";
import { openWorld, seen, type StreamWorld } from "./stream-world.ts";

let server: KinesisServer;

beforeAll(async () => {
  server = await startKinesalite();
});
afterAll(() => server.stop());

async function open(
  { onTestFinished }: Pick<TestContext, "onTestFinished">,
  shards: number,
): Promise<StreamWorld> {
  const world = await openWorld(server.endpoint, { shards });
  onTestFinished(() => world.close());
  return world;
}

describe.concurrent("a stream that changes its shards", () => {
  it("is read on through a split while it runs, parent first", async (context) => {
    const { source, open: openShards, put, producer } = await open(context, 1);
    const [parent] = await openShards();
    await put(parent, "p1", "p2");
    let split = false;
    const { eventIds, positions } = await collect(source({ recordsPerRead: 1 }), {
      until: async (collected) => {
        if (!split && seen("p1")(collected)) {
          split = true;
          const [left, right] = await producer.split(parent ?? "");
          await put(left, "l1");
          await put(right, "r1");
        }
        return seen("p2", "l1", "r1")(collected);
      },
    });
    expect(eventIds.slice(0, 2)).toEqual(["p1", "p2"]);
    expect(eventIds.toSorted()).toEqual(["l1", "p1", "p2", "r1"]);
    expect(positions.get(`kinesis/${producer.stream}/${parent}`)).toMatch(
      /^END@\d+:shardId-000000000001,shardId-000000000002$/,
    );
  });

  it("is read on through a merge while it runs: the child waits for both parents", async (context) => {
    const { source, open: openShards, put, producer } = await open(context, 2);
    const [left = "", right = ""] = await openShards();
    await put(left, "l1");
    await put(right, "r1", "r2", "r3", "r4");
    let merged = false;
    const { eventIds } = await collect(source({ recordsPerRead: 1 }), {
      until: async (collected) => {
        if (!merged) {
          merged = true;
          await put(await producer.merge(left, right), "c1");
        }
        return seen("l1", "r1", "r2", "r3", "r4", "c1")(collected);
      },
    });
    expect(eventIds).toHaveLength(6);
    expect(eventIds.at(-1)).toBe("c1");
  });

  it("is read on after a graceful stop, though every shard it knew has closed meanwhile", async (context) => {
    const { source, open: openShards, put, producer } = await open(context, 1);
    const [parent = ""] = await openShards();
    await put(parent, "p1");
    const before = await collect(source(), { until: seen("p1") });
    await put(parent, "p2");
    const [left = "", right = ""] = await producer.split(parent);
    await put(left, "l1");
    await put(right, "r1");
    await put(await producer.merge(left, right), "m1");
    const { eventIds } = await collect(source(), {
      positions: before.positions,
      until: seen("p2", "l1", "r1", "m1"),
    });
    expect(eventIds).toEqual(["p2", "l1", "r1", "m1"]);
  });

  it("starts children once, whether stopped before or after their parent's end was committed", async (context) => {
    const { source, open: openShards, put, producer } = await open(context, 1);
    const [parent = ""] = await openShards();
    await put(parent, "p1");
    const [left, right] = await producer.split(parent);
    await put(left, "l1");
    await put(right, "r1");
    const ended = await collect(source(), {
      until: ({ positions }) =>
        positions.get(`kinesis/${producer.stream}/${parent}`)?.startsWith("END") === true,
    });
    const rest = await collect(source(), {
      positions: ended.positions,
      until: ({ eventIds }) =>
        seen("p1", "l1", "r1")({ eventIds: [...ended.eventIds, ...eventIds] }),
    });
    expect([...ended.eventIds, ...rest.eventIds].toSorted()).toEqual(["l1", "p1", "r1"]);
  });

  it("read from LATEST skips what was there, but nothing of new children", async (context) => {
    const { source, open: openShards, put, producer } = await open(context, 2);
    const [first = "", second = ""] = await openShards();
    await put(first, "old1");
    await put(second, "old2");
    let started = false;
    const { eventIds } = await collect(source({ startAt: "LATEST" }), {
      until: async (collected) => {
        if (!started && collected.positions.size === 2) {
          started = true;
          const [left, right] = await producer.split(first);
          await put(left, "l1");
          await put(right, "r1");
        }
        return seen("l1", "r1")(collected);
      },
    });
    expect(eventIds.toSorted()).toEqual(["l1", "r1"]);
  });

  it("read from LATEST leaves closed shards alone, after a restart too", async (context) => {
    const { source, open: openShards, put, producer } = await open(context, 1);
    const [parent = ""] = await openShards();
    await put(parent, "old");
    const [left] = await producer.split(parent);
    const before = await collect(source({ startAt: "LATEST" }), {
      until: ({ positions }) => positions.size === 3,
    });
    await put(left, "new");
    const { eventIds } = await collect(source({ startAt: "LATEST" }), {
      positions: before.positions,
      until: seen("new"),
    });
    expect([...before.eventIds, ...eventIds]).toEqual(["new"]);
  });

  it("read from a time skips what came before, in closed shards too", async (context) => {
    const { source, open: openShards, put, producer } = await open(context, 1);
    const [parent = ""] = await openShards();
    await put(parent, "old");
    await new Promise((resolve) => setTimeout(resolve, 5));
    const startAt = new Date().toISOString();
    await put(parent, "new1");
    const [left] = await producer.split(parent);
    await put(left, "new2");
    const { eventIds } = await collect(source({ startAt }), { until: seen("new1", "new2") });
    expect(eventIds).toEqual(["new1", "new2"]);
  });

  it("is merged by arrival time across shards", async (context) => {
    const { source, open: openShards, put } = await open(context, 3);
    const shards = await openShards();
    const order = Array.from({ length: 12 }, (_, index) => `e${String(index).padStart(2, "0")}`);
    for (const [index, id] of order.entries()) {
      await put(shards[(index * index) % 3], id);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const { batches } = await collect(source({ alignmentMs: 0, recordsPerRead: 2 }), {
      until: seen(...order),
    });
    const latest = batches.flatMap((batch) => batch.events.map((event) => event.eventId));
    expect(latest).toEqual(order);
  });

  it("of a backlog that changed its shards is merged by arrival time too, across generations", async (context) => {
    const { source, open: openShards, put, producer } = await open(context, 3);
    const order: string[] = [];
    const putNext = async (shard: string | undefined) => {
      order.push(`e${String(order.length).padStart(2, "0")}`);
      await put(shard, order.at(-1) ?? "");
      await new Promise((resolve) => setTimeout(resolve, 2));
    };
    // kinesalite says of what a new shard gets in its first second that it came when that second was over.
    const firstSecond = () => new Promise((resolve) => setTimeout(resolve, 1010));
    const [first = "", second = "", third = ""] = await openShards();
    for (const shard of [first, third, second]) await putNext(shard);
    const [left = "", right = ""] = await producer.split(first);
    await firstSecond();
    for (const shard of [third, left, third, right]) await putNext(shard);
    const child = await producer.merge(right, second);
    await firstSecond();
    for (const shard of [third, child, left, child, third]) await putNext(shard);
    const { batches } = await collect(source({ alignmentMs: 0 }), { until: seen(...order) });
    expect(batches.length).toBeGreaterThan(1);
    const read = batches.flatMap((batch) => batch.events.map((event) => event.eventId));
    expect(read).toEqual(order);
  });
});
