import type { EntityStore } from "../entity-store.ts";
import { alertItems } from "./alert-items.ts";
import { keepAlertsDirectly } from "./direct-alerts.ts";
import { directOutbox } from "./direct-outbox.ts";
import { entityItems } from "./entity-items.ts";
import { watermarkOfConsumer } from "./handed-over.ts";
import { keepHistoryDirectly } from "./history-items.ts";
import { claimLearning } from "./learner.ts";
import { segmentItems, sharedItems } from "./shared-items.ts";
import { StoreAccess } from "./store-access.ts";
import { suppressionItems } from "./suppression-items.ts";
import { Table, type TableOptions } from "./table.ts";

export interface DynamodbEntityStoreOptions extends TableOptions {
  /** Wall clock of the outbox, milliseconds. */
  readonly now?: () => number;
}

/**
 * Opens the table of `tableDefinition` for the Lambda handlers. Region, credentials and endpoint are those of the AWS SDK. Nothing
 * is asked of the table until the first call.
 */
export function openDynamodbEntityStore(
  name: string,
  options: DynamodbEntityStoreOptions = {},
): EntityStore {
  const table = new Table(name, options);
  const access = new StoreAccess(table, "annotate", undefined, options.now ?? Date.now);
  return {
    async claim() {
      await claimLearning(table, "functions", access.now());
      return await watermarkOfConsumer(access.items);
    },
    ...entityItems(access),
    ...segmentItems(access),
    ...sharedItems(access),
    keepHistory: (history) => keepHistoryDirectly(access, history),
    keepAlerts: (alerts, suppressed) => keepAlertsDirectly(access, alerts, suppressed),
    alerts: alertItems(access),
    deliveries: directOutbox(access),
    suppressions: suppressionItems(access),
    async [Symbol.asyncDispose]() {
      table[Symbol.dispose]();
    },
  };
}
