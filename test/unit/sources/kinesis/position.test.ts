import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatPosition,
  parsePosition,
  type Position,
  positionKey,
  positionsOf,
} from "../../../../src/sources/kinesis/position.ts";

const position = fc.oneof<fc.Arbitrary<Position>[]>(
  fc.record({
    kind: fc.constant("after"),
    sequence: fc.bigInt({ min: 0n, max: 10n ** 56n }).map(String),
    throughMs: fc.nat(),
  }),
  fc.record({ kind: fc.constant("at"), throughMs: fc.nat() }),
  fc.record({
    kind: fc.constant("end"),
    throughMs: fc.nat(),
    children: fc.array(fc.nat(999).map((index) => `shardId-${index}`)),
  }),
);

describe("positions of shards", () => {
  it("come back as they were written", () => {
    fc.assert(
      fc.property(position, (written) => {
        expect(parsePosition("key", formatPosition(written))).toEqual(written);
      }),
    );
  });

  it.each(["", "END", "12", "12@", "AT:-1", "AT:", "TRIM_HORIZON", "12@34 ", "END@1:a b"])(
    "are refused when no version has written them: %j",
    (text) => {
      expect(() => parsePosition("kinesis/trail/shard-1", text)).toThrow(/kinesis\/trail\/shard-1/);
    },
  );

  it("of other streams and sources are left alone, removed ones too", () => {
    const positions = new Map([
      [positionKey("trail", "shard-1"), "AT:5"],
      [positionKey("trail", "shard-2"), ""],
      [positionKey("trail-2", "shard-3"), "nonsense"],
      ["files/trail", "nonsense"],
    ]);
    expect([...positionsOf("trail", positions)]).toEqual([
      ["shard-1", { kind: "at", throughMs: 5 }],
    ]);
  });
});
