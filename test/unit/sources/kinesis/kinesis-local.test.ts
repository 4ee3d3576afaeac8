import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ListShardsCommandInput } from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect } from "../../../support/collect.ts";
import { startKinesisLocal } from "../../../support/kinesis-local.ts";
import type { KinesisServer } from "../../../support/kinesalite.ts";
import { openWorld, seen } from "./stream-world.ts";

const SIX_MINUTES_MS = 360_000;
let server: KinesisServer;
let folder: string;
let clockFile: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "keyhawk-clock-"));
  clockFile = join(folder, "shift");
  writeFileSync(clockFile, "0");
  server = await startKinesisLocal({
    preload: fileURLToPath(new URL("../../../support/clock-shift.mjs", import.meta.url)),
    env: { CLOCK_SHIFT_FILE: clockFile },
  });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

describe("a stream of kinesis-local", () => {
  it("is read through a split and a merge by the child shards that its last pages name", async () => {
    const { source, open, put, producer, close } = await openWorld(server.endpoint);
    const [parent = ""] = await open();
    await put(parent, "p1");
    let split = false;
    const { eventIds } = await collect(source({ shardRefreshMs: 3_600_000 }), {
      until: async (collected) => {
        if (!split && seen("p1")(collected)) {
          split = true;
          const [left = "", right = ""] = await producer.split(parent);
          await put(left, "l1");
          await put(right, "r1");
          await put(await producer.merge(left, right), "m1");
        }
        return seen("p1", "l1", "r1", "m1")(collected);
      },
    });
    expect(eventIds).toEqual(["p1", "l1", "r1", "m1"]);
    close();
  });

  it("is listed page by page", async () => {
    const { source, open, put, client, close } = await openWorld(server.endpoint, { shards: 5 });
    let pages = 0;
    client.middlewareStack.add(
      (next, context) => (request) => {
        const input = request.input as ListShardsCommandInput;
        if (context.commandName === "ListShardsCommand") {
          pages += 1;
          Object.assign(input, { MaxResults: 2 });
        }
        return next(request);
      },
      { step: "initialize" },
    );
    const shards = await open();
    for (const [index, shard] of shards.entries()) {
      await put(shard, `e${index}`);
    }
    const { eventIds } = await collect(source(), { until: seen("e0", "e1", "e2", "e3", "e4") });
    expect(eventIds).toEqual(["e0", "e1", "e2", "e3", "e4"]);
    expect(pages).toBe(3);
    close();
  });

  it("goes on after iterators have expired, and loses and repeats nothing", async () => {
    const { source, open, put, log, close } = await openWorld(server.endpoint, { shards: 2 });
    const [first, second] = await open();
    await put(first, "e1");
    let shifted = false;
    const { eventIds } = await collect(source(), {
      until: async (collected) => {
        if (!shifted && seen("e1")(collected)) {
          shifted = true;
          writeFileSync(clockFile, String(SIX_MINUTES_MS));
          await put(first, "e2");
          await put(second, "e3");
        }
        return seen("e2", "e3")(collected);
      },
    });
    expect(eventIds.toSorted()).toEqual(["e1", "e2", "e3"]);
    expect(log.lines).toContainEqual(
      expect.objectContaining({ message: "opening a new shard iterator" }),
    );
    close();
  });

  it("read from LATEST and stopped before its first record skips nothing after a restart", async () => {
    const { source, open, put, close } = await openWorld(server.endpoint, { shards: 1 });
    const [shard] = await open();
    const started = await collect(source({ startAt: "LATEST" }), {
      until: ({ positions }) => positions.size === 1,
    });
    await put(shard, "meanwhile");
    const { eventIds } = await collect(source({ startAt: "LATEST" }), {
      positions: started.positions,
      until: seen("meanwhile"),
    });
    expect(eventIds).toEqual(["meanwhile"]);
    close();
  });

  it("is read by its ARN, and keeps the positions it had by its name", async () => {
    const { source, open, put, producer, close } = await openWorld(server.endpoint);
    const [shard] = await open();
    await put(shard, "e1");
    const { positions } = await collect(source(), { until: seen("e1") });
    await put(shard, "e2");
    const arn = `arn:aws:kinesis:us-east-1:000000000000:stream/${producer.stream}`;
    const { eventIds } = await collect(source({ stream: arn }), { positions, until: seen("e2") });
    expect(eventIds).toEqual(["e2"]);
    close();
  });
});
