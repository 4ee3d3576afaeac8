import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packCalls, unpackCalls } from "../../../src/lambda/call-coding.ts";
import { CallIndex } from "../../../src/lambda/call-index.ts";
import { idOf, readIndex, writeIndex } from "../../../src/lambda/call-index-format.ts";
import { Random } from "../../../src/simulation/random.ts";

const identity = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

describe("packed identities", () => {
  it("are the same set, whatever they are", () => {
    fc.assert(
      fc.property(fc.array(identity, { maxLength: 300 }), (some) => {
        expect(setIn(unpackCalls(packCalls(bytesOf(some))))).toEqual(some.toSorted(ascending));
      }),
    );
  });

  it("that begin alike, or are the least and the greatest, are told apart", () => {
    const some = [0n, 1n, 2n ** 64n - 1n, 2n ** 64n - 2n, 2n ** 63n, 2n ** 32n, 2n ** 32n - 1n];
    expect(setIn(unpackCalls(packCalls(bytesOf(some))))).toEqual(some.toSorted(ascending));
  });

  it.each([
    [1000, 7.1],
    [32_000, 6.5],
  ])("of %i calls take at most so many bytes each: %d", (count, most) => {
    const random = new Random("identities");
    const ids = Uint8Array.from({ length: count * 8 }, () => random.integer(0, 255));
    expect(packCalls(ids).byteLength / count).toBeLessThan(most);
  });

  it("that were cut short are refused", () => {
    const packed = packCalls(bytesOf([5n, 6n, 7n]));
    expect(() => unpackCalls(packed.subarray(0, packed.length - 1))).toThrow(RangeError);
    expect(() => unpackCalls(new Uint8Array(2))).toThrow(RangeError);
  });
});

describe("a call index", () => {
  const hours = [
    {
      hour: 492_000,
      inline: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
      segments: [
        { id: idOf(492_000, "00112233445566ff"), bytes: 262_144 },
        { id: idOf(492_000, "0".repeat(16)), bytes: 5 },
      ],
    },
    { hour: 492_001, inline: new Uint8Array(), segments: [] },
  ];

  it("is read as it was written", () => {
    expect(readIndex(writeIndex(hours))).toEqual(hours);
    expect(readIndex(writeIndex([]))).toEqual([]);
    expect(writeIndex(hours).byteLength).toBeLessThan(50);
  });

  it.each([
    ["of another version", Uint8Array.of(2)],
    ["that ends too early", writeIndex(hours).subarray(0, 20)],
  ])("%s is refused", (_, data) => {
    expect(() => CallIndex.read(data)).toThrow(RangeError);
  });
});

function bytesOf(some: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(some.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [index, id] of some.entries()) view.setBigUint64(index * 8, id);
  return bytes;
}

function setIn(ids: Uint8Array): bigint[] {
  const view = new DataView(ids.buffer, ids.byteOffset, ids.byteLength);
  return Array.from({ length: ids.byteLength / 8 }, (_, at) => view.getBigUint64(at * 8)).sort(
    ascending,
  );
}

function ascending(one: bigint, other: bigint): number {
  return one < other ? -1 : Number(one > other);
}
