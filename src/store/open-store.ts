import { tableIn } from "./place.ts";
import type { StateStore } from "./store.ts";

export interface OpenOptions {
  /**
   * `consume` (the default) makes the state where there is none, and has it alone until disposed. `annotate` writes short notes
   * of people beside a live consumer; `read` only reads.
   */
  readonly access?: "consume" | "annotate" | "read";
  /** Whether the consumer learns: refused (`locked`) where the Lambda functions do. False by default. */
  readonly learns?: boolean;
  /** Most alerts pending per sink, 100,000 by default; further ones are parked. */
  readonly outboxLimit?: number;
}

/** Opens the state in a folder or in `dynamodb://TABLE`, loading no more than its driver. Throws `StoreError`. */
export async function openStore(place: string, options: OpenOptions = {}): Promise<StateStore> {
  const table = tableIn(place);
  if (table === undefined) {
    const { openSqliteStore } = await import("./sqlite/sqlite-store.ts");
    return await openSqliteStore(place, options);
  }
  const { openDynamodbStore } = await import("./dynamodb/dynamodb-store.ts");
  return await openDynamodbStore(table, options);
}
