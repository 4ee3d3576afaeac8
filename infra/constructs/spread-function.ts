import type { Construct } from "constructs";
import type { ContextHashKey } from "./context-hash-key.ts";
import type { StreamAccess } from "./encrypted-stream.ts";
import { type HandlerParts, KeyhawkFunction } from "./keyhawk-function.ts";
import type { MemoryTable } from "./memory-table.ts";
import { mapStream, type MappingSettings } from "./stream-mapping.ts";

export interface SpreadFunctionProps {
  readonly parts: HandlerParts;
  readonly source: StreamAccess;
  readonly entities: StreamAccess;
  readonly table: MemoryTable;
  readonly contextHashKey: ContextHashKey;
  readonly mapping: MappingSettings;
  readonly paused: boolean;
}

/** Opens what arrives on the source stream and hands each event on to the entities that it is about. */
export class SpreadFunction extends KeyhawkFunction {
  constructor(scope: Construct, id: string, props: SpreadFunctionProps) {
    const { parts, source, entities, table, contextHashKey, mapping, paused } = props;
    super(scope, id, {
      ...parts,
      environment: { ...parts.environment, KEYHAWK_HASH_KEY_SECRET: contextHashKey.reference },
      handler: "spread",
      description: "Keyhawk: opens records and packs their events per entity bucket",
      memoryMiB: 1769, // One whole vCPU, by "Configure Lambda function memory".
      timeoutSeconds: 120,
    });
    contextHashKey.allowReading(this.role);
    source.allowReading(this.role);
    entities.allowWriting(this.role);
    table.allowItems(this.role, ["GetItem", "Query", "UpdateItem"]); // Accounts, aliases and hours.
    this.mapping = mapStream(this, {
      streamArn: source.streamArn,
      settings: mapping,
      paused,
      deadLetters: parts.deadLetters,
    });
  }
}
