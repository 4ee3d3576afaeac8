import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  openSqliteStore,
  type SqliteStoreOptions,
} from "../../../src/store/sqlite/sqlite-store.ts";
import type { StateStore } from "../../../src/store/store.ts";
import { commitOf, letterOf, segmentOf } from "../../support/commits.ts";
import { type StatePlace, statePlace } from "../../support/state-place.ts";
import { DatabaseSync } from "node:sqlite";
import { randomBytes } from "node:crypto";

let place: StatePlace;
let store: StateStore;

beforeEach(async () => {
  place = await statePlace();
});

afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
});

async function openWith(options: SqliteStoreOptions): Promise<void> {
  store = await openSqliteStore(place.directory, options);
}

describe("dead letters", () => {
  /** Commits a letter whose payload does not compress. */
  const commitLetter = (origin: string, bytes: number) =>
    store.commit(commitOf({ deadLetters: [letterOf({ origin, payload: randomBytes(bytes) })] }));

  const kept = async () =>
    (await store.history.deadLetters(9)).map(
      (letter) => `${letter.origin} ${letter.kept} ${letter.payload.length}/${letter.bytes}`,
    );

  it("the oldest payloads make room for new ones, while their letters stay and are counted", async () => {
    await openWith({ deadLetters: { payloadBytes: 2500 } });
    for (const origin of ["one", "two", "three"]) {
      await commitLetter(origin, 1000);
    }
    expect(await kept()).toEqual([
      "three whole 1000/1000",
      "two whole 1000/1000",
      "one dropped 0/1000",
    ]);
    const totals = await store.history.deadLetterTotals();
    expect(totals).toMatchObject({ letters: 3, payloads: 2, dropped: 1, cut: 0, forgotten: 0 });
    expect(totals.payloadBytes).toBeGreaterThan(2000);
    expect(totals.payloadBytes).toBeLessThanOrEqual(2500);
  });

  it("no more payloads than the limit are kept", async () => {
    await openWith({ deadLetters: { payloads: 1 } });
    await commitLetter("one", 5);
    await commitLetter("two", 5);
    expect(await kept()).toEqual(["two whole 5/5", "one dropped 0/5"]);
  });

  it("a payload over the limit keeps its start, its size and its digest", async () => {
    await openWith({ deadLetters: { letterBytes: 10 } });
    await commitLetter("long", 11);
    await commitLetter("fits", 10);
    expect(await kept()).toEqual(["fits whole 10/10", "long cut 10/11"]);
    expect(await store.history.deadLetterTotals()).toMatchObject({ cut: 1, payloads: 2 });
  });

  it("a letter of 16 MiB is kept whole", async () => {
    await openWith({});
    await commitLetter("huge", 16 * 2 ** 20);
    expect(await kept()).toEqual([`huge whole ${16 * 2 ** 20}/${16 * 2 ** 20}`]);
  });

  it("letters beyond the last limit are forgotten, oldest first, and counted", async () => {
    await openWith({ deadLetters: { letters: 2 } });
    for (const origin of ["one", "two", "three"]) {
      await commitLetter(origin, 5);
    }
    expect(await kept()).toEqual(["three whole 5/5", "two whole 5/5"]);
    const totals = await store.history.deadLetterTotals();
    expect(totals).toMatchObject({ letters: 2, payloads: 2, forgotten: 1 });
  });

  it("a letter whose payload was dropped is still known when it comes again", async () => {
    await openWith({ deadLetters: { payloads: 1 } });
    const first = letterOf({ origin: "one" });
    await store.commit(commitOf({ deadLetters: [first, letterOf({ origin: "two" })] }));
    await store.commit(commitOf({ deadLetters: [first] }));
    expect(await store.history.deadLetterTotals()).toMatchObject({ letters: 2, repeated: 1 });
  });
});

describe("size of the file", () => {
  it("a commit that finds no room fails whole, and the store works on", async () => {
    await openWith({ maxBytes: 400_000 });
    const memories = (count: number) =>
      new Map(Array.from({ length: count }, (_, n) => [`key:${n}`, "x".repeat(2000)]));
    await store.commit(commitOf({ positions: new Map([["a", "1"]]), memories: memories(10) }));
    const tooMuch = commitOf({ positions: new Map([["a", "2"]]), memories: memories(500) });
    await expect(store.commit(tooMuch)).rejects.toMatchObject({
      code: "full",
      message: expect.stringContaining(`${place.directory}: no room for keyhawk.db`),
    });
    expect(await store.positions()).toEqual(new Map([["a", "1"]]));
    expect(await store.history.entities()).toMatchObject({ keys: 10 });
    await store.commit(commitOf({ positions: new Map([["a", "3"]]) }));
    expect(await store.positions()).toEqual(new Map([["a", "3"]]));
  });

  it("a quiet stream's batches of one call share rows", async () => {
    await openWith({});
    for (let call = 0; call < 600; call += 1) {
      await store.commit(commitOf({ calls: [segmentOf(5, call)] }));
    }
    const database = new DatabaseSync(place.file, { readOnly: true });
    const rows = database.prepare("SELECT count(*) AS count FROM call_segments").get();
    database.close();
    expect(rows).toEqual({ count: 2 });
  });
});
