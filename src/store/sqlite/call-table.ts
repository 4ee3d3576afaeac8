import type { CallSegment } from "../store.ts";
import { bytesIn, type Database, numberIn } from "./database.ts";

export interface CallTable {
  /** Within a transaction: adds identities to their hour. */
  append(segment: CallSegment): void;
  /** Within a transaction: forgets the hours before this one. */
  forgetBefore(hour: number): void;
  all(): CallSegment[];
}

export function callTable(database: Database): CallTable {
  return {
    append(segment) {
      const last = database.row(
        `SELECT id, ids FROM call_segments
        WHERE id = (SELECT max(id) FROM call_segments WHERE hour = ?) AND length(ids) < ?`,
        segment.hour,
        smallBytes,
      );
      if (last === undefined) {
        const insert = "INSERT INTO call_segments (hour, ids) VALUES (?, ?)";
        database.run(insert, segment.hour, segment.ids);
        return;
      }
      database.run(
        "UPDATE call_segments SET ids = ? WHERE id = ?",
        Buffer.concat([bytesIn(last, "ids"), segment.ids]),
        numberIn(last, "id"),
      );
    },

    forgetBefore(hour) {
      database.run("DELETE FROM call_segments WHERE hour < ?", hour);
    },

    all() {
      const rows = database.rows("SELECT hour, ids FROM call_segments ORDER BY hour, id");
      return rows.map((row) => ({ hour: numberIn(row, "hour"), ids: bytesIn(row, "ids") }));
    },
  };
}

/**
 * A row with fewer bytes is filled up before a new one is begun, or a quiet stream with its batches of one event would have
 * a row per event. It is half a page, so that filling up writes no more pages than adding a row would.
 */
const smallBytes = 4096;
