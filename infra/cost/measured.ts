import type { EntityKind } from "./workload.ts";

/**
 * What was measured on this project's own simulated trails; `test/unit/infra/cost.test.ts` measures the sizes and counts again
 * with the code that runs.
 */
export const measured = {
  /** A KMS event in a gzip batch of CloudWatch Logs, and opened. */
  source: { bytesPerEvent: 165, openedBytesPerEvent: 1450 },
  /** An event packed for all its entities, what a record of the entity stream takes besides; an event among many of one entity. */
  packed: { bytesPerEvent: 128, bytesPerRecord: 720, hotBytesPerEvent: 100 },
  /** Share of the events that some detector of an entity of this kind counts. */
  targets: { principal: 1, key: 0.95, account: 0.92 } satisfies Record<EntityKind, number>,
  /** A grown memory in its item, compressed, with the item's name and other attributes. */
  itemBytes: { principal: 3000, key: 2000, account: 1950 } satisfies Record<EntityKind, number>,
  /** KMS events a second of the one process on two vCPUs, among as many records of other services as `npm run bench` has. */
  worker: { eventsPerSecond: 36_000 },
  /** Processor time, microseconds of one vCPU: opening and packing an event; folding it into one entity; one commit. */
  cpuMicros: { spreadPerEvent: 90, foldPerTarget: 15, commit: 2500 },
} as const;
