import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Database } from "../../../src/store/sqlite/database.ts";
import { applicationId, migrate, schemaSteps } from "../../../src/store/sqlite/schema.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { commitOf } from "../../support/commits.ts";
import { type StatePlace, statePlace } from "../../support/state-place.ts";

let place: StatePlace;

beforeEach(async () => {
  place = await statePlace();
});

afterEach(() => place[Symbol.asyncDispose]());

describe("migrate", () => {
  const steps = [
    "CREATE TABLE memories (entity TEXT, memory TEXT) STRICT",
    "ALTER TABLE memories ADD COLUMN kind TEXT; UPDATE memories SET kind = 'key'",
    "CREATE TABLE alerts (alert_id TEXT) STRICT",
  ];

  function database(): Database {
    return new Database(place.parent, `${place.parent}/migrate.db`, false);
  }

  it("brings a database from any version to the last, with what it holds", () => {
    using old = database();
    expect(migrate(old, steps.slice(0, 1))).toBe(0);
    old.run("INSERT INTO memories VALUES ('key:a', '{}')");
    expect(migrate(old, steps)).toBe(1);
    expect(old.rows("SELECT * FROM memories")).toEqual([
      { entity: "key:a", memory: "{}", kind: "key" },
    ]);
    expect(old.row("PRAGMA user_version")).toEqual({ user_version: 3 });
    expect(migrate(old, steps)).toBe(3);
  });

  it("changes nothing when one of its steps fails", () => {
    using old = database();
    migrate(old, steps.slice(0, 1));
    const broken = [...steps.slice(0, 2), "CREATE TABLE memories (entity TEXT)"];
    expect(() => migrate(old, broken)).toThrow(/memories already exists/);
    expect(old.row("PRAGMA user_version")).toEqual({ user_version: 1 });
    expect(() => old.row("SELECT kind FROM memories")).toThrow(/no such column/);
  });

  it("refuses a database of a later version", () => {
    using later = database();
    migrate(later, steps);
    expect(() => migrate(later, steps.slice(0, 2))).toThrow(
      expect.objectContaining({
        code: "newer",
        message: expect.stringMatching(/has schema version 3, this Keyhawk knows 2; update/),
      }),
    );
  });
});

describe("a store of another version", () => {
  const accesses = ["consume", "annotate", "read"] as const;

  async function setVersion(version: number): Promise<void> {
    await (await openSqliteStore(place.directory))[Symbol.asyncDispose]();
    const database = new DatabaseSync(place.file);
    database.exec(`PRAGMA user_version = ${version}`);
    database.close();
  }

  it.each(accesses)("a later one is refused, opened to %s", async (access) => {
    await setVersion(schemaSteps.length + 1);
    await expect(openSqliteStore(place.directory, { access })).rejects.toMatchObject({
      code: "newer",
      message: expect.stringContaining("update Keyhawk"),
    });
  });

  it.each(accesses)("an older one is migrated when opened to %s", async (access) => {
    await makeVersionZero();
    await using store = await openSqliteStore(place.directory, { access });
    expect(await store.positions()).toEqual(new Map());
    const version = new DatabaseSync(place.file, { readOnly: true });
    expect(version.prepare("PRAGMA user_version").get()).toEqual({
      user_version: schemaSteps.length,
    });
    version.close();
  });

  it("an older one that a consumer holds is not migrated under its feet", async () => {
    await using store = await openSqliteStore(place.directory);
    await store.commit(commitOf());
    const database = new DatabaseSync(place.file);
    database.exec("PRAGMA user_version = 0");
    const reader = openSqliteStore(place.directory, { access: "read" });
    await expect(reader).rejects.toMatchObject({ code: "locked" });
    database.exec(`PRAGMA user_version = ${schemaSteps.length}`);
    database.close();
  });

  /** A database as it would be before the first step. */
  async function makeVersionZero(): Promise<void> {
    await setVersion(0);
    const database = new DatabaseSync(place.file);
    const made = database
      .prepare(
        "SELECT type, name FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'",
      )
      .all();
    for (const type of ["view", "table"]) {
      for (const { name } of made.filter((object) => object["type"] === type)) {
        database.exec(`PRAGMA foreign_keys = OFF; DROP ${type} IF EXISTS ${String(name)}`);
      }
    }
    expect(database.prepare("PRAGMA application_id").get()).toEqual({
      application_id: applicationId,
    });
    database.close();
  }
});
