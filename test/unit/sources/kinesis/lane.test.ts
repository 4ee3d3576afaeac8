import { describe, expect, it } from "vitest";
import { QUIET_REFRESH_MS, ShardLane } from "../../../../src/sources/kinesis/lane.ts";
import type { Cursor } from "../../../../src/sources/kinesis/start-plan.ts";

const NOW = 1_800_000_000_000;
const horizon: Cursor = { kind: "horizon" };
const all = { records: 100, bytes: 1000 };

function page(arrivals: number[], behindMs = 0) {
  const records = arrivals.map((arrivalMs) => ({
    sequence: String(arrivalMs),
    arrivalMs,
    data: new Uint8Array(10),
  }));
  return { records, bytes: 10 * records.length, next: "more", behindMs, children: [] };
}

describe("a lane", () => {
  it("remembers the last record handed over, not the last one received", () => {
    const lane = new ShardLane("s", horizon);
    lane.receive(page([1, 2, 3]), NOW, false);
    expect(lane.take(2, all).map((record) => record.sequence)).toEqual(["1", "2"]);
    expect(lane.duePosition(true, NOW)).toBe("2@2");
    expect(lane.cursor).toMatchObject({ kind: "after", sequence: "3" });
  });

  it("hands over no more records and bytes than asked for, but always one", () => {
    const lane = new ShardLane("s", horizon);
    lane.receive(page([1, 2, 3, 4]), NOW, false);
    expect(lane.take(9, { records: 2, bytes: 1000 })).toHaveLength(2);
    expect(lane.take(9, { records: 9, bytes: 1 })).toHaveLength(1);
    expect(lane.bufferedBytes).toBe(10);
  });

  it("holds others back until its first answer, and while it is behind, but not at its tip", () => {
    const lane = new ShardLane("s", horizon);
    expect(lane.floorMs).toBe(-Infinity);
    lane.receive(page([], 5000), NOW, false);
    expect(lane.floorMs).toBe(NOW - 5000);
    lane.receive(page([], 0), NOW, false);
    expect(lane.floorMs).toBeUndefined();
    lane.receive(page([NOW], 0), NOW, true);
    lane.take(NOW, all);
    expect(lane.floorMs).toBe(NOW);
  });

  it("that is closed holds others back to its end, and then until its children are asked", () => {
    const lane = new ShardLane("s", horizon);
    lane.closed = true;
    lane.receive(page([7], 0), NOW, false);
    lane.take(7, all);
    lane.receive(page([], 0), NOW, false);
    expect(lane.floorMs).toBe(7);
    lane.drained = true;
    expect(lane.floorMs).toBe(-Infinity);
  });

  it("writes where a quiet shard stands at once, and again before retention can pass", () => {
    const lane = new ShardLane("s", horizon);
    expect(lane.duePosition(false, NOW)).toBeUndefined();
    lane.receive(page([]), NOW, false);
    expect(lane.duePosition(false, NOW)).toBe(`AT:${NOW - 10_000}`);
    lane.receive(page([]), NOW + 1000, false);
    expect(lane.duePosition(false, NOW + 1000)).toBeUndefined();
    const later = NOW + QUIET_REFRESH_MS;
    lane.receive(page([]), later, false);
    expect(lane.duePosition(false, later)).toBe(`AT:${later - 10_000}`);
  });

  it("keeps its sequence number while it is quiet, and renews the time", () => {
    const lane = new ShardLane("s", { kind: "after", sequence: "7", throughMs: NOW - 5e6 });
    lane.receive(page([]), NOW, false);
    expect(lane.duePosition(false, NOW)).toBe(`7@${NOW - 10_000}`);
  });

  it("renews no position past records that are still in hand", () => {
    const lane = new ShardLane("s", { kind: "at", throughMs: NOW - 5e6 });
    lane.receive(page([NOW]), NOW, false);
    lane.receive(page([]), NOW, false);
    expect(lane.duePosition(false, NOW)).toBeUndefined();
  });

  it("writes the horizon after a loss, so that the loss is reported once", () => {
    const lane = new ShardLane("s", { kind: "after", sequence: "7", throughMs: 0 });
    lane.restartAt(NOW - 1000);
    expect(lane.cursor).toEqual(horizon);
    expect(lane.duePosition(false, NOW)).toBe(`AT:${NOW - 1000}`);
    expect(lane.duePosition(false, NOW)).toBeUndefined();
  });
});
