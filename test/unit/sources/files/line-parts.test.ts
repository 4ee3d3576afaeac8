import { describe, expect, it } from "vitest";
import { SourceError } from "../../../../src/sources/source-error.ts";
import { cutParts } from "../../../../src/sources/files/line-parts.ts";
import type { Part } from "../../../../src/sources/files/line-parts.ts";

const sizes = { part: 20, document: 100, line: 60 };

interface Cut {
  readonly start?: number;
  readonly firstEnd?: number;
  readonly error?: Error;
}

/** Parts as text and end; failures as their reason. The bytes arrive seven at a time. */
async function cut(text: string, { start = 0, firstEnd, error }: Cut = {}): Promise<unknown[]> {
  async function* chunks() {
    for (let at = 0; at < text.length; at += 7) yield Buffer.from(text.slice(at, at + 7));
    if (error !== undefined) throw error;
  }
  const parts: Part[] = [];
  for await (const part of cutParts(chunks(), sizes, start, firstEnd)) parts.push(part);
  return parts.map(({ data, end, failure }) =>
    failure === undefined
      ? [Buffer.from(data).toString(), end]
      : [Buffer.from(data).toString(), end, failure.reason],
  );
}

const torn = Object.assign(new Error("unexpected end of file"), { code: "Z_BUF_ERROR" });

describe("parts", () => {
  it.each<[string, string, Cut, unknown[]]>([
    ["a small file is one part", '{"a":1}\n', {}, [['{"a":1}\n', 8]]],
    ["nothing is no part", "", {}, []],
    [
      "lines end where they fit, however they arrive",
      '{"a":1}\n{"b":2}\n{"c":3}\n{"d":4}',
      {},
      [
        ['{"a":1}\n{"b":2}\n', 16],
        ['{"c":3}\n{"d":4}', 31],
      ],
    ],
    [
      "a line longer than a part is a part",
      `{"a":1}\n{"b":"${"x".repeat(30)}"}\n{"c":3}\n`,
      {},
      [
        ['{"a":1}\n', 8],
        [`{"b":"${"x".repeat(30)}"}\n`, 47],
        ['{"c":3}\n', 55],
      ],
    ],
    [
      "a line over the limit is left out, and what follows is read",
      `{"a":1}\n{"b":"${"x".repeat(90)}"}\n{"c":3}\n`,
      {},
      [
        ['{"a":1}\n', 8],
        ["", 70, "too-large"],
        ['{"c":3}\n', 115],
      ],
    ],
    [
      "a document is whole",
      '{"Records":[\n{"a":1},\n{"b":2}\n]}',
      {},
      [['{"Records":[\n{"a":1},\n{"b":2}\n]}', 32]],
    ],
    [
      "a document over the limit ends the reading",
      `{\n"a":[${"1,".repeat(60)}]}`,
      {},
      [["", 105, "too-large"]],
    ],
    [
      "further on in a file there are only lines, whatever they look like",
      "no json\nno json\nno json\nno json\n",
      { start: 8 },
      [
        ["no json\nno json\n", 24],
        ["no json\nno json\n", 40],
      ],
    ],
    [
      "the first part ends where it is told to",
      '{"a":1}\n{"b":2}\n{"c":3}\n{"d":4}\n',
      { firstEnd: 24 },
      [
        ['{"a":1}\n{"b":2}\n{"c":3}\n', 24],
        ['{"d":4}\n', 32],
      ],
    ],
    [
      "a tear in lines keeps the whole ones",
      '{"a":1}\n{"b":2}\n{"c"',
      { error: torn },
      [
        ['{"a":1}\n{"b":2}\n', 16],
        ["", 20, "gzip-torn"],
      ],
    ],
    [
      "a tear in a document keeps the whole elements",
      '{"Records":[{"a":1},{"b"',
      { error: torn },
      [['{"Records":[{"a":1}]}', 24, "gzip-torn"]],
    ],
    ["any other fault is unreadable", "", { error: new Error("EIO") }, [["", 0, "unreadable"]]],
  ])("%s", async (_, text, options, wanted) => {
    expect(await cut(text, options)).toEqual(wanted);
  });

  it("what can pass is thrown on", async () => {
    const error = new SourceError("s3://b/k", "gone away", { code: "failed", retryable: true });
    await expect(cut('{"a":1}\n', { error })).rejects.toBe(error);
  });
});
