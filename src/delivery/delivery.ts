import type { Outbox } from "../store/store.ts";
import type { Log } from "../telemetry.ts";
import { Lane, type Rest, type SinkNews } from "./lane.ts";
import type { DeliveryOptions } from "./options.ts";
import { Bell, retryDelayMs, sleep as systemSleep, type Sleep } from "./retry.ts";
import type { Sink } from "./sink.ts";
import type { SinkStatus } from "./sink-health.ts";
import { sinkAlert } from "./sink-alert.ts";

const DRAIN_POLL_MS = 25;

/** Sends what is in the outbox until every sink has accepted it. */
export interface Delivery {
  /** There is something new in the outbox. Cheap; call it after each commit that added deliveries. */
  wake(): void;
  /** Sends until the signal aborts. What is under way then is interrupted and stays in the outbox. */
  run(signal: AbortSignal): Promise<void>;
  /** Sends what is due now and returns, for a process that is called again: what fails stays in the outbox. */
  sendDue(signal: AbortSignal): Promise<void>;
  /** Sends until nothing waits or the time has come; true where nothing waits. Set-aside alerts do not wait. */
  drain(deadlineMs: number): Promise<boolean>;
  status(): SinkStatus[];
  /** Ends connections of all sinks. */
  close(): Promise<void>;
}

export interface DeliveryDependencies {
  readonly outbox: Outbox;
  readonly sinks: readonly Sink[];
  readonly options: DeliveryOptions;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A sink has accepted nothing for long, or is gone. The other sinks are told by an alert anyway. */
  readonly onSinkDead?: ((status: SinkStatus) => void) | undefined;
  readonly sleep?: Sleep;
  /** From 0 (included) to 1 (excluded). */
  readonly random?: () => number;
}

/**
 * At-least-once delivery: an alert leaves the outbox when its sink has accepted it, or is set aside there with the reason.
 * Each sink has a lane of its own, which tries again with exponential backoff and full jitter.
 */
export function createDelivery(dependencies: DeliveryDependencies): Delivery {
  const { outbox, sinks, options, log, now, onSinkDead } = dependencies;
  const { sleep = systemSleep, random = Math.random } = dependencies;
  const bell = new Bell(sleep);
  let running = 0;

  async function report(news: SinkNews): Promise<void> {
    if (news.kind === "dead") onSinkDead?.(news.status);
    const others = lanes.filter(
      ({ status }) => status.sink !== news.status.sink && status.state !== "gone",
    );
    await outbox.add([
      { alert: sinkAlert(news, now()), sinks: others.map(({ status }) => status.sink) },
    ]);
    bell.ring();
  }
  const lanes = sinks.map((sink) => new Lane({ outbox, sink, options, log, now, random, report }));

  async function keepSending(lane: Lane, signal: AbortSignal): Promise<void> {
    let faults = 0;
    while (!signal.aborted) {
      const heard = bell.count;
      const rest = await lane.turn(signal).then(
        (found) => {
          faults = 0;
          return found;
        },
        (error: unknown): Rest => {
          // The outbox failed. The consumer meets the same fault in its commit and decides; here it is tried again.
          log.error({ sink: lane.status.sink, error }, "outbox failed");
          faults += 1;
          return { ms: 1 + retryDelayMs(options.retry, faults, random), wakeable: false };
        },
      );
      if (rest.ms <= 0) continue;
      await (rest.wakeable ? bell.wait(heard, rest.ms, signal) : sleep(rest.ms, signal));
    }
  }

  async function sendDue(lane: Lane, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { ms } = await lane.turn(signal);
      if (ms > 0) return;
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    if (running > 0) throw new Error("delivery: is running already");
    running += 1;
    try {
      await Promise.all(lanes.map((lane) => keepSending(lane, signal)));
    } finally {
      running -= 1;
    }
  }

  return {
    run,
    async sendDue(signal) {
      await Promise.all(lanes.map((lane) => sendDue(lane, signal)));
    },
    wake: () => bell.ring(),
    status: () => lanes.map(({ status }) => status),
    async drain(deadlineMs) {
      const ended = new AbortController();
      const own = running > 0 ? undefined : run(ended.signal);
      bell.ring();
      try {
        while ((await pending(outbox, sinks)) > 0) {
          if (now() >= deadlineMs) return false;
          await sleep(Math.min(DRAIN_POLL_MS, deadlineMs - now()), ended.signal);
        }
        return true;
      } finally {
        ended.abort();
        await own;
      }
    },
    async close() {
      await Promise.all(sinks.map((sink) => sink.close()));
    },
  };
}

async function pending(outbox: Outbox, sinks: readonly Sink[]): Promise<number> {
  const counts = await outbox.counts();
  const ours = counts.filter(({ sink }) => sinks.some(({ name }) => name === sink));
  return ours.reduce((sum, count) => sum + count.pending, 0);
}
