import { type DeadLetterLimits, packLetter } from "../dead-letter.ts";
import { type Commit, type StateStore, StoreError } from "../store.ts";
import { type AlertTable, alertTable } from "./alert-table.ts";
import { type CallTable, callTable } from "./call-table.ts";
import { bytesIn, type Database, textIn } from "./database.ts";
import { deadLetterLimits, type DeadLetterTable, deadLetterTable } from "./dead-letter-table.ts";
import { type HistoryTable, historyTable } from "./history-table.ts";
import { lockDirectory } from "./lock.ts";
import { type OutboxTable, outboxTable } from "./outbox-table.ts";
import { checkOrigin, migrate, schemaSteps, schemaVersion } from "./schema.ts";
import { createDatabase, createDirectory, openDatabase, pageBytes } from "./state-directory.ts";
import { suppressionTable } from "./suppression-table.ts";

export interface SqliteStoreOptions {
  /**
   * `consume` (the default) makes the directory where it is missing and holds it alone until disposed. `annotate` writes
   * short notes of people (verdicts, suppressions, redrives) beside a live consumer; `read` only reads. Both need no lock.
   */
  readonly access?: "consume" | "annotate" | "read";
  /** Wall clock of the outbox and the dead letters, milliseconds. */
  readonly now?: () => number;
  /** Most alerts pending per sink, 100,000 by default; further ones are parked. */
  readonly outboxLimit?: number;
  /** Most bytes keyhawk.db may grow to; a commit that needs more fails with `full`. No limit by default. */
  readonly maxBytes?: number;
  readonly deadLetters?: Partial<DeadLetterLimits>;
}

/**
 * Opens the embedded store: keyhawk.db in a state directory. A commit is on the disk when it resolves.
 * Throws `StoreError`: `locked`, `missing`, `newer`, `corrupt`, `read-only`, `full`, `busy` or `failed`.
 */
export async function openSqliteStore(
  directory: string,
  options: SqliteStoreOptions = {},
): Promise<StateStore> {
  const access = options.access ?? "consume";
  if (access !== "consume") {
    const database = openCurrent(directory, access, options);
    return storeOf(database, access, options, () => database[Symbol.dispose]());
  }
  createDirectory(directory);
  const lock = lockDirectory(directory, options.now ?? Date.now);
  try {
    createDatabase(directory);
    const database = openCurrent(directory, access, options);
    return storeOf(database, access, options, () => {
      database[Symbol.dispose]();
      lock[Symbol.dispose]();
    });
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

type Access = NonNullable<SqliteStoreOptions["access"]>;

/** Opens the database and sees to it that its schema is the current one. */
function openCurrent(directory: string, access: Access, options: SqliteStoreOptions): Database {
  const database = openDatabase(directory, access === "read");
  try {
    database.execute(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    checkOrigin(database);
    if (schemaVersion(database) < schemaSteps.length) {
      upgrade(directory, access, options);
    }
    if (access !== "read") {
      prepareForWriting(database, options.maxBytes);
    }
    return database;
  } catch (error) {
    database[Symbol.dispose]();
    throw error;
  }
}

function prepareForWriting(database: Database, maxBytes: number | undefined): void {
  // FULL: each commit waits until the log is on the disk (https://www.sqlite.org/pragma.html#pragma_synchronous).
  database.execute("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON");
  database.execute("PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864");
  database.execute(`PRAGMA wal_autocheckpoint = ${checkpointPages}`);
  if (maxBytes !== undefined) {
    const pages = Math.max(1, Math.floor(maxBytes / pageBytes));
    database.execute(`PRAGMA max_page_count = ${pages}`);
  }
}

/** Brings an older database up to date, alone with it. */
function upgrade(directory: string, access: Access, options: SqliteStoreOptions): void {
  const lock = access === "consume" ? undefined : lockDirectory(directory, options.now ?? Date.now);
  try {
    using database = openDatabase(directory, false);
    migrate(database);
  } finally {
    lock?.[Symbol.dispose]();
  }
}

interface Tables {
  readonly alerts: AlertTable;
  readonly calls: CallTable;
  readonly outbox: OutboxTable;
  readonly deadLetters: DeadLetterTable;
  readonly history: HistoryTable;
}

function storeOf(
  database: Database,
  access: Access,
  options: SqliteStoreOptions,
  dispose: () => void,
): StateStore {
  const now = options.now ?? Date.now;
  const limits = { ...deadLetterLimits, ...options.deadLetters };
  const alerts = alertTable(database);
  const outbox = outboxTable(database, alerts, { limit: options.outboxLimit ?? 100_000, now });
  const deadLetters = deadLetterTable(database, limits, now);
  const calls = callTable(database);
  const history = historyTable(database, deadLetters);
  const tables = { alerts, calls, outbox, deadLetters, history };
  return {
    outbox,
    alerts,
    history,
    suppressions: suppressionTable(database),

    async positions() {
      const rows = database.rows("SELECT source, position FROM positions");
      return new Map(rows.map((row) => [textIn(row, "source"), textIn(row, "position")]));
    },

    async loadMemories(entities) {
      const memories = new Map<string, string>();
      for (const entity of entities) {
        const row = database.row("SELECT memory FROM memories WHERE entity = ?", entity);
        if (row !== undefined) {
          memories.set(entity, textIn(row, "memory"));
        }
      }
      return memories;
    },

    async memoriesAfter(entity, limit) {
      const query = "SELECT entity, memory FROM memories WHERE entity > ? ORDER BY entity LIMIT ?";
      const rows = database.rows(query, entity, limit);
      return new Map(rows.map((row) => [textIn(row, "entity"), textIn(row, "memory")]));
    },

    snapshot: (read) => database.snapshot(read),

    async engineState() {
      const row = database.row("SELECT state FROM engine");
      return row === undefined ? undefined : textIn(row, "state");
    },

    recentCalls: async () => calls.all(),

    async commit(commit) {
      if (access !== "consume") {
        const problem = `opened to ${access}; only a consumer commits batches`;
        throw new StoreError("read-only", database.directory, problem);
      }
      const letters = commit.deadLetters.map((letter) => packLetter(letter, limits));
      database.transaction(() => {
        writeState(database, commit);
        writeTables(tables, commit);
        deadLetters.keep(letters);
      });
    },

    async setting(name) {
      const row = database.row("SELECT value FROM settings WHERE name = ?", name);
      return row === undefined ? undefined : bytesIn(row, "value");
    },

    async setSetting(name, value) {
      database.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, value);
    },

    async [Symbol.asyncDispose]() {
      dispose();
    },
  };
}

/** Longest wait for somebody else's short write, milliseconds. */
const busyTimeoutMs = 10_000;

/** Pages in the log before they are moved to keyhawk.db: 32 MiB, so that a page written by many batches is moved once. */
const checkpointPages = 4096;

function writeState(database: Database, commit: Commit): void {
  for (const [source, position] of commit.positions) {
    if (position === "") {
      database.run("DELETE FROM positions WHERE source = ?", source);
    } else {
      database.run("INSERT OR REPLACE INTO positions VALUES (?, ?)", source, position);
    }
  }
  for (const [entity, memory] of commit.memories) {
    database.run(
      `INSERT INTO memories (entity, memory) VALUES (?, ?)
      ON CONFLICT (entity) DO UPDATE SET memory = excluded.memory`,
      entity,
      memory,
    );
  }
  if (commit.engineState !== undefined) {
    database.run("INSERT OR REPLACE INTO engine VALUES (1, ?)", commit.engineState);
  }
}

function writeTables({ alerts, calls, outbox, history }: Tables, commit: Commit): void {
  for (const segment of commit.calls) {
    calls.append(segment);
  }
  if (commit.forgetCallsBeforeHour !== undefined) {
    calls.forgetBefore(commit.forgetCallsBeforeHour);
  }
  for (const alert of commit.alerts) {
    alerts.keep(alert);
  }
  for (const [alertId, suppressionId] of commit.suppressed ?? []) {
    alerts.suppress(alertId, suppressionId);
  }
  for (const alertId of commit.unmuted ?? []) {
    alerts.unmute(alertId);
  }
  outbox.queue(commit.deliveries);
  history.addCounters(commit.counters);
  for (const row of commit.history) {
    history.keep(row);
  }
  if (commit.forgetHistoryBeforeHour !== undefined) {
    history.forgetBefore(commit.forgetHistoryBeforeHour);
  }
  for (const row of commit.usage) {
    history.addUsage(row);
  }
}
