import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Alert } from "../../src/detection/alert.ts";
import {
  type Commit,
  type StateStore,
  type Suppression,
  StoreError,
} from "../../src/store/store.ts";
import { alertOf, callsIn, commitOf, deliveryOf, letterOf, segmentOf } from "../support/commits.ts";

export interface StoreDriver {
  /** A place where there is no state yet, given up by `dispose`. */
  place(): Promise<StorePlace>;
}

export interface StorePlace extends AsyncDisposable {
  /** Opens the state in this place; `consume` where nothing is said, which only one store may at a time. */
  open(options?: StoreDriverOptions): Promise<StateStore>;
}

export interface StoreDriverOptions {
  readonly access?: "consume" | "annotate" | "read";
  readonly now?: () => number;
  readonly outboxLimit?: number;
}

/** What every driver of the state store must do. */
export function testStore(name: string, driver: StoreDriver): void {
  describe(`${name} keeps the contract of a state store`, () => {
    let place: StorePlace;
    let store: StateStore;
    let nowMs: number;

    beforeEach(async () => {
      nowMs = Date.parse("2026-03-14T03:00:00Z");
      place = await driver.place();
      store = await open();
    });

    afterEach(async () => {
      await store[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    });

    const open = (options: StoreDriverOptions = {}) => place.open({ now: () => nowMs, ...options });

    async function reopen(options: StoreDriverOptions = {}): Promise<void> {
      await store[Symbol.asyncDispose]();
      store = await open(options);
    }

    const commit = (changes: Partial<Commit>) => store.commit(commitOf(changes));

    describe("state of the engine", () => {
      it("a new store is empty", async () => {
        expect(await store.positions()).toEqual(new Map());
        expect(await store.loadMemories(["principal:a"])).toEqual(new Map());
        expect(await store.engineState()).toBeUndefined();
        expect(await store.recentCalls()).toEqual([]);
        expect(await store.outbox.counts()).toEqual([]);
        expect(await store.alerts.list({})).toEqual([]);
        expect(await store.setting("context-key")).toBeUndefined();
      });

      it("what was committed is there after reopening", async () => {
        await commit({
          positions: new Map([["stream/shard-1", "49"]]),
          memories: new Map([["principal:a", `{"n":1,"ü":"\u{1f511}"}`]]),
          engineState: `{"watermark":5}`,
          calls: [segmentOf(5, 1, 2)],
        });
        await reopen();
        expect(await store.positions()).toEqual(new Map([["stream/shard-1", "49"]]));
        expect(await store.loadMemories(["principal:a"])).toEqual(
          new Map([["principal:a", `{"n":1,"ü":"\u{1f511}"}`]]),
        );
        expect(await store.engineState()).toBe(`{"watermark":5}`);
        expect(callsIn(await store.recentCalls())).toEqual(new Map([[5, [1, 2]]]));
      });

      it("positions not named stay, an empty one is removed", async () => {
        await commit({
          positions: new Map([
            ["a", "1"],
            ["b", "2"],
            ["c", "3"],
          ]),
        });
        await commit({
          positions: new Map([
            ["b", "4"],
            ["c", ""],
            ["unknown", ""],
          ]),
        });
        expect(await store.positions()).toEqual(
          new Map([
            ["a", "1"],
            ["b", "4"],
          ]),
        );
      });

      it("engine state not named stays", async () => {
        await commit({ engineState: "one" });
        await commit({});
        expect(await store.engineState()).toBe("one");
      });

      it("memories are replaced and only those asked for are loaded", async () => {
        await commit({
          memories: new Map([
            ["key:a", "1"],
            ["key:b", "1"],
            ["key:c", "1"],
          ]),
        });
        await commit({ memories: new Map([["key:b", "2"]]) });
        const loaded = await store.loadMemories(["key:b", "key:a", "key:missing", "key:b"]);
        expect(loaded).toEqual(
          new Map([
            ["key:a", "1"],
            ["key:b", "2"],
          ]),
        );
        expect(await store.loadMemories([])).toEqual(new Map());
      });

      it("thousands of memories are loaded at once", async () => {
        const memories = new Map(Array.from({ length: 2000 }, (_, n) => [`key:${n}`, `${n}`]));
        await commit({ memories });
        expect(await store.loadMemories([...memories.keys()])).toEqual(memories);
      });

      it("memories are read page by page, in order of their names, each once", async () => {
        const names = ["key:b", "principal:ü", "key:a", "principal:z", "account:1"];
        await commit({ memories: new Map(names.map((name) => [name, `{"of":"${name}"}`])) });
        const first = await store.memoriesAfter("", 2);
        expect([...first]).toEqual([
          ["account:1", `{"of":"account:1"}`],
          ["key:a", `{"of":"key:a"}`],
        ]);
        const second = await store.memoriesAfter("key:a", 10);
        expect([...second.keys()]).toEqual(["key:b", "principal:z", "principal:ü"]);
        expect(await store.memoriesAfter("principal:ü", 10)).toEqual(new Map());
      });

      it("a snapshot shows what one commit left, while another is made", async () => {
        await commit({ memories: new Map([["key:a", "1"]]), engineState: "one" });
        await using reader = await open({ access: "read" });
        const seen = await reader.snapshot(async () => {
          const state = await reader.engineState();
          await commit({ memories: new Map([["key:b", "2"]]), engineState: "two" });
          return [state, [...(await reader.memoriesAfter("", 9)).keys()]];
        });
        expect(seen).toEqual(["one", ["key:a"]]);
        expect(await reader.engineState()).toBe("two");
        const fails = () => Promise.reject(new Error("torn"));
        await expect(reader.snapshot(fails)).rejects.toThrow("torn");
        expect(await reader.snapshot(() => reader.engineState())).toBe("two");
      });

      it("counts memories by kind of entity", async () => {
        const entities = ["principal:a", "principal:b", "key:a", "account:1", "key;", "other:x"];
        await commit({ memories: new Map(entities.map((entity) => [entity, "{}"])) });
        expect(await store.history.entities()).toEqual({ principals: 2, keys: 1, accounts: 1 });
      });
    });

    describe("recent calls", () => {
      it("come back by hour, oldest hour first, none lost and none made up", async () => {
        await commit({ calls: [segmentOf(7, 1), segmentOf(5, 2, 3)] });
        await commit({ calls: [segmentOf(7, 4, 5), segmentOf(6, 6)] });
        await reopen();
        const segments = await store.recentCalls();
        const hours = segments.map(({ hour }) => hour);
        expect(hours).toEqual(hours.toSorted((left, right) => left - right));
        expect(callsIn(segments)).toEqual(
          new Map([
            [5, [2, 3]],
            [6, [6]],
            [7, [1, 4, 5]],
          ]),
        );
      });

      it("thousands of calls of one hour come back whole", async () => {
        const numbers = Array.from({ length: 9000 }, (_, index) => index);
        for (let start = 0; start < numbers.length; start += 300) {
          await commit({ calls: [segmentOf(5, ...numbers.slice(start, start + 300))] });
        }
        expect(callsIn(await store.recentCalls())).toEqual(new Map([[5, numbers]]));
      });

      it("hours before the given one are forgotten", async () => {
        await commit({ calls: [segmentOf(5, 1), segmentOf(6, 2), segmentOf(7, 3)] });
        await commit({ forgetCallsBeforeHour: 6 });
        expect(callsIn(await store.recentCalls())).toEqual(
          new Map([
            [6, [2]],
            [7, [3]],
          ]),
        );
      });
    });

    describe("one commit", () => {
      it("leaves nothing behind when it fails", async () => {
        await commit({ positions: new Map([["a", "1"]]), counters: { records: 1 } });
        const broken = alertOf({ alertId: "b0", title: undefined as unknown as string });
        const failing = commit({
          positions: new Map([["a", "2"]]),
          memories: new Map([["key:a", "{}"]]),
          engineState: "two",
          calls: [segmentOf(5, 1)],
          alerts: [alertOf(), broken],
          deliveries: [deliveryOf(["siem"])],
          counters: { records: 1 },
        });
        await expect(failing).rejects.toThrow();
        expect(await store.positions()).toEqual(new Map([["a", "1"]]));
        expect(await store.loadMemories(["key:a"])).toEqual(new Map());
        expect(await store.engineState()).toBeUndefined();
        expect(await store.recentCalls()).toEqual([]);
        expect(await store.alerts.list({})).toEqual([]);
        expect(await store.outbox.counts()).toEqual([]);
        expect((await store.history.counters()).records).toBe(1);
      });

      it("a store works on after a commit that failed", async () => {
        const broken = alertOf({ title: undefined as unknown as string });
        await expect(commit({ alerts: [broken] })).rejects.toThrow();
        await commit({ positions: new Map([["a", "1"]]) });
        expect(await store.positions()).toEqual(new Map([["a", "1"]]));
      });
    });

    describe("alerts", () => {
      it("come back as they were committed", async () => {
        const alert = alertOf({ title: "quotes ' \" and ü", kmsKey: null, accountId: null });
        await commit({ alerts: [alert] });
        await reopen();
        const kept = { alert, verdict: undefined, suppressedBy: undefined };
        expect(await store.alerts.get("a1")).toEqual(kept);
        expect(await store.alerts.get("a2")).toBeUndefined();
      });

      it("a later state replaces an earlier one", async () => {
        await commit({ alerts: [alertOf()] });
        await commit({ alerts: [alertOf({ revision: 1, status: "updated", score: 95 })] });
        const kept = await store.alerts.list({});
        expect(kept.map(({ alert }) => alert)).toEqual([
          alertOf({ revision: 1, status: "updated", score: 95 }),
        ]);
      });

      it("what a person closed stays closed, with the verdict, whatever is committed later", async () => {
        const verdict = { verdict: "benign", by: "ana", note: "a restore", atMs: 5 } as const;
        await commit({ alerts: [alertOf()] });
        expect(await store.alerts.close("a1", verdict)).toBe(true);
        await commit({ alerts: [alertOf({ revision: 1, status: "updated", score: 95 })] });
        const kept = await store.alerts.get("a1");
        expect(kept?.verdict).toEqual(verdict);
        expect(kept?.alert).toEqual(alertOf({ revision: 1, status: "closed", score: 95 }));
      });

      it("closing again replaces the verdict; closing what is unknown says so", async () => {
        const verdict = { verdict: "benign", by: "ana", note: "", atMs: 5 } as const;
        await commit({ alerts: [alertOf()] });
        await store.alerts.close("a1", verdict);
        await store.alerts.close("a1", { ...verdict, verdict: "true-positive", by: "bo" });
        expect((await store.alerts.get("a1"))?.verdict?.by).toBe("bo");
        expect(await store.alerts.close("ffff", verdict)).toBe(false);
      });

      describe("list", () => {
        const alerts: Alert[] = [
          alertOf({ alertId: "01", score: 30, eventTime: "2026-03-14T01:00:00Z" }),
          alertOf({ alertId: "02", score: 95, eventTime: "2026-03-14T02:00:00.500Z" }),
          alertOf({ alertId: "03", score: 60, eventTime: "2026-03-14T02:00:00Z" }),
          alertOf({ alertId: "04", detector: "new-key", eventTime: "2026-03-14T04:00:00Z" }),
          alertOf({ alertId: "05", status: "closed", eventTime: "2026-03-14T03:00:00Z" }),
          alertOf({ alertId: "06", score: 60, eventTime: "2026-03-14T02:00:00Z" }),
        ];
        const hour = (hours: number) => Date.parse("2026-03-14T00:00:00Z") + hours * 3_600_000;

        it.each([
          ["newest event time first, then by id", {}, ["04", "05", "02", "03", "06", "01"]],
          ["one detector", { detector: "new-key" }, ["04"]],
          ["scores from the minimum on", { minimumScore: 75 }, ["04", "05", "02"]],
          ["one status", { status: "closed" }, ["05"]],
          [
            "from a time on, and before another",
            { fromMs: hour(2), toMs: hour(3) },
            ["02", "03", "06"],
          ],
          ["no more than the limit, the newest", { limit: 2 }, ["04", "05"]],
          ["all filters at once", { minimumScore: 60, toMs: hour(3), limit: 1 }, ["02"]],
        ] as const)("gives %s", async (_, filter, ids) => {
          await commit({ alerts });
          const listed = await store.alerts.list(filter);
          expect(listed.map(({ alert }) => alert.alertId)).toEqual(ids);
        });

        it("finds what people closed by its status", async () => {
          await commit({ alerts });
          await store.alerts.close("01", { verdict: "test", by: "ana", note: "", atMs: 1 });
          const listed = await store.alerts.list({ status: "closed" });
          expect(listed.map(({ alert }) => alert.alertId)).toEqual(["05", "01"]);
        });
      });
    });

    describe("suppressions", () => {
      const mute: Omit<Suppression, "hits"> = {
        id: "s1",
        match: { detector: "decrypt-spike", principal: "arn:*:role/app" },
        owner: "ana",
        reason: "nightly restore",
        expiresMs: 2_000,
        createdMs: 1_000,
      };

      it("are kept, replaced by id and removed", async () => {
        await store.suppressions.add(mute);
        await store.suppressions.add({ ...mute, reason: "weekly restore" });
        await store.suppressions.add({
          ...mute,
          id: "s2",
          match: { account: "1" },
          createdMs: 900,
        });
        await reopen();
        expect(await store.suppressions.list()).toMatchObject([
          { id: "s2", match: { account: "1" }, hits: 0 },
          { ...mute, reason: "weekly restore", hits: 0 },
        ]);
        expect(await store.suppressions.remove("s1")).toBe(true);
        expect(await store.suppressions.remove("s1")).toBe(false);
        expect(await store.suppressions.list()).toHaveLength(1);
      });

      it("one that would match everything is refused", async () => {
        await expect(store.suppressions.add({ ...mute, match: {} })).rejects.toThrow(RangeError);
        const undefinedOnly = { ...mute, match: { detector: undefined } };
        await expect(store.suppressions.add(undefinedOnly)).rejects.toThrow(RangeError);
        expect(await store.suppressions.list()).toEqual([]);
      });

      it("an alert muted is kept, marked, and counts as one hit however often it is updated", async () => {
        await store.suppressions.add(mute);
        const suppressed = new Map([["a1", "s1"]]);
        await commit({ alerts: [alertOf()], suppressed });
        await commit({ alerts: [alertOf({ revision: 1 })], suppressed });
        await commit({ alerts: [alertOf({ revision: 2 }), alertOf({ alertId: "a2" })] });
        await commit({ alerts: [], suppressed: new Map([["a2", "s1"]]) });
        expect((await store.alerts.get("a1"))?.suppressedBy).toBe("s1");
        expect((await store.suppressions.list())[0]?.hits).toBe(2);
      });

      it("an alert that nothing mutes any more loses the mark, and its hit stays counted", async () => {
        await store.suppressions.add(mute);
        await commit({ alerts: [alertOf()], suppressed: new Map([["a1", "s1"]]) });
        const unmuted = new Set(["a1", "unknown"]);
        await commit({ alerts: [alertOf({ revision: 1 })], unmuted });
        await reopen();
        expect((await store.alerts.get("a1"))?.suppressedBy).toBeUndefined();
        expect((await store.suppressions.list())[0]?.hits).toBe(1);
      });

      it("what was accepted as normal is kept whole, and is told apart from a mute", async () => {
        const acceptance = {
          alertId: "a1",
          fromMs: 1_500,
          session: null,
          anyKey: false,
          observed: { decryptsPerHour: 1015, client: "aws-cli", new: true, changedBy: null },
        };
        await store.suppressions.add({ ...mute, acceptance });
        await store.suppressions.add({ ...mute, id: "s2" });
        await reopen();
        expect(await store.suppressions.list()).toMatchObject([
          { ...mute, acceptance, hits: 0 },
          { ...mute, id: "s2", hits: 0 },
        ]);
        expect((await store.suppressions.list())[1]?.acceptance).toBeUndefined();
      });

      it("replacing one keeps its hits", async () => {
        await store.suppressions.add(mute);
        await commit({ alerts: [alertOf()], suppressed: new Map([["a1", "s1"]]) });
        await store.suppressions.add({ ...mute, owner: "bo" });
        expect(await store.suppressions.list()).toMatchObject([{ owner: "bo", hits: 1 }]);
      });
    });

    describe("outbox", () => {
      const due = async (sink = "siem", limit = 100, atMs = nowMs) =>
        (await store.outbox.due(sink, atMs, limit)).map(
          ({ alert }) => `${alert.alertId}/${alert.revision}`,
        );
      const ids = async (sink = "siem") =>
        (await store.outbox.due(sink, nowMs, 100)).map(({ id }) => id);

      it("hands out what was committed, oldest first, to each sink by itself", async () => {
        await commit({
          deliveries: [
            deliveryOf(["siem", "sns"], { alertId: "b" }),
            deliveryOf(["siem"], { alertId: "a" }),
          ],
        });
        await commit({ deliveries: [deliveryOf(["siem"], { alertId: "0" })] });
        await reopen();
        expect(await due("siem")).toEqual(["b/0", "a/0", "0/0"]);
        expect(await due("siem", 2)).toEqual(["b/0", "a/0"]);
        expect(await due("sns")).toEqual(["b/0"]);
        const [entry] = await store.outbox.due("sns", nowMs, 1);
        expect(entry).toMatchObject({ sink: "sns", attempts: 0, firstQueuedMs: nowMs });
        expect(entry?.alert).toEqual(alertOf({ alertId: "b" }));
      });

      it("a revision is queued once per sink, however often it is committed", async () => {
        const deliveries = [deliveryOf(["siem"])];
        await commit({ deliveries });
        await commit({ deliveries });
        expect(await due()).toEqual(["a1/0"]);
        await store.outbox.accepted(await ids());
        await commit({ deliveries });
        expect(await due()).toEqual([]);
      });

      it("what was accepted is gone, and counted", async () => {
        await commit({
          deliveries: [deliveryOf(["siem"]), deliveryOf(["siem"], { alertId: "a2" })],
        });
        const [first = 0] = await ids();
        await store.outbox.accepted([first]);
        await store.outbox.accepted([first]);
        expect(await due()).toEqual(["a2/0"]);
        expect(await store.outbox.counts()).toEqual([
          { sink: "siem", pending: 1, parked: 0, accepted: 1, oldestPendingMs: nowMs },
        ]);
      });

      it("a failed attempt waits for its time and is counted", async () => {
        await commit({ deliveries: [deliveryOf(["siem"])] });
        await store.outbox.retryLater(await ids(), nowMs + 1_000, "503");
        expect(await due("siem", 9, nowMs + 999)).toEqual([]);
        const [entry] = await store.outbox.due("siem", nowMs + 1_000, 9);
        expect(entry?.attempts).toBe(1);
      });

      it("a newer revision does not overtake an older one that waits", async () => {
        await commit({ deliveries: [deliveryOf(["siem"])] });
        await store.outbox.retryLater(await ids(), nowMs + 1_000, "503");
        await commit({
          deliveries: [
            deliveryOf(["siem"], { revision: 1 }),
            deliveryOf(["siem"], { alertId: "a2" }),
          ],
        });
        expect(await due()).toEqual(["a2/0"]);
        expect(await due("siem", 9, nowMs + 1_000)).toEqual(["a1/0", "a2/0"]);
        nowMs += 1_000;
        await store.outbox.accepted(await ids());
        expect(await due()).toEqual(["a1/1"]);
      });

      it("what is parked is not tried until it is redriven, then in its old order", async () => {
        await commit({
          deliveries: [deliveryOf(["siem"]), deliveryOf(["siem"], { alertId: "a2" })],
        });
        await store.outbox.park((await ids()).slice(0, 1), "400 bad request");
        expect(await due()).toEqual(["a2/0"]);
        expect(await store.outbox.counts()).toMatchObject([{ pending: 1, parked: 1 }]);
        expect(await store.outbox.redrive("sns")).toBe(0);
        expect(await store.outbox.redrive("siem")).toBe(1);
        expect(await due()).toEqual(["a1/0", "a2/0"]);
      });

      it("what finds no room is parked, not lost", async () => {
        await reopen({ outboxLimit: 2 });
        const alerts = ["a1", "a2", "a3", "a4"].map((alertId) => deliveryOf(["siem"], { alertId }));
        await commit({ deliveries: alerts.slice(0, 1) });
        await commit({ deliveries: alerts });
        expect(await due()).toEqual(["a1/0", "a2/0"]);
        expect(await store.outbox.counts()).toMatchObject([{ pending: 2, parked: 2 }]);
        await store.outbox.accepted(await ids());
        expect(await store.outbox.redrive("siem")).toBe(2);
        expect(await due()).toEqual(["a3/0", "a4/0"]);
      });

      it("one sink's backlog takes no room from another's", async () => {
        await reopen({ outboxLimit: 1 });
        await commit({
          deliveries: [deliveryOf(["siem"]), deliveryOf(["siem", "sns"], { alertId: "a2" })],
        });
        expect(await due("sns")).toEqual(["a2/0"]);
      });

      it("takes alerts outside a batch, and keeps them as alerts", async () => {
        await store.outbox.add([deliveryOf(["sns"], { alertId: "0e" })]);
        expect(await due("sns")).toEqual(["0e/0"]);
        expect((await store.alerts.get("0e"))?.alert).toEqual(alertOf({ alertId: "0e" }));
      });
    });

    describe("history", () => {
      const row = {
        entity: "principal:a",
        hour: 5,
        events: 9,
        decrypts: 3,
        expected: 2.5,
        limit: 8,
      };

      it("keeps one row per entity and hour, the last one", async () => {
        await commit({ history: [row, { ...row, hour: 6, expected: null, limit: null }] });
        await commit({ history: [{ ...row, events: 10 }] });
        expect(await store.history.hours({ prefix: "principal:a" })).toEqual([
          { ...row, events: 10 },
          { ...row, hour: 6, expected: null, limit: null },
        ]);
      });

      it("reads by prefix and hours, in order of entity and hour", async () => {
        const entities = ["principal:b", "key:a", "principal:a"];
        const history = entities.flatMap((entity) =>
          [7, 5, 6].map((hour) => ({ ...row, entity, hour })),
        );
        await commit({ history });
        const read = async (filter: { prefix: string; fromHour?: number; toHour?: number }) =>
          (await store.history.hours(filter)).map(({ entity, hour }) => `${entity} ${hour}`);
        expect(await read({ prefix: "principal:", fromHour: 5, toHour: 7 })).toEqual([
          "principal:a 5",
          "principal:a 6",
          "principal:b 5",
          "principal:b 6",
        ]);
        expect(await read({ prefix: "key:", fromHour: 7 })).toEqual(["key:a 7"]);
        expect(await read({ prefix: "account:" })).toEqual([]);
      });

      it("forgets hours before the given one", async () => {
        await commit({ history: [row, { ...row, hour: 6 }] });
        await commit({ forgetHistoryBeforeHour: 6 });
        expect(await store.history.hours({ prefix: "" })).toEqual([{ ...row, hour: 6 }]);
      });

      it("adds up who used which key", async () => {
        const pair = { keyArn: "k1", principalKey: "p1" };
        await commit({ usage: [{ ...pair, firstMs: 500, lastMs: 600, count: 2 }] });
        await commit({
          usage: [
            { ...pair, firstMs: 100, lastMs: 550, count: 2 },
            { ...pair, firstMs: 300, lastMs: 400, count: 1 },
            { ...pair, keyArn: "k2", firstMs: 1, lastMs: 1, count: 9 },
          ],
        });
        expect(await store.history.usage(9)).toEqual([
          { ...pair, keyArn: "k2", firstMs: 1, lastMs: 1, count: 9 },
          { ...pair, firstMs: 100, lastMs: 600, count: 5 },
        ]);
        expect(await store.history.usage(1)).toHaveLength(1);
      });

      it("adds up counters", async () => {
        await commit({ counters: { records: 5, bytes: 3_000_000_000 } });
        await commit({ counters: { records: 2, late: 1, bytes: 3_000_000_000 } });
        await reopen();
        const counters = await store.history.counters();
        expect(counters).toMatchObject({ records: 7, late: 1, bytes: 6_000_000_000, rejected: 0 });
      });
    });

    describe("dead letters", () => {
      it("come back whole, newest first", async () => {
        const payload = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7919) % 251);
        await commit({ deadLetters: [letterOf({ payload, reason: "gzip-torn" })] });
        await commit({ deadLetters: [letterOf({ payload: new Uint8Array(), origin: "file" })] });
        await reopen();
        const [newest, oldest] = await store.history.deadLetters(9);
        expect(newest).toMatchObject({
          origin: "file",
          bytes: 0,
          kept: "whole",
          reason: "not-json",
        });
        expect(oldest).toMatchObject({ reason: "gzip-torn", bytes: 70_000, kept: "whole" });
        expect(oldest?.payload).toHaveLength(70_000);
        expect(Buffer.compare(oldest?.payload ?? Buffer.of(), payload)).toBe(0);
        expect(await store.history.deadLetters(1)).toHaveLength(1);
      });

      it("the same payload of the same origin is kept once and counted", async () => {
        await commit({ deadLetters: [letterOf(), letterOf()] });
        await commit({ deadLetters: [letterOf(), letterOf({ origin: "elsewhere" })] });
        await commit({ deadLetters: [letterOf({ payload: new Uint8Array(3) })] });
        expect(await store.history.deadLetters(9)).toHaveLength(3);
        expect(await store.history.deadLetterTotals()).toMatchObject({ letters: 3, repeated: 2 });
      });
    });

    describe("beside a consumer", () => {
      it("a second consumer is refused, and let in once the first has gone", async () => {
        const refusal: unknown = await open().catch((error: unknown) => error);
        expect(refusal).toBeInstanceOf(StoreError);
        expect(refusal).toMatchObject({ code: "locked" });
        await commit({ positions: new Map([["a", "1"]]) });
        await reopen();
        expect(await store.positions()).toEqual(new Map([["a", "1"]]));
      });

      it("a reader sees each commit as soon as it is made, and writes nothing", async () => {
        await using reader = await open({ access: "read" });
        await commit({ positions: new Map([["a", "1"]]), alerts: [alertOf()] });
        expect(await reader.positions()).toEqual(new Map([["a", "1"]]));
        await commit({ positions: new Map([["a", "2"]]) });
        expect(await reader.positions()).toEqual(new Map([["a", "2"]]));
        const verdict = { verdict: "test", by: "ana", note: "", atMs: 1 } as const;
        const attempts = [
          () => reader.commit(commitOf({ positions: new Map([["a", "3"]]) })),
          () => reader.alerts.close("a1", verdict),
          () => reader.setSetting("name", new Uint8Array(1)),
        ];
        for (const attempt of attempts) {
          await expect(attempt()).rejects.toMatchObject({ code: "read-only" });
        }
      });

      it("people's notes are taken beside it, but no batch", async () => {
        await commit({ alerts: [alertOf()], deliveries: [deliveryOf(["siem"])] });
        await using notes = await open({ access: "annotate" });
        const verdict = { verdict: "test", by: "ana", note: "", atMs: 1 } as const;
        expect(await notes.alerts.close("a1", verdict)).toBe(true);
        expect((await store.alerts.get("a1"))?.verdict).toEqual(verdict);
        await expect(notes.commit(commitOf())).rejects.toMatchObject({ code: "read-only" });
        await commit({ alerts: [alertOf({ revision: 1 })] });
        expect((await notes.alerts.get("a1"))?.alert).toMatchObject({
          revision: 1,
          status: "closed",
        });
      });

      it("readers find nothing where there is no state", async () => {
        await using nowhere = await driver.place();
        for (const access of ["read", "annotate"] as const) {
          await expect(nowhere.open({ access })).rejects.toMatchObject({ code: "missing" });
        }
      });
    });

    it("settings are kept at once and replaced", async () => {
      await store.setSetting("context-key", Uint8Array.of(1, 0, 255));
      await store.setSetting("context-key", Uint8Array.of(2, 0, 255));
      await reopen();
      expect(new Uint8Array((await store.setting("context-key")) ?? [])).toEqual(
        Uint8Array.of(2, 0, 255),
      );
    });

    it("disposing twice is disposing once", async () => {
      await using other = await driver.place();
      const twice = await other.open();
      await twice[Symbol.asyncDispose]();
      await twice[Symbol.asyncDispose]();
      await (await other.open())[Symbol.asyncDispose]();
    });
  });
}
