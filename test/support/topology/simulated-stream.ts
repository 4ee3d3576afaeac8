import type { Random } from "../../../src/simulation/random.ts";

/** A record of a simulated stream. */
export interface SimulatedRecord {
  readonly sequence: string;
  readonly partitionKey: string;
  readonly data: Uint8Array;
  /** The slice of time in which it was put. */
  readonly slice: number;
}

export interface SimulatedShard {
  readonly id: string;
  /** Range of hashes, `to` not included. */
  readonly from: number;
  readonly to: number;
  readonly parents: readonly SimulatedShard[];
  readonly records: SimulatedRecord[];
  isOpen: boolean;
}

const HASHES = 1 << 16;

/** A stream in memory: shards with ranges of hashes, which split and merge. */
export class SimulatedStream {
  readonly shards: SimulatedShard[] = [];
  slice = 0;
  #sequence = 0;

  constructor(shards: number) {
    for (let index = 0; index < shards; index += 1) {
      this.#add((index * HASHES) / shards, ((index + 1) * HASHES) / shards, []);
    }
  }

  put(partitionKey: string, data: Uint8Array): void {
    const hash = hashOf(partitionKey) % HASHES;
    const shard = this.shards.find(({ isOpen, from, to }) => isOpen && hash >= from && hash < to);
    if (shard === undefined) throw new Error(`no shard for ${partitionKey}`);
    this.#sequence += 1;
    // Kinesis's numbers are long; what compares them as numbers of JavaScript is wrong.
    const sequence = `49590338271490256608559692538361571095921575${String(this.#sequence).padStart(12, "0")}`;
    shard.records.push({ sequence, partitionKey, data, slice: this.slice });
  }

  /** Splits an open shard, or merges two neighbours. */
  reshard(random: Random): void {
    const open = this.shards.filter(({ isOpen }) => isOpen);
    const one = random.pick(open);
    const next = open.find(({ from }) => from === one.to);
    if (open.length > 3 && next !== undefined) {
      one.isOpen = false;
      next.isOpen = false;
      this.#add(one.from, next.to, [one, next]);
      return;
    }
    if (one.to - one.from < 2) return;
    const middle = (one.from + one.to) >> 1;
    one.isOpen = false;
    this.#add(one.from, middle, [one]);
    this.#add(middle, one.to, [one]);
  }

  #add(from: number, to: number, parents: readonly SimulatedShard[]): void {
    const id = `shardId-${String(this.shards.length).padStart(12, "0")}`;
    this.shards.push({ id, from, to, parents, records: [], isOpen: true });
  }
}

/** A number below 2^32 that is spread over it (FNV-1a). */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash ^ (hash >>> 13)) >>> 0;
}
