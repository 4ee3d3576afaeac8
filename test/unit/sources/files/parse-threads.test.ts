import { gzipSync } from "node:zlib";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createParser } from "../../../../src/sources/files/parser.ts";
import { type ParseThreads, startThreads } from "../../../../src/sources/files/parse-threads.ts";
import { weighAtLeast } from "../../../../src/sources/files/weigh.ts";
import { kmsRecord, READ_OPTIONS } from "../../../support/parsing.ts";

const { platform: _platform, ...settings } = READ_OPTIONS;

function item() {
  return { data: new Uint8Array(gzipSync(JSON.stringify({ Records: [kmsRecord()] }))) };
}

describe("threads started ahead", () => {
  it("parse the first item already", async () => {
    const started = startThreads(1);
    let taken = 0;
    const counted: ParseThreads = {
      take: () => {
        taken += 1;
        return started.take();
      },
      close: () => started.close(),
    };
    const parser = createParser(settings, 1, undefined, counted);
    const [parsed] = await parser.parse([item()], 1);
    expect(parsed).toMatchObject({ records: 1, kmsEvents: 1, failure: undefined });
    expect(taken).toBe(1);
    await parser.close();
    await started.close();
  });

  it("are replaced where they have ended before they are asked", async () => {
    const started = startThreads(1);
    await started.close();
    const parser = createParser(settings, 1, undefined, started);
    const [parsed] = await parser.parse([item()], 1);
    expect(parsed?.events).toHaveLength(1);
    await parser.close();
  });
});

describe("paths weigh", () => {
  it.each<[string, string[], boolean]>([
    ["what their files do together", ["a/b", "a/c.gz"], true],
    ["what the files in their folders do", ["a"], true],
    ["no more than their files", ["a/b"], false],
    ["nothing where there is nothing", ["none", "s3://bucket/prefix"], false],
  ])("%s", async (_, paths, expected) => {
    const folder = await mkdtemp(join(tmpdir(), "keyhawk-weigh-"));
    try {
      await mkdir(join(folder, "a/b"), { recursive: true });
      await writeFile(join(folder, "a/b/1.gz"), new Uint8Array(600));
      await writeFile(join(folder, "a/c.gz"), new Uint8Array(400));
      const found = paths.map((path) => join(folder, path));
      expect(weighAtLeast(1000, found)).toBe(expected);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
