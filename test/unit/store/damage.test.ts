import { open, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { type StateStore, StoreError } from "../../../src/store/store.ts";
import { alertOf, commitOf, deliveryOf, letterOf, segmentOf } from "../../support/commits.ts";
import { type StatePlace, statePlace } from "../../support/state-place.ts";

let place: StatePlace;

beforeEach(async () => {
  place = await statePlace();
  await using store = await openSqliteStore(place.directory);
  await store.commit(filled);
});

afterEach(() => place[Symbol.asyncDispose]());

const filled = commitOf({
  positions: new Map([["a", "1"]]),
  memories: new Map(Array.from({ length: 200 }, (_, n) => [`key:${n}`, "x".repeat(2000)])),
  engineState: "one",
  calls: [segmentOf(5, 1, 2, 3)],
  alerts: Array.from({ length: 50 }, (_, n) => alertOf({ alertId: n.toString(16) })),
  deliveries: [deliveryOf(["siem"])],
  deadLetters: [letterOf()],
});

describe("a damaged state directory is refused with its name and what can be done", () => {
  const damages: [string, () => Promise<void>, RegExp][] = [
    ["an empty file", () => truncate(place.file, 0), /only 0 bytes are left; restore it/],
    ["a file cut inside its header", () => truncate(place.file, 50), /only 50 bytes are left/],
    ["a file cut in half", () => halve(), /damaged; restore it/],
    ["a file cut inside a page", () => truncate(place.file, 8192 + 100), /damaged; restore it/],
    ["a file of another kind", () => writeFile(place.file, "<html>".repeat(999)), /is no database/],
    ["a database of another program", () => foreign(), /was not written by Keyhawk/],
  ];

  for (const access of ["consume", "annotate", "read"] as const) {
    it.each(damages)(`%s, opened to ${access}`, async (_, damage, message) => {
      await damage();
      const error: unknown = await openSqliteStore(place.directory, { access }).catch(
        (problem: unknown) => problem,
      );
      expect(error).toBeInstanceOf(StoreError);
      expect(error).toMatchObject({ code: "corrupt", message: expect.stringMatching(message) });
      expect(error).toMatchObject({ message: expect.stringContaining(place.directory) });
    });
  }

  it("a damaged lock file is named, as it holds no state", async () => {
    await writeFile(join(place.directory, "keyhawk.lock"), "rubbish".repeat(999));
    await expect(openSqliteStore(place.directory)).rejects.toMatchObject({
      code: "corrupt",
      message: expect.stringContaining("keyhawk.lock is damaged; it holds no state"),
    });
    await using reader = await openSqliteStore(place.directory, { access: "read" });
    expect(await reader.engineState()).toBe("one");
  });

  it("leaves the damaged file as it was, and the directory unlocked", async () => {
    await halve();
    const before = await readFile(place.file);
    await expect(openSqliteStore(place.directory)).rejects.toMatchObject({ code: "corrupt" });
    await expect(openSqliteStore(place.directory)).rejects.toMatchObject({ code: "corrupt" });
    expect(Buffer.compare(before, await readFile(place.file))).toBe(0);
  });
});

describe("damage inside the file", () => {
  it("on any one page is read over or said, and never ends the process", async () => {
    const whole = await readFile(place.file);
    const said: number[] = [];
    for (let page = 0; page < whole.length / 8192; page += 1) {
      const copy = Buffer.from(whole);
      copy.fill(0xa5, page * 8192, page * 8192 + 8192);
      await writeFile(place.file, copy);
      const errors = await readAll();
      expect(errors.filter((error) => !isDamage(error))).toEqual([]);
      if (errors.length > 0) {
        said.push(page);
      }
    }
    expect(said.length).toBeGreaterThan(30);
  });
});

/** Reads everything in the store and gives the errors met. */
async function readAll(): Promise<unknown[]> {
  const errors: unknown[] = [];
  const note = (error: unknown) => void errors.push(error);
  const store = await openSqliteStore(place.directory, { access: "read" }).catch(note);
  if (store === undefined) {
    return errors;
  }
  const reads: ((store: StateStore) => Promise<unknown>)[] = [
    (store) => store.positions(),
    (store) => store.loadMemories(Array.from({ length: 200 }, (_, n) => `key:${n}`)),
    (store) => store.engineState(),
    (store) => store.recentCalls(),
    (store) => store.alerts.list({}),
    (store) => store.outbox.due("siem", Date.now(), 9),
    (store) => store.history.deadLetters(9),
    (store) => store.history.deadLetterTotals(),
    (store) => store.history.counters(),
  ];
  for (const read of reads) {
    await read(store).catch(note);
  }
  await store[Symbol.asyncDispose]();
  return errors;
}

function isDamage(error: unknown): boolean {
  return error instanceof StoreError && error.code === "corrupt";
}

async function halve(): Promise<void> {
  const { size } = await stat(place.file);
  await truncate(place.file, Math.floor(size / 2 / 8192) * 8192);
}

async function foreign(): Promise<void> {
  await (await open(place.file, "w")).close();
  const database = new DatabaseSync(place.file);
  database.exec("CREATE TABLE bookmarks (address TEXT)");
  database.close();
}
