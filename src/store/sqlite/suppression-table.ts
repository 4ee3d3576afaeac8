import type { Acceptance } from "../../detection/suppression.ts";
import type { Suppression, SuppressionTable } from "../store.ts";
import { damaged, type Database, numberIn, type Row, textIn, textOrNothingIn } from "./database.ts";

export function suppressionTable(database: Database): SuppressionTable {
  return {
    async list() {
      return database.rows("SELECT * FROM suppressions ORDER BY created_ms, id").map(suppressionOf);
    },

    async add({ id, match, owner, reason, expiresMs, createdMs, acceptance }) {
      const { detector, principal, key, account } = match;
      if ([detector, principal, key, account].every((pattern) => pattern === undefined)) {
        throw new RangeError(
          `suppression ${id}: needs a detector, principal, key or account to match`,
        );
      }
      database.run(
        `INSERT INTO suppressions (id, detector, principal, kms_key, account, owner, reason, expires_ms, created_ms,
          acceptance)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET detector = excluded.detector, principal = excluded.principal,
          kms_key = excluded.kms_key, account = excluded.account, owner = excluded.owner,
          reason = excluded.reason, expires_ms = excluded.expires_ms, created_ms = excluded.created_ms,
          acceptance = excluded.acceptance`,
        id,
        detector ?? null,
        principal ?? null,
        key ?? null,
        account ?? null,
        owner,
        reason,
        expiresMs,
        createdMs,
        acceptance === undefined ? null : JSON.stringify(acceptance),
      );
    },

    async remove(id) {
      return database.run("DELETE FROM suppressions WHERE id = ?", id) > 0;
    },
  };
}

function suppressionOf(row: Row): Suppression {
  const acceptance = textOrNothingIn(row, "acceptance");
  return {
    id: textIn(row, "id"),
    match: {
      detector: textOrNothingIn(row, "detector"),
      principal: textOrNothingIn(row, "principal"),
      key: textOrNothingIn(row, "kms_key"),
      account: textOrNothingIn(row, "account"),
    },
    owner: textIn(row, "owner"),
    reason: textIn(row, "reason"),
    expiresMs: numberIn(row, "expires_ms"),
    createdMs: numberIn(row, "created_ms"),
    hits: numberIn(row, "hits"),
    ...(acceptance === undefined ? {} : { acceptance: acceptanceIn(acceptance) }),
  };
}

function acceptanceIn(text: string): Acceptance {
  try {
    return JSON.parse(text) as Acceptance;
  } catch (error) {
    throw damaged("an acceptance is not JSON", error);
  }
}
