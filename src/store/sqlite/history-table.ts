import {
  type Counters,
  type HistoryReader,
  type HistoryRow,
  noCounters,
  type UsageRow,
} from "../store.ts";
import { damaged, type Database, numberIn, numberOrNullIn, textIn } from "./database.ts";
import type { DeadLetterTable } from "./dead-letter-table.ts";

export interface HistoryTable extends HistoryReader {
  /** Within a transaction, as the other three: replaces the row of the same entity and hour. */
  keep(row: HistoryRow): void;
  forgetBefore(hour: number): void;
  addUsage(row: UsageRow): void;
  addCounters(counters: Partial<Counters>): void;
}

export function historyTable(database: Database, deadLetters: DeadLetterTable): HistoryTable {
  return {
    keep: (row) => keep(database, row),
    addUsage: (row) => addUsage(database, row),

    forgetBefore(hour) {
      database.run("DELETE FROM history_hours WHERE hour < ?", hour);
    },

    addCounters(counters) {
      for (const [name, value] of Object.entries(counters)) {
        if (value !== 0) {
          const add =
            "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value";
          database.run(add, name, value);
        }
      }
    },

    async hours({ prefix, fromHour, toHour }) {
      const rows = database.rows(
        `SELECT entity, hour, events, decrypts, expected, upper_limit
        FROM history_hours JOIN history_entities ON history_entities.id = entity_id
        WHERE entity >= ? AND entity < ? AND hour >= ? AND hour < ? ORDER BY entity, hour`,
        prefix,
        `${prefix}\u{10ffff}`,
        fromHour ?? Number.MIN_SAFE_INTEGER,
        toHour ?? Number.MAX_SAFE_INTEGER,
      );
      return rows.map((row) => ({
        entity: textIn(row, "entity"),
        hour: numberIn(row, "hour"),
        events: numberIn(row, "events"),
        decrypts: numberIn(row, "decrypts"),
        expected: numberOrNullIn(row, "expected"),
        limit: numberOrNullIn(row, "upper_limit"),
      }));
    },

    async usage(limit) {
      const rows = database.rows(
        "SELECT * FROM key_usage ORDER BY calls DESC, key_arn, principal LIMIT ?",
        limit,
      );
      return rows.map((row) => ({
        keyArn: textIn(row, "key_arn"),
        principalKey: textIn(row, "principal"),
        firstMs: numberIn(row, "first_ms"),
        lastMs: numberIn(row, "last_ms"),
        count: numberIn(row, "calls"),
      }));
    },

    counters: async () => countersOf(database),

    async entities() {
      const count = (kind: string) => memoriesOf(database, kind);
      return { principals: count("principal"), keys: count("key"), accounts: count("account") };
    },

    deadLetters: async (limit) => deadLetters.newest(limit),
    deadLetterTotals: async () => deadLetters.totals(),
  };
}

function keep(database: Database, row: HistoryRow): void {
  const known = database.row("SELECT id FROM history_entities WHERE entity = ?", row.entity);
  const entity =
    known ??
    database.row("INSERT INTO history_entities (entity) VALUES (?) RETURNING id", row.entity);
  if (entity === undefined) {
    throw damaged("history_entities gave no id");
  }
  database.run(
    `INSERT INTO history_hours VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (hour, entity_id) DO UPDATE SET events = excluded.events, decrypts = excluded.decrypts,
      expected = excluded.expected, upper_limit = excluded.upper_limit`,
    row.hour,
    numberIn(entity, "id"),
    row.events,
    row.decrypts,
    row.expected,
    row.limit,
  );
}

function addUsage(database: Database, row: UsageRow): void {
  database.run(
    `INSERT INTO key_usage (key_arn, principal, first_ms, last_ms, calls) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (key_arn, principal) DO UPDATE SET first_ms = min(first_ms, excluded.first_ms),
      last_ms = max(last_ms, excluded.last_ms), calls = calls + excluded.calls`,
    row.keyArn,
    row.principalKey,
    row.firstMs,
    row.lastMs,
    row.count,
  );
}

function countersOf(database: Database): Counters {
  const rows = database.rows("SELECT name, value FROM counters");
  const counted = rows.map((row) => [textIn(row, "name"), numberIn(row, "value")]);
  return { ...noCounters, ...(Object.fromEntries(counted) as Partial<Counters>) };
}

function memoriesOf(database: Database, kind: string): number {
  // ";" follows ":" in ASCII: the range is answered from the index of entities alone.
  const row = database.row(
    "SELECT count(*) AS memories FROM memories WHERE entity >= ? AND entity < ?",
    `${kind}:`,
    `${kind};`,
  );
  return row === undefined ? 0 : numberIn(row, "memories");
}
