/** A shard as ListShards names it. */
export interface Shard {
  readonly id: string;
  /** The shards it came from: none, one after a split, two after a merge. */
  readonly parents: readonly string[];
  /** False once the shard takes no more records. */
  readonly open: boolean;
}

/** Where the reading of each known shard stands. */
export interface Progress {
  /** Read to the end, and handed over. */
  readonly finished: ReadonlySet<string>;
  /** Being read. */
  readonly started: ReadonlySet<string>;
}

/**
 * Shards whose reading may start now: those whose parents, both after a merge, were read to the end. A parent that is
 * neither listed nor being read has left the stream with its records and holds nobody up.
 */
export function startableShards(shards: ReadonlyMap<string, Shard>, progress: Progress): Shard[] {
  const pending = (id: string) =>
    !progress.finished.has(id) && (shards.has(id) || progress.started.has(id));
  return [...shards.values()].filter(
    (shard) =>
      !progress.finished.has(shard.id) &&
      !progress.started.has(shard.id) &&
      !shard.parents.some((parent) => parent !== shard.id && pending(parent)),
  );
}

/** Ids of the shards that came from this one, sorted. */
export function childrenOf(shardId: string, shards: Iterable<Shard>): string[] {
  return [...shards]
    .filter((shard) => shard.parents.includes(shardId))
    .map((shard) => shard.id)
    .sort();
}
