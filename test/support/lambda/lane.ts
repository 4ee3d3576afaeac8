import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../../src/simulation/random.ts";
import { Bell } from "./bell.ts";
import { type Chaos, type ChaosCounts, invokeInChaos, noChaos } from "./chaos.ts";
import type { Discarded, FailureDestination } from "./failure-destination.ts";
import {
  type InvocationResult,
  type LambdaFunction,
  MOST_PAYLOAD_BYTES,
} from "./lambda-function.ts";
import type { StreamReader, StreamRecord } from "./stream-reader.ts";

/** How a mapping cuts batches and what it does with those that fail, named as in AWS's CreateEventSourceMapping. */
export interface BatchOptions {
  /** Most records of a batch, 1 to 10,000. */
  readonly batchSize: number;
  /** How long a batch may wait for more records, from its first on. */
  readonly batchingWindowMs: number;
  readonly reportBatchItemFailures: boolean;
  readonly bisectBatchOnFunctionError: boolean;
  /** Failed attempts after the first; Infinity: never given up. */
  readonly maximumRetryAttempts: number;
  /** Since a record's arrival in the stream; Infinity: no limit. */
  readonly maximumRecordAgeMs: number;
  readonly onFailure?: FailureDestination;
  /** Pause before a batch is tried again; doubles with each failure, up to eight times as long. */
  readonly retryDelayMs: number;
  readonly chaos: Chaos;
}

/** What a mapping did so far. */
export interface MappingCounts {
  /** Pages read of the stream, and those reads that failed. */
  reads: number;
  readErrors: number;
  /** Records read, each shard's once, and those of them that passed the filter. */
  records: number;
  passed: number;
  /** Batches given to the function, whatever became of them. */
  batches: number;
  /** Records given to the function, repetitions included. */
  delivered: number;
  failed: number;
  timedOut: number;
  throttled: number;
  /** Answers that named a record with which to go on. */
  partial: number;
  splits: number;
  /** Records given up. */
  discarded: number;
  readonly chaos: ChaosCounts;
}

export function noCounts(): MappingCounts {
  return {
    reads: 0,
    readErrors: 0,
    records: 0,
    passed: 0,
    batches: 0,
    delivered: 0,
    failed: 0,
    timedOut: 0,
    throttled: 0,
    partial: 0,
    splits: 0,
    discarded: 0,
    chaos: noChaos(),
  };
}

export interface LaneContext {
  readonly invoked: LambdaFunction;
  readonly stream: Pick<StreamReader, "arn" | "batchInfo">;
  readonly shardId: string;
  readonly options: BatchOptions;
  readonly counts: MappingCounts;
  readonly random: Random;
  readonly signal: AbortSignal;
}

interface Pending {
  readonly record: StreamRecord;
  readonly bytes: number;
  readonly queuedMs: number;
  /** Failed attempts. */
  attempts: number;
  /** A batch that failed keeps its cut. */
  endsBatch: boolean;
}

const EMPTY_PAYLOAD_BYTES = '{"Records":[]}'.length;

/** One of the at most ten lines in which a shard's records wait: batches of one line never overlap, and keep their order. */
export class Lane {
  readonly #context: LaneContext;
  readonly #done: Promise<void>;
  #queue: Pending[] = [];
  #batch: Pending[] = [];
  #failures = 0;
  #isClosed = false;
  readonly #bell = new Bell();

  constructor(context: LaneContext) {
    this.#context = context;
    context.signal.addEventListener("abort", () => this.#bell.ring());
    this.#done = this.#run();
  }

  get length(): number {
    return this.#queue.length + this.#batch.length;
  }

  /** The oldest record that is not settled. */
  get oldest(): StreamRecord | undefined {
    return (this.#batch[0] ?? this.#queue[0])?.record;
  }

  add(record: StreamRecord): void {
    const bytes = Buffer.byteLength(record.json) + 1;
    this.#queue.push({
      record,
      bytes,
      queuedMs: performance.now(),
      attempts: 0,
      endsBatch: false,
    });
    this.#bell.ring();
  }

  /** No more records will come; resolves when the last is settled, or the mapping stopped. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#bell.ring();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#context;
    while (!signal.aborted) {
      const size = this.#nextSize();
      if (size > 0) {
        await this.#handle(size);
      } else if (this.#isClosed && this.#queue.length === 0) {
        return;
      } else {
        await this.#bell.wait(this.#windowMs());
      }
    }
  }

  async #handle(size: number): Promise<void> {
    this.#batch = this.#queue.splice(0, size);
    await this.#giveUp("RecordAgeExceeded", (pending) => this.#isTooOld(pending));
    await this.#giveUp("RetryAttemptsExhausted", ({ bytes }) => isTooLarge(bytes));
    if (this.#batch.length === 0) return;
    const { invoked, options, random, counts, signal } = this.#context;
    const payload = payloadOf(this.#batch);
    counts.batches += 1;
    counts.delivered += this.#batch.length;
    const result = await invokeInChaos(invoked, payload, options.chaos, random, counts.chaos);
    // Whatever the answer was, a mapping that was stopped meanwhile has not heard it.
    if (signal.aborted) return;
    await this.#settle(result);
  }

  /** Number of records of the next batch; 0 while it may still grow. */
  #nextSize(): number {
    const { batchSize } = this.#context.options;
    let bytes = EMPTY_PAYLOAD_BYTES;
    for (const [index, pending] of this.#queue.entries()) {
      bytes += pending.bytes;
      if (index > 0 && bytes > MOST_PAYLOAD_BYTES) return index;
      if (index + 1 >= batchSize || pending.endsBatch) return index + 1;
    }
    return this.#isClosed || this.#windowMs() <= 0 ? this.#queue.length : 0;
  }

  /** Time until the records that wait are a batch, whatever their number. */
  #windowMs(): number {
    const [first] = this.#queue;
    if (first === undefined) return Number.POSITIVE_INFINITY;
    return first.queuedMs + this.#context.options.batchingWindowMs - performance.now();
  }

  async #settle(result: InvocationResult): Promise<void> {
    const { counts, options } = this.#context;
    if (result.status === "throttled") {
      counts.throttled += 1;
      await this.#again();
      return;
    }
    if (result.status === "answered") {
      const first = options.reportBatchItemFailures ? this.#firstFailure(result.answer) : undefined;
      this.#batch.splice(0, first ?? this.#batch.length);
      if (this.#batch.length === 0) {
        this.#failures = 0;
        return;
      }
      counts.partial += 1;
      // Cut at the record named: that is the split, and it is no attempt.
      if (options.bisectBatchOnFunctionError && first !== 0) return this.#again();
    } else if (result.status === "failed") {
      counts.failed += 1;
    } else {
      counts.timedOut += 1;
    }
    await this.#retry();
  }

  /** Index of the first record that an answer says failed; 0 for an answer that names none of the batch. */
  #firstFailure(answer: unknown): number | undefined {
    const failures = (
      answer as { batchItemFailures?: { itemIdentifier?: unknown }[] | null } | null
    )?.batchItemFailures;
    if (failures === undefined || failures === null || failures.length === 0) return undefined;
    const failed = failures.map(({ itemIdentifier }) =>
      this.#batch.findIndex(({ record }) => record.sequenceNumber === itemIdentifier),
    );
    return Math.max(0, Math.min(...failed));
  }

  async #retry(): Promise<void> {
    const { options, counts } = this.#context;
    const middle = Math.floor(this.#batch.length / 2);
    const beforeMiddle = this.#batch[middle - 1];
    if (options.bisectBatchOnFunctionError && beforeMiddle !== undefined) {
      counts.splits += 1;
      beforeMiddle.endsBatch = true;
      return this.#again();
    }
    for (const pending of this.#batch) pending.attempts += 1;
    const exhausted = ({ attempts }: Pending) => attempts > options.maximumRetryAttempts;
    await this.#giveUp("RetryAttemptsExhausted", exhausted);
    return this.#again();
  }

  /** Puts the batch back in front and waits a little. */
  async #again(): Promise<void> {
    const { options, random, counts } = this.#context;
    const last = this.#batch.at(-1);
    if (last !== undefined) last.endsBatch = true;
    this.#queue = [...this.#batch, ...this.#queue];
    this.#batch = [];
    if (last !== undefined && random.chance(options.chaos.rebatched ?? 0)) {
      counts.chaos.rebatched += 1;
      const cut = random.integer(0, Math.min(this.#queue.length, options.batchSize) - 1);
      for (const [index, pending] of this.#queue.entries()) pending.endsBatch = index === cut;
    }
    const delayMs = options.retryDelayMs * 2 ** Math.min(this.#failures, 3);
    this.#failures += 1;
    await sleep(delayMs, undefined, { signal: this.#context.signal }).catch(() => undefined);
  }

  #isTooOld({ record }: Pending): boolean {
    return Date.now() - record.arrivalMs > this.#context.options.maximumRecordAgeMs;
  }

  /** Takes records out of the batch and hands them to the destination until it has them. */
  async #giveUp(
    condition: Discarded["condition"],
    concerns: (pending: Pending) => boolean,
  ): Promise<void> {
    const given = this.#batch.filter(concerns);
    if (given.length === 0) return;
    const { invoked, stream, shardId, options, counts, signal } = this.#context;
    const discarded: Discarded = {
      condition,
      functionArn: invoked.arn,
      stream,
      shardId,
      records: given.map(({ record }) => record),
      invocations: Math.max(...given.map(({ attempts }) => attempts)),
      payload: payloadOf(given),
    };
    while (options.onFailure !== undefined && !signal.aborted) {
      try {
        await options.onFailure(discarded);
        break;
      } catch {
        await sleep(options.retryDelayMs);
      }
    }
    counts.discarded += given.length;
    this.#batch = this.#batch.filter((pending) => !given.includes(pending));
  }
}

function payloadOf(batch: readonly Pending[]): string {
  return `{"Records":[${batch.map(({ record }) => record.json).join(",")}]}`;
}

function isTooLarge(bytes: number): boolean {
  return EMPTY_PAYLOAD_BYTES + bytes - 1 > MOST_PAYLOAD_BYTES;
}
