import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WINDOW_BYTES } from "../../../src/cloudtrail/members/layout.ts";
import { type Sight, Scanner } from "../../../src/cloudtrail/scan.ts";
import { lookByByte } from "../../support/byte-scanner.ts";
import { kmsRecord, otherRecord, read } from "../../support/parsing.ts";

const KMS = JSON.stringify(kmsRecord());
const OTHER = JSON.stringify(otherRecord());

/** What is seen of all values in a row, up to the first that is not even. */
function sights(
  bytes: Buffer,
  lookAt: (start: number) => Sight | undefined,
): (Sight | undefined)[] {
  const seen: (Sight | undefined)[] = [];
  for (let at = 0; at < bytes.length;) {
    const sight = lookAt(at);
    seen.push(
      sight && { ...sight, parts: sight.parts.map((part) => ({ ...part, identity: undefined })) },
    );
    if (sight === undefined) break;
    at = sight.end;
  }
  return seen;
}

function expectSame(bytes: Buffer): void {
  const scanner = new Scanner(bytes);
  const seen = sights(bytes, (at) => scanner.lookAt(at));
  expect(seen).toEqual(sights(bytes, (at) => lookByByte(bytes, at)));
}

/** Records as they are written, and written so that they are hard to tell apart. */
const record = fc.constantFrom(
  KMS,
  OTHER,
  JSON.stringify(otherRecord({ eventSource: "cloudtrail.amazonaws.com" })),
  JSON.stringify(kmsRecord({ userAgent: 'ü\u{1f511} "\\" {[' }), undefined, " "),
  JSON.stringify(kmsRecord({ eventType: "AwsCloudTrailInsight" })),
  String.raw`{"a\"eventSource":1,"eventSource":"kms.amazonaws.com"}`,
  String.raw`{"a\\":"\\","eventSource":"ec2.amazonaws.com","\\\"":"\\"}`,
  String.raw`{"a":"\"","eventSource" :"ec2.amazonaws.com","\"":{"eventSource":1}}`,
  `{"eventSource":"ec2.amazonaws.com","Records":[1,"",{"eventSource":"kms.amazonaws.com"}]}`,
  `{"userIdentity":"x","eventSource":"kms.amazonaws.com","userIdentity":{"a":{"b":[{}]}}}`,
  `{"a":${'[{"b":'.repeat(40)}"]"${"}]".repeat(40)},"eventSource":"ec2.amazonaws.com"}`,
);
const text = fc
  .tuple(fc.constantFrom("file", "list", "lines"), fc.array(record, { maxLength: 4 }))
  .map(([form, records]) => {
    if (form === "lines") return records.join("\n");
    return form === "list" ? `[${records.join(", ")}]` : `{"Records":[${records.join(",")}],"z":0}`;
  });

/** One byte put in, taken away, or another one in its place. */
interface Change {
  readonly at: number;
  readonly removed: number;
  readonly added: readonly number[];
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(),
  removed: fc.constantFrom(0, 0, 1),
  added: fc.oneof(
    fc.constant<number[]>([]),
    fc.constantFrom(...Buffer.from('"\\{}[],: ax0Y_y\n\u007f')).map((byte) => [byte]),
    fc.nat(255).map((byte) => [byte]),
  ),
});

function changed(bytes: Buffer, changes: readonly Change[]): Buffer {
  return changes.reduce((before, { at, removed, added }) => {
    const place = at % (before.length + 1);
    return Buffer.concat([
      before.subarray(0, place),
      Buffer.from(added),
      before.subarray(place + removed),
    ]);
  }, bytes);
}

describe("the scanner sees what one byte after the other shows", () => {
  it("in records, torn and damaged ones too", () => {
    fc.assert(
      fc.property(text, fc.array(change, { maxLength: 3 }), (before, changes) => {
        expectSame(changed(Buffer.from(before), changes));
      }),
      { numRuns: 5000 },
    );
  });

  it("in bytes that matter, in any order", () => {
    const token = fc.constantFrom(
      ...String.raw`" \ { } [ ] , : 0 a Y _ ü`.split(" "),
      " ",
      "\n",
      "\u007f",
      '"eventSource"',
      '"eventSource":"kms.amazonaws.com"',
      '"Records":[',
      '"eventType":"x"',
      String.raw`\"`,
      String.raw`\\`,
      '":"',
      '","',
      "x".repeat(60),
      "\\".repeat(63),
      " ".repeat(20),
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), (tokens) => {
        expectSame(Buffer.from(`{${tokens.join("")}`));
      }),
      { numRuns: 5000 },
    );
  });
});

describe("wherever in a text a block of 64 bytes ends", () => {
  it.each<[string, string, "even" | "uneven"]>([
    ["a service behind an escaped quote", `"a":"\\"","eventSource":"ec2.amazonaws.com"}`, "even"],
    ["a service behind backslashes", `"a":"\\\\\\\\","eventSource":"ec2.amazonaws.com"}`, "even"],
    ["a name with an escape", `"\\u0065ventSource":1,"eventSource":"ec2.amazonaws.com"}`, "even"],
    ["a name that ends with a service's", `"\\"eventSource":"ec2.amazonaws.com"}`, "even"],
    ["a colon behind no name", `"eventSource":"ec2.amazonaws.com","a":"\\"", : "b"}`, "even"],
    ["a word behind a string", `"a":"b"c,"d":1}`, "uneven"],
    ["a string behind a string", `"a":"b""c"}`, "uneven"],
    ["a bracket behind a string", `"a":"b"{"c":1}}`, "uneven"],
    ["a word that is none", `"a":no}`, "uneven"],
    ["a letter that looks like a bracket", `"a":_[1]}`, "uneven"],
    ["damage behind the end", `"a":1}x`, "even"],
  ])("%s is seen", (_, end, evenness) => {
    for (let length = 0; length < 64; length += 1) {
      const bytes = Buffer.from(`{"${"x".repeat(length)}":1,${end}`);
      expectSame(bytes);
      expect(new Scanner(bytes).lookAt(0) === undefined).toBe(evenness === "uneven");
    }
  });
});

/** A file whose first record holds a text of so many bytes before all else. */
function fileWith(bytes: number, first: string, rest: string): Buffer {
  return Buffer.from(`{"Records":[{"long":"${"x".repeat(bytes)}",${first.slice(1)}${rest}]}`);
}

describe("wherever in a text a window ends", () => {
  const rest = `, ${String.raw`{"a":"\\\"\\","eventSource" : "ec2.amazonaws.com"}`},${KMS}`;
  const around = WINDOW_BYTES - KMS.length - rest.length - 100;

  it("the same is seen, and the same events are read", () => {
    const { events } = read(fileWith(0, KMS, rest));
    expect(events).toHaveLength(2);
    for (let bytes = around; bytes <= WINDOW_BYTES; bytes += 1) {
      const file = fileWith(bytes, KMS, rest);
      expect(read(file).events).toEqual(events);
      expect(new Scanner(file).lookAt(0)).toMatchObject({
        others: 1,
        parts: [{ kind: "kms" }, { kind: "kms" }],
      });
    }
  });

  it("damage is seen", () => {
    const changes = fc.array(change, { minLength: 1, maxLength: 2 });
    fc.assert(
      fc.property(fc.nat(WINDOW_BYTES - around), changes, (more, some) => {
        const file = fileWith(around + more, KMS, rest);
        const end = changed(file.subarray(around + more), some);
        expectSame(Buffer.concat([file.subarray(0, around + more), end]));
      }),
      { numRuns: 200 },
    );
  });
});

describe("larger than a window", () => {
  const long = WINDOW_BYTES * 3;

  it.each<[string, string]>([
    ["a text", `"${"x".repeat(long)}"`],
    ["a text of escaped backslashes", `"${"\\".repeat(long)}"`],
    ["a text of escaped quotes", `"${'\\"'.repeat(long)}"`],
    ["a text that is not ASCII", `"${"ü\u{1f511}".repeat(long / 6)}"`],
    ["a list of lists", `${"[".repeat(long)}1${"]".repeat(long)}`],
    ["an object of objects", `${'{"userIdentity":'.repeat(long / 16)}1${"}".repeat(long / 16)}`],
    ["white space", `${" ".repeat(long)}1`],
    ["a number", "1".repeat(long)],
    ["many members", `{${'"a":1,'.repeat(long / 6)}"b":2}`],
  ])("%s in a record changes nothing of it", (_, value) => {
    const kms = KMS.replace("{", `{"long":${value},`);
    const other = `{"long":${value},"eventSource":"ec2.amazonaws.com"}`;
    const bytes = Buffer.from(`{"Records":[${kms},${other}]}`);
    expectSame(bytes);
    expect(new Scanner(bytes).lookAt(0)).toMatchObject({ others: 1, parts: [{ kind: "kms" }] });
    expect(new Scanner(bytes.subarray(0, -2)).lookAt(0)).toBeUndefined();
  });

  it("a name makes nothing else of its record", () => {
    const bytes = Buffer.from(`[{"${"x".repeat(long)}":1,"eventSource":"ec2.amazonaws.com"}]`);
    expect(new Scanner(bytes).lookAt(0)).toMatchObject({ others: 1, parts: [] });
  });

  it("a name with an escape at its beginning may be any name", () => {
    const name = String.raw`"\u0065${"x".repeat(long)}"`;
    const bytes = Buffer.from(`[{${name}:1,"eventSource":"ec2.amazonaws.com"}]`);
    expectSame(bytes);
    expect(new Scanner(bytes).lookAt(0)).toMatchObject({ parts: [{ kind: "doubtful" }] });
  });
});

it("a name with more white space behind it than is looked at may be any name", () => {
  const name = `"eventSource"${" ".repeat(99)}`;
  const bytes = Buffer.from(`[{"eventSource":"ec2.amazonaws.com",${name}:"kms.amazonaws.com"}]`);
  expect(new Scanner(bytes).lookAt(0)).toMatchObject({ others: 0, parts: [{ kind: "doubtful" }] });
});

it("looks at several texts in turn", () => {
  const [one, other] = [Buffer.from(`${KMS}${OTHER}`), Buffer.from(`${OTHER}${KMS}`)];
  const [first, second] = [new Scanner(one), new Scanner(other)];
  expect(first.lookAt(0)).toMatchObject({ end: KMS.length, others: 0 });
  expect(second.lookAt(0)).toMatchObject({ end: OTHER.length, others: 1 });
  expect(first.lookAt(KMS.length)).toMatchObject({ end: one.length, others: 1 });
  expect(second.lookAt(OTHER.length)).toMatchObject({ end: other.length, others: 0 });
});

it("the module is what its source compiles to", () => {
  const root = resolve(import.meta.dirname, "../../..");
  const folder = mkdtempSync(join(tmpdir(), "keyhawk-members-"));
  const compiled = join(folder, "module.ts");
  execFileSync(process.execPath, [join(root, ".ci/compile-members.mjs"), compiled]);
  const shipped = readFileSync(join(root, "src/cloudtrail/members/module.ts"), "utf8");
  expect(readFileSync(compiled, "utf8")).toBe(shipped);
  rmSync(folder, { recursive: true });
});
