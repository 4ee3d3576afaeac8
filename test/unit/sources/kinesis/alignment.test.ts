import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Lane, nextRun } from "../../../../src/sources/kinesis/alignment.ts";
import { ShardLane } from "../../../../src/sources/kinesis/lane.ts";

const head = (headMs: number): Lane => ({ headMs, floorMs: headMs });
const empty = (floorMs: number): Lane => ({ headMs: undefined, floorMs });
const tip: Lane = { headMs: undefined, floorMs: undefined };
const unread = empty(-Infinity);

const cases: [claim: string, lanes: Lane[], expected: ReturnType<typeof nextRun>][] = [
  ["the oldest head goes first", [head(50), head(40)], { lane: 1, untilMs: 50 }],
  ["one lane alone is read through", [head(50)], { lane: 0, untilMs: Infinity }],
  ["nothing in hand, nothing to take", [tip, tip], undefined],
  ["a shard at its tip holds nobody back", [head(50_000), tip], { lane: 0, untilMs: Infinity }],
  ["an unread shard holds back everybody", [head(50), unread], undefined],
  ["a shard that is far behind holds back", [head(1101), empty(1000)], undefined],
  [
    "a shard that is a little behind does not",
    [head(1100), empty(1000)],
    { lane: 0, untilMs: 1100 },
  ],
  ["the furthest behind counts", [head(1100), empty(1000), empty(999)], undefined],
  [
    "a run ends where the next lane's head begins",
    [head(1), head(7), head(5)],
    { lane: 0, untilMs: 5 },
  ],
  ["equal heads take turns without an end", [head(5), head(5)], { lane: 0, untilMs: 5 }],
];

describe("merging shards by arrival time, 100 ms apart at most", () => {
  it.each(cases)("%s", (_claim, lanes, expected) => {
    expect(nextRun(lanes, 100)).toEqual(expected);
  });

  const gaps = fc.array(fc.nat(300), { maxLength: 12 });
  const world = fc.record({
    shards: fc.array(gaps, { minLength: 1, maxLength: 4 }),
    alignmentMs: fc.nat(400),
    schedule: fc.array(fc.nat(1000), { maxLength: 60 }),
  });

  it("hands over everything, and nothing more than the limit ahead of another shard", () => {
    fc.assert(
      fc.property(world, ({ shards, alignmentMs, schedule }) => {
        const arrivals = shards.map(runningSums);
        expect(mergeAll(arrivals, alignmentMs, schedule)).toEqual(
          arrivals.flat().toSorted((left, right) => left - right),
        );
      }),
    );
  });
});

/** Reads shards one record at a time in the order of the schedule, then in turn; fails if merging gets stuck. */
function mergeAll(arrivals: number[][], alignmentMs: number, schedule: number[]): number[] {
  const lanes = arrivals.map((_, index) => new ShardLane(`s${index}`, { kind: "horizon" }));
  const unread = arrivals.map((times) => [...times]);
  const out: number[] = [];
  for (let step = 0; step < 500 && lanes.some((lane) => !(lane.drained && lane.empty)); step += 1) {
    const index = (schedule[step] ?? step) % lanes.length;
    const lane = lanes[index];
    const next = unread[index]?.shift();
    if (lane !== undefined && !lane.drained) {
      const records =
        next === undefined ? [] : [{ sequence: "1", arrivalMs: next, data: new Uint8Array(1) }];
      lane.receive(
        { records, bytes: records.length, next: "", behindMs: 1, children: [] },
        0,
        true,
      );
      lane.drained = next === undefined;
    }
    // A shard read to its end is no longer among those that are merged.
    for (;;) {
      const live = lanes.filter((each) => !(each.drained && each.empty));
      const run = nextRun(live, alignmentMs);
      if (run === undefined) {
        break;
      }
      for (const record of live[run.lane]?.take(run.untilMs, { records: 5, bytes: 99 }) ?? []) {
        const behind = unread.flatMap((times, shard) =>
          lanes[shard]?.drained === true ? [] : times,
        );
        expect(record.arrivalMs).toBeLessThanOrEqual(Math.min(...behind) + alignmentMs);
        out.push(record.arrivalMs);
      }
    }
  }
  return out.toSorted((left, right) => left - right);
}

function runningSums(gaps: readonly number[]): number[] {
  let sum = 1000;
  return gaps.map((gap) => (sum += gap));
}
