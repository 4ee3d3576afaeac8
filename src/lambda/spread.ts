import { spreadDependencies } from "./assembly/spread.ts";
import { assembledOnce } from "./environment.ts";
import type { KinesisStreamEvent } from "aws-lambda";
import { readEnvelope } from "../cloudtrail/envelope.ts";
import type { KmsEvent } from "../cloudtrail/event.ts";
import type { ObjectPointer, Reading, ReadOptions } from "../cloudtrail/records.ts";
import type { EntityKind } from "../detection/detector.ts";
import type { ConfiguredDetector } from "../detection/memory.ts";
import type { LearnedOrganization } from "../detection/organization.ts";
import type { EntityStore } from "../store/entity-store.ts";
import type { Log } from "../telemetry.ts";
import type { DeadLetters, LambdaDeadLetter } from "./dead-letters.ts";
import { type EntityStreamDependencies, putAll } from "./entity-stream.ts";
import {
  type BatchResponse,
  deadlineOf,
  type InvocationContext,
  recordsOf,
  responseFrom,
  type StreamRecord,
} from "./invocation.ts";
import { count, type Counts, type MetricWriter, writeMetrics } from "./metrics.ts";
import { HeardWriter } from "./heard-hours.ts";
import { OrganizationWriter } from "./organization-notes.ts";
import { Parcels } from "./parcels.ts";

export interface SpreadDependencies extends EntityStreamDependencies {
  readonly detectors: readonly ConfiguredDetector[];
  /** How envelopes are opened; `notAfterMs` comes from each record's arrival. */
  readonly read: Omit<ReadOptions, "notAfterMs">;
  readonly buckets: number;
  /** Learns from what is read here. */
  readonly organization: LearnedOrganization;
  readonly store: Pick<EntityStore, "accounts" | "noteAccounts" | "heard" | "noteHeard">;
  /** The bytes of a log file that a record points to. Undefined: such a record is a dead letter. */
  readonly fetchObject: ((pointer: ObjectPointer) => Promise<Uint8Array>) | undefined;
  readonly deadLetters: DeadLetters;
  readonly log: Log;
  readonly metrics: MetricWriter;
  readonly now: () => number;
}

export type SpreadHandler = (
  event: KinesisStreamEvent,
  context: InvocationContext,
) => Promise<BatchResponse>;

/** Time kept back to put what was read, write metrics and answer in. */
const RESERVE_MS = 8000;
/** An event cannot be later than its arrival, but for a clock that is a little wrong. */
const CLOCK_TOLERANCE_MS = 15 * 60_000;
/** Opened bytes after which what was read is put before more is read: a small record can open to a lot. */
const CHUNK_BYTES = 24 * 2 ** 20;

/** Opens envelopes and hands each event on to the buckets of the entities that it is about. */
export function makeSpreadHandler(dependencies: SpreadDependencies): SpreadHandler {
  const { metrics, now } = dependencies;
  const organization = new OrganizationWriter(dependencies.organization, dependencies.store);
  const heard = new HeardWriter(dependencies.store, dependencies.detectors);
  return async (event, context) => {
    const startMs = now();
    const counts: Counts = {};
    const deadline = deadlineOf(context, RESERVE_MS);
    const records = recordsOf(event);
    let chunk = new Chunk(dependencies);
    let chunkStart = 0;
    let failed: number | undefined;
    for (const [at, record] of records.entries()) {
      // At least one record is tried, so that every invocation brings something.
      if (at > 0 && deadline.remainingMs() <= 0) {
        failed = at;
        break;
      }
      await chunk.add(record, counts);
      if (chunk.openedBytes < CHUNK_BYTES || at === records.length - 1) continue;
      if (!(await settle(chunk, counts, context))) {
        failed = chunkStart;
        break;
      }
      chunk = new Chunk(dependencies);
      chunkStart = at + 1;
    }
    if ((failed ?? chunkStart + 1) > chunkStart && !(await settle(chunk, counts, context)))
      failed = chunkStart;
    if (failed !== undefined) count(counts, "recordsReturned", records.length - failed);
    count(counts, "durationMs", now() - startMs);
    writeMetrics(metrics, "spread", counts, now());
    return responseFrom(failed === undefined ? undefined : records[failed]);
  };

  /** Keeps letters, accounts and hours before the events go on; true where all of it is durable. */
  async function settle(
    chunk: Chunk,
    counts: Counts,
    context: InvocationContext,
  ): Promise<boolean> {
    const { deadLetters, log } = dependencies;
    try {
      const { records, letters } = chunk.close(counts);
      if (letters.length > 0) await deadLetters.put("spread", letters);
      await organization.note(chunk.events);
      await heard.note(chunk.events);
      // Trying again eats into the reserve, but never into the last seconds.
      const refused = await putAll(records, dependencies, deadlineOf(context, 2000));
      count(counts, "recordsPut", records.length - refused.length);
      count(counts, "recordsRefused", refused.length);
      return refused.length === 0;
    } catch (error) {
      count(counts, "faults");
      log.error({ error }, "spread: could not be handed on, comes again");
      return false;
    }
  }
}

/** Records read together, until they are put. */
class Chunk {
  readonly events: KmsEvent[] = [];
  openedBytes = 0;
  readonly #dependencies: SpreadDependencies;
  readonly #parcels: Parcels;
  readonly #letters: LambdaDeadLetter[] = [];

  constructor(dependencies: SpreadDependencies) {
    this.#dependencies = dependencies;
    const { buckets, organization, detectors } = dependencies;
    this.#parcels = new Parcels(buckets, organization, acceptance(detectors));
  }

  async add({ data, origin, arrivalMs }: StreamRecord, counts: Counts): Promise<void> {
    const { read, fetchObject } = this.#dependencies;
    const options = { ...read, notAfterMs: arrivalMs + CLOCK_TOLERANCE_MS };
    const reading = readEnvelope(data, options);
    count(counts, "records");
    count(counts, "bytes", data.byteLength);
    this.#take(reading, origin, counts);
    for (const pointer of reading.objects) {
      const from = `${origin}/s3://${pointer.bucket}/${pointer.key}`;
      const got = await fetchOrWhyNot(fetchObject, pointer);
      if ("problem" in got) {
        this.#unreadable(from, got.problem, pointer);
        continue;
      }
      const inner = readEnvelope(got.data, options);
      this.#take(inner, from, counts);
      for (const further of inner.objects) {
        const problem = "a log file that points to a further object is not followed";
        this.#unreadable(from, problem, further);
      }
    }
  }

  #take(reading: Reading, origin: string, counts: Counts): void {
    this.openedBytes += reading.bytes;
    for (const [index, event] of reading.events.entries()) {
      this.events.push(event);
      this.#parcels.add({ event, origin, index });
    }
    for (const { reason, detail, payload } of reading.rejected) {
      this.#letters.push({ reason, detail, origin, payload });
    }
    count(counts, "openedBytes", reading.bytes);
    count(counts, "cloudTrailRecords", reading.records);
    count(counts, "kmsEvents", reading.kmsEvents);
    count(counts, "rejected", reading.rejected.length);
  }

  #unreadable(origin: string, detail: string, pointer: ObjectPointer): void {
    const payload = new TextEncoder().encode(JSON.stringify(pointer));
    this.#letters.push({ reason: "unreadable", detail, origin, payload });
  }

  close(counts: Counts) {
    const { records, letters, targets, dropped } = this.#parcels.close();
    count(counts, "targets", targets);
    count(counts, "targetsDropped", dropped);
    count(counts, "deadLetters", this.#letters.length + letters.length);
    return { records, letters: [...this.#letters, ...letters] };
  }
}

/** Says whether any configured detector of a kind of entity counts an event: if none does, it need not travel there. */
function acceptance(detectors: readonly ConfiguredDetector[]) {
  const byKind = Map.groupBy(
    detectors.map(({ detector }) => detector),
    ({ entity }) => entity,
  );
  return (kind: EntityKind, event: KmsEvent) =>
    byKind.get(kind)?.some((detector) => detector.accepts(event)) ?? false;
}

type Got = { readonly data: Uint8Array } | { readonly problem: string };

async function fetchOrWhyNot(
  fetchObject: SpreadDependencies["fetchObject"],
  pointer: ObjectPointer,
): Promise<Got> {
  if (fetchObject === undefined) return { problem: "log files are not fetched here" };
  try {
    return { data: await fetchObject(pointer) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { problem: error.message };
  }
}

/** What Lambda calls. */
export const handler: SpreadHandler = assembledOnce(async () =>
  makeSpreadHandler(await spreadDependencies()),
);
