import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect } from "../../../support/collect.ts";
import { type KinesisServer, startKinesalite } from "../../../support/kinesalite.ts";
import { openWorld, seen, type StreamWorld } from "./stream-world.ts";

const HOUR_MS = 3_600_000;
let server: KinesisServer;
let world: StreamWorld;
let shard: string;
let key: string;

beforeAll(async () => {
  server = await startKinesalite();
  world = await openWorld(server.endpoint);
  shard = (await world.open())[0] ?? "";
  key = `kinesis/${world.producer.stream}/${shard}`;
  await world.put(shard, "e1", "e2");
});
afterAll(async () => {
  world.close();
  await server.stop();
});

describe("a position that was lost", () => {
  it("by retention is reported with its times, and reading goes on from the oldest record", async () => {
    const { positions } = await collect(world.source({ recordsPerRead: 1 }), { until: seen("e1") });
    const committedMs = Number(positions.get(key)?.split("@")[1]);
    const now = () => Date.now() + 30 * HOUR_MS;
    const {
      batches,
      eventIds,
      positions: after,
    } = await collect(world.source({}, { now }), {
      positions,
      until: seen("e2"),
    });
    const notices = batches.flatMap((batch) => batch.notices);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatchObject({
      kind: "gap",
      subject: `${world.producer.stream}/${shard}`,
      fromMs: committedMs,
    });
    expect(notices[0]?.toMs).toBeGreaterThan(committedMs);
    expect(eventIds).toEqual(["e1", "e2"]);
    expect(after.get(key)).toMatch(/^\d+@\d+$/);
  });

  it("is reported once: the notice and the new position are one batch", async () => {
    const positions = new Map([
      [key, `49599999999999999999999999999999999999999999999999999999@${Date.now()}`],
    ]);
    const first = await collect(world.source(), {
      positions,
      until: ({ batches }) => batches.some((batch) => batch.notices.length > 0),
    });
    const second = await collect(world.source(), {
      positions: first.positions,
      until: ({ eventIds }) => seen("e1", "e2")({ eventIds: [...first.eventIds, ...eventIds] }),
    });
    expect(first.batches.flatMap((batch) => batch.notices)).toHaveLength(1);
    expect(second.batches.flatMap((batch) => batch.notices)).toEqual([]);
  });

  it("with its shard is reported, and the other shards are read", async () => {
    const gone = `kinesis/${world.producer.stream}/shardId-000000000099`;
    const { batches, positions } = await collect(world.source(), {
      positions: new Map([[gone, `1@${Date.now() - 40 * HOUR_MS}`]]),
      until: seen("e1", "e2"),
    });
    expect(batches[0]?.notices).toMatchObject([
      { subject: `${world.producer.stream}/shardId-000000000099` },
    ]);
    expect([...positions.keys()]).toEqual([key]);
  });

  it("is none where the shard was quiet and its position kept fresh", async () => {
    let shiftMs = 0;
    const now = () => Date.now() + shiftMs;
    const tip = await collect(world.source({}, { now }), {
      until: (collected) => {
        if (shiftMs === 0 && seen("e1", "e2")(collected)) {
          shiftMs = 23 * HOUR_MS;
        }
        return Number(collected.positions.get(key)?.split("@")[1]) > Date.now() + 22 * HOUR_MS;
      },
    });
    const later = () => Date.now() + 30 * HOUR_MS;
    await world.put(shard, "e3");
    const { batches, eventIds } = await collect(world.source({}, { now: later }), {
      positions: tip.positions,
      until: seen("e3"),
    });
    expect(batches.flatMap((batch) => batch.notices)).toEqual([]);
    expect(eventIds).toEqual(["e3"]);
  });

  it("is not guessed at: text that is no position is an error that names it", async () => {
    await expect(
      collect(world.source(), { positions: new Map([[key, "latest"]]) }),
    ).rejects.toThrow(key);
  });
});
