import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { earliestTimeMs } from "../../../../src/sources/files/survey.ts";
import { lines, recordAt } from "../../../support/history-world.ts";

const start = Date.parse("2026-03-14T00:00:00Z");
/** About 700 KiB. */
const records = Array.from({ length: 600 }, (_, index) => recordAt(start + index * 60_000, index));
const shuffledTail = [...records.slice(300), ...records.slice(0, 300)];

it.each<[string, string | Uint8Array, number]>([
  ["oldest first", lines(records), start],
  ["newest first", lines(records.toReversed()), start],
  ["newest first, gzip", gzipSync(lines(records.toReversed())), start],
  ["a document, newest first", JSON.stringify({ Records: records.toReversed() }, null, 2), start],
  ["records in strings", JSON.stringify(lines(records)), start],
  [
    "a head in order is trusted for the rest",
    lines(shuffledTail),
    Date.parse(records[300]?.eventTime ?? ""),
  ],
  ["fractions of seconds", '{"eventTime": "2026-03-14T00:00:00.123Z"}', start],
  ["no time", '{"a":1}', -Infinity],
  ["nothing", "", -Infinity],
  ["torn gzip", gzipSync(lines(records)).subarray(0, 2000), -Infinity],
])("a survey of %s", async (_, content, wanted) => {
  const bytes = Buffer.from(content);
  const chunks = Array.from({ length: Math.ceil(bytes.length / 10_007) }, (_, index) =>
    bytes.subarray(index * 10_007, (index + 1) * 10_007),
  );
  const { signal } = new AbortController();
  expect(await earliestTimeMs(async () => Readable.from(chunks), signal)).toBe(wanted);
});
