import type { Alert } from "../../../src/detection/alert.ts";
import type { Truth, TruthAttack } from "../../../src/simulation/truth.ts";

export const role = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;
export const key = (name: string): string => `arn:aws:kms:eu-central-1:111122223333:key/${name}`;

/** An attack by the role `thief` on the key `vault`, 10:00 to 11:00 on the second judged day. */
export function attackOf(fields: Partial<TruthAttack> = {}): TruthAttack {
  return {
    id: "attack-001",
    kind: "stolen-role-decrypt",
    strength: "medium",
    start: "2026-02-03T10:00:00Z",
    end: "2026-02-03T11:00:00Z",
    harm: fields.start ?? "2026-02-03T10:00:00Z",
    principals: [role("thief")],
    keys: [key("vault")],
    account: "111122223333",
    wholeAccount: false,
    breaksKeys: false,
    records: 2,
    eventIds: ["event-1", "event-2"],
    story: "A theft.",
    ...fields,
  };
}

/** Ten judged days of 100 active principals. */
export function truthOf(fields: Partial<Truth> = {}): Truth {
  return {
    version: 1,
    seed: 1,
    from: "2026-01-05T00:00:00Z",
    to: "2026-02-12T00:00:00Z",
    judgedFrom: "2026-02-02T00:00:00Z",
    judgedTo: "2026-02-12T00:00:00Z",
    accounts: ["111122223333"],
    approvedForeignAccounts: [],
    activePrincipals: 100,
    records: 10,
    kmsRecords: 10,
    principals: { [role("job")]: ["nightly-job"], [role("api")]: ["diurnal-service"] },
    keys: { [key("vault")]: ["diurnal-service"] },
    attacks: [attackOf()],
    ...fields,
  };
}

/** What a case says of an alert; times are on the attack's day unless they have a date. */
export interface Case {
  readonly id?: string;
  readonly revision?: number;
  readonly at?: string;
  readonly window?: readonly [string, string];
  readonly principal?: string | null;
  readonly session?: string;
  readonly key?: string | null;
  readonly account?: string;
  readonly detector?: string;
  readonly severity?: Alert["severity"];
  readonly score?: number;
  readonly eventIds?: readonly string[];
}

/** A line of an alerts file. */
export function lineOf(fields: Case): string {
  const at = timeOf(fields.at ?? "10:02:00");
  const [start, end] = fields.window ?? [at, at];
  const { principal = role("thief"), key: arn = null } = fields;
  return JSON.stringify({
    schemaVersion: "1.0",
    alertId: fields.id ?? "a",
    revision: fields.revision ?? 0,
    detector: fields.detector ?? "decrypt-spike",
    severity: fields.severity ?? "medium",
    score: fields.score ?? 50,
    eventTime: at,
    window: { start: timeOf(start), end: timeOf(end) },
    principal: principal === null ? null : { key: principal, session: fields.session ?? null },
    kmsKey: arn === null ? null : { arn },
    accountId: fields.account ?? "111122223333",
    evidence: { eventIds: fields.eventIds ?? [] },
  });
}

function timeOf(text: string): string {
  return text.includes("T") ? text : `2026-02-03T${text}Z`;
}
