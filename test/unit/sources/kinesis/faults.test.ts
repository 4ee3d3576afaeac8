import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { collect } from "../../../support/collect.ts";
import {
  broken,
  type Fault,
  type FaultProxy,
  seededPlan,
  startFaultProxy,
  throttled,
} from "../../../support/fault-proxy.ts";
import { type KinesisServer, startKinesalite } from "../../../support/kinesalite.ts";
import { eventually, openWorld, seen, type StreamWorld } from "./stream-world.ts";

let server: KinesisServer;
const denied: Fault = { kind: "error", name: "AccessDeniedException", message: "not authorized" };
const expired: Fault = { kind: "error", name: "ExpiredIteratorException" };

beforeAll(async () => {
  server = await startKinesalite();
});
afterAll(() => server.stop());

/** A stream of its own behind a proxy of its own, so that tests can wait at the same time. */
async function flaky(
  { onTestFinished }: Pick<TestContext, "onTestFinished">,
  shards = 2,
): Promise<{ proxy: FaultProxy; world: StreamWorld }> {
  const proxy = await startFaultProxy(server.endpoint);
  const world = await openWorld(server.endpoint, { shards, endpoint: proxy.endpoint });
  onTestFinished(async () => {
    world.close();
    await proxy.stop();
  });
  return { proxy, world };
}

/** Ten events over two shards. */
async function putTen(world: StreamWorld): Promise<string[]> {
  const shards = await world.open();
  const ids = Array.from({ length: 10 }, (_, index) => `e${index}`);
  await world.put(shards[0], ...ids.slice(0, 5));
  await world.put(shards[1], ...ids.slice(5));
  return ids;
}

/** The fault, for the first requests of one operation. */
function first(count: number, operation: string, fault: Fault) {
  let left = count;
  return (request: { operation: string }) => {
    if (request.operation !== operation || left === 0) {
      return undefined;
    }
    left -= 1;
    return fault;
  };
}

describe.concurrent("a stream that does not answer well", () => {
  const faults: [claim: string, operation: string, fault: Fault][] = [
    ["throttled reads", "GetRecords", throttled],
    ["server errors", "GetRecords", broken],
    ["cut connections", "GetRecords", { kind: "cut" }],
    ["answers that are lost", "GetRecords", { kind: "lostAnswer" }],
    ["expired iterators", "GetRecords", expired],
    ["throttled iterators", "GetShardIterator", throttled],
    ["a throttled listing", "ListShards", { kind: "error", name: "LimitExceededException" }],
    ["a stream summary that fails", "DescribeStreamSummary", broken],
  ];

  it.for(faults)("is read once and whole in spite of %s", async ([, operation, fault], context) => {
    const { proxy, world } = await flaky(context);
    const ids = await putTen(world);
    const before = proxy.faults;
    proxy.plan(first(3, operation, fault));
    const { eventIds } = await collect(world.source({ recordsPerRead: 2 }), {
      until: seen(...ids),
    });
    expect(eventIds.toSorted()).toEqual(ids);
    expect(proxy.faults - before).toBe(3);
  });

  it.for([1, 2, 3])(
    "is read once and whole in a storm of everything, seed %i",
    async (seed, context) => {
      const { proxy, world } = await flaky(context);
      const ids = await putTen(world);
      proxy.plan(
        seededPlan(seed, [
          { fault: throttled, probability: 0.1 },
          { fault: broken, probability: 0.1 },
          { fault: { kind: "cut" }, probability: 0.1 },
          { fault: { kind: "lostAnswer" }, probability: 0.1 },
          { fault: { kind: "slow", ms: 30 }, probability: 0.1 },
        ]),
      );
      const { eventIds } = await collect(world.source({ recordsPerRead: 2 }), {
        until: seen(...ids),
      });
      expect(eventIds.toSorted()).toEqual(ids);
    },
  );

  it("goes on after the last record received when an iterator expires in the middle", async (context) => {
    const { proxy, world } = await flaky(context);
    const ids = await putTen(world);
    let reads = 0;
    proxy.plan(({ operation }) => {
      reads += operation === "GetRecords" ? 1 : 0;
      return operation === "GetRecords" && reads % 3 === 0 ? expired : undefined;
    });
    const { eventIds } = await collect(world.source({ recordsPerRead: 1 }), {
      until: seen(...ids),
    });
    expect(eventIds.toSorted()).toEqual(ids);
  });

  it("says so once, and once when it is over", async (context) => {
    const { proxy, world } = await flaky(context);
    await world.put((await world.open())[0], "e0");
    proxy.plan(first(4, "ListShards", throttled));
    await collect(world.source(), { until: seen("e0") });
    const lines = world.log.lines.filter((line) => line.level !== "debug");
    expect(lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
      "warn Kinesis does not answer, trying on",
      "info Kinesis answers again",
    ]);
  });

  it("is refused at the start: the error names stream and action", async (context) => {
    const { proxy, world } = await flaky(context);
    proxy.plan(({ operation }) => (operation === "GetRecords" ? denied : undefined));
    await expect(collect(world.source())).rejects.toThrow(
      new RegExp(`^stream ${world.producer.stream}: access denied \\(kinesis:GetRecords\\)`),
    );
  });

  it("does not exist: the error names stream and action", async (context) => {
    const { world } = await flaky(context);
    await expect(collect(world.source({ stream: "nowhere" }))).rejects.toThrow(
      /^stream nowhere: not found \(kinesis:\w+\)/,
    );
  });

  it("is refused after it had been read: that is waited for", async (context) => {
    const { proxy, world } = await flaky(context);
    const [shard] = await world.open();
    await world.put(shard, "e0");
    let refused = false;
    const { eventIds } = await collect(world.source(), {
      until: async (collected) => {
        if (!refused) {
          refused = true;
          await world.put(shard, "e1");
          proxy.plan(first(3, "GetRecords", denied));
        }
        return seen("e0", "e1")(collected);
      },
    });
    expect(eventIds).toEqual(["e0", "e1"]);
  });

  it("holds back the other shards until a shard has answered for the first time", async (context) => {
    const { proxy, world } = await flaky(context);
    const [first, second = ""] = await world.open();
    await world.put(first, "early");
    await world.put(second, "late");
    let blocked = true;
    proxy.plan(({ operation, body }) =>
      blocked && operation === "GetShardIterator" && body.includes(second) ? throttled : undefined,
    );
    const stop = new AbortController();
    const reading = world.source().read(new Map(), stop.signal);
    const next = reading.next();
    let yielded = false;
    void next.then(() => (yielded = true));
    const before = proxy.faults;
    await eventually(() => proxy.faults >= before + 3, "three refusals");
    expect(yielded).toBe(false);
    blocked = false;
    await next;
    stop.abort();
    await reading.return();
  });

  it("reads on no further than its limit while nobody asks for batches", async (context) => {
    const { proxy, world } = await flaky(context);
    const ids = await putTen(world);
    const reading = world
      .source({ recordsPerRead: 1, prefetchBytes: 1 })
      .read(new Map(), new AbortController().signal);
    await reading.next();
    const reads = () => proxy.requests.get("GetRecords") ?? 0;
    // Each shard may read one page ahead and no more, however long nobody comes back.
    const settled = await steady(reads);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(reads()).toBe(settled);
    const rest: string[] = [];
    for await (const batch of reading) {
      rest.push(...batch.events.map((event) => event.eventId));
      if (rest.length >= ids.length - 1) {
        break;
      }
    }
    expect(new Set(rest).size).toBe(rest.length);
  });

  it("stops at once when told to, even in the middle of an outage", async (context) => {
    const { proxy, world } = await flaky(context);
    proxy.plan(({ operation }) =>
      operation === "GetRecords" ? { kind: "slow", ms: 10_000 } : undefined,
    );
    const stop = new AbortController();
    const reading = world.source().read(new Map(), stop.signal);
    const next = reading.next();
    const before = proxy.faults;
    await eventually(() => proxy.faults > before, "a read under way");
    const from = performance.now();
    stop.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(performance.now() - from).toBeLessThan(2000);
  });

  const requests: [claim: string, operation: string, fault: Fault | undefined][] = [
    ["while it has more", "GetRecords", undefined],
    ["while it throttles", "GetRecords", throttled],
    ["while iterators keep expiring", "GetShardIterator", expired],
  ];

  it.for(requests)(
    "is asked no more than five times a second and shard %s",
    async ([, operation, fault], context) => {
      const { proxy, world } = await flaky(context, 1);
      await world.put((await world.open())[0], "e0", "e1", "e2", "e3");
      const times: number[] = [];
      proxy.plan((request) => {
        if (request.operation === operation) {
          times.push(performance.now());
        }
        return request.operation === "GetRecords" && times.length < 5 ? fault : undefined;
      });
      await collect(world.source({ recordsPerRead: 1 }), { until: seen("e3") });
      const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
      expect(gaps.length).toBeGreaterThan(2);
      expect(Math.min(...gaps)).toBeGreaterThan(180);
    },
  );
});

/** The value once it has stayed the same for half a second. */
async function steady(value: () => number): Promise<number> {
  let last = value();
  let since = performance.now();
  await eventually(() => {
    if (value() !== last) {
      last = value();
      since = performance.now();
    }
    return performance.now() - since > 500;
  }, "a steady value");
  return last;
}
