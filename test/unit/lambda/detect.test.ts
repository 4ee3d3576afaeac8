import { describe, expect, it } from "vitest";
import type { KmsEvent } from "../../../src/cloudtrail/event.ts";
import { makeDetectHandler } from "../../../src/lambda/detect.ts";
import { emptyParcel, pack, unpack } from "../../../src/lambda/packing.ts";
import { StoreError } from "../../../src/store/store.ts";
import { countingDetector } from "../../support/counting-detector.ts";
import { event, inHour, principal, START_MS } from "../../support/events.ts";
import { batchOf, handlerParts, timeLeft } from "../../support/topology/handler-parts.ts";

const minute = timeLeft(60_000);
const nothingFailed = { batchItemFailures: [] };

describe("detect", () => {
  it("commits each entity of a batch once, and nothing more when the batch comes again", async () => {
    const parts = handlerParts();
    const handler = makeDetectHandler(parts);
    const batch = batchOf(
      record("a", inHour(0, 3)),
      record("b", inHour(0, 2)),
      record("a", inHour(0, 1)),
    );
    expect(await handler(batch, minute)).toEqual(nothingFailed);
    expect(versions(parts)).toEqual({ "principal:a": 1, "principal:b": 1 });
    expect(await handler(batch, minute)).toEqual(nothingFailed);
    expect(
      await makeDetectHandler({ ...parts, cache: handlerParts().cache })(batch, minute),
    ).toEqual(nothingFailed);
    expect(versions(parts)).toEqual({ "principal:a": 1, "principal:b": 1 });
    expect(
      parts.seen.metrics.map((line) => [line["counted"] ?? 0, line["duplicates"] ?? 0]),
    ).toEqual([
      [6, 0],
      [0, 6],
      [0, 6],
    ]);
  });

  it("sets aside what it cannot unpack, with the reason, and goes on with the rest", async () => {
    const parts = handlerParts();
    const later = Buffer.from([9, 0, 1]);
    const torn = pack(parcel("a", inHour(0, 50))).subarray(0, 40);
    const batch = batchOf(later, record("b", inHour(0, 2)), torn);
    expect(await makeDetectHandler(parts)(batch, minute)).toEqual(nothingFailed);
    expect(parts.seen.letters.map(({ reason, origin }) => [reason, origin])).toEqual([
      ["unknown-version", "shardId-000000000000/100"],
      ["damaged", "shardId-000000000000/102"],
    ]);
    expect(Buffer.from(parts.seen.letters[0]?.payload ?? []).equals(later)).toBe(true);
    expect(versions(parts)).toEqual({ "principal:b": 1 });
    expect(parts.seen.metrics[0]).toMatchObject({ deadLetters: 2, handler: "detect" });
  });

  it("asks for the records again whose dead letters were not kept", async () => {
    const parts = handlerParts();
    const deadLetters = { put: async () => Promise.reject(new Error("bucket")) };
    const batch = batchOf(record("b", inHour(0, 2)), Buffer.from([9]));
    const answer = await makeDetectHandler({ ...parts, deadLetters })(batch, minute);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "101" }] });
  });

  it("leaves alone the event that a detector chokes on, as a record that can be put again", async () => {
    const choking = { ...countingDetector(), accepts: ({ name }: KmsEvent) => nameOrChoke(name) };
    const parts = handlerParts({ detectors: [{ detector: choking, options: {}, shadow: false }] });
    const bad = event({ second: 90, name: "Choke" });
    const batch = batchOf(record("a", [...inHour(0, 5), bad]), record("b", inHour(0, 2)));
    expect(await makeDetectHandler(parts)(batch, minute)).toEqual(nothingFailed);
    const [letter] = parts.seen.letters;
    expect(parts.seen.letters.map(({ reason }) => reason)).toEqual(["fold-failed"]);
    const again = unpack(letter?.payload ?? new Uint8Array());
    expect(again.events.map(({ event: { eventId } }) => eventId)).toEqual([bad.eventId]);
    expect(again.entities).toEqual([{ name: "principal:a", events: [0] }]);
    const { memory = "" } = parts.store.items().get("principal:a") ?? {};
    expect(memory).toContain(`"count":5`);
  });

  it("sets aside what the table has no room for", async () => {
    const parts = handlerParts();
    const commit = async () => Promise.reject(new StoreError("full", "table", "too large"));
    const store = { ...parts.store, commit };
    expect(
      await makeDetectHandler({ ...parts, store })(batchOf(record("a", inHour(0, 2))), minute),
    ).toEqual(nothingFailed);
    expect(parts.seen.letters.map(({ reason }) => reason)).toEqual(["too-large"]);
  });

  it("names the first record that holds work of an entity that the table did not take", async () => {
    const parts = handlerParts();
    const store: typeof parts.store = {
      ...parts.store,
      commit: (write) =>
        write.name === "principal:b"
          ? Promise.reject(new StoreError("busy", "table", "throttled"))
          : parts.store.commit(write),
    };
    const batch = batchOf(
      record("a", inHour(0, 1)),
      record("b", inHour(0, 1)),
      record("c", inHour(0, 1)),
    );
    const answer = await makeDetectHandler({ ...parts, store })(batch, minute);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "101" }] });
    expect(versions(parts)).toEqual({ "principal:a": 1, "principal:c": 1 });
    expect(parts.seen.metrics[0]).toMatchObject({ storeFaults: 12, recordsReturned: 2 });
  });

  it("fails, so that alarms ring, where a process learns into the table", async () => {
    const parts = handlerParts();
    const claim = async () => Promise.reject(new StoreError("locked", "table", "run learns here"));
    const handler = makeDetectHandler({ ...parts, store: { ...parts.store, claim } });
    await expect(handler(batchOf(record("a", inHour(0, 1))), minute)).rejects.toThrow(
      "run learns here",
    );
    expect(versions(parts)).toEqual({});
    expect(parts.seen.metrics).toMatchObject([{ refused: 1 }]);
  });

  it("counts nothing that a process had learned before, in whatever order it comes", async () => {
    const parts = handlerParts();
    const claim = async () => START_MS + 1800_000;
    const handler = makeDetectHandler({ ...parts, store: { ...parts.store, claim } });
    await handler(batchOf(record("a", inHour(0, 4)), record("b", [event({ second: 60 })])), minute);
    await handler(batchOf(record("a", [event({ second: 30 })])), minute);
    expect(parts.store.items().get("principal:a")?.memory).toContain(`"count":1`);
    expect(parts.seen.metrics.map((line) => line["late"])).toEqual([4, 1]);
  });

  it("begins nothing that it has no time to end", async () => {
    const parts = handlerParts();
    const batch = batchOf(record("a", inHour(0, 1)), record("b", inHour(0, 1)));
    const answer = await makeDetectHandler(parts)(batch, timeLeft(2000));
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "100" }] });
    expect(versions(parts)).toEqual({});
  });

  it("puts segments aside when identities outgrow an item, and merges them when they are many", async () => {
    const parts = handlerParts();
    const all: Uint8Array[] = [];
    for (let round = 0; round < 20; round += 1) {
      const data = record("a", inHour(0, 600));
      all.push(data);
      await makeDetectHandler(parts)(batchOf(data), minute);
    }
    expect(parts.store.segmentCount()).toBeLessThan(17);
    const item = parts.store.items().get("principal:a");
    expect(item?.calls.byteLength).toBeLessThan(6000);
    const cold = makeDetectHandler({ ...parts, cache: handlerParts().cache });
    await cold(batchOf(...all), minute);
    expect(parts.store.items().get("principal:a")).toEqual(item);
    expect(parts.seen.metrics.at(-1)).toMatchObject({ duplicates: 12_000 });
  });

  it("folds a thousand events of two hundred entities well within a second", async () => {
    const parts = handlerParts();
    const records = Array.from({ length: 200 }, (_, index) => record(`p${index}`, inHour(0, 5)));
    const handler = makeDetectHandler(parts);
    await handler(batchOf(record("warm", inHour(0, 5))), minute);
    const startMs = performance.now();
    expect(await handler(batchOf(...records), minute)).toEqual(nothingFailed);
    // Generous: the machine may be busy. It takes about 60 ms on one that is not.
    expect(performance.now() - startMs).toBeLessThan(1000);
    expect(parts.store.items().size).toBe(201);
  });

  it("writes numbers as CloudWatch's embedded metrics, and no word of an event", async () => {
    const parts = handlerParts();
    await makeDetectHandler(parts)(batchOf(record("secret-name", inHour(0, 2))), minute);
    const [line] = parts.seen.metrics;
    expect(line).toMatchObject({
      _aws: { CloudWatchMetrics: [{ Namespace: "Keyhawk", Dimensions: [["handler"]] }] },
      records: 1,
      entities: 1,
      commits: 1,
    });
    expect(JSON.stringify(line)).not.toContain("secret-name");
  });
});

function nameOrChoke(name: string): boolean {
  if (name === "Choke") throw new TypeError("choked");
  return true;
}

function parcel(name: string, events: readonly KmsEvent[]) {
  const own = { ...principal(name), entity: name, key: name };
  return {
    ...emptyParcel,
    events: events.map((one, index) => ({
      event: { ...one, principal: own },
      origin: "s/1",
      index,
    })),
    entities: [{ name: `principal:${name}`, events: events.map((_, index) => index) }],
  };
}

function record(name: string, events: readonly KmsEvent[]): Uint8Array {
  return pack(parcel(name, events));
}

function versions({ store }: ReturnType<typeof handlerParts>): Record<string, number> {
  return Object.fromEntries([...store.items()].map(([name, { version }]) => [name, version]));
}
