import { inflateSync } from "node:zlib";
import type { DeadLetter } from "../../sources/source.ts";
import type { DeadLetterLimits, PackedLetter } from "../dead-letter.ts";
import type { DeadLetterTotals, KeptDeadLetter } from "../store.ts";
import { bytesIn, damaged, type Database, numberIn, type Row, textIn } from "./database.ts";

export interface DeadLetterTable {
  /** Within a transaction: keeps letters that were packed, each once per origin and payload, and makes room for them. */
  keep(letters: readonly PackedLetter[]): void;
  newest(limit: number): KeptDeadLetter[];
  totals(): DeadLetterTotals;
}

export const deadLetterLimits: DeadLetterLimits = {
  letterBytes: 16 * 2 ** 20,
  payloadBytes: 2 ** 30,
  payloads: 100_000,
  letters: 1_000_000,
};

export function deadLetterTable(
  database: Database,
  limits: DeadLetterLimits,
  now: () => number,
): DeadLetterTable {
  return {
    keep(letters) {
      for (const letter of letters) {
        keepLetter(database, letter, now());
      }
      if (letters.length > 0) {
        dropPayloads(database, limits);
        forgetLetters(database, limits);
      }
    },
    newest(limit) {
      const rows = database.rows("SELECT * FROM dead_letters ORDER BY id DESC LIMIT ?", limit);
      return rows.map(letterOf);
    },
    totals: () => totalsOf(database),
  };
}

function keepLetter(database: Database, packed: PackedLetter, keptMs: number): void {
  const { letter, sha256, kept, stored } = packed;
  const repeated = database.run(
    "UPDATE dead_letters SET seen = seen + 1 WHERE origin = ? AND sha256 = ?",
    letter.origin,
    sha256,
  );
  if (repeated > 0) {
    database.run("UPDATE dead_letter_totals SET repeated = repeated + 1");
    return;
  }
  database.run(
    `INSERT INTO dead_letters (reason, detail, origin, bytes, sha256, kept, kept_ms, payload)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    letter.reason,
    letter.detail,
    letter.origin,
    letter.payload.length,
    sha256,
    kept,
    keptMs,
    stored,
  );
  database.run(
    `UPDATE dead_letter_totals SET letters = letters + 1, payloads = payloads + 1,
      payload_bytes = payload_bytes + ?, cut = cut + ?`,
    stored.length,
    kept === "cut" ? 1 : 0,
  );
}

/** Takes the payload from the oldest letters until the rest is within its limits; their rows stay. */
function dropPayloads(database: Database, limits: DeadLetterLimits): void {
  let { payloads, payloadBytes } = totalsOf(database);
  while (payloads > limits.payloads || payloadBytes > limits.payloadBytes) {
    const oldest = database.row(
      `SELECT id, length(payload) AS bytes FROM dead_letters
      WHERE payload IS NOT NULL ORDER BY id LIMIT 1`,
    );
    if (oldest === undefined) {
      return;
    }
    const bytes = numberIn(oldest, "bytes");
    database.run(
      "UPDATE dead_letters SET payload = NULL, kept = 'dropped' WHERE id = ?",
      numberIn(oldest, "id"),
    );
    database.run(
      `UPDATE dead_letter_totals SET payloads = payloads - 1, payload_bytes = payload_bytes - ?,
        dropped = dropped + 1`,
      bytes,
    );
    payloads -= 1;
    payloadBytes -= bytes;
  }
}

function forgetLetters(database: Database, limits: DeadLetterLimits): void {
  const excess = totalsOf(database).letters - limits.letters;
  if (excess <= 0) {
    return;
  }
  const forgotten = database.rows(
    `DELETE FROM dead_letters WHERE id IN (SELECT id FROM dead_letters ORDER BY id LIMIT ?)
    RETURNING coalesce(length(payload), 0) AS bytes, payload IS NOT NULL AS has_payload`,
    excess,
  );
  const bytes = forgotten.reduce((sum, row) => sum + numberIn(row, "bytes"), 0);
  const payloads = forgotten.reduce((sum, row) => sum + numberIn(row, "has_payload"), 0);
  database.run(
    `UPDATE dead_letter_totals SET letters = letters - ?, forgotten = forgotten + ?,
      payloads = payloads - ?, payload_bytes = payload_bytes - ?`,
    forgotten.length,
    forgotten.length,
    payloads,
    bytes,
  );
}

function letterOf(row: Row): KeptDeadLetter {
  return {
    id: numberIn(row, "id"),
    reason: textIn(row, "reason") as DeadLetter["reason"],
    detail: textIn(row, "detail"),
    origin: textIn(row, "origin"),
    bytes: numberIn(row, "bytes"),
    sha256: textIn(row, "sha256"),
    kept: textIn(row, "kept") as KeptDeadLetter["kept"],
    payload: row["payload"] === null ? new Uint8Array() : unpacked(bytesIn(row, "payload")),
  };
}

function unpacked(stored: Uint8Array): Uint8Array {
  try {
    return inflateSync(stored);
  } catch (error) {
    throw damaged("the payload of a dead letter cannot be opened", error);
  }
}

function totalsOf(database: Database): DeadLetterTotals {
  const row = database.row("SELECT * FROM dead_letter_totals");
  if (row === undefined) {
    throw damaged("dead_letter_totals holds no row");
  }
  return {
    letters: numberIn(row, "letters"),
    payloads: numberIn(row, "payloads"),
    payloadBytes: numberIn(row, "payload_bytes"),
    cut: numberIn(row, "cut"),
    dropped: numberIn(row, "dropped"),
    repeated: numberIn(row, "repeated"),
    forgotten: numberIn(row, "forgotten"),
  };
}
