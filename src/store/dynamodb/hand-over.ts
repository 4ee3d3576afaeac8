import { noChanges } from "../commit.ts";
import type { Learner } from "../learner.ts";
import { openDynamodbStore, type DynamodbStoreOptions } from "./dynamodb-store.ts";
import { noteLearner } from "./learner.ts";
import { Table } from "./table.ts";

/**
 * Lets the other shape go on learning from what a table holds. A process that has the table must have stopped: else rejects with
 * `StoreError` `locked`; functions learn for half a minute more unless they are paused.
 */
export async function handOverTable(
  name: string,
  to: Learner,
  options: DynamodbStoreOptions = {},
): Promise<void> {
  await using store = await openDynamodbStore(name, options);
  using table = new Table(name, options);
  // Memories, alerts and what people noted are the same for both; what all entities share is kept in another way by each. The
  // functions read that of a process as it is.
  const engineState = to === "run" ? await store.engineState() : undefined;
  if (engineState !== undefined) await store.commit({ ...noChanges, engineState });
  await noteLearner(table, to, (options.now ?? Date.now)());
}
