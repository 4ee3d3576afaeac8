import { describe, expect, it } from "vitest";
import type { Position } from "../../../../src/sources/kinesis/position.ts";
import type { Shard } from "../../../../src/sources/kinesis/shard-graph.ts";
import { planStart, type StartQuestion } from "../../../../src/sources/kinesis/start-plan.ts";

const HOUR_MS = 3_600_000;
const NOW = 1_800_000_000_000;
const DAY_AGO = NOW - 24 * HOUR_MS;

const shard = (id: string, open: boolean, ...parents: string[]): Shard => ({ id, parents, open });
const end = (throughMs: number, ...children: string[]): Position => ({
  kind: "end",
  throughMs,
  children,
});
const after = (sequence: string, throughMs: number): Position => ({
  kind: "after",
  sequence,
  throughMs,
});

function plan(shards: Shard[], positions: Record<string, Position>, startAt = "TRIM_HORIZON") {
  const question: StartQuestion = {
    stream: "trail",
    shards: new Map(shards.map((each) => [each.id, each])),
    positions: new Map(Object.entries(positions)),
    startAt,
    nowMs: NOW,
    retentionMs: 24 * HOUR_MS,
  };
  const { cursors, finished, positions: writes, notices } = planStart(question);
  return {
    cursors: Object.fromEntries(cursors),
    finished: [...finished],
    writes: Object.fromEntries(writes),
    gaps: notices.map((notice) => notice.subject),
  };
}

const split = [shard("a", false), shard("b", true, "a"), shard("c", true, "a")];

describe("a first start", () => {
  it("from TRIM_HORIZON reads closed shards too, each from its beginning", () => {
    expect(plan(split, {})).toEqual({ cursors: {}, finished: [], writes: {}, gaps: [] });
  });

  it("from LATEST reads only open shards, and writes down at once where it started", () => {
    const cursor = { kind: "latest", throughMs: NOW - 10_000 };
    expect(plan(split, {}, "LATEST")).toEqual({
      cursors: { b: cursor, c: cursor },
      finished: ["a"],
      writes: { a: `END@${NOW}:b,c`, b: `AT:${NOW - 10_000}`, c: `AT:${NOW - 10_000}` },
      gaps: [],
    });
  });

  it("from a time reads open and closed shards from that time", () => {
    const time = NOW - HOUR_MS;
    const { cursors, finished } = plan(split, {}, new Date(time).toISOString());
    const cursor = { kind: "at", throughMs: time };
    expect(cursors).toEqual({ a: cursor, b: cursor, c: cursor });
    expect(finished).toEqual([]);
  });

  it("from a time that the stream no longer holds starts at what it does hold", () => {
    const { cursors } = plan([shard("a", true)], {}, "2020-01-01T00:00:00Z");
    expect(cursors["a"]).toEqual({ kind: "at", throughMs: DAY_AGO });
  });

  it("from a time still to come starts now", () => {
    const { cursors } = plan([shard("a", true)], {}, "2099-01-01T00:00:00Z");
    expect(cursors["a"]).toEqual({ kind: "at", throughMs: NOW });
  });
});

describe("a restart", () => {
  it("ignores startAt: a shard without a position is new and read from its beginning", () => {
    const position = after("7", NOW - 1000);
    const { cursors, finished, writes } = plan(
      [shard("a", true), shard("b", true)],
      { a: position },
      "LATEST",
    );
    expect(cursors).toEqual({ a: position });
    expect(finished).toEqual([]);
    expect(writes).toEqual({});
  });

  it("reads a shard that closed meanwhile to its end", () => {
    expect(plan(split, { a: after("7", NOW - 1000) })).toMatchObject({
      cursors: { a: after("7", NOW - 1000) },
      finished: [],
    });
  });

  it("does not read a finished shard again", () => {
    expect(plan(split, { a: end(NOW - 1000, "b", "c") })).toEqual({
      cursors: {},
      finished: ["a"],
      writes: {},
      gaps: [],
    });
  });

  it("drops the mark of a finished shard once it is gone and its children have positions", () => {
    const positions = { a: end(DAY_AGO, "b"), b: after("7", NOW) };
    expect(plan([shard("b", true, "a")], positions)).toMatchObject({ writes: { a: "" }, gaps: [] });
  });

  it("keeps the mark of a finished shard that is gone while a child is still to be read", () => {
    const positions = { a: end(DAY_AGO, "b", "c"), b: after("7", NOW) };
    const { writes, gaps } = plan([shard("b", true, "a"), shard("c", true, "a")], positions);
    expect({ writes, gaps }).toEqual({ writes: { a: `END@${DAY_AGO}:c` }, gaps: [] });
  });

  it("reports children that left the stream unread", () => {
    const { writes, gaps } = plan([shard("d", true, "b")], { a: end(DAY_AGO, "b") });
    expect({ writes, gaps }).toEqual({ writes: { a: "" }, gaps: ["trail/a"] });
  });

  it("reports a finished shard of which nobody knows what followed", () => {
    expect(plan([shard("z", true)], { a: end(DAY_AGO) }).gaps).toEqual(["trail/a"]);
  });

  it("reports a shard that left the stream before its end, and forgets its position", () => {
    const { writes, gaps, finished } = plan([shard("b", true, "a")], { a: after("7", DAY_AGO) });
    expect({ writes, gaps, finished }).toEqual({
      writes: { a: "" },
      gaps: ["trail/a"],
      finished: ["a"],
    });
  });
});
