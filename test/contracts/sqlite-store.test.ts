import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { commitOf } from "../support/commits.ts";
import { statePlace } from "../support/state-place.ts";
import { startStoreProcess } from "../support/store-process.ts";
import { wholeBatches } from "../support/whole-batches.ts";
import { testStore } from "./store.ts";

testStore("the SQLite store", {
  async place() {
    const place = await statePlace();
    return {
      open: (options) => openSqliteStore(place.directory, options),
      [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
    };
  },
});

describe("the SQLite store under kill -9", () => {
  it("has every acknowledged batch, and each batch whole or not at all", async () => {
    await using place = await statePlace();
    let acknowledged = 0;
    for (let round = 0; round < 16; round += 1) {
      await using writer = startStoreProcess(place.directory);
      await writer.printed(2);
      await sleep(Math.random() * 40); // Any moment will do: nothing is ordered by it.
      await writer.kill();
      expect(writer.lines()[0]).toMatch(/^open \d+$/);
      const printed = Number(writer.lines().at(-1));
      expect(printed).toBeGreaterThan(acknowledged);

      await using store = await openSqliteStore(place.directory);
      acknowledged = await wholeBatches(store);
      expect(acknowledged).toBeGreaterThanOrEqual(printed);
      expect(acknowledged).toBeLessThanOrEqual(printed + 1);
    }
  });

  it("can be opened whatever its making had come to", async () => {
    for (let round = 0; round < 10; round += 1) {
      await using place = await statePlace();
      await using writer = startStoreProcess(place.directory);
      await sleep(60 + round * 8); // The directory is made about 100 ms after the start.
      await writer.kill();

      await using store = await openSqliteStore(place.directory);
      await wholeBatches(store);
      await store.commit(commitOf({ positions: new Map([["stream", "1"]]) }));
    }
  });

  it("is let go at once: the next consumer needs no clean-up", async () => {
    await using place = await statePlace();
    await using writer = startStoreProcess(place.directory);
    await writer.printed(1);
    const refusal = openSqliteStore(place.directory);
    await expect(refusal).rejects.toMatchObject({
      code: "locked",
      message: expect.stringMatching(`^${place.directory}: in use by process ${writer.pid} `),
    });
    await writer.kill();
    await using store = await openSqliteStore(place.directory);
    expect((await store.positions()).size).toBeLessThanOrEqual(1);
  });
});

describe("the SQLite store with a consumer in another process", () => {
  it("lets people read and write notes between its commits", async () => {
    await using place = await statePlace();
    await using writer = startStoreProcess(place.directory);
    await writer.printed(3);
    await using notes = await openSqliteStore(place.directory, { access: "annotate" });
    await using reader = await openSqliteStore(place.directory, { access: "read" });
    let seen = 0;
    for (let note = 1; note <= 60; note += 1) {
      const [newest] = await reader.alerts.list({ limit: 1 });
      const alertId = newest?.alert.alertId ?? "";
      const verdict = { verdict: "test", by: "ana", note: `${note}`, atMs: note } as const;
      expect(await notes.alerts.close(alertId, verdict)).toBe(true);
      expect((await reader.alerts.get(alertId))?.verdict).toEqual(verdict);
      const position = Number((await reader.positions()).get("stream"));
      expect(position).toBeGreaterThanOrEqual(seen);
      seen = position;
    }
    const before = writer.lines().length;
    await writer.printed(before + 3);
    expect(writer.lines().filter((line) => line.startsWith("error"))).toEqual([]);
    expect(writer.lines().length).toBeGreaterThanOrEqual(before + 3);
  });
});
