import type { Alert } from "../../detection/alert.ts";
import { type AlertReader, type KeptAlert, type Verdict, verdicts } from "../store.ts";
import { damaged, type Database, numberIn, type Row, textIn, textOrNothingIn } from "./database.ts";

export interface AlertTable extends AlertReader {
  /** Within a transaction: keeps an alert as it stands now, but for what people made of it. */
  keep(alert: Alert): void;
  /** Within a transaction: notes which suppression muted an alert, and its hit when that is news. */
  suppress(alertId: string, suppressionId: string): void;
  /** Within a transaction: takes the mark of a mute away. */
  unmute(alertId: string): void;
}

export function alertTable(database: Database): AlertTable {
  return {
    keep: (alert) => keep(database, alert),

    suppress(alertId, suppressionId) {
      const news = database.run(
        "UPDATE alerts SET suppressed_by = ?2 WHERE alert_id = ?1 AND suppressed_by IS NOT ?2",
        alertId,
        suppressionId,
      );
      if (news > 0) {
        database.run("UPDATE suppressions SET hits = hits + 1 WHERE id = ?", suppressionId);
      }
    },

    unmute(alertId) {
      database.run(
        "UPDATE alerts SET suppressed_by = NULL WHERE alert_id = ? AND suppressed_by IS NOT NULL",
        alertId,
      );
    },

    async get(alertId) {
      const row = database.row("SELECT * FROM alerts WHERE alert_id = ?", alertId);
      return row === undefined ? undefined : keptAlert(row);
    },

    async list({ detector, minimumScore, status, fromMs, toMs, limit }) {
      const rows = database.rows(
        `SELECT * FROM alerts
        WHERE event_ms >= coalesce(?4, event_ms) AND event_ms < coalesce(?5, event_ms + 1)
          AND detector = coalesce(?1, detector) AND score >= coalesce(?2, score)
          AND status = coalesce(?3, status)
        ORDER BY event_ms DESC, alert_id LIMIT ?6`,
        detector ?? null,
        minimumScore ?? null,
        status ?? null,
        fromMs ?? null,
        toMs ?? null,
        limit ?? noLimit,
      );
      return rows.map(keptAlert);
    },

    async close(alertId, { verdict, by, note, atMs }) {
      const changed = database.run(
        `UPDATE alerts SET status = 'closed', verdict = ?, verdict_by = ?, verdict_note = ?, verdict_ms = ?
        WHERE alert_id = ?`,
        verdict,
        by,
        note,
        atMs,
        alertId,
      );
      return changed > 0;
    },
  };
}

/** The alert in the column of that name, as it was committed. */
export function alertIn(row: Row): Alert {
  try {
    return JSON.parse(textIn(row, "alert")) as Alert;
  } catch (error) {
    throw damaged("an alert is not JSON", error);
  }
}

const noLimit = -1;

function keep(database: Database, alert: Alert): void {
  database.run(
    `INSERT INTO alerts (alert_id, revision, status, detector, severity, score, event_ms,
      principal, kms_key, account, region, title, summary, alert)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (alert_id) DO UPDATE SET revision = excluded.revision,
      status = CASE WHEN verdict IS NULL THEN excluded.status ELSE status END,
      detector = excluded.detector, severity = excluded.severity, score = excluded.score,
      event_ms = excluded.event_ms, principal = excluded.principal, kms_key = excluded.kms_key,
      account = excluded.account, region = excluded.region, title = excluded.title,
      summary = excluded.summary, alert = excluded.alert`,
    alert.alertId,
    alert.revision,
    alert.status,
    alert.detector,
    alert.severity,
    alert.score,
    Date.parse(alert.eventTime),
    alert.principal?.key ?? null,
    alert.kmsKey?.arn ?? null,
    alert.accountId,
    alert.region,
    alert.title,
    alert.summary,
    JSON.stringify(alert),
  );
}

function keptAlert(row: Row): KeptAlert {
  return {
    alert: { ...alertIn(row), status: textIn(row, "status") as Alert["status"] },
    verdict: verdictIn(row),
    suppressedBy: textOrNothingIn(row, "suppressed_by"),
  };
}

function verdictIn(row: Row): Verdict | undefined {
  const verdict = verdicts.find((known) => known === row["verdict"]);
  if (verdict === undefined) {
    return undefined;
  }
  return {
    verdict,
    by: textIn(row, "verdict_by"),
    note: textIn(row, "verdict_note"),
    atMs: numberIn(row, "verdict_ms"),
  };
}
