import { expect } from "vitest";
import type { StateStore } from "../../src/store/store.ts";
import { callsIn } from "./commits.ts";

/** The number of batches in a store that `store-writer.ts` wrote, having checked that all of it speaks of that number. */
export async function wholeBatches(store: StateStore): Promise<number> {
  const batches = Number((await store.positions()).get("stream") ?? "0");
  const numbers = Array.from({ length: batches }, (_, index) => index + 1);
  if (batches === 0) {
    expect(await store.history.entities()).toEqual({ principals: 0, keys: 0, accounts: 0 });
    return 0;
  }
  const entities = Array.from({ length: 20 }, (_, index) => `principal:${index}`);
  const memories = [...(await store.loadMemories(entities)).values()];
  expect(memories.map((memory) => JSON.parse(memory).batch)).toEqual(entities.map(() => batches));
  expect(await store.engineState()).toBe(`${batches}`);
  expect(callsIn(await store.recentCalls())).toEqual(new Map([[1, numbers]]));
  expect((await store.history.counters()).records).toBe(batches);
  const due = await Promise.all(
    numbers.map(async (number) => (await store.alerts.get(number.toString(16)))?.alert.alertId),
  );
  expect(due).toEqual(numbers.map((number) => number.toString(16)));
  const queued = await store.outbox.due("siem", Date.now(), batches + 1);
  expect(queued.map(({ alert }) => alert.alertId)).toEqual(due);
  expect(await store.history.deadLetterTotals()).toMatchObject({ letters: batches, repeated: 0 });
  expect((await store.history.hours({ prefix: "" })).map(({ hour }) => hour)).toEqual(numbers);
  expect((await store.history.usage(1))[0]).toMatchObject({ count: batches, lastMs: batches });
  return batches;
}
