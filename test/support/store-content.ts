import { type StateStore, type Commit } from "../../src/store/store.ts";
import { alertOf, callsIn, commitOf, deliveryOf, letterOf, segmentOf } from "./commits.ts";

const everything = 1_000_000;

/** All that a store holds, as its readers see it; times of the outbox excepted. */
export async function contentOf(store: StateStore) {
  const counts = await store.outbox.counts();
  const due = counts.map(({ sink }) => store.outbox.due(sink, Number.MAX_SAFE_INTEGER, everything));
  return {
    memories: await store.memoriesAfter("", everything),
    engine: await store.engineState(),
    positions: await store.positions(),
    calls: callsIn(await store.recentCalls()),
    alerts: await store.alerts.list({}),
    suppressions: await store.suppressions.list(),
    counters: await store.history.counters(),
    history: await store.history.hours({ prefix: "" }),
    usage: await store.history.usage(everything),
    letters: await store.history.deadLetters(everything),
    letterTotals: await store.history.deadLetterTotals(),
    entities: await store.history.entities(),
    counts: counts.map(({ sink, pending, parked, accepted }) => [sink, pending, parked, accepted]),
    due: (await Promise.all(due)).map((entries) =>
      entries.map(({ sink, alert, attempts }) => [sink, alert.alertId, alert.revision, attempts]),
    ),
  };
}

export type StoreContent = Awaited<ReturnType<typeof contentOf>>;

/** Steps that together change everything that a store has, each what a consumer does between two of its signs of life. */
export const storySteps: readonly ((store: StateStore) => Promise<void>)[] = [
  (store) => store.suppressions.add(mute),
  (store) => store.commit(batch(1)),
  (store) => store.commit(batch(2)),
  async (store) => {
    const [first, second] = await store.outbox.due("siem", Number.MAX_SAFE_INTEGER, 9);
    await store.outbox.accepted([first?.id ?? 0]);
    await store.outbox.retryLater([second?.id ?? 0], 5, "503");
  },
  (store) => store.commit({ ...batch(3), ...later }),
  async (store) => {
    const [first] = await store.outbox.due("sns", Number.MAX_SAFE_INTEGER, 1);
    await store.outbox.park([first?.id ?? 0], "400");
    await store.outbox.add([deliveryOf(["sns"], { alertId: "0e" })]);
  },
  (store) => store.commit(batch(4)),
];

const mute = {
  id: "s1",
  match: { detector: "decrypt-spike" },
  owner: "ana",
  reason: "a restore",
  expiresMs: 9,
  createdMs: 1,
};

/** Part of it is removed, forgotten or moved by a later batch. */
const later: Partial<Commit> = {
  positions: new Map([["stream/1", ""]]),
  forgetCallsBeforeHour: 2,
  forgetHistoryBeforeHour: 25,
  unmuted: new Set(["a1"]),
};

function batch(number: number): Commit {
  const alert = alertOf({
    alertId: `a${number}`,
    eventTime: `2026-03-14T0${number}:00:00Z`,
  });
  const moved = alertOf({ revision: number, eventTime: `2026-03-14T1${number}:00:00Z` });
  return commitOf({
    positions: new Map([
      [`stream/${number}`, `${number}`],
      ["stream/0", `${number}`],
    ]),
    memories: new Map(
      ["principal:a", `principal:${number}`, "key:b"].map((entity) => [entity, `{"n":${number}}`]),
    ),
    engineState: `{"n":${number}}`,
    calls: [segmentOf(1, number), segmentOf(number, 10 + number)],
    alerts: [alert, moved],
    suppressed: new Map([["a1", "s1"]]),
    deliveries: [
      { alert, sinks: ["siem", "sns"] },
      { alert: moved, sinks: ["siem"] },
    ],
    deadLetters: [letterOf(), letterOf({ origin: `${number}` })],
    counters: { records: number, bytes: 1 },
    history: [23 + number, 48].map((hour) => ({
      entity: "principal:a",
      hour,
      events: number,
      decrypts: 0,
      expected: number / 3,
      limit: null,
    })),
    usage: [
      { keyArn: "k", principalKey: "p", firstMs: 9 - number, lastMs: 9 + number, count: number },
    ],
  });
}
