import type { Random } from "../../../src/simulation/random.ts";
import type { Faults } from "./faults.ts";
import {
  hashOf,
  type SimulatedRecord,
  type SimulatedShard,
  type SimulatedStream,
} from "./simulated-stream.ts";

/** What an invocation came to: undefined for success, a sequence number to go on from, or that it failed as a whole. */
export type InvocationResult = { readonly from: string } | "failed" | undefined;
export type Invoke = (
  records: readonly SimulatedRecord[],
  shard: SimulatedShard,
) => Promise<InvocationResult>;

interface Lane {
  readonly shard: SimulatedShard;
  readonly number: number;
  /** Index into the shard's records of the next one. */
  at: number;
  /** Most records of the next batch, where the last one failed and is bisected. */
  most: number | undefined;
  isBusy: boolean;
}

/**
 * An event source mapping, step by step: ten lanes a shard, each with its partition keys in order; batches of any size, bisected
 * and cut anew when they fail, sometimes delivered twice.
 */
export class SimulatedMapping {
  readonly #stream: SimulatedStream;
  readonly #invoke: Invoke;
  readonly #random: Random;
  readonly #faults: Faults;
  readonly #lanes = new Map<string, Lane[]>();
  readonly #factor: number;
  readonly #discards: boolean;

  constructor(
    stream: SimulatedStream,
    invoke: Invoke,
    given: {
      random: Random;
      faults: Faults;
      factor: number;
      fromSlice?: number;
      discards?: boolean;
    },
  ) {
    this.#stream = stream;
    this.#invoke = invoke;
    this.#random = given.random;
    this.#faults = given.faults;
    this.#factor = given.factor;
    this.#discards = given.discards ?? false;
    for (const shard of stream.shards) {
      const { fromSlice = 0 } = given;
      const start = shard.records.findIndex(({ slice }) => slice >= fromSlice);
      this.#lanesOf(shard, start < 0 ? shard.records.length : start);
    }
  }

  /** Lanes with something to do and nothing under way. */
  ready(): Lane[] {
    return this.#stream.shards.flatMap((shard) => {
      const isOrphan = shard.parents.every((parent) => this.#isRead(parent));
      if (!isOrphan) return [];
      return this.#lanesOf(shard).filter((lane) => !lane.isBusy && this.#next(lane) >= 0);
    });
  }

  get isDrained(): boolean {
    return this.#stream.shards.every((shard) => this.#isRead(shard));
  }

  async step(lane: Lane): Promise<void> {
    lane.isBusy = true;
    const batch = this.#batch(lane);
    const result = await this.#invokeMaybeTwice(batch, lane.shard);
    lane.isBusy = false;
    const last = batch[batch.length - 1];
    if (last === undefined) return;
    if (result === "failed") {
      this.#faults.count("failedBatches");
      if (this.#discards && this.#random.chance(0.5)) {
        // Tried too often, or too old.
        this.#faults.count("discardedBatches");
        lane.at = lane.shard.records.indexOf(last) + 1;
        return;
      }
      if (batch.length > 1 && this.#random.chance(0.5)) {
        lane.most = batch.length >> 1;
        this.#faults.count("bisected");
      } else this.#faults.count("rebatched");
      return;
    }
    lane.most = undefined;
    if (result === undefined) {
      lane.at = lane.shard.records.indexOf(last) + 1;
      return;
    }
    const from = batch.find(({ sequence }) => sequence === result.from);
    if (from === undefined) throw new Error(`the response names no record of the batch`);
    this.#faults.count("partialResponses");
    lane.at = lane.shard.records.indexOf(from);
  }

  async #invokeMaybeTwice(
    batch: readonly SimulatedRecord[],
    shard: SimulatedShard,
  ): Promise<InvocationResult> {
    if (!this.#faults.strikes("double")) return await this.#invoke(batch, shard);
    this.#faults.count("doubleInvocations");
    if (this.#random.chance(0.5)) {
      const [result] = await Promise.all([this.#invoke(batch, shard), this.#invoke(batch, shard)]);
      return result;
    }
    await this.#invoke(batch, shard);
    return await this.#invoke(batch, shard);
  }

  #batch(lane: Lane): SimulatedRecord[] {
    const most = lane.most ?? this.#random.integer(1, 12);
    const batch: SimulatedRecord[] = [];
    for (let at = lane.at; at < lane.shard.records.length && batch.length < most; at += 1) {
      const record = lane.shard.records[at];
      if (record !== undefined && this.#laneOf(record) === lane.number) batch.push(record);
    }
    return batch;
  }

  /** Index of the lane's next record, or −1; what is other lanes' before it is passed over for good. */
  #next(lane: Lane): number {
    const { records } = lane.shard;
    for (; lane.at < records.length; lane.at += 1) {
      const record = records[lane.at];
      if (record !== undefined && this.#laneOf(record) === lane.number) return lane.at;
    }
    return -1;
  }

  #laneOf({ partitionKey }: SimulatedRecord): number {
    return (hashOf(partitionKey) >>> 7) % this.#factor;
  }

  #isRead(shard: SimulatedShard): boolean {
    return this.#lanesOf(shard).every((lane) => !lane.isBusy && this.#next(lane) < 0);
  }

  #lanesOf(shard: SimulatedShard, at = 0): Lane[] {
    const known = this.#lanes.get(shard.id);
    if (known !== undefined) return known;
    const lanes = Array.from({ length: this.#factor }, (_, number) => ({
      shard,
      number,
      at,
      most: undefined,
      isBusy: false,
    }));
    this.#lanes.set(shard.id, lanes);
    return lanes;
  }
}
