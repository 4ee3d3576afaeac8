import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type {
  EntityOutboxEntry,
  EntityStore,
  EntityWrite,
  FoldedHistory,
  Segment,
} from "../../src/store/entity-store.ts";
import { alertOf } from "../support/commits.ts";

export interface EntityStoreDriver {
  /** A place where nothing is kept yet, given up by `dispose`. */
  place(): Promise<EntityStorePlace>;
}

export interface EntityStorePlace extends AsyncDisposable {
  /** Opens what is kept in this place: each time another handler's view of the same. */
  open(now: () => number): Promise<EntityStore>;
  /** What was kept for reports. */
  history(): Promise<FoldedHistory>;
}

/** Indexes may lag; nothing else may. */
const INDEX_DEADLINE_MS = 5000;
const MIB = 2 ** 20;

/** What every driver of the entity store must do. */
export function testEntityStore(name: string, driver: EntityStoreDriver): void {
  describe(`${name} keeps the contract of an entity store`, () => {
    let place: EntityStorePlace;
    let store: EntityStore;
    let other: EntityStore;
    const nowMs = Date.parse("2026-03-14T03:00:00Z");

    beforeEach(async () => {
      place = await driver.place();
      store = await place.open(() => nowMs);
      other = await place.open(() => nowMs);
    });

    afterEach(async () => {
      await store[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    });

    describe("items", () => {
      it("a new store is empty", async () => {
        expect(await store.load(["principal:a"])).toEqual(new Map());
        expect(await store.readSegments("principal:a", ["s"])).toEqual(new Map());
        expect(await store.outboxes(["principal:a"])).toEqual(new Map());
        expect(await store.pendingOutboxes(nowMs, 10)).toEqual([]);
        expect(await store.closing(1_000_000, 10)).toEqual([]);
        expect(await store.watermark()).toBeUndefined();
        expect(await store.accounts()).toEqual(new Map());
        expect(await store.heard()).toEqual([]);
        expect(await store.alerts.get("a1")).toBeUndefined();
        expect(await store.suppressions.list()).toEqual([]);
      });

      it("what was committed is what every handler loads, version by version", async () => {
        const memory = `{"n":1,"nul":"\\u0000","ü":"\u{1f511}"}`;
        const calls = Uint8Array.of(0, 255, 1);
        expect(await store.commit(writeOf({ memory, calls, closesAtHour: 7 }))).toBe(true);
        expect(await other.load(["principal:a"])).toEqual(
          new Map([["principal:a", { version: 1, memory, calls, closesAtHour: 7 }]]),
        );
        expect(await other.commit(writeOf({ version: 1, memory: "2" }))).toBe(true);
        expect(await store.load(["principal:a"])).toEqual(
          new Map([["principal:a", { ...plain, version: 2, memory: "2" }]]),
        );
      });

      it("a write made from another version changes nothing and says so", async () => {
        expect(await store.commit(writeOf({ version: 3 }))).toBe(false);
        expect(await store.load(["principal:a"])).toEqual(new Map());
        await store.commit(writeOf({ memory: "1" }));
        const stale = { memory: "stale", outbox: [entryOf("e1")], closesAtHour: 1 };
        expect(await other.commit(writeOf(stale))).toBe(false);
        expect(await other.commit(writeOf({ version: 2, ...stale }))).toBe(false);
        expect((await store.load(["principal:a"])).get("principal:a")).toEqual({
          ...plain,
          version: 1,
          memory: "1",
        });
        expect(await store.outboxes(["principal:a"])).toEqual(new Map());
      });

      it("of many writers at once one wins each version", async () => {
        for (let version = 0; version < 3; version += 1) {
          const won = await Promise.all(
            Array.from({ length: 8 }, (_, index) =>
              (index % 2 === 0 ? store : other).commit(writeOf({ version, memory: `${index}` })),
            ),
          );
          expect(won.filter(Boolean)).toHaveLength(1);
          const { memory } = (await store.load(["principal:a"])).get("principal:a") ?? {};
          expect(memory).toBe(`${won.indexOf(true)}`);
        }
      });

      it("loads many at once, leaves out those that are not there, and takes a name twice", async () => {
        const names = Array.from({ length: 230 }, (_, index) => `key:${index}`);
        await inTurns(names, (name) => store.commit(writeOf({ name, memory: `"${name}"` })));
        const asked = [...names, "key:none", ...names.slice(0, 5)];
        const loaded = await other.load(asked);
        expect(loaded.size).toBe(names.length);
        expect([...loaded].every(([name, { memory }]) => memory === `"${name}"`)).toBe(true);
      });

      it("keeps names apart, whatever stands in them", async () => {
        const names = [
          "principal:arn:aws:iam::1:role/a#b",
          "principal:arn:aws:iam::1:role/a",
          "combination:a b 20000",
          "key:ü\u{1f511}#alert#x",
          `principal:${"x".repeat(1490)}`,
        ];
        for (const name of names) await store.commit(writeOf({ name, memory: `"of ${name}"` }));
        const loaded = await store.load(names);
        expect(names.map((name) => loaded.get(name)?.memory)).toEqual(
          names.map((name) => `"of ${name}"`),
        );
      });

      it("a memory of four mebibytes that cannot be compressed comes back, and shrinks again", async () => {
        const memory = noise(4 * MIB - 2);
        expect(await store.commit(writeOf({ memory }))).toBe(true);
        expect((await other.load(["principal:a"])).get("principal:a")?.memory === memory).toBe(
          true,
        );
        const next = noise(3 * MIB);
        expect(await store.commit(writeOf({ version: 1, memory: next }))).toBe(true);
        expect((await other.load(["principal:a"])).get("principal:a")?.memory === next).toBe(true);
        expect(await store.commit(writeOf({ version: 2, memory: "small" }))).toBe(true);
        expect((await other.load(["principal:a"])).get("principal:a")?.memory).toBe("small");
      });

      it("a large write that loses leaves the large memory of the winner whole", async () => {
        const [mine, theirs] = [noise(MIB), noise(MIB)];
        const won = await Promise.all([
          store.commit(writeOf({ memory: mine })),
          other.commit(writeOf({ memory: theirs })),
        ]);
        const { memory } = (await store.load(["principal:a"])).get("principal:a") ?? {};
        expect(memory === (won[0] ? mine : theirs)).toBe(true);
      });
    });

    describe("segments", () => {
      it("are there for every handler before any commit, by entity and id", async () => {
        await store.writeSegments("principal:a", [segmentOf("490.1", 1), segmentOf("490.2", 2)]);
        await store.writeSegments("principal:b", [segmentOf("490.1", 3)]);
        expect(await other.readSegments("principal:a", ["490.2", "490.1", "none"])).toEqual(
          new Map([
            ["490.1", Uint8Array.of(1)],
            ["490.2", Uint8Array.of(2)],
          ]),
        );
        expect(await other.load(["principal:a"])).toEqual(new Map());
      });

      it("replace one of the same id, and go when removed, alone", async () => {
        await store.writeSegments("principal:a", [segmentOf("1", 1), segmentOf("2", 2)]);
        await store.writeSegments("principal:a", [segmentOf("1", 9)]);
        await store.removeSegments("principal:a", ["2", "none"]);
        expect(await store.readSegments("principal:a", ["1", "2"])).toEqual(
          new Map([["1", Uint8Array.of(9)]]),
        );
      });

      it("hold 256 KiB each, many at a time", async () => {
        const bytes = new Uint8Array(256 * 1024).map((_, index) => (index * 167) % 251);
        const ids = Array.from({ length: 30 }, (_, index) => `s.${index}`);
        await store.writeSegments(
          "principal:a",
          ids.map((id) => ({ id, bytes, expiresMs: nowMs + 1 })),
        );
        const read = await other.readSegments("principal:a", ids);
        expect(read.size).toBe(ids.length);
        expect([...read.values()].every((one) => Buffer.compare(one, bytes) === 0)).toBe(true);
        await store.removeSegments("principal:a", ids);
        expect(await other.readSegments("principal:a", ids)).toEqual(new Map());
      });
    });

    describe("outbox of an entity", () => {
      const idsOf = async (name = "principal:a") =>
        (await other.outboxes([name])).get(name)?.map(({ id }) => id);

      it("gains the entries of each commit, in the order in which they were queued", async () => {
        await store.commit(writeOf({ outbox: [entryOf("e2", 20), entryOf("e1", 20)] }));
        await store.commit(writeOf({ version: 1, outbox: [entryOf("e0", 10)] }));
        expect(await other.outboxes(["principal:a", "principal:b"])).toEqual(
          new Map([["principal:a", [entryOf("e0", 10), entryOf("e1", 20), entryOf("e2", 20)]]]),
        );
      });

      it("an entry of an id that is there is replaced", async () => {
        await store.commit(writeOf({ outbox: [entryOf("e1", 10), entryOf("e2", 10)] }));
        const replaced = { ...entryOf("e1", 10), text: "later" };
        await store.commit(writeOf({ version: 1, outbox: [replaced] }));
        expect((await other.outboxes(["principal:a"])).get("principal:a")).toEqual([
          replaced,
          entryOf("e2", 10),
        ]);
      });

      it("is emptied beside commits: neither side stands in the other's way", async () => {
        await store.commit(writeOf({ outbox: [entryOf("e1"), entryOf("e2")] }));
        await other.removeFromOutbox("principal:a", ["e1", "none"]);
        expect(await store.commit(writeOf({ version: 1, outbox: [entryOf("e3")] }))).toBe(true);
        expect(await idsOf()).toEqual(["e2", "e3"]);
        await other.removeFromOutbox("principal:a", ["e2", "e3"]);
        expect(await idsOf()).toBeUndefined();
        expect((await store.load(["principal:a"])).get("principal:a")?.version).toBe(2);
      });

      it("of an entity that is not there can be emptied, and makes no item", async () => {
        await store.removeFromOutbox("principal:none", ["e1"]);
        expect(await store.load(["principal:none"])).toEqual(new Map());
        expect(await store.commit(writeOf({ name: "principal:none" }))).toBe(true);
      });

      it("loses no entry to a commit and a removal at the same time", async () => {
        await store.commit(writeOf({ outbox: [entryOf("e0")] }));
        for (let version = 1; version <= 10; version += 1) {
          await Promise.all([
            store.commit(writeOf({ version, outbox: [entryOf(`e${version}`)] })),
            other.removeFromOutbox("principal:a", [`e${version - 1}`]),
          ]);
          expect(await idsOf()).toEqual([`e${version}`]);
        }
      });

      it("holds a hundred entries and one of 64 KiB beside a large memory", async () => {
        const outbox = Array.from({ length: 100 }, (_, index) => ({
          ...entryOf(`e${index}`, index),
          text: JSON.stringify(alertOf({ alertId: index.toString(16) })),
        }));
        const large = { ...entryOf("large", 200), text: noise(64 * 1024 - 2) };
        await store.commit(writeOf({ memory: noise(MIB), outbox: [...outbox, large] }));
        expect((await other.outboxes(["principal:a"])).get("principal:a")).toEqual([
          ...outbox,
          large,
        ]);
      });

      it("those with something queued before a time are found, the longest wait first", async () => {
        const queued = { b: 30, a: 10, c: 20 };
        for (const [name, queuedMs] of Object.entries(queued)) {
          await store.commit(writeOf({ name, outbox: [entryOf("e", queuedMs)] }));
        }
        await store.commit(writeOf({ name: "b", version: 1, outbox: [entryOf("e2", 40)] }));
        await eventually(async () => {
          expect(await other.pendingOutboxes(31, 10)).toEqual(["a", "c", "b"]);
          expect(await other.pendingOutboxes(30, 10)).toEqual(["a", "c"]);
          expect(await other.pendingOutboxes(31, 1)).toEqual(["a"]);
        });
        await store.removeFromOutbox("a", ["e"]);
        await store.removeFromOutbox("c", ["e"]);
        await eventually(async () => expect(await other.pendingOutboxes(99, 10)).toEqual(["b"]));
      });

      it("is still found where only some of what waited longest was taken", async () => {
        await store.commit(writeOf({ outbox: [entryOf("e1", 10), entryOf("e2", 10)] }));
        await store.removeFromOutbox("principal:a", ["e1"]);
        await eventually(async () =>
          expect(await other.pendingOutboxes(99, 10)).toEqual(["principal:a"]),
        );
      });
    });

    describe("closing", () => {
      it("finds the entities whose hour has come, in the order of their hours", async () => {
        const hours = { a: 12, b: 9, c: 10, d: undefined };
        for (const [name, closesAtHour] of Object.entries(hours)) {
          await store.commit(writeOf({ name, closesAtHour }));
        }
        await eventually(async () => {
          expect(await other.closing(11, 10)).toEqual([
            { name: "b", closesAtHour: 9 },
            { name: "c", closesAtHour: 10 },
          ]);
          expect(await other.closing(12, 1)).toEqual([{ name: "b", closesAtHour: 9 }]);
        });
      });

      it("follows each commit: another hour, or none", async () => {
        await store.commit(writeOf({ name: "a", closesAtHour: 5 }));
        await store.commit(writeOf({ name: "b", closesAtHour: 5 }));
        await store.commit(writeOf({ name: "a", version: 1, closesAtHour: 8 }));
        await store.commit(writeOf({ name: "b", version: 1 }));
        await eventually(async () => {
          expect(await other.closing(7, 10)).toEqual([]);
          expect(await other.closing(8, 10)).toEqual([{ name: "a", closesAtHour: 8 }]);
        });
      });
    });

    describe("what all entities share", () => {
      it("the watermark is the greatest of all lanes, and never falls", async () => {
        await store.raiseWatermark(0, 1000);
        await store.raiseWatermark(15, 3000);
        await other.raiseWatermark(15, 2000);
        expect(await other.watermark()).toBe(3000);
        await other.raiseWatermark(0, 4000);
        expect(await store.watermark()).toBe(4000);
      });

      it("keeps an alias of a key like an account", async () => {
        const alias = `${"arn:aws:kms:eu-west-1:111122223333:key/".padEnd(290, "k")} ${"arn:aws:kms:eu-west-1:111122223333:alias/a.b/c_d-".padEnd(300, "a")}`;
        await store.noteAccounts(new Map([[alias, 7]]));
        await other.noteAccounts(new Map([[alias, 9]]));
        expect(await store.accounts()).toEqual(new Map([[alias, 7]]));
      });

      it("hours in which anybody was heard add up, whoever notes them at the same time", async () => {
        await store.noteHeard([500, 502]);
        await Promise.all([other.noteHeard([501, 507]), store.noteHeard([506, 500])]);
        await store.noteHeard([]);
        expect(await other.heard()).toEqual([
          [500, 502],
          [506, 507],
        ]);
      });

      it("of an account's hours the earliest stays", async () => {
        await store.noteAccounts(
          new Map([
            ["111122223333", 500],
            ["444455556666", 500],
          ]),
        );
        await Promise.all([
          store.noteAccounts(new Map([["111122223333", 400]])),
          other.noteAccounts(
            new Map([
              ["111122223333", 300],
              ["444455556666", 600],
            ]),
          ),
        ]);
        await store.noteAccounts(new Map());
        expect(await other.accounts()).toEqual(
          new Map([
            ["111122223333", 300],
            ["444455556666", 500],
          ]),
        );
      });
    });

    describe("history", () => {
      it("may be kept again by anybody, alone or together", async () => {
        const row = { entity: "key:a", hour: 24, events: 3, decrypts: 2, expected: null, limit: 7 };
        const use = { keyArn: "a", principalKey: "p", firstMs: 5, lastMs: 9, count: 3 };
        await store.raiseWatermark(0, 1);
        await store.keepHistory({
          hours: [row, { ...row, hour: 25 }],
          usage: [use, { ...use, firstMs: 3, lastMs: 7 }],
        });
        await other.keepHistory({ hours: [row, { ...row, hour: 48 }], usage: [] });
        await other.keepHistory({ hours: [], usage: [{ ...use, firstMs: 10, lastMs: 11 }] });
        await store.keepHistory({ hours: [], usage: [{ ...use, firstMs: 10, lastMs: 11 }] });
        await store.keepHistory({ hours: [], usage: [] });
        expect(await place.history()).toEqual({
          hours: [24, 25, 48].map((hour) => ({ ...row, hour })),
          usage: [{ ...use, firstMs: 3, lastMs: 11, count: 9 }],
        });
      });
    });

    describe("alerts", () => {
      const mute = {
        id: "s1",
        match: { detector: "decrypt-spike" },
        owner: "ana",
        reason: "nightly restore",
        expiresMs: 2000,
        createdMs: 1000,
      };

      it("are kept as they stand; one of a lower revision changes nothing", async () => {
        const updated = alertOf({ revision: 1, status: "updated", score: 95 });
        await store.keepAlerts([alertOf(), alertOf({ alertId: "a2" })], new Map());
        await store.keepAlerts([updated], new Map());
        await other.keepAlerts([alertOf()], new Map());
        expect(await other.alerts.get("a1")).toEqual({
          alert: updated,
          verdict: undefined,
          suppressedBy: undefined,
        });
        expect((await other.alerts.get("a2"))?.alert).toEqual(alertOf({ alertId: "a2" }));
      });

      it("keep the verdict of people", async () => {
        const verdict = { verdict: "benign", by: "ana", note: "", atMs: 5 } as const;
        await store.keepAlerts([alertOf()], new Map());
        expect(await store.alerts.close("a1", verdict)).toBe(true);
        await store.keepAlerts([alertOf({ revision: 1, status: "updated" })], new Map());
        const kept = await store.alerts.get("a1");
        expect(kept?.verdict).toEqual(verdict);
        expect(kept?.alert).toEqual(alertOf({ revision: 1, status: "closed" }));
      });

      it("that are muted are marked and count as one hit, however often they are kept", async () => {
        await store.suppressions.add(mute);
        const muted = new Map([["a1", "s1"]]);
        await store.keepAlerts([alertOf()], muted);
        await other.keepAlerts([alertOf()], muted);
        await store.keepAlerts([alertOf({ revision: 1 }), alertOf({ alertId: "a2" })], muted);
        expect((await store.alerts.get("a1"))?.suppressedBy).toBe("s1");
        expect((await store.alerts.get("a2"))?.suppressedBy).toBeUndefined();
        expect(await store.suppressions.list()).toMatchObject([{ ...mute, hits: 1 }]);
      });

      it("may be muted by what is no suppression, and lose the mark when nothing mutes them", async () => {
        await store.keepAlerts([alertOf()], new Map([["a1", "budget:decrypt-spike"]]));
        expect((await store.alerts.get("a1"))?.suppressedBy).toBe("budget:decrypt-spike");
        await store.keepAlerts([alertOf({ revision: 1 })], new Map());
        await store.keepAlerts([alertOf()], new Map([["a1", "change-window:late"]]));
        expect((await store.alerts.get("a1"))?.suppressedBy).toBeUndefined();
      });

      it("wait in the deliveries for each sink until it has accepted them", async () => {
        await store.deliveries.add([{ alert: alertOf(), sinks: ["siem", "sns"] }]);
        await other.deliveries.add([{ alert: alertOf(), sinks: ["siem"] }]);
        const due = await other.deliveries.due("siem", nowMs, 10);
        expect(due).toMatchObject([{ alert: { alertId: "a1" }, attempts: 0 }]);
        await other.deliveries.accepted(due.map(({ id }) => id));
        expect(await store.deliveries.due("siem", nowMs, 10)).toEqual([]);
        expect(await store.deliveries.due("sns", nowMs, 10)).toHaveLength(1);
      });
    });
  });
}

const plain = { memory: "{}", calls: new Uint8Array(), closesAtHour: undefined };

function writeOf(changes: Partial<EntityWrite>): EntityWrite {
  return { name: "principal:a", version: 0, ...plain, outbox: [], ...changes };
}

function entryOf(id: string, queuedMs = 10): EntityOutboxEntry {
  return { id, text: `{"entry":"${id}"}`, queuedMs };
}

function segmentOf(id: string, byte: number): Segment {
  return { id, bytes: Uint8Array.of(byte), expiresMs: Date.parse("2099-01-01T00:00:00Z") };
}

/** Text of so many characters that no compression makes much smaller. */
function noise(length: number): string {
  let state = 1;
  let text = "";
  while (text.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += state.toString(36);
  }
  return text.slice(0, length);
}

async function inTurns<Item>(items: readonly Item[], act: (item: Item) => Promise<unknown>) {
  for (let start = 0; start < items.length; start += 20) {
    await Promise.all(items.slice(start, start + 20).map(act));
  }
}

/** Tries until it holds or the index has had time enough. */
async function eventually(check: () => Promise<void>): Promise<void> {
  const deadlineMs = Date.now() + INDEX_DEADLINE_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() >= deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
