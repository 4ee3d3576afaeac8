import { describe, expect, it } from "vitest";
import { assembleBatches } from "../../../../src/sources/kinesis/batch.ts";
import type { Batch } from "../../../../src/sources/source.ts";
import type { FetchObject } from "../../../../src/sources/kinesis/objects.ts";
import { readPlain } from "../../../support/reading.ts";

const ARRIVAL = 1_800_000_000_000;
const MINUTE_MS = 60_000;

async function assemble(...given: Parameters<typeof assembleAll>): Promise<Batch> {
  const [batch, ...more] = await assembleAll(...given);
  if (batch === undefined || more.length > 0) {
    throw new Error(`expected one batch, got ${more.length + (batch === undefined ? 0 : 1)}`);
  }
  return batch;
}

async function assembleAll(
  texts: string[],
  fetchObject?: FetchObject,
  signal = new AbortController().signal,
): Promise<Batch[]> {
  const records = texts.map((text, index) => ({
    shardId: "shard-1",
    sequence: String(index),
    arrivalMs: ARRIVAL,
    data: new TextEncoder().encode(text),
  }));
  const parts = { records, positions: new Map([["key", "value"]]), notices: [] };
  const batches: Batch[] = [];
  for await (const batch of assembleBatches(parts, {
    stream: "trail",
    read: readPlain,
    fetchObject,
    signal,
  })) {
    batches.push(batch);
  }
  return batches;
}

describe("a batch", () => {
  it("orders events by time, then id", async () => {
    const { events } = await assemble(["b 2", "c 1", "a 2"]);
    expect(events.map((event) => event.eventId)).toEqual(["c", "a", "b"]);
  });

  it("accepts event times up to 15 minutes after arrival, and no later ones", async () => {
    const limit = ARRIVAL + 15 * MINUTE_MS;
    const { events, deadLetters } = await assemble([`a ${limit}`, `b ${limit + 1}`]);
    expect(events.map((event) => event.eventId)).toEqual(["a"]);
    expect(deadLetters).toMatchObject([{ reason: "future", origin: "trail/shard-1/1" }]);
  });

  it("keeps what is not understood whole, and counts it", async () => {
    const { deadLetters, counts } = await assemble(["nonsense", "a 1"]);
    expect(deadLetters).toMatchObject([
      {
        reason: "not-cloudtrail",
        origin: "trail/shard-1/0",
        payload: new TextEncoder().encode("nonsense"),
      },
    ]);
    expect(counts).toMatchObject({
      bytesCompressed: 11,
      bytes: 11,
      records: 1,
      kmsEvents: 1,
      rejected: 1,
    });
  });

  it("without access to objects keeps each pointer as a dead letter that says so", async () => {
    const { deadLetters, counts } = await assemble(["s3://bucket/a/key.gz"]);
    expect(deadLetters).toMatchObject([
      { reason: "unreadable", detail: expect.stringContaining("not configured") },
    ]);
    expect(JSON.parse(new TextDecoder().decode(deadLetters[0]?.payload))).toEqual({
      bucket: "bucket",
      key: "a/key.gz",
    });
    expect(counts).toMatchObject({ rejected: 1, filesFailed: 1 });
  });

  it("reads the objects pointed to, at most four at a time", async () => {
    let running = 0;
    let most = 0;
    const { events, counts } = await assemble(
      Array.from({ length: 10 }, (_, index) => `s3://bucket/${index}`),
      async ({ key }) => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return new TextEncoder().encode(`e${key} 1`);
      },
    );
    expect(events).toHaveLength(10);
    expect(most).toBe(4);
    expect(counts).toMatchObject({ files: 10, rejected: 0 });
  });

  it("tries an object again that could not be fetched", async () => {
    let attempts = 0;
    const { events } = await assemble(["s3://bucket/key"], async () => {
      attempts += 1;
      if (attempts < 3) {
        throw new Error("reset");
      }
      return new TextEncoder().encode("a 1");
    });
    expect(events).toHaveLength(1);
  });

  it("gives up on an object after four attempts, and keeps the pointer", async () => {
    let attempts = 0;
    const { deadLetters } = await assemble(["s3://bucket/key", "a 1"], async () => {
      attempts += 1;
      throw new Error("gone for good");
    });
    expect(attempts).toBe(4);
    expect(deadLetters).toMatchObject([
      { reason: "unreadable", detail: expect.stringContaining("gone for good") },
    ]);
  });

  it("does not follow a pointer inside an object", async () => {
    const { deadLetters } = await assemble(["s3://bucket/key"], async () =>
      new TextEncoder().encode("s3://bucket/key"),
    );
    expect(deadLetters).toMatchObject([{ detail: expect.stringContaining("not followed") }]);
  });

  it("is cut where objects open to much, after a record and with its position", async () => {
    const megabyte = 1024 * 1024;
    const batches = await assembleAll(
      Array.from({ length: 12 }, (_, index) => `s3://bucket/${index}`),
      async ({ key }) => new TextEncoder().encode(`e${key} 1`.padStart(10 * megabyte)),
    );
    expect(batches.map(({ counts, positions }) => [counts.files, ...positions.values()])).toEqual([
      [4, `3@${ARRIVAL}`],
      [4, `7@${ARRIVAL}`],
      [4, "value"],
    ]);
  });

  it("is given up when reading stops, even if an object never comes", async () => {
    const stop = new AbortController();
    const batch = assemble(["s3://bucket/key"], () => new Promise(() => {}), stop.signal);
    stop.abort();
    await expect(batch).rejects.toThrow(/abort/i);
  });
});
