import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { nodePlatform } from "../../../src/sources/node-platform.ts";

describe("what was opened", () => {
  it("gives its memory back at once", () => {
    const opened = nodePlatform.gunzip(gzipSync(Buffer.alloc(1_000_000, "a")), 2_000_000);
    expect(opened.byteLength).toBe(1_000_000);
    nodePlatform.release(opened);
    expect(opened.byteLength).toBe(0);
    expect(opened.buffer).toMatchObject({ detached: true });
  });

  it("keeps it where it is a part of memory that others use", () => {
    const shared = Buffer.from("a");
    const other = Buffer.from("b");
    expect(shared.buffer).toBe(other.buffer);
    nodePlatform.release(shared);
    expect(other.toString()).toBe("b");
  });
});
