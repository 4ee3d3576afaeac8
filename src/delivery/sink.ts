import type { Alert } from "../detection/alert.ts";

/** Where alerts go. `test/contracts/sink.ts` says what each sink must do. */
export interface Sink {
  /** Unique among the configured sinks; what the outbox files entries under. */
  readonly name: string;
  /** Most alerts one call may carry. */
  readonly batchSize: number;
  /**
   * Sends alerts and says for each whether the receiver accepted it: undefined, or why not. Rejects only on
   * programming errors. Never logs or returns a secret.
   */
  deliver(
    alerts: readonly Alert[],
    signal: AbortSignal,
  ): Promise<readonly (DeliveryError | undefined)[]>;
  close(): Promise<void>;
}

/** Why a receiver did not accept an alert. */
export class DeliveryError extends Error {
  override readonly name = "DeliveryError";
  readonly sink: string;
  /** Whether trying again can help. */
  readonly retryable: boolean;
  /** How long the receiver asked to be left alone. */
  readonly retryAfterMs: number | undefined;
  /** The receiver is gone for good (410): nothing more may be sent to it. */
  readonly gone: boolean;

  constructor(
    sink: string,
    problem: string,
    options: {
      retryable: boolean;
      retryAfterMs?: number | undefined;
      gone?: boolean;
      cause?: unknown;
    },
  ) {
    super(`${sink}: ${problem}`, { cause: options.cause });
    this.sink = sink;
    this.retryable = options.retryable;
    this.retryAfterMs = options.retryAfterMs;
    this.gone = options.gone ?? false;
  }
}
