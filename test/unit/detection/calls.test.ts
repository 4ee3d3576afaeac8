import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CallTable, RecentCalls } from "../../../src/detection/calls.ts";

const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 2, 0xffff_ffff, 0x8000_0000) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 40 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffff_ffff }) },
);
const identity = fc.tuple(word, word);

describe("a table of calls", () => {
  it("says what a set would say", () => {
    fc.assert(
      fc.property(fc.array(identity, { maxLength: 400, size: "max" }), (given) => {
        const table = new CallTable();
        const set = new Set<string>();
        for (const [high, low] of given) {
          const name = `${high} ${low}`;
          expect(table.has(high, low)).toBe(set.has(name));
          expect(table.add(high, low)).toBe(!set.has(name));
          set.add(name);
          expect(table.has(high, low)).toBe(true);
        }
        expect(table.size).toBe(set.size);
      }),
    );
  });

  it("keeps all of a hundred thousand that fall into the same slots at first", () => {
    const table = new CallTable();
    for (let index = 1; index <= 100_000; index += 1) table.add(index, index << 10);
    expect(table.size).toBe(100_000);
    for (let index = 1; index <= 100_000; index += 1) {
      if (table.add(index, index << 10)) expect.fail(`${index} was forgotten`);
    }
    expect(table.has(5, 5)).toBe(false);
  });
});

describe("recent calls", () => {
  it("go on after a restart as if there had been none", () => {
    const call = fc.tuple(fc.integer({ min: 0, max: 3 }), identity);
    fc.assert(
      fc.property(
        fc.array(call, { maxLength: 60, size: "max" }),
        fc.nat({ max: 60 }),
        (given, cut) => {
          const whole = new RecentCalls();
          const before = new RecentCalls();
          const after = new RecentCalls();
          for (const [index, [hour, [high, low]]] of given.entries()) {
            if (index === cut) restore(after, before);
            const part = index < cut ? before : after;
            expect(part.add(hour, high, low)).toBe(whole.add(hour, high, low));
          }
        },
      ),
    );
  });

  it("hand over each identity once, eight bytes big-endian", () => {
    const calls = new RecentCalls();
    calls.add(7, 0x0102_0304, 0xfffe_fdfc);
    calls.add(7, 0x0102_0304, 0xfffe_fdfc);
    expect(calls.takeFresh()).toEqual([
      { hour: 7, ids: Uint8Array.of(1, 2, 3, 4, 0xff, 0xfe, 0xfd, 0xfc) },
    ]);
    expect(calls.takeFresh()).toEqual([]);
    calls.add(7, 0, 1);
    expect(calls.takeFresh()).toEqual([{ hour: 7, ids: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1) }]);
  });

  it("hand over nothing that was restored, and read a segment inside a larger buffer", () => {
    const calls = new RecentCalls();
    calls.restore(7, Uint8Array.of(9, 9, 0, 0, 0, 1, 0, 0, 0, 2).subarray(2));
    expect(calls.add(7, 1, 2)).toBe(false);
    expect(calls.takeFresh()).toEqual([]);
  });

  it("know a call of another hour from its like", () => {
    const calls = new RecentCalls();
    expect(calls.add(7, 1, 2)).toBe(true);
    expect(calls.add(8, 1, 2)).toBe(true);
  });

  it("forget hours before a horizon, and no others", () => {
    const calls = new RecentCalls();
    for (const hour of [5, 6, 7]) calls.add(hour, 1, hour);
    calls.forgetBefore(6);
    expect([5, 6, 7].map((hour) => calls.add(hour, 1, hour))).toEqual([true, false, false]);
  });

  it("recognise a late call under the hour in which it came", () => {
    const calls = new RecentCalls();
    expect(calls.addLate(90, 1, 2)).toBe(true);
    expect(calls.addLate(91, 1, 2)).toBe(false);
    expect(calls.takeFresh().map(({ hour }) => hour)).toEqual([90]);
    calls.forgetBefore(91);
    expect(calls.addLate(97, 1, 2)).toBe(true);
  });
});

function restore(after: RecentCalls, before: RecentCalls): void {
  for (const { hour, ids } of before.takeFresh()) after.restore(hour, ids);
}
