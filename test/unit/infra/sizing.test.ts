import { describe, expect, it } from "vitest";
import { centsPerMillion, serverlessDollars, totalDollars } from "../../../infra/cost/dollars.ts";
import { ordinaryKnobs, serverlessCounts } from "../../../infra/cost/serverless.ts";
import { unitsIn } from "../../../infra/cost/table.ts";
import { ordinaryWorkload } from "../../../infra/cost/workload.ts";
import { ServerlessSettings } from "../../../infra/settings.ts";
import { sizedServerless, sizedSource } from "../../../infra/sizing.ts";
import { StreamSettings } from "../../../infra/constructs/encrypted-stream.ts";

const sized = (eventsPerDay: number | undefined, given: unknown = {}) =>
  sizedServerless(ServerlessSettings.parse(given), eventsPerDay);

/** The day of a deployment as it is, by the model. */
function costOf(eventsPerDay: number) {
  const { detect, buckets, entityStream, capacity } = sized(eventsPerDay);
  const counts = serverlessCounts(ordinaryWorkload(eventsPerDay), {
    ...ordinaryKnobs(detect.batchWindowSeconds),
    parallelization: detect.parallelization,
    buckets,
    entityShards: Number(entityStream.shards),
  });
  const dollars = totalDollars(
    serverlessDollars(counts, capacity === undefined ? "on-demand" : "provisioned"),
  );
  return { counts, dollars, cents: centsPerMillion(dollars, eventsPerDay), capacity };
}

describe("a deployment for so many events a day", () => {
  it("of a billion costs at most five cents a million, with nothing else said", () => {
    expect(costOf(1e9).cents).toBeLessThan(5);
  });

  it.each([1e6, 1e8, 1e9, 1e10])(
    "of %d costs at most five cents a million, or seven dollars a day",
    (eventsPerDay) => {
      const { dollars, cents } = costOf(eventsPerDay);
      expect(Math.min(cents / 5, dollars / 7)).toBeLessThanOrEqual(1);
    },
  );

  it("of few keeps a short window, of many a longer one", () => {
    const windowOf = (events: number) => sized(events).detect.batchWindowSeconds;
    expect(windowOf(1e6)).toBe(10);
    expect(windowOf(1e9)).toBeGreaterThan(windowOf(1e6));
    expect(windowOf(1e9)).toBeLessThanOrEqual(300);
  });

  it("has capacity for six times the average, and shards for the window to end before a call is full", () => {
    const { counts, capacity } = costOf(1e9);
    const mean = unitsIn(counts.table.writes) / 86_400;
    expect(capacity?.write.maximum).toBeGreaterThan(5 * mean);
    expect(capacity?.write.minimum).toBeLessThan(mean / 2);
    const { detect, entityStream } = sized(1e9);
    const perCall =
      ((counts.entityBytes / 86_400) * detect.batchWindowSeconds) /
      (Number(entityStream.shards) * detect.parallelization);
    expect(perCall).toBeLessThanOrEqual(4.3e6);
    expect(sizedSource(StreamSettings.parse({}), 1e9)).toMatchObject({ shards: 6 });
  });

  it("keeps what is set", () => {
    const given = {
      detect: { batchRecords: 500, batchWindowSeconds: 7, parallelization: 3 },
      entityStream: { shards: 2 },
      capacity: "on-demand",
    };
    const { detect, entityStream, capacity } = sized(1e9, given);
    expect(detect).toMatchObject(given.detect);
    expect(entityStream.shards).toBe(2);
    expect(capacity).toBeUndefined();
    const bounds = { read: { maximum: 9, minimum: 1 }, write: { maximum: 8, minimum: 1 } };
    expect(sized(1e9, { capacity: bounds }).capacity).toEqual(bounds);
    const source = StreamSettings.parse({ shards: "on-demand" });
    expect(sizedSource(source, 1e9)).toEqual(source);
    // A window that is set is what shards and capacity are for.
    expect(sized(1e9, { detect: { batchRecords: 1, batchWindowSeconds: 10 } })).toMatchObject({
      detect: { batchWindowSeconds: 10, parallelization: 10 },
      entityStream: { shards: 5 },
    });
  });

  it("of nobody knows how many is on demand, with a window of a minute", () => {
    const { detect, entityStream, capacity } = sized(undefined);
    expect(detect).toMatchObject({ batchWindowSeconds: 60, parallelization: 1 });
    expect([entityStream.shards, capacity]).toEqual([undefined, undefined]);
  });
});
