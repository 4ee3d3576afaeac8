import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Batch, BatchCounts, Source } from "../../src/sources/source.ts";
import { collect, type Collected, commit } from "../support/collect.ts";

/** Something for a source to read, and what is known to be in it. */
export interface SourceWorld {
  /** A new source over the same world. It should yield several batches. */
  source(): Source;
  /** Ids of all events in the world by now, in any order. */
  eventIds(): readonly string[];
  /** How many things in the world cannot be understood; at least one. */
  readonly deadLetters: number;
  /** What the counts of all batches must add up to, as far as the world knows. */
  readonly counts: Partial<BatchCounts>;
  /**
   * For a live source, which never ends: adds one more event to each of its parts. Reading stops at the last of them,
   * which proves what came before.
   */
  readonly publish?: () => Promise<void>;
  close(): Promise<void>;
}

/** The suite that each source must pass. */
export function describeSource(name: string, open: () => Promise<SourceWorld>): void {
  describe(`the source ${name}`, () => {
    let world: SourceWorld;
    let whole: Collected;

    beforeAll(async () => {
      world = await open();
      await world.publish?.();
      whole = await readOn(world, new Map());
    });
    afterAll(() => world.close());

    it("has a name", () => {
      expect(world.source().name).toMatch(/\S/);
    });

    it("reads every event once, in several batches", () => {
      expect(whole.batches.length).toBeGreaterThan(1);
      expect(sorted(whole.eventIds)).toEqual(sorted(idsOf(whole.batches)));
      expect(new Set(whole.eventIds).size).toBe(whole.eventIds.length);
    });

    it("orders the events of a batch by time, then id", () => {
      for (const { events } of whole.batches) {
        const order = events.map(
          (event) => `${String(event.timeMs).padStart(16, "0")} ${event.eventId}`,
        );
        expect(order).toEqual(sorted(order));
      }
    });

    it("keeps what it does not understand, with a reason and a coordinate", () => {
      const letters = whole.batches.flatMap((batch) => batch.deadLetters);
      expect(letters).toHaveLength(world.deadLetters);
      for (const letter of letters) {
        expect(letter.detail).toMatch(/\S/);
        expect(letter.origin).toMatch(/\S/);
      }
    });

    it("counts all that it read", () => {
      const counts = sumOf(whole.batches);
      expect(counts).toMatchObject(world.counts);
      expect(counts.rejected).toBe(world.deadLetters);
      expect(counts.records).toBeGreaterThanOrEqual(counts.kmsEvents);
    });

    it("goes on exactly after whatever was committed", async () => {
      const seen = whole.batches;
      await world.publish?.();
      const resumed = Array.from({ length: seen.length + 1 }, async (_, committed) => {
        const before = seen.slice(0, committed);
        const rest = await readOn(world, commit(new Map(), before), idsOf(before));
        const all = [...idsOf(before), ...rest.eventIds];
        expect(sorted(all), `after ${committed} of ${seen.length} batches`).toEqual(
          sorted(world.eventIds()),
        );
      });
      await Promise.all(resumed);
    });

    it("ends without an error when it is told to stop, at whatever batch", async () => {
      for (let stopAt = 1; stopAt <= 3; stopAt += 1) {
        const stopped = await collect(world.source(), {
          until: ({ batches }) => batches.length >= stopAt,
        });
        expect(stopped.batches.length).toBeGreaterThanOrEqual(1);
      }
    });

    it("reads nothing when it is told to stop before it starts", async () => {
      const batches: Batch[] = [];
      for await (const batch of world.source().read(new Map(), AbortSignal.abort())) {
        batches.push(batch);
      }
      expect(batches).toEqual([]);
    });

    it("can be left in the middle", async () => {
      for await (const batch of world.source().read(new Map(), new AbortController().signal)) {
        expect(batch).toBeDefined();
        break;
      }
    });
  });
}

/** Reads to the end, or, where there is none, until all that is known to be there was read. */
async function readOn(
  world: SourceWorld,
  positions: ReadonlyMap<string, string>,
  known: readonly string[] = [],
): Promise<Collected> {
  if (world.publish === undefined) {
    return collect(world.source(), { positions });
  }
  const wanted = new Set(world.eventIds());
  return collect(world.source(), {
    positions,
    until: ({ eventIds }) => new Set([...known, ...eventIds]).size >= wanted.size,
  });
}

function idsOf(batches: readonly Batch[]): string[] {
  return batches.flatMap((batch) => batch.events.map((event) => event.eventId));
}

function sorted(texts: readonly string[]): string[] {
  return texts.toSorted();
}

function sumOf(batches: readonly Batch[]): BatchCounts {
  const sum = {
    files: 0,
    filesSkipped: 0,
    filesFailed: 0,
    bytesCompressed: 0,
    bytes: 0,
    records: 0,
    kmsEvents: 0,
    rejected: 0,
  };
  for (const { counts } of batches) {
    for (const name of Object.keys(sum) as (keyof BatchCounts)[]) {
      sum[name] += counts[name];
    }
  }
  return sum;
}
