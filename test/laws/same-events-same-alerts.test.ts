import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KmsEvent } from "../../src/cloudtrail/event.ts";
import { Engine } from "../../src/detection/engine.ts";
import { detect, type Detected, detectWithRestarts, engineOptions } from "../support/detection.ts";
import {
  context,
  event,
  hours,
  inHour,
  key,
  keyArn,
  person,
  principal,
} from "../support/events.ts";

const MINUTE_MS = 60_000;
const LATENESS_MS = 60 * MINUTE_MS;

const busyKey = keyArn(7);

/** Three weeks of habit, then a night in which everything happens at once. */
const history = habit();
const attack = night();
const trail = [...history, ...attack];

/** The trail as it arrives: each event delayed by less than the lateness, so that order is lost within it. */
const arrival = fc
  .array(fc.integer({ min: 0, max: LATENESS_MS - 1 }), {
    minLength: trail.length,
    maxLength: trail.length,
  })
  .map((delays) => byArrival(trail, delays));

const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 5, maxLength: 60 });

describe("law 1: the same events give the same alerts", () => {
  const expected = outcome(detect([trail]));

  it("finds something to compare", () => {
    expect(new Set([...expected.values()].map(({ detector }) => detector))).toEqual(
      new Set([
        "combined-signals",
        "context-fan-out",
        "context-novelty",
        "decrypt-spike",
        "family-new-key",
        "foreign-account",
        "foreign-encryption",
        "key-destruction",
        "new-key",
        "new-operation",
        "sensor-blinded",
        "sensor-silent",
        "sustained-rise",
        "unexpected-principal",
        "unusual-hour",
      ]),
    );
  });

  it("in any order of arrival within the lateness and in any batches", () => {
    fc.assert(
      fc.property(arrival, cuts, (events, sizes) => {
        expect(outcome(detect(inBatches(events, sizes)))).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });

  it("when copies of events arrive again", () => {
    fc.assert(
      fc.property(arrival, cuts, (events, sizes) => {
        const twice = events.flatMap((one, index) => (index % 7 === 0 ? [one, one] : [one]));
        const found = detect(inBatches(twice, sizes));
        expect(outcome(found)).toEqual(expected);
        // Duplicates are counted of KMS events only.
        const again = events.filter((one, index) => index % 7 === 0 && one.service === undefined);
        expect(found.duplicates).toBe(again.length);
      }),
      { numRuns: 10 },
    );
  });

  it("when the process dies after every batch and another goes on", () => {
    fc.assert(
      fc.property(arrival, cuts, (events, sizes) => {
        expect(outcome(detectWithRestarts(inBatches(events, sizes)))).toEqual(expected);
      }),
      { numRuns: 10 },
    );
  });

  it("and the same memories", () => {
    const memories = detect([trail]).memories;
    fc.assert(
      fc.property(arrival, cuts, (events, sizes) => {
        const other = detect(inBatches(events, sizes)).memories;
        expect(new Set(other.keys())).toEqual(new Set(memories.keys()));
        for (const [name, text] of memories) {
          expect(JSON.parse(other.get(name) ?? "null"), name).toEqual(JSON.parse(text));
        }
      }),
      { numRuns: 10 },
    );
  });

  it("and the same memories while hours are open", () => {
    const memories = openMemories([trail]);
    expect(memories.size).toBeGreaterThan(5);
    fc.assert(
      fc.property(arrival, cuts, (events, sizes) => {
        const other = openMemories(inBatches(events, sizes));
        for (const [name, memory] of memories) {
          // Who was not spoken of lately may be some hours behind.
          if (other.get(name)?.top === memory.top) expect(other.get(name), name).toEqual(memory);
        }
      }),
      { numRuns: 3, endOnFailure: true },
    );
  });

  it("with few entities in memory as with many", () => {
    const found = detect(inBatches(trail, [97]), { entitiesInMemory: 3 });
    expect(outcome(found)).toEqual(expected);
  });
});

/** Memories as they stand after the last event, its own hour and those of the lateness still open. */
function openMemories(
  batches: readonly (readonly KmsEvent[])[],
): Map<string, { readonly top: number }> {
  const engine = new Engine(engineOptions({ replay: false }), undefined);
  const memories = new Map<string, string>();
  for (const batch of batches) {
    engine.process(batch);
    for (const [name, text] of engine.take().memories) memories.set(name, text);
  }
  return new Map([...memories].map(([name, text]) => [name, JSON.parse(text)]));
}

/** What must not differ: the last state of each alert. */
function outcome({ last }: Detected) {
  return last;
}

function byArrival(events: readonly KmsEvent[], delays: readonly number[]): KmsEvent[] {
  return events
    .map((one, index) => ({ one, at: one.timeMs + (delays[index] ?? 0) }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

function inBatches(events: readonly KmsEvent[], sizes: readonly number[]): KmsEvent[][] {
  const batches: KmsEvent[][] = [];
  let at = 0;
  for (let index = 0; at < events.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    batches.push(events.slice(at, at + size));
    at += size;
  }
  return batches;
}

function habit(): KmsEvent[] {
  return hours(0, 21 * 24).flatMap((hour) => {
    const atWork = hour % 24 >= 8 && hour % 24 < 17 && Math.floor(hour / 24) % 7 < 5;
    const events = inHour(hour, 2, { context: context("aws:s3:arn", hour % 5) });
    if (atWork) {
      events.push(...inHour(hour, 2, { principal: person("ada@example.com") }));
      events.push(...inHour(hour, 2, { principal: principal("clerk") }));
    }
    // A key that meets somebody new every three days.
    const visitor = principal(`visitor-of-day-${Math.floor(hour / 72) * 3}`);
    events.push(...inHour(hour, 1, { principal: visitor, keys: [key(busyKey)] }));
    if (hour % 6 === 0) events.push(...inHour(hour, 2, { principal: task(Math.floor(hour / 24)) }));
    return events;
  });
}

/** A role of a stack, under a generated name. */
function task(nth: number) {
  const name = `orders-TaskRole-9Z8Y7X${String(nth).padStart(6, "0")}`;
  return principal(name, { family: "orders-TaskRole" });
}

function night(): KmsEvent[] {
  const hour = 21 * 24 + 3;
  const ada = person("ada@example.com");
  const foreign = keyArn(9, "999988887777");
  return [
    // The spike goes over the end of the hour.
    ...inHour(hour, 300, { context: undefined }),
    ...inHour(hour + 1, 400, { context: undefined }),
    ...Array.from({ length: 60 }, (_, index) =>
      event({ hour, second: index * 50, context: context("SecretARN", index) }),
    ),
    ...inHour(hour, 12, { principal: ada }),
    // Two weak signs: an hour at which it never works, and a key that is new to it but meets new ones often.
    ...inHour(hour, 5, { principal: principal("clerk"), keys: [key(busyKey)] }),
    ...inHour(hour, 4, { principal: task(99), keys: [key(busyKey)] }),
    ...inHour(hour, 3, { principal: principal("stranger") }),
    ...inHour(hour + 1, 3, { principal: principal("stranger") }),
    ...inHour(hour, 30, { name: "GenerateDataKey", operation: "dataKey", keys: [key(foreign)] }),
    ...[1, 2, 3, 4].map((number) =>
      event({
        hour,
        second: number * 60,
        name: "ScheduleKeyDeletion",
        operation: "admin",
        principal: ada,
        keys: [key(keyArn(number))],
        parameters: { pendingWindowInDays: 7 },
      }),
    ),
    event({
      hour,
      second: 300,
      name: "StopLogging",
      operation: "admin",
      service: "cloudtrail",
      keys: [],
      principal: ada,
    }),
    // Time goes on, so that hours close by themselves too.
    ...hours(hour + 2, hour + 30).flatMap((later) => inHour(later, 2)),
  ];
}
