import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../../src/simulation/random.ts";
import { Bell } from "./lambda/bell.ts";
import { type FilterPattern, passesFilter } from "./lambda/event-filter.ts";
import { type BatchOptions, Lane, type MappingCounts, noCounts } from "./lambda/lane.ts";
import type { LambdaFunction } from "./lambda/lambda-function.ts";
import type {
  ShardStart,
  StreamReader,
  StreamRecord,
  StreamShard,
} from "./lambda/stream-reader.ts";

export interface MappingOptions extends BatchOptions {
  /** Batches of a shard at the same time, 1 to 10; records of one partition key keep their order. */
  readonly parallelizationFactor: number;
  /** Pause between reads of a shard that has nothing new, and of the list of shards; shorter while somebody waits in `drained`. */
  readonly pollMs: number;
  /** Records that do not pass are skipped. */
  readonly filter: FilterPattern;
  /** What chance is drawn from. */
  readonly seed: string;
  /** Where another mapping stopped; without it from the oldest record on. */
  readonly positions?: MappingPositions;
  /** Counts to go on with, those of a mapping that this one replaces. */
  readonly counts?: MappingCounts;
}

/** By shard: where to go on, or that it is read to its end. */
export type MappingPositions = ReadonlyMap<string, ShardStart | "finished">;

/** An event source mapping at work. */
export interface EventSourceMapping {
  readonly counts: MappingCounts;
  /** Where another mapping would have to begin now. */
  positions(): MappingPositions;
  /**
   * Resolves when all that was in the stream at the time of the call is settled, abandoned handlers included. Throws with what
   * is open when that takes longer than the deadline.
   */
  drained(deadlineMs?: number): Promise<void>;
  /** Stops without hearing how batches under way end; a new mapping from these positions gets again what was not settled. */
  stop(): Promise<MappingPositions>;
}

const defaults: MappingOptions = {
  batchSize: 100,
  batchingWindowMs: 0,
  parallelizationFactor: 1,
  reportBatchItemFailures: false,
  bisectBatchOnFunctionError: false,
  maximumRetryAttempts: Number.POSITIVE_INFINITY,
  maximumRecordAgeMs: Number.POSITIVE_INFINITY,
  retryDelayMs: 5,
  filter: {},
  pollMs: 100,
  seed: "mapping",
  chaos: {},
};
/** Pause between reads while somebody waits for the end. */
const HURRIED_POLL_MS = 20;
/** Records read ahead of the function, per shard. */
const MOST_AHEAD = 20_000;

/**
 * Emulates Lambda's event source mapping on a stream of Kinesis or DynamoDB (AWS Lambda Developer Guide, "with-kinesis" and
 * "with-ddb"): at-least-once, in order per partition key the first time, children after parents. Left-out options have AWS's defaults.
 */
export function startEventSourceMapping(
  reader: StreamReader,
  invoked: LambdaFunction,
  given: Partial<MappingOptions> = {},
): EventSourceMapping {
  const options = { ...defaults, ...given };
  const counts = options.counts ?? noCounts();
  const stopped = new AbortController();
  const bell = new Bell();
  const shards = new Map<string, ReadShard>();
  let listedMs = Number.NEGATIVE_INFINITY;
  let lastError: unknown;

  async function list(): Promise<void> {
    const startedMs = performance.now();
    const listed = await reader.shards();
    const ids = new Set(listed.map(({ id }) => id));
    for (const shard of listed) {
      const isReady = shard.parents.every(
        (parent) => !ids.has(parent) || shards.get(parent)?.isFinished === true,
      );
      if (isReady && !shards.has(shard.id)) shards.set(shard.id, start(shard));
    }
    if (listed.every(({ id }) => shards.has(id))) listedMs = startedMs;
  }

  function start({ id }: StreamShard): ReadShard {
    const lanes = Array.from({ length: options.parallelizationFactor }, (_, lane) => {
      const random = new Random(`${options.seed}/${id}/${lane}`);
      const { signal } = stopped;
      return new Lane({ invoked, stream: reader, shardId: id, options, counts, random, signal });
    });
    const from = options.positions?.get(id) ?? { type: "oldest" };
    return new ReadShard(id, from, lanes, { reader, options, counts, noteError, stopped, bell });
  }

  function noteError(error: unknown): void {
    counts.readErrors += 1;
    lastError = error;
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      await list().catch(noteError);
      await bell.wait(options.pollMs);
    }
  }

  const positions = (): MappingPositions =>
    new Map([...shards].map(([id, shard]) => [id, shard.position]));
  const running = run();
  return {
    counts,
    positions,
    async drained(deadlineMs = 30_000) {
      const calledMs = performance.now();
      const isDrained = () =>
        listedMs > calledMs && [...shards.values()].every((shard) => shard.isDrained(calledMs));
      for (let turn = 0; !isDrained(); turn += 1) {
        if (turn % (HURRIED_POLL_MS / 2) === 0) bell.ring();
        if (performance.now() - calledMs > deadlineMs) {
          const open = [...shards.values()].map((shard) => shard.describe()).join(", ");
          throw new Error(
            `not drained after ${deadlineMs} ms: ${open}; ${JSON.stringify(counts)}; last error of a read: ${String(lastError)}`,
          );
        }
        await sleep(2);
      }
      await invoked.settled();
    },
    async stop() {
      stopped.abort();
      bell.ring();
      await running;
      await Promise.all([...shards.values()].map((shard) => shard.ended));
      reader.close();
      return positions();
    },
  };
}

interface ShardContext {
  readonly reader: StreamReader;
  readonly options: MappingOptions;
  readonly counts: MappingCounts;
  readonly noteError: (error: unknown) => void;
  readonly stopped: AbortController;
  readonly bell: Bell;
}

/** A shard under way: reads it to the end and deals its records out to the lanes. */
class ReadShard {
  readonly ended: Promise<void>;
  readonly #id: string;
  readonly #lanes: readonly Lane[];
  readonly #context: ShardContext;
  #start: ShardStart;
  #isFinished: boolean;
  /** When the last read that found nothing more was begun. */
  #tipMs = Number.NEGATIVE_INFINITY;

  constructor(
    id: string,
    from: ShardStart | "finished",
    lanes: readonly Lane[],
    context: ShardContext,
  ) {
    this.#id = id;
    this.#lanes = lanes;
    this.#context = context;
    this.#isFinished = from === "finished";
    this.#start = from === "finished" ? { type: "oldest" } : from;
    this.ended = this.#run();
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  get position(): ShardStart | "finished" {
    if (this.#isFinished) return "finished";
    const unsettled = this.#lanes
      .flatMap(({ oldest }) => oldest?.sequenceNumber ?? [])
      .sort((one, other) => (BigInt(one) < BigInt(other) ? -1 : 1));
    const [sequenceNumber] = unsettled;
    return sequenceNumber === undefined ? this.#start : { type: "at", sequenceNumber };
  }

  isDrained(sinceMs: number): boolean {
    return this.#isFinished || (this.#tipMs > sinceMs && this.#waiting === 0);
  }

  describe(): string {
    return `${this.#id}: ${this.#isFinished ? "finished" : `${this.#waiting} records wait`}`;
  }

  get #waiting(): number {
    return this.#lanes.reduce((sum, { length }) => sum + length, 0);
  }

  async #run(): Promise<void> {
    if (!this.#isFinished) await this.#read();
    await Promise.all(this.#lanes.map((lane) => lane.close()));
    this.#isFinished ||= !this.#context.stopped.signal.aborted;
  }

  async #read(): Promise<void> {
    const { reader, options, counts, noteError, stopped, bell } = this.#context;
    let iterator: string | undefined;
    while (!stopped.signal.aborted) {
      if (this.#waiting > MOST_AHEAD) {
        await sleep(options.pollMs);
        continue;
      }
      try {
        iterator ??= await reader.open(this.#id, this.#start);
        const startedMs = performance.now();
        counts.reads += 1;
        const page = await reader.read(this.#id, iterator);
        for (const record of page.records) this.#deal(record);
        if (page.isAtTip) this.#tipMs = startedMs;
        if (page.next === undefined) return;
        iterator = page.next;
        if (page.isAtTip) await bell.wait(options.pollMs);
      } catch (error) {
        noteError(error);
        // Whether it was the iterator or the connection: the last record read says where to go on.
        iterator = undefined;
        await sleep(options.retryDelayMs);
      }
    }
  }

  #deal(record: StreamRecord): void {
    const { counts, options } = this.#context;
    counts.records += 1;
    if (passesFilter(JSON.parse(record.json), options.filter)) {
      counts.passed += 1;
      this.#lanes[laneOf(record.orderKey, this.#lanes.length)]?.add(record);
    }
    this.#start = { type: "after", sequenceNumber: record.sequenceNumber };
  }
}

/** FNV-1a over the key's UTF-16 units. */
function laneOf(key: string, lanes: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % lanes;
}
