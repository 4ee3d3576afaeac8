import { StoreError } from "../store.ts";
import { type Database, numberIn } from "./database.ts";

/** "KHwk", in the header of the file; `file keyhawk.db` shows it. */
export const applicationId = 0x4b48776b;

/**
 * The schema as a list of steps: step n leads from version n to n + 1. A step that was released is never changed.
 * Times are milliseconds, with a computed column beside each that shows them as ISO 8601.
 */
export const schemaSteps: readonly string[] = [
  `
CREATE TABLE positions (
  source   TEXT PRIMARY KEY,
  position TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE memories (
  entity TEXT NOT NULL UNIQUE,
  memory TEXT NOT NULL,
  kind   TEXT GENERATED ALWAYS AS (substr(entity, 1, instr(entity, ':') - 1)) VIRTUAL
) STRICT;

CREATE TABLE engine (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  state TEXT NOT NULL
) STRICT;

CREATE TABLE call_segments (
  id    INTEGER PRIMARY KEY,
  hour  INTEGER NOT NULL,
  ids   BLOB NOT NULL,
  calls INTEGER GENERATED ALWAYS AS (length(ids) / 8) VIRTUAL,
  start TEXT GENERATED ALWAYS AS (${isoHour("hour")}) VIRTUAL
) STRICT;
CREATE INDEX call_segments_by_hour ON call_segments (hour);

CREATE TABLE alerts (
  alert_id      TEXT PRIMARY KEY,
  revision      INTEGER NOT NULL,
  status        TEXT NOT NULL,
  detector      TEXT NOT NULL,
  severity      TEXT NOT NULL,
  score         INTEGER NOT NULL,
  event_ms      INTEGER NOT NULL,
  event_time    TEXT GENERATED ALWAYS AS (${isoTime("event_ms")}) VIRTUAL,
  principal     TEXT,
  kms_key       TEXT,
  account       TEXT,
  region        TEXT,
  title         TEXT NOT NULL,
  summary       TEXT NOT NULL,
  suppressed_by TEXT,
  verdict       TEXT,
  verdict_by    TEXT,
  verdict_note  TEXT,
  verdict_ms    INTEGER,
  verdict_time  TEXT GENERATED ALWAYS AS (${isoTime("verdict_ms")}) VIRTUAL,
  alert         TEXT NOT NULL
) STRICT;
CREATE INDEX alerts_by_time ON alerts (event_ms DESC, alert_id);

CREATE TABLE outbox (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  sink             TEXT NOT NULL,
  alert_id         TEXT NOT NULL,
  revision         INTEGER NOT NULL,
  state            TEXT NOT NULL CHECK (state IN ('pending', 'parked', 'accepted')),
  attempts         INTEGER NOT NULL DEFAULT 0,
  queued_ms        INTEGER NOT NULL,
  queued_time      TEXT GENERATED ALWAYS AS (${isoTime("queued_ms")}) VIRTUAL,
  next_attempt_ms  INTEGER NOT NULL,
  next_attempt_time TEXT GENERATED ALWAYS AS (${isoTime("next_attempt_ms")}) VIRTUAL,
  accepted_ms      INTEGER,
  accepted_time    TEXT GENERATED ALWAYS AS (${isoTime("accepted_ms")}) VIRTUAL,
  error            TEXT,
  alert            TEXT
) STRICT;
CREATE UNIQUE INDEX outbox_revisions ON outbox (sink, alert_id, revision);
CREATE INDEX outbox_pending ON outbox (sink, id, next_attempt_ms) WHERE state = 'pending';
CREATE INDEX outbox_parked ON outbox (sink, id) WHERE state = 'parked';
CREATE INDEX outbox_accepted ON outbox (id) WHERE state = 'accepted';

CREATE TABLE outbox_sinks (
  sink     TEXT PRIMARY KEY,
  accepted INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letters (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  reason    TEXT NOT NULL,
  detail    TEXT NOT NULL,
  origin    TEXT NOT NULL,
  bytes     INTEGER NOT NULL,
  sha256    TEXT NOT NULL,
  kept      TEXT NOT NULL CHECK (kept IN ('whole', 'cut', 'dropped')),
  seen      INTEGER NOT NULL DEFAULT 1,
  kept_ms   INTEGER NOT NULL,
  kept_time TEXT GENERATED ALWAYS AS (${isoTime("kept_ms")}) VIRTUAL,
  payload   BLOB,
  UNIQUE (origin, sha256)
) STRICT;
CREATE INDEX dead_letters_with_payload ON dead_letters (id) WHERE payload IS NOT NULL;

CREATE TABLE dead_letter_totals (
  id            INTEGER PRIMARY KEY CHECK (id = 1),
  letters       INTEGER NOT NULL,
  payloads      INTEGER NOT NULL,
  payload_bytes INTEGER NOT NULL,
  cut           INTEGER NOT NULL,
  dropped       INTEGER NOT NULL,
  repeated      INTEGER NOT NULL,
  forgotten     INTEGER NOT NULL
) STRICT;
INSERT INTO dead_letter_totals VALUES (1, 0, 0, 0, 0, 0, 0, 0);

CREATE TABLE counters (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE history_entities (
  id     INTEGER PRIMARY KEY,
  entity TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE history_hours (
  hour        INTEGER NOT NULL,
  entity_id   INTEGER NOT NULL REFERENCES history_entities (id),
  events      INTEGER NOT NULL,
  decrypts    INTEGER NOT NULL,
  expected    REAL,
  upper_limit REAL,
  PRIMARY KEY (hour, entity_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE key_usage (
  key_arn    TEXT NOT NULL,
  principal  TEXT NOT NULL,
  first_ms   INTEGER NOT NULL,
  first_time TEXT GENERATED ALWAYS AS (${isoTime("first_ms")}) VIRTUAL,
  last_ms    INTEGER NOT NULL,
  last_time  TEXT GENERATED ALWAYS AS (${isoTime("last_ms")}) VIRTUAL,
  calls      INTEGER NOT NULL,
  PRIMARY KEY (key_arn, principal)
) STRICT, WITHOUT ROWID;

CREATE TABLE suppressions (
  id           TEXT PRIMARY KEY,
  detector     TEXT,
  principal    TEXT,
  kms_key      TEXT,
  account      TEXT,
  owner        TEXT NOT NULL,
  reason       TEXT NOT NULL,
  expires_ms   INTEGER NOT NULL,
  expires_time TEXT GENERATED ALWAYS AS (${isoTime("expires_ms")}) VIRTUAL,
  created_ms   INTEGER NOT NULL,
  created_time TEXT GENERATED ALWAYS AS (${isoTime("created_ms")}) VIRTUAL,
  hits         INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE settings (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE VIEW open_alerts AS
  SELECT event_time, severity, score, detector, principal, kms_key, summary, alert_id
  FROM alerts WHERE status <> 'closed' AND suppressed_by IS NULL ORDER BY event_ms DESC;

CREATE VIEW outbox_overview AS
  SELECT sink, state, count(*) AS entries, max(attempts) AS most_attempts,
    min(queued_time) AS oldest, max(error) AS an_error
  FROM outbox GROUP BY sink, state;

CREATE VIEW dead_letters_overview AS
  SELECT reason, count(*) AS letters, sum(bytes) AS bytes, max(kept_time) AS newest, max(detail) AS a_detail
  FROM dead_letters GROUP BY reason;

CREATE VIEW history AS
  SELECT entity, ${isoHour("hour")} AS start, events, decrypts, expected, upper_limit, hour
  FROM history_hours JOIN history_entities ON history_entities.id = entity_id;
`,
  // What was accepted as normal, as JSON; null for a suppression.
  "ALTER TABLE suppressions ADD COLUMN acceptance TEXT;",
];

/**
 * Brings a database to the last step's version, all steps in one transaction; gives the version found.
 * Throws `StoreError` `newer` for a database of a later version than these steps lead to.
 */
export function migrate(database: Database, steps: readonly string[] = schemaSteps): number {
  return database.transaction(() => {
    const found = schemaVersion(database);
    if (found > steps.length) {
      throw newerError(database, found, steps.length);
    }
    for (const step of steps.slice(found)) {
      database.execute(step);
    }
    database.execute(`PRAGMA user_version = ${steps.length}`);
    return found;
  });
}

export function schemaVersion(database: Database): number {
  return pragma(database, "user_version");
}

/** Throws `StoreError` `corrupt` for a file of another program, `newer` for one of a later version of Keyhawk. */
export function checkOrigin(database: Database): void {
  if (pragma(database, "application_id") !== applicationId) {
    const problem =
      "keyhawk.db was not written by Keyhawk; move it away or choose another directory";
    throw new StoreError("corrupt", database.directory, problem);
  }
  const found = schemaVersion(database);
  if (found > schemaSteps.length) {
    throw newerError(database, found, schemaSteps.length);
  }
}

function newerError(database: Database, found: number, known: number): StoreError {
  const problem = `keyhawk.db has schema version ${found}, this Keyhawk knows ${known}; update Keyhawk`;
  return new StoreError("newer", database.directory, problem);
}

function pragma(database: Database, name: "user_version" | "application_id"): number {
  const row = database.row(`PRAGMA ${name}`);
  return row === undefined ? 0 : numberIn(row, name);
}

function isoTime(column: string): string {
  return `strftime('%Y-%m-%dT%H:%M:%SZ', ${column} / 1000, 'unixepoch')`;
}

function isoHour(column: string): string {
  return `strftime('%Y-%m-%dT%H:%M:%SZ', ${column} * 3600, 'unixepoch')`;
}
