import type { Construct } from "constructs";
import type { StreamAccess } from "./encrypted-stream.ts";
import { type HandlerParts, KeyhawkFunction } from "./keyhawk-function.ts";
import type { MemoryTable } from "./memory-table.ts";
import { mapStream, type MappingSettings } from "./stream-mapping.ts";

export interface DetectFunctionProps {
  readonly parts: HandlerParts;
  readonly entities: StreamAccess;
  readonly table: MemoryTable;
  readonly mapping: MappingSettings;
}

/** Folds events into the memories of their entities and queues alerts beside them. */
export class DetectFunction extends KeyhawkFunction {
  constructor(scope: Construct, id: string, props: DetectFunctionProps) {
    const { parts, entities, table, mapping } = props;
    super(scope, id, {
      ...parts,
      handler: "detect",
      description: "Keyhawk: folds events into memories, one conditional write an entity",
      memoryMiB: 1769, // One whole vCPU, by "Configure Lambda function memory".
      timeoutSeconds: 300,
    });
    entities.allowReading(this.role);
    table.allowItems(this.role, itemActions);
    this.mapping = mapStream(this, {
      streamArn: entities.streamArn,
      settings: mapping,
      deadLetters: parts.deadLetters,
    });
  }
}

/** Reads and writes entities and their parts; reads accounts and what people noted. */
const itemActions = ["GetItem", "BatchGetItem", "Query", "UpdateItem", "BatchWriteItem"] as const;
