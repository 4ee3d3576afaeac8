import { detectDependencies } from "./assembly/detect.ts";
import { assembledOnce } from "./environment.ts";
import type { KinesisStreamEvent } from "aws-lambda";
import { hourOf } from "../baseline/calendar.ts";
import { StoreError } from "../store/store.ts";
import type { Log } from "../telemetry.ts";
import type { DeadLetters, LambdaDeadLetter } from "./dead-letters.ts";
import { type BatchWork, type DetectBatch, openBatch } from "./detect-batch.ts";
import { HeardReader } from "./heard-hours.ts";
import { EntityFolder, type EntityFolderDependencies, type Settlement } from "./entity-folder.ts";
import {
  type BatchResponse,
  deadlineOf,
  type InvocationContext,
  recordsOf,
  responseFrom,
  type StreamRecord,
} from "./invocation.ts";
import { count, type Counts, type MetricWriter, writeMetrics } from "./metrics.ts";
import { OrganizationReader } from "./organization-notes.ts";
import { emptyParcel, pack } from "./packing.ts";

export interface DetectDependencies extends EntityFolderDependencies {
  readonly deadLetters: DeadLetters;
  readonly log: Log;
  readonly metrics: MetricWriter;
}

export type DetectHandler = (
  event: KinesisStreamEvent,
  context: InvocationContext,
) => Promise<BatchResponse>;

/** Time kept back to set dead letters aside, write metrics and answer in. */
const RESERVE_MS = 3000;
/** Entities folded at the same time: while one waits for the table, others compute. */
const CONCURRENCY = 32;
/** Event time by which the committed watermark may lag, to spare writes. */
const WATERMARK_STEP_MS = 10_000;
const LANES = 16;
/** How long suppressions, acceptances and who learns are used before they are read again. */
const NOTES_LIFE_MS = 30_000;

/**
 * Folds packed events into entities: memories, alerts and the identities of calls, in one conditional write an entity. Rejects with
 * `StoreError` `locked` where a process learns into the table.
 */
export function makeDetectHandler(dependencies: DetectDependencies): DetectHandler {
  const { store, deadLetters, log, metrics, now } = dependencies;
  const folder = new EntityFolder(dependencies);
  const organization = new OrganizationReader(dependencies.options.organization, store);
  const { engine, heard } = dependencies.options;
  const listening = new HeardReader(store, { heard, detectors: engine.detectors });
  const notes = new NotesReader(dependencies);
  const claim = new Claim(dependencies);
  let raisedMs = Number.NEGATIVE_INFINITY;

  async function raiseWatermark(toMs: number, [first]: readonly StreamRecord[]): Promise<void> {
    const isStep = toMs - raisedMs >= WATERMARK_STEP_MS || hourOf(toMs) > hourOf(raisedMs);
    if (!isStep) return;
    await store.raiseWatermark(Number(first?.partitionKey ?? 0) % LANES || 0, toMs);
    raisedMs = toMs;
  }

  return async (event, context) => {
    const startMs = now();
    const counts: Counts = {};
    const deadline = deadlineOf(context, RESERVE_MS);
    const records = recordsOf(event);
    const batch = openBatch(records);
    const failures = new Failures();
    for (const { record } of batch.letters) failures.note("letter", record);

    const letters: LambdaDeadLetter[] = batch.letters.map(({ letter }) => letter);
    let committedMs = Number.NEGATIVE_INFINITY;
    try {
      await claim.renew();
      await organization.refresh(hourOf(batch.newestMs));
      await listening.refresh(newestHourOf(batch));
      await notes.refresh();
      // Also those in the cache: a stale one shows here, for a read; at its commit it would cost a write that is refused.
      const loaded = await store.load([...batch.works.keys()]);
      await eachAtOnce([...batch.works], async ([name, own]) => {
        const settled = await folder.settle(name, own.work, loaded.get(name), { deadline, counts });
        if (settled.every(({ kind }) => kind !== "unsettled")) {
          for (const { timeMs } of own.work.events) committedMs = Math.max(committedMs, timeMs);
        } else failures.note("unsettled", own.firstRecord);
        for (const one of settled) logSettlement(log, name, one);
        const poison = settled.flatMap((one) => poisonLetter(name, one, records[own.firstRecord]));
        if (poison.length > 0) failures.note("letter", own.firstRecord);
        letters.push(...poison);
      });
      if (Number.isFinite(committedMs)) await raiseWatermark(committedMs, records);
    } catch (error) {
      if (error instanceof StoreError && error.code === "locked") {
        count(counts, "refused");
        writeMetrics(metrics, "detect", counts, now());
        throw error;
      }
      log.error({ error }, "detect: the table could not be read");
      failures.note("unsettled", 0);
    }
    await setAside(letters, deadLetters, failures, { log, counts });
    tally(counts, batch.works, records, batch.newestMs);
    count(counts, "deadLetters", letters.length);
    count(counts, "durationMs", now() - startMs);
    const first = failures.first();
    if (first !== undefined) count(counts, "recordsReturned", records.length - first);
    writeMetrics(metrics, "detect", counts, now());
    return responseFrom(first === undefined ? undefined : records[first]);
  };

  async function setAside(
    letters: readonly LambdaDeadLetter[],
    to: DeadLetters,
    failures: Failures,
    { log, counts }: { log: Log; counts: Counts },
  ): Promise<void> {
    if (letters.length === 0) return;
    try {
      await to.put("detect", letters);
      failures.forget("letter");
    } catch (error) {
      count(counts, "deadLetterFaults");
      log.error({ error, letters: letters.length }, "detect: dead letters could not be kept");
    }
  }
}

/** The newest hour that a batch speaks of, by an event or by saying what time it is. */
function newestHourOf({ newestMs, works }: DetectBatch): number {
  const hours = [...works.values()].map(({ work }) => work.toHour);
  return hours.reduce((newest, hour) => Math.max(newest, hour), hourOf(newestMs));
}

/** The first records of a batch that must come again: unsettled work, and letters until they are kept. */
class Failures {
  readonly #first = new Map<"unsettled" | "letter", number>();

  note(kind: "unsettled" | "letter", record: number): void {
    this.#first.set(kind, Math.min(this.#first.get(kind) ?? record, record));
  }

  forget(kind: "unsettled" | "letter"): void {
    this.#first.delete(kind);
  }

  first(): number | undefined {
    return this.#first.size === 0 ? undefined : Math.min(...this.#first.values());
  }
}

/** Makes sure, now and then, that no process learns into the table. */
class Claim {
  readonly #dependencies: DetectDependencies;
  #madeMs = Number.NEGATIVE_INFINITY;

  constructor(dependencies: DetectDependencies) {
    this.#dependencies = dependencies;
  }

  async renew(): Promise<void> {
    const { store, options, now } = this.#dependencies;
    if (now() - this.#madeMs < NOTES_LIFE_MS) return;
    options.before.learnedUntilMs = (await store.claim()) ?? Number.NEGATIVE_INFINITY;
    this.#madeMs = now();
  }
}

/** What people noted, read again after a while. */
class NotesReader {
  readonly #dependencies: DetectDependencies;
  #readMs = Number.NEGATIVE_INFINITY;

  constructor(dependencies: DetectDependencies) {
    this.#dependencies = dependencies;
  }

  async refresh(): Promise<void> {
    const { store, options, now } = this.#dependencies;
    if (now() - this.#readMs < NOTES_LIFE_MS) return;
    options.notes.current = await store.suppressions.list();
    this.#readMs = now();
  }
}

async function eachAtOnce<Item>(
  items: readonly Item[],
  act: (item: Item) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async () => {
    for (let item = items[next]; item !== undefined; item = items[next]) {
      next += 1;
      await act(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, items.length) }, work));
}

/** Work that can never be folded, as a record that can be put on the entity stream again. */
function poisonLetter(
  name: string,
  settlement: Settlement,
  record: StreamRecord | undefined,
): LambdaDeadLetter[] {
  if (settlement.kind !== "poison") return [];
  const { events, toHour, signs } = settlement.work;
  const origin = record?.origin ?? "";
  const payload = pack({
    ...emptyParcel,
    events: events.map((event, index) => ({ event, origin, index })),
    entities: events.length === 0 ? [] : [{ name, events: events.map((_, index) => index) }],
    hours: toHour < 0 ? [] : [{ name, hour: toHour }],
    signs: signs.map((alert) => ({ name, alert })),
  });
  const detail = settlement.error instanceof Error ? settlement.error.name : "unknown error";
  return [{ reason: settlement.reason, detail, origin, payload }];
}

function logSettlement(log: Log, entity: string, settlement: Settlement): void {
  if (settlement.kind === "settled") return;
  const { error } = settlement;
  if (settlement.kind === "poison") log.error({ entity, error }, "detect: work set aside");
  else log.warn({ entity, error }, "detect: not committed in time, comes again");
}

function tally(
  counts: Counts,
  works: ReadonlyMap<string, BatchWork>,
  records: readonly StreamRecord[],
  newestMs: number,
): void {
  count(counts, "records", records.length);
  count(
    counts,
    "bytes",
    records.reduce((sum, { data }) => sum + data.byteLength, 0),
  );
  count(counts, "entities", works.size);
  const arrivalMs = Math.max(...records.map((record) => record.arrivalMs));
  if (Number.isFinite(newestMs))
    count(counts, "eventToArrivalMs", Math.max(0, arrivalMs - newestMs));
}

/** What Lambda calls. */
export const handler: DetectHandler = assembledOnce(async () =>
  makeDetectHandler(await detectDependencies()),
);
