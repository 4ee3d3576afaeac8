import type { Alert } from "../../src/detection/alert.ts";
import type { Outbox, OutboxEntry } from "../../src/store/store.ts";

interface Row extends OutboxEntry {
  state: "pending" | "parked" | "accepted";
  attempts: number;
  nextAttemptMs: number;
  error: string | undefined;
}

export interface MemoryOutbox extends Outbox {
  /** Every entry there ever was, in the order of their ids. */
  rows(): readonly Readonly<Row>[];
  /** Queues one alert for sinks. */
  queue(alert: Alert, ...sinks: string[]): Promise<void>;
}

/** An outbox for tests: the contract of the real one, without a disk. */
export function memoryOutbox(now: () => number): MemoryOutbox {
  const rows: Row[] = [];
  const pending = (sink: string) =>
    rows.filter((row) => row.sink === sink && row.state === "pending");
  const change = (ids: readonly number[], from: string, changed: (row: Row) => Partial<Row>) => {
    for (const id of ids) {
      const row = rows[id - 1];
      if (row?.state === from) Object.assign(row, changed(row));
    }
  };
  const outbox: Outbox = {
    async due(sink, nowMs, limit) {
      const waiting = pending(sink);
      return waiting
        .filter((row) => row.nextAttemptMs <= nowMs)
        .filter(({ id, alert }) => {
          return !waiting.some((older) => older.alert.alertId === alert.alertId && older.id < id);
        })
        .slice(0, limit)
        .map(({ id, alert, attempts, firstQueuedMs }) => ({
          id,
          sink,
          alert,
          attempts,
          firstQueuedMs,
        }));
    },
    async accepted(ids) {
      change(ids, "pending", ({ attempts }) => ({ state: "accepted", attempts: attempts + 1 }));
    },
    async retryLater(ids, nextAttemptMs, error) {
      change(ids, "pending", ({ attempts }) => ({ attempts: attempts + 1, nextAttemptMs, error }));
    },
    async park(ids, error) {
      change(ids, "pending", ({ attempts }) => ({
        state: "parked",
        attempts: attempts + 1,
        error,
      }));
    },
    async redrive(sink) {
      const parked = rows.filter((row) => row.sink === sink && row.state === "parked");
      for (const row of parked) Object.assign(row, { state: "pending", nextAttemptMs: 0 });
      return parked.length;
    },
    async counts() {
      return [...Map.groupBy(rows, ({ sink }) => sink)].map(([sink, own]) => ({
        sink,
        pending: own.filter(({ state }) => state === "pending").length,
        parked: own.filter(({ state }) => state === "parked").length,
        accepted: own.filter(({ state }) => state === "accepted").length,
        oldestPendingMs: pending(sink)[0]?.firstQueuedMs,
      }));
    },
    async add(deliveries) {
      for (const { alert, sinks } of deliveries) {
        for (const sink of sinks) {
          const known = rows.some(
            (row) =>
              row.sink === sink &&
              row.alert.alertId === alert.alertId &&
              row.alert.revision === alert.revision,
          );
          if (known) continue;
          rows.push({
            id: rows.length + 1,
            sink,
            alert,
            attempts: 0,
            firstQueuedMs: now(),
            state: "pending",
            nextAttemptMs: 0,
            error: undefined,
          });
        }
      }
    },
  };
  return {
    ...outbox,
    rows: () => rows,
    queue: (alert, ...sinks) => outbox.add([{ alert, sinks }]),
  };
}
