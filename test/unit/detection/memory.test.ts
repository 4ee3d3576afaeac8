import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  advance,
  type Closing,
  type ConfiguredDetector,
  type EntityMemory,
  newMemory,
  openDetector,
  readMemory,
  View,
  writeMemory,
} from "../../../src/detection/memory.ts";
import { LearnedOrganization } from "../../../src/detection/organization.ts";
import { countingDetector, type Frozen, type Learned } from "../../support/counting-detector.ts";

const FIRST = 1000;
const configured: ConfiguredDetector = { detector: countingDetector(), options: {}, shadow: false };
const noClosing: Closing = { closing: () => {}, folded: () => {} };

/** Steps in event time, and which of the open hours gets an event after each. */
const steps = fc.array(
  fc.record({
    hours: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 60 })),
    age: fc.integer({ min: 0, max: 3 }),
  }),
  { minLength: 1, maxLength: 30, size: "max" },
);
const openHours = fc.integer({ min: 2, max: 4 });

describe("the memory of an entity", () => {
  it("learns every hour once, in order, without gaps, up to the open hours", () => {
    fc.assert(
      fc.property(steps, openHours, (given, open) => {
        const { memory, counted } = walk(given, open);
        const { hours } = learnedBy(memory);
        const oldest = FIRST - open + 1;
        const expected = [];
        for (let hour = oldest; hour <= memory.top - open; hour += 1) {
          expected.push([hour, counted.get(hour) ?? 0]);
        }
        // Hours of nothing before the first event are told as silence, which teaches nothing there.
        expect(hours).toEqual(expected);
      }),
    );
  });

  it("freezes an hour against all that could no longer change when it opened, and nothing more", () => {
    fc.assert(
      fc.property(steps, openHours, (given, open) => {
        const { memory } = walk(given, open);
        for (const { hour, limits } of memory.slots[0]?.hours ?? []) {
          const { learnedThrough } = limits as Frozen;
          expect(learnedThrough ?? FIRST - open).toBe(Math.max(hour - open, FIRST - open));
        }
      }),
    );
  });

  it("keeps as many hours open as it should, without gaps, the newest last", () => {
    fc.assert(
      fc.property(steps, openHours, (given, open) => {
        const { memory } = walk(given, open);
        const hours = memory.slots[0]?.hours.map(({ hour }) => hour) ?? [];
        expect(hours).toEqual(Array.from({ length: open }, (_, at) => memory.top - open + 1 + at));
      }),
    );
  });

  it("is the same after a year's jump as hour by hour", () => {
    const jump = walk(
      [
        { hours: 0, age: 0 },
        { hours: 8760, age: 0 },
      ],
      2,
    );
    const steady = walk(
      [{ hours: 0, age: 0 }, ...Array.from({ length: 8760 }, () => ({ hours: 1, age: -1 }))],
      2,
    );
    expect(learnedBy(jump.memory)).toEqual(learnedBy(steady.memory));
  });

  it("does not go back", () => {
    const { memory } = walk(
      [
        { hours: 0, age: 0 },
        { hours: 5, age: 0 },
      ],
      2,
    );
    const before = writeMemory(memory, [configured]);
    advance(memory, FIRST + 3, [configured], 2, noClosing);
    expect(writeMemory(memory, [configured])).toBe(before);
  });

  it("is read as it was written", () => {
    fc.assert(
      fc.property(steps, openHours, (given, open) => {
        const { memory } = walk(given, open);
        memory.alerts.set("key", {
          alertId: "0",
          detector: "counting-hour",
          subject: "",
          period: "day",
          start: FIRST,
          level: 2,
          past: null,
        });
        const text = writeMemory(memory, [configured]);
        const read = readMemory("principal", "app", text, [configured], open);
        expect(read).toEqual(memory);
        expect(writeMemory(read, [configured])).toBe(text);
      }),
      { numRuns: 20 },
    );
  });

  it("keeps what a detector remembered that is switched off for a while", () => {
    const { memory } = walk(
      [
        { hours: 0, age: 0 },
        { hours: 9, age: 0 },
      ],
      2,
    );
    const text = writeMemory(memory, [configured]);
    const without = readMemory("principal", "app", text, [], 2);
    const again = readMemory("principal", "app", writeMemory(without, []), [configured], 2);
    expect(again).toEqual(memory);
  });

  it("opens hours anew for a detector that missed some, without learning of the time it did not see", () => {
    const { memory } = walk(
      [
        { hours: 0, age: 0 },
        { hours: 9, age: 0 },
      ],
      2,
    );
    const without = readMemory("principal", "app", writeMemory(memory, [configured]), [], 2);
    without.top += 100;
    const again = readMemory("principal", "app", writeMemory(without, []), [configured], 2);
    expect(again.slots[0]?.hours.map(({ hour, bucket }) => [hour, bucket])).toEqual([
      [without.top - 1, null],
      [without.top, null],
    ]);
  });

  it("opens as many hours as another lateness needs", () => {
    const { memory } = walk([{ hours: 0, age: 0 }], 2);
    const read = readMemory("principal", "app", writeMemory(memory, [configured]), [configured], 4);
    expect(read.slots[0]?.hours.map(({ hour }) => hour - memory.top)).toEqual([-3, -2, -1, 0]);
  });

  it("starts anew for another version of a detector", () => {
    const { memory } = walk(
      [
        { hours: 0, age: 0 },
        { hours: 9, age: 0 },
      ],
      2,
    );
    const newer = { ...configured, detector: countingDetector("hour", { version: 2 }) };
    const read = readMemory("principal", "app", writeMemory(memory, [configured]), [newer], 2);
    expect(read.slots).toEqual([undefined]);
    expect(read.top).toBe(memory.top);
  });
});

describe("a view of an open hour", () => {
  it("shows the hours before it that hold something, and what bounds its knowledge", () => {
    const { memory } = walk(
      [
        { hours: 0, age: 0 },
        { hours: 1, age: 0 },
        { hours: 2, age: 0 },
      ],
      4,
    );
    const own = memory.slots[0];
    if (own === undefined) throw new Error("nothing remembered");
    const view = new View(
      new LearnedOrganization({ accounts: [], approvedForeignAccounts: [] }, {}),
      4,
    );
    const last = view.at(memory, own, 3);
    expect(last.hour).toBe(FIRST + 3);
    expect(last.knownBy).toBe(FIRST - 1);
    expect(last.earlier.map(({ hour }) => hour)).toEqual([FIRST, FIRST + 1]);
    expect(view.at(memory, own, 0).earlier).toEqual([]);
    expect(() => view.at(memory, own, 4)).toThrow("no open hour at 4");
  });
});

interface Step {
  readonly hours: number;
  /** Which open hour gets an event, counted from the newest; −1 for none. */
  readonly age: number;
}

function walk(given: readonly Step[], open: number) {
  const memory = newMemory("principal", "app", 1);
  memory.top = FIRST;
  const own = openDetector(memory, 0, configured, open);
  const counted = new Map<number, number>();
  for (const { hours, age } of given) {
    advance(memory, memory.top + hours, [configured], open, noClosing);
    const at = open - 1 - age;
    const hour = own.hours[at];
    if (age < 0 || hour === undefined) continue;
    const bucket = (hour.bucket ??= configured.detector.newBucket()) as { count: number };
    bucket.count += 1;
    counted.set(hour.hour, bucket.count);
  }
  return { memory, counted };
}

function learnedBy(memory: EntityMemory): Learned {
  return memory.slots[0]?.baseline as Learned;
}
