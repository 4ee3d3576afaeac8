import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAggregate, openAggregate } from "../../../src/cloudtrail/kpl.ts";
import { nodePlatform } from "../../../src/sources/node-platform.ts";
import { HAS_PUBLISHED, published } from "../../support/parsing.ts";

const MAGIC = Buffer.from("f3899ac2", "hex");

/** A length-delimited protobuf field whose content is shorter than 128 bytes. */
function field(number: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, content.byteLength]), content]);
}

function varint(number: number, value: number): Buffer {
  return Buffer.from([number << 3, value]);
}

function userRecord(text: string): Buffer {
  return field(3, Buffer.concat([varint(1, 0), field(3, Buffer.from(text))]));
}

function aggregate(...fields: readonly Buffer[]): Buffer {
  const body = Buffer.concat(fields);
  return Buffer.concat([MAGIC, body, nodePlatform.md5(body)]);
}

function open(data: Uint8Array): string[] | undefined {
  return openAggregate(data, nodePlatform)?.map((part) => Buffer.from(part).toString());
}

describe("a KPL aggregate", () => {
  it("gives its user records in order", () => {
    const partitionKeys = field(1, Buffer.from("pk"));
    expect(open(aggregate(partitionKeys, userRecord("one"), userRecord("two")))).toEqual([
      "one",
      "two",
    ]);
  });

  it("keeps records whose hash key lies outside of any shard or index", () => {
    const record = Buffer.concat([varint(1, 99), varint(2, 99), field(3, Buffer.from("one"))]);
    expect(open(aggregate(field(3, record)))).toEqual(["one"]);
  });

  it("passes over fields it does not know, of any wire type", () => {
    const fixed64 = Buffer.from([(9 << 3) | 1, 1, 2, 3, 4, 5, 6, 7, 8]);
    const fixed32 = Buffer.from([(9 << 3) | 5, 1, 2, 3, 4]);
    expect(open(aggregate(varint(8, 1), fixed64, fixed32, userRecord("one")))).toEqual(["one"]);
  });

  it.each([
    ["with a wrong digest", Buffer.concat([MAGIC, userRecord("one"), Buffer.alloc(16)])],
    ["with a group, which protobuf has given up", aggregate(Buffer.from([(3 << 3) | 3]))],
    ["with a length beyond its end", aggregate(Buffer.from([(3 << 3) | 2, 100]))],
    ["with an endless number", aggregate(Buffer.alloc(11, 0xff))],
    ["with a record that has no data", aggregate(field(3, varint(1, 0)))],
    ["of nothing but the magic number", MAGIC],
    ["without magic number", Buffer.from("{}")],
  ])("%s is an ordinary record", (_, data) => {
    expect(openAggregate(data, nodePlatform)).toBeUndefined();
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (body) => {
        openAggregate(aggregate(Buffer.from(body)), nodePlatform);
      }),
    );
  });
});

interface Vector {
  readonly name: string;
  readonly data: string;
  readonly expected?: readonly { readonly data?: string; readonly data_b64?: string }[] | string;
  readonly expected_count?: number;
}

describe.skipIf(!HAS_PUBLISHED)("published KPL vectors (skipped without ../shared)", () => {
  const vectors: readonly Vector[] = HAS_PUBLISHED
    ? JSON.parse(published("envelopes/kpl-vectors.json").toString())
    : [];

  it("are seven", () => {
    expect(vectors).toHaveLength(7);
  });

  it.each(vectors)("$name", (vector) => {
    const data = Buffer.from(vector.data, "base64");
    const parts = openAggregate(data, nodePlatform)?.map((part) => Buffer.from(part));
    if (typeof vector.expected === "string") {
      expect(isAggregate(data)).toBe(false);
      expect(parts).toBeUndefined();
    } else if (vector.expected === undefined) {
      expect(parts).toHaveLength(vector.expected_count ?? Number.NaN);
    } else {
      const expected = vector.expected.map((part) =>
        part.data === undefined
          ? Buffer.from(part.data_b64 ?? "", "base64")
          : Buffer.from(part.data),
      );
      expect(parts).toEqual(expected);
    }
  });
});
