import type { EntityKind } from "./workload.ts";

/**
 * What was measured on this project's own simulated trails. `test/unit/infra/cost.test.ts` holds bytes, targets, records and commits
 * to the code that runs; `npm run bench:handlers` prints processor time and items, `npm run bench` the speed of the one process.
 */
export const measured = {
  /** A KMS event in a gzip batch of CloudWatch Logs, and opened. */
  source: { bytesPerEvent: 165, openedBytesPerEvent: 1450 },
  /**
   * An event packed for all its entities, and what a record of the entity stream takes besides; an event among many of one entity.
   */
  packed: { bytesPerEvent: 128, bytesPerRecord: 720, hotBytesPerEvent: 100 },
  /** Share of the events that some detector of an entity of this kind counts. */
  targets: { principal: 1, key: 0.95, account: 0.92 } satisfies Record<EntityKind, number>,
  /**
   * Bytes of an entity's item against its base, but for identities of calls; of the base, a memory of three weeks; bases an hour of
   * an entity that is always busy, and of one commit at most.
   */
  itemBytes: { principal: 950, key: 640, account: 790 } satisfies Record<EntityKind, number>,
  baseBytes: { principal: 2900, key: 1900, account: 4000 } satisfies Record<EntityKind, number>,
  basesPerHour: { principal: 1.3, key: 0.25, account: 1 } satisfies Record<EntityKind, number>,
  basesPerCommit: 0.22,
  /** Units of the table for what reports draw of an entity's hour: a row, and of a principal the keys that it used. */
  historyUnits: { principal: 2.6, key: 1, account: 1 } satisfies Record<EntityKind, number>,
  /** Units of the table for one revision of an alert, until it is told; for one run of `tick`; for reading accounts, aliases and hours
   * in which anybody was heard. */
  revision: { writeUnits: 15, readUnits: 10 },
  tick: { readUnits: 7 },
  organization: { readUnits: 4 },
  /**
   * Microseconds of one vCPU: opening and packing an event; folding it into one entity; one commit, of which half is waiting for the
   * table, 32 at a time.
   */
  micros: { spreadPerEvent: 75, foldPerTarget: 50, commit: 800 },
  /** KMS events a second of the one process on two vCPUs, among records of other services as in `npm run bench`. */
  worker: { eventsPerSecond: 36_000 },
} as const;
