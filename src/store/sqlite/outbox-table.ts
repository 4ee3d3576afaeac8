import type { Delivery, Outbox, OutboxCount, OutboxEntry } from "../store.ts";
import { alertIn, type AlertTable } from "./alert-table.ts";
import { type Database, numberIn, type Row, textIn } from "./database.ts";

export interface OutboxTable extends Outbox {
  /** Within a transaction: queues alert revisions, each once per sink. */
  queue(deliveries: readonly Delivery[]): void;
}

export interface OutboxOptions {
  /** Most pending entries per sink; what comes on top is parked. */
  readonly limit: number;
  readonly now: () => number;
}

export function outboxTable(
  database: Database,
  alerts: AlertTable,
  options: OutboxOptions,
): OutboxTable {
  return {
    queue: (deliveries) => queue(database, deliveries, options),

    async add(deliveries) {
      database.transaction(() => {
        for (const { alert } of deliveries) {
          alerts.keep(alert);
        }
        queue(database, deliveries, options);
      });
    },

    async due(sink, nowMs, limit) {
      const rows = database.rows(
        `SELECT * FROM outbox AS entry
        WHERE sink = ? AND state = 'pending' AND next_attempt_ms <= ? AND NOT EXISTS (
          SELECT 1 FROM outbox AS older INDEXED BY outbox_revisions WHERE older.sink = entry.sink
            AND older.alert_id = entry.alert_id AND older.state = 'pending' AND older.id < entry.id)
        ORDER BY id LIMIT ?`,
        sink,
        nowMs,
        limit,
      );
      return rows.map(entryOf);
    },

    async accepted(ids) {
      database.transaction(() => accept(database, ids, options.now()));
    },

    async retryLater(ids, nextAttemptMs, error) {
      database.transaction(() => {
        for (const id of ids) {
          database.run(
            `UPDATE outbox SET attempts = attempts + 1, next_attempt_ms = ?, error = ?
            WHERE id = ? AND state = 'pending'`,
            nextAttemptMs,
            error,
            id,
          );
        }
      });
    },

    async park(ids, error) {
      database.transaction(() => {
        for (const id of ids) {
          database.run(
            `UPDATE outbox SET state = 'parked', attempts = attempts + 1, error = ?
            WHERE id = ? AND state = 'pending'`,
            error,
            id,
          );
        }
      });
    },

    async redrive(sink) {
      return database.run(
        // Queued anew: what was given up for its age gets its full time again.
        "UPDATE outbox SET state = 'pending', next_attempt_ms = 0, queued_ms = ? WHERE sink = ? AND state = 'parked'",
        options.now(),
        sink,
      );
    },

    async counts() {
      return database.rows(countsOfSinks).map(countOf);
    },
  };
}

/** Rows of accepted entries are kept among the newest entries of this number, to be looked up and so as not to queue twice. */
const traces = 100_000;

const countsOfSinks = `
  SELECT sink, sum(pending) AS pending, sum(parked) AS parked, sum(accepted) AS accepted, min(oldest) AS oldest
  FROM (
    SELECT sink, count(*) AS pending, 0 AS parked, 0 AS accepted, min(queued_ms) AS oldest
    FROM outbox WHERE state = 'pending' GROUP BY sink
    UNION ALL
    SELECT sink, 0, count(*), 0, NULL FROM outbox WHERE state = 'parked' GROUP BY sink
    UNION ALL
    SELECT sink, 0, 0, accepted, NULL FROM outbox_sinks
  ) GROUP BY sink ORDER BY sink`;

function queue(
  database: Database,
  deliveries: readonly Delivery[],
  { limit, now }: OutboxOptions,
): void {
  const queuedMs = now();
  const pending = new Map<string, number>();
  for (const { alert, sinks } of deliveries) {
    const text = JSON.stringify(alert);
    for (const sink of sinks) {
      const waiting = pending.get(sink) ?? pendingOf(database, sink);
      const parked = waiting >= limit;
      const added = database.run(
        `INSERT INTO outbox (sink, alert_id, revision, state, queued_ms, next_attempt_ms, error, alert)
        VALUES (?, ?, ?, ?, ?, 0, ?, ?) ON CONFLICT (sink, alert_id, revision) DO NOTHING`,
        sink,
        alert.alertId,
        alert.revision,
        parked ? "parked" : "pending",
        queuedMs,
        parked ? `no room: ${limit} alerts were waiting for ${sink}` : null,
        text,
      );
      pending.set(sink, parked ? waiting : waiting + added);
    }
  }
}

function pendingOf(database: Database, sink: string): number {
  const row = database.row(
    "SELECT count(*) AS pending FROM outbox WHERE sink = ? AND state = 'pending'",
    sink,
  );
  return row === undefined ? 0 : numberIn(row, "pending");
}

function accept(database: Database, ids: readonly number[], acceptedMs: number): void {
  for (const id of ids) {
    const row = database.row(
      `UPDATE outbox SET state = 'accepted', attempts = attempts + 1, accepted_ms = ?, error = NULL, alert = NULL
      WHERE id = ? AND state <> 'accepted' RETURNING sink`,
      acceptedMs,
      id,
    );
    if (row !== undefined) {
      database.run(
        `INSERT INTO outbox_sinks VALUES (?, 1)
        ON CONFLICT (sink) DO UPDATE SET accepted = accepted + 1`,
        textIn(row, "sink"),
      );
    }
  }
  database.run(
    "DELETE FROM outbox WHERE state = 'accepted' AND id <= (SELECT max(id) FROM outbox) - ?",
    traces,
  );
}

function entryOf(row: Row): OutboxEntry {
  return {
    id: numberIn(row, "id"),
    sink: textIn(row, "sink"),
    alert: alertIn(row),
    attempts: numberIn(row, "attempts"),
    firstQueuedMs: numberIn(row, "queued_ms"),
  };
}

function countOf(row: Row): OutboxCount {
  return {
    sink: textIn(row, "sink"),
    pending: numberIn(row, "pending"),
    parked: numberIn(row, "parked"),
    accepted: numberIn(row, "accepted"),
    oldestPendingMs: row["oldest"] === null ? undefined : numberIn(row, "oldest"),
  };
}
