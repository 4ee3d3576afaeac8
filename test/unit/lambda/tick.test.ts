import { expect, it } from "vitest";
import { waitingCounts } from "../../../src/lambda/tick.ts";

it("what waits is counted over all sinks, the oldest by its age", () => {
  const outbox = [
    { pending: 2, parked: 0, oldestPendingMs: 70_000 },
    { pending: 1, parked: 3, oldestPendingMs: 40_000 },
    { pending: 0, parked: 0, oldestPendingMs: undefined },
  ];
  expect(waitingCounts(outbox, 100_000)).toEqual({
    deliveriesPending: 3,
    deliveriesParked: 3,
    oldestPendingMs: 60_000,
  });
});
