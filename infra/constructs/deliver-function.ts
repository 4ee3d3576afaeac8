import type { Construct } from "constructs";
import { outboxFilter } from "../../src/store/dynamodb/table-definition.ts";
import type { EncryptedTopic } from "./encrypted-topic.ts";
import type { StreamAccess } from "./encrypted-stream.ts";
import { type HandlerParts, KeyhawkFunction } from "./keyhawk-function.ts";
import type { MemoryTable } from "./memory-table.ts";
import type { SinkSecrets } from "./sink-secrets.ts";
import { mapStream, type MappingSettings } from "./stream-mapping.ts";

export interface DeliverFunctionProps {
  readonly parts: HandlerParts;
  readonly entities: StreamAccess;
  readonly table: MemoryTable;
  readonly alerts: EncryptedTopic;
  readonly sinkSecrets: SinkSecrets;
  readonly mapping: MappingSettings;
}

/** Sends what waits in the outboxes to the sinks, and puts signs for the combination on the entity stream. */
export class DeliverFunction extends KeyhawkFunction {
  constructor(scope: Construct, id: string, props: DeliverFunctionProps) {
    const { parts, entities, table, alerts, sinkSecrets, mapping } = props;
    super(scope, id, {
      ...parts,
      handler: "deliver",
      description: "Keyhawk: sends alerts from the outboxes to the sinks",
      memoryMiB: 512,
      timeoutSeconds: 120,
    });
    table.allowStream(this.role);
    table.allowItems(this.role, deliveryActions);
    entities.allowWriting(this.role);
    alerts.allowPublishing(this.role);
    sinkSecrets.allowReading(this.role);
    this.mapping = mapStream(this, {
      streamArn: table.streamArn,
      settings: mapping,
      filter: outboxFilter, // Of all changes of the table only those that something is to be told of.
      deadLetters: parts.deadLetters,
    });
  }
}

/** Empties outboxes of entities into alerts and deliveries, and takes out what was accepted; `tick` does the same. */
export const deliveryActions = [
  "GetItem",
  "BatchGetItem",
  "Query",
  "PutItem",
  "UpdateItem",
  "DeleteItem",
  "BatchWriteItem",
] as const;
