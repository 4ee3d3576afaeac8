import { type DeliveryOptions } from "./options.ts";
import { retryDelayMs } from "./retry.ts";

/** How a sink does, for people and metrics. */
export interface SinkStatus {
  readonly sink: string;
  /** `failing`: accepts nothing at the moment; `dead`: for long; `gone`: said that it will never again. */
  readonly state: "ok" | "failing" | "dead" | "gone";
  readonly failingSinceMs: number | undefined;
  /** Nothing is sent before this time. */
  readonly pausedUntilMs: number;
  /** Attempts in a row of which nothing was accepted. */
  readonly failures: number;
  /** Since the start of the process. */
  readonly accepted: number;
  readonly retried: number;
  readonly parked: number;
  readonly lastError: string | undefined;
}

export interface SinkHealthOptions {
  readonly retry: DeliveryOptions["retry"];
  readonly deadAfterMs: number;
  readonly random: () => number;
}

/** The circuit breaker of one sink: knows whether to send, and until when to let it rest. */
export class SinkHealth {
  readonly #sink: string;
  readonly #options: SinkHealthOptions;
  #state: SinkStatus["state"] = "ok";
  #failingSinceMs: number | undefined;
  #pausedUntilMs = 0;
  #failures = 0;
  #lastError: string | undefined;
  readonly counts = { accepted: 0, retried: 0, parked: 0 };

  constructor(sink: string, options: SinkHealthOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  get status(): SinkStatus {
    return {
      sink: this.#sink,
      state: this.#state,
      failingSinceMs: this.#failingSinceMs,
      pausedUntilMs: this.#pausedUntilMs,
      failures: this.#failures,
      ...this.counts,
      lastError: this.#lastError,
    };
  }

  /** Something was accepted. Returns true where the sink had been dead. */
  succeeded(): boolean {
    if (this.#state === "gone") return false;
    const wasDead = this.#state === "dead";
    this.#state = "ok";
    this.#failingSinceMs = undefined;
    this.#failures = 0;
    return wasDead;
  }

  /** Nothing was accepted. The sink rests where the failure can pass. Returns true where it is dead from now on. */
  failed(error: string, atMs: number, canPass: boolean): boolean {
    this.#lastError = error;
    this.#failingSinceMs ??= atMs;
    if (canPass) {
      this.pauseFor(retryDelayMs(this.#options.retry, this.#failures, this.#options.random), atMs);
    }
    this.#failures += 1;
    if (this.#state === "dead" || this.#state === "gone") return false;
    const dead = atMs - this.#failingSinceMs >= this.#options.deadAfterMs;
    this.#state = dead ? "dead" : "failing";
    return dead;
  }

  /** The receiver asked for a pause, at most as long as the options allow. */
  pauseFor(ms: number, atMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, atMs + ms);
  }

  /** The receiver is gone for good. Returns true the first time. */
  gone(error: string, atMs: number): boolean {
    const isNews = this.#state !== "gone";
    this.#state = "gone";
    this.#lastError = error;
    this.#failingSinceMs ??= atMs;
    return isNews;
  }
}
