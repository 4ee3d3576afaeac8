/** One record of a stream, ready to be put into an invocation. */
export interface StreamRecord {
  readonly sequenceNumber: string;
  /** What keeps its order under parallelisation: the partition key, or the item's key for a table's stream. */
  readonly orderKey: string;
  readonly arrivalMs: number;
  /** The record of the Lambda event, as JSON text. */
  readonly json: string;
}

export interface StreamShard {
  readonly id: string;
  /** Shards that must be read to their ends first; one that the stream no longer lists does not count. */
  readonly parents: readonly string[];
}

/** Where to begin in a shard. */
export type ShardStart =
  | { readonly type: "oldest" }
  | { readonly type: "at" | "after"; readonly sequenceNumber: string };

export interface ReadPage {
  readonly records: readonly StreamRecord[];
  /** Undefined at the end of a closed shard. */
  readonly next: string | undefined;
  /** Whether nothing more was there to read. */
  readonly isAtTip: boolean;
}

/** Reads a stream of Kinesis or of a DynamoDB table for an event source mapping. Everything may throw and is tried again. */
export interface StreamReader {
  readonly arn: string;
  /** Key under which an on-failure destination describes the batch. */
  readonly batchInfo: "KinesisBatchInfo" | "DDBStreamBatchInfo";
  shards(): Promise<StreamShard[]>;
  /** An iterator. */
  open(shardId: string, start: ShardStart): Promise<string>;
  read(shardId: string, iterator: string): Promise<ReadPage>;
  close(): void;
}
