import type { Outbox, OutboxEntry } from "../store/store.ts";
import type { Log } from "../telemetry.ts";
import type { DeliveryOptions } from "./options.ts";
import { retryDelayMs } from "./retry.ts";
import { DeliveryError, type Sink } from "./sink.ts";
import { SinkHealth, type SinkStatus } from "./sink-health.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Entries read at once to choose from or to set aside. */
const READ_LIMIT = 500;
const ROOM_CHECK_MS = 10_000;

export interface LaneDependencies {
  readonly outbox: Outbox;
  readonly sink: Sink;
  readonly options: DeliveryOptions;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
  /** News of the sink that the operator must hear of by another way. */
  readonly report: (news: SinkNews) => Promise<void>;
}

export interface SinkNews {
  readonly kind: "dead" | "recovered" | "overflow";
  readonly status: SinkStatus;
  /** When the alert had been queued that failed first: the same after a restart. */
  readonly oldestQueuedMs: number;
  /** Alerts that wait, where they are too many; 0 for other kinds. */
  readonly waiting: number;
}

/** How long there is nothing to do; a wake-up ends it early unless the sink rests. */
export interface Rest {
  readonly ms: number;
  readonly wakeable: boolean;
}

/**
 * The way of alerts to one sink. Lanes know nothing of each other: a sink that is down delays nobody but itself.
 *
 * Each turn sends what is due. Where nothing of it was accepted the whole sink rests, and then one batch tries whether it
 * is back, those that failed least first: an alert that the receiver chokes on cannot block the others.
 */
export class Lane {
  readonly #dependencies: LaneDependencies;
  readonly #health: SinkHealth;
  /** Accepted by the sink, but not yet written down. They are not sent again. */
  readonly #unsaved = new Set<number>();
  #oldestQueuedMs = 0;
  #roomCheckedMs = Number.NEGATIVE_INFINITY;
  #overflowReportedMs = Number.NEGATIVE_INFINITY;
  #nextDueMs = Number.POSITIVE_INFINITY;

  constructor(dependencies: LaneDependencies) {
    this.#dependencies = dependencies;
    const { sink, options, random } = dependencies;
    this.#health = new SinkHealth(sink.name, {
      retry: options.retry,
      deadAfterMs: options.sinkDeadAfterMinutes * 60_000,
      random,
    });
  }

  get status(): SinkStatus {
    return this.#health.status;
  }

  /** Sends what is due and says how long to wait for more. Rejects where the outbox does. */
  async turn(signal: AbortSignal): Promise<Rest> {
    const { now, options } = this.#dependencies;
    await this.#saveAccepted([]);
    await this.#checkRoom();
    const restMs = this.#health.status.pausedUntilMs - now();
    if (restMs > 0) return { ms: restMs, wakeable: false };
    if (this.#health.status.state === "gone") return await this.#parkAll();

    const startMs = now();
    const entries = await this.#choose(startMs);
    if (entries.length === 0) {
      const dueInMs = Math.max(1, this.#nextDueMs - now());
      if (startMs >= this.#nextDueMs) this.#nextDueMs = Number.POSITIVE_INFINITY;
      return { ms: Math.min(options.pollMs, dueInMs), wakeable: true };
    }
    const results = await this.#send(entries, signal);
    await this.#settle(entries, results, signal.aborted);
    return { ms: 0, wakeable: true };
  }

  async #choose(atMs: number): Promise<OutboxEntry[]> {
    const { outbox, sink, options } = this.#dependencies;
    const isFailing = this.#health.status.failures > 0;
    const limit = isFailing ? READ_LIMIT : sink.batchSize * options.concurrency;
    const due = await outbox.due(sink.name, atMs, limit);
    if (!isFailing) return due;
    return due.toSorted((one, other) => one.attempts - other.attempts).slice(0, sink.batchSize);
  }

  async #send(entries: readonly OutboxEntry[], signal: AbortSignal): Promise<Results> {
    const { sink } = this.#dependencies;
    const batches: OutboxEntry[][] = [];
    for (let start = 0; start < entries.length; start += sink.batchSize) {
      batches.push(entries.slice(start, start + sink.batchSize));
    }
    const results = await Promise.all(batches.map((batch) => this.#sendBatch(batch, signal)));
    return results.flat();
  }

  async #sendBatch(batch: readonly OutboxEntry[], signal: AbortSignal): Promise<Results> {
    const { sink, log } = this.#dependencies;
    try {
      const results = await sink.deliver(
        batch.map(({ alert }) => alert),
        signal,
      );
      if (results.length === batch.length) return results;
      return batch.map(() => new DeliveryError(sink.name, "lost count", { retryable: true }));
    } catch (error) {
      // A fault of the sink's code. The alerts stay queued, and the message may hold anything: only its kind is told.
      const kind = error instanceof Error ? error.name : "unknown error";
      log.error({ sink: sink.name, kind }, "sink failed unexpectedly");
      return batch.map(() => {
        return new DeliveryError(sink.name, `failed unexpectedly (${kind})`, { retryable: true });
      });
    }
  }

  /** Writes down what became of each entry. An interruption is no failure: what was not accepted just stays due. */
  async #settle(
    entries: readonly OutboxEntry[],
    results: Results,
    interrupted: boolean,
  ): Promise<void> {
    const accepted = entries.filter((_, index) => results[index] === undefined);
    await this.#saveAccepted(accepted.map(({ id }) => id));
    if (accepted.length > 0) await this.#recovered();
    if (interrupted) return;

    const failures = entries.flatMap((entry, index) => {
      const error = results[index];
      return error === undefined ? [] : [{ entry, error }];
    });
    const [first] = failures;
    if (first === undefined) return;
    const fatal = failures.find(({ error }) => error.gone);
    if (fatal !== undefined) return await this.#becomeGone(fatal.entry, fatal.error);
    await this.#noteFailures(failures, accepted.length > 0);
    const isLasting = failures.filter(({ error }) => !error.retryable);
    await this.#park(isLasting, (error) => error.message);
    await this.#retryLater(failures.filter(({ error }) => error.retryable));
  }

  async #noteFailures(failures: readonly Failure[], someAccepted: boolean): Promise<void> {
    const { now, options, log, sink } = this.#dependencies;
    const passing = failures.filter(({ error }) => error.retryable);
    const [{ entry, error } = { entry: undefined, error: undefined }] = failures;
    if (entry === undefined || error === undefined) return;
    const asked = Math.max(0, ...passing.map(({ error }) => error.retryAfterMs ?? 0));
    this.#health.pauseFor(Math.min(asked, options.retry.maximumRetryAfterMs), now());
    if (someAccepted) return;
    if (this.#health.status.failures === 0) this.#oldestQueuedMs = entry.firstQueuedMs;
    const died = this.#health.failed(error.message, now(), passing.length > 0);
    log.warn({ sink: sink.name, problem: error.message, alerts: failures.length }, "not accepted");
    if (died) await this.#report("dead");
  }

  async #retryLater(failures: readonly Failure[]): Promise<void> {
    const { outbox, now, options, random } = this.#dependencies;
    const giveUpMs = options.retry.giveUpAfterHours * HOUR_MS;
    const tooOld = failures.filter(({ entry }) => now() - entry.firstQueuedMs >= giveUpMs);
    await this.#park(
      tooOld,
      (error) => `gave up after ${options.retry.giveUpAfterHours} h: ${error.message}`,
    );
    const rest = failures.filter((failure) => !tooOld.includes(failure));
    for (const [attempts, group] of Map.groupBy(rest, ({ entry }) => entry.attempts)) {
      const { pausedUntilMs, failures: inARow } = this.#health.status;
      // As long as all fail alike it is the sink: they come back with it. One that failed more often waits longer.
      const ownMs = attempts < inARow ? 0 : retryDelayMs(options.retry, attempts, random);
      const nextMs = Math.max(pausedUntilMs, now() + ownMs);
      const ids = group.map(({ entry }) => entry.id);
      await outbox.retryLater(ids, nextMs, group[0]?.error.message ?? "");
      this.#nextDueMs = Math.min(this.#nextDueMs, nextMs);
      this.#health.counts.retried += ids.length;
    }
  }

  async #park(failures: readonly Failure[], reason: (error: DeliveryError) => string) {
    const { outbox, log, sink } = this.#dependencies;
    for (const [error, group] of Map.groupBy(failures, ({ error }) => reason(error))) {
      const ids = group.map(({ entry }) => entry.id);
      await outbox.park(ids, error);
      this.#health.counts.parked += ids.length;
      log.error({ sink: sink.name, problem: error, alerts: ids.length }, "alerts set aside");
    }
  }

  async #saveAccepted(ids: readonly number[]): Promise<void> {
    for (const id of ids) this.#unsaved.add(id);
    if (this.#unsaved.size === 0) return;
    const saved = [...this.#unsaved];
    await this.#dependencies.outbox.accepted(saved);
    for (const id of saved) this.#unsaved.delete(id);
    this.#health.counts.accepted += saved.length;
  }

  async #recovered(): Promise<void> {
    const { log, sink } = this.#dependencies;
    if (!this.#health.succeeded()) return;
    log.info({ sink: sink.name }, "sink accepts alerts again");
    await this.#report("recovered");
  }

  async #becomeGone(entry: OutboxEntry, error: DeliveryError): Promise<void> {
    const { now, log, sink } = this.#dependencies;
    this.#oldestQueuedMs = entry.firstQueuedMs;
    if (!this.#health.gone(error.message, now())) return;
    log.error({ sink: sink.name, problem: error.message }, "sink is gone; nothing more is sent");
    await this.#report("dead");
  }

  /** What waits for a sink that is gone is kept until `redrive`. */
  async #parkAll(): Promise<Rest> {
    const { outbox, sink, options } = this.#dependencies;
    const entries = await outbox.due(sink.name, Number.MAX_SAFE_INTEGER, READ_LIMIT);
    const error = new DeliveryError(sink.name, "is gone", { retryable: false, gone: true });
    await this.#park(
      entries.map((entry) => ({ entry, error })),
      () => this.#health.status.lastError ?? error.message,
    );
    return { ms: entries.length > 0 ? 0 : options.pollMs, wakeable: true };
  }

  /** The outbox sets aside what comes while it is full for this sink; somebody has to be told, once a day. */
  async #checkRoom(): Promise<void> {
    const { outbox, sink, options, log, now } = this.#dependencies;
    if (now() - this.#roomCheckedMs < ROOM_CHECK_MS) return;
    this.#roomCheckedMs = now();
    const counts = await outbox.counts();
    const pending = counts.find((count) => count.sink === sink.name)?.pending ?? 0;
    if (pending < options.outboxLimit || now() - this.#overflowReportedMs < DAY_MS) return;
    this.#overflowReportedMs = now();
    log.error({ sink: sink.name, pending }, "outbox is full; further alerts are set aside");
    await this.#report("overflow", pending);
  }

  async #report(kind: SinkNews["kind"], waiting = 0): Promise<void> {
    const oldestQueuedMs = this.#oldestQueuedMs;
    await this.#dependencies.report({ kind, status: this.status, oldestQueuedMs, waiting });
  }
}

type Results = readonly (DeliveryError | undefined)[];

interface Failure {
  readonly entry: OutboxEntry;
  readonly error: DeliveryError;
}
