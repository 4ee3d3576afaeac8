import { chmod, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { alertOf, commitOf } from "../../support/commits.ts";
import { type StatePlace, statePlace } from "../../support/state-place.ts";
import { startStoreProcess } from "../../support/store-process.ts";

let place: StatePlace;

beforeEach(async () => {
  place = await statePlace();
});

afterEach(() => place[Symbol.asyncDispose]());

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

describe("a new state directory", () => {
  it("and all in it can be read by its owner only", async () => {
    await using store = await openSqliteStore(join(place.directory, "deeper"));
    await store.commit(commitOf({ alerts: [alertOf()] }));
    expect(await modeOf(place.directory)).toBe("700");
    expect(await modeOf(join(place.directory, "deeper"))).toBe("700");
    const files = await readdir(join(place.directory, "deeper"));
    expect(files.toSorted()).toEqual([
      "keyhawk.db",
      "keyhawk.db-shm",
      "keyhawk.db-wal",
      "keyhawk.lock",
    ]);
    for (const file of files) {
      expect(`${file} ${await modeOf(join(place.directory, "deeper", file))}`).toBe(`${file} 600`);
    }
  });

  it("is one file when nobody has it open, apart from the lock", async () => {
    await using store = await openSqliteStore(place.directory);
    await store.commit(commitOf({ alerts: [alertOf()] }));
    await store[Symbol.asyncDispose]();
    expect((await readdir(place.directory)).toSorted()).toEqual(["keyhawk.db", "keyhawk.lock"]);
  });

  it("is not made for readers", async () => {
    const reader = openSqliteStore(place.directory, { access: "read" });
    await expect(reader).rejects.toMatchObject({
      code: "missing",
      message: expect.stringContaining(`${place.directory}: no state here`),
    });
    expect(await readdir(place.parent)).toEqual([]);
  });

  it("takes the place of a making that was broken off", async () => {
    await mkdir(place.directory);
    await writeFile(`${place.file}.new`, "half a database");
    await writeFile(`${place.file}.new-journal`, "its journal");
    await using store = await openSqliteStore(place.directory);
    expect(await store.positions()).toEqual(new Map());
    expect(await readdir(place.directory)).not.toContain("keyhawk.db.new");
  });
});

describe("a place that cannot hold state is refused", () => {
  it("a file", async () => {
    await writeFile(place.directory, "");
    for (const directory of [place.directory, join(place.directory, "deeper")]) {
      await expect(openSqliteStore(directory)).rejects.toMatchObject({
        code: "failed",
        message: `${directory}: not a directory`,
      });
    }
  });

  it("a name that the file system does not take", async () => {
    await expect(openSqliteStore(join(place.directory, "x".repeat(999)))).rejects.toMatchObject({
      code: "failed",
      message: expect.stringContaining("ENAMETOOLONG"),
    });
  });

  it("a directory that may not be written, by whoever may not", async () => {
    await chmod(place.parent, 0o755);
    await mkdir(place.directory, { mode: 0o555 });
    await chmod(place.directory, 0o555);
    await using writer = startStoreProcess(place.directory, { asNobody: true });
    await writer.ended();
    expect(writer.lines()).toEqual([
      `error read-only: ${place.directory}: the state directory may not be written; check its permissions and its owner`,
    ]);
  });

  it("a parent that may not be written", async () => {
    await chmod(place.parent, 0o555);
    await using writer = startStoreProcess(place.directory, { asNobody: true });
    await writer.ended();
    expect(writer.lines()).toEqual([
      expect.stringMatching(/^error read-only: .*\/state: the state/),
    ]);
  });

  it("one with no room left, said by the process that finds out", async () => {
    await using writer = startStoreProcess(place.directory, { maxBytes: 1_000_000 });
    await writer.ended();
    expect(writer.lines().at(-1)).toMatch(/^error full: .*\/state: no room for keyhawk.db/);
    await using store = await openSqliteStore(place.directory);
    expect((await store.positions()).get("stream")).toBe(writer.lines().at(-2));
  });
});

describe("a state directory on a read-only disk", () => {
  it("can be read", async () => {
    {
      await using store = await openSqliteStore(place.directory);
      await store.commit(commitOf({ alerts: [alertOf()] }));
    }
    await chmod(place.parent, 0o755);
    await chmod(place.file, 0o444);
    await chmod(place.directory, 0o555);
    await using reader = startStoreProcess(place.directory, { asNobody: true, access: "read" });
    await reader.ended();
    expect(reader.lines()).toEqual(["alerts 1"]);
  });
});
