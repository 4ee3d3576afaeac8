import { createHash } from "node:crypto";
import { type Alert, severityOf } from "../detection/alert.ts";
import type { SourceNotice } from "../sources/source.ts";

const GAP_SCORE = 75;
const SILENT_SCORE = 75;

/** What there is to say about Keyhawk itself. */
export interface OperationalFinding {
  /** `delivery-failing`, `gap`, … */
  readonly detector: string;
  /** What it is about: a sink, a shard. */
  readonly subject: string;
  readonly title: string;
  readonly summary: string;
  /** 0 to 100. */
  readonly score: number;
  /** When it happened, milliseconds since the epoch. */
  readonly atMs: number;
  readonly observed: Alert["observed"];
  readonly triage: readonly string[];
  /** What makes it one alert rather than another; without it the subject and the time to the second. */
  readonly identity?: string;
  /** 0 and `created` unless it is news of an alert that was sent before. */
  readonly revision?: number;
  readonly status?: Alert["status"];
}

/**
 * An alert about Keyhawk itself rather than about a principal: a sink that accepts nothing, lost data. It has one reason,
 * which weighs its whole score, and the same id whenever it is made again of the same finding.
 */
export function operationalAlert(finding: OperationalFinding): Alert {
  const { detector, subject, title, summary, score, observed, triage } = finding;
  const time = new Date(Math.floor(finding.atMs / 1000) * 1000).toISOString();
  const identity = finding.identity ?? `${subject}\n${time}`;
  return {
    schemaVersion: "1.0",
    alertId: idOf(`${detector}\n${identity}`),
    revision: finding.revision ?? 0,
    status: finding.status ?? "created",
    detector,
    detectorVersion: 1,
    title,
    summary,
    severity: severityOf(score),
    score,
    eventTime: time,
    window: { start: time, end: time },
    principal: null,
    kmsKey: null,
    accountId: null,
    region: null,
    observed: { subject, ...observed },
    expected: {},
    baseline: { maturity: "none", daysLearned: 0, samples: 0 },
    reasons: [{ code: detector, text: summary, weight: score / 100 }],
    evidence: { eventCount: 0, eventIds: [], sourceAddresses: [], userAgents: [] },
    attack: [],
    attackVersion: "",
    triage: [...triage],
    links: {},
    replay: false,
  };
}

/** The alert on what a source has to say: while records are lost or do not arrive, nothing is watched. */
export function noticeAlert(notice: SourceNotice): Alert {
  return notice.kind === "gap" ? gapAlert(notice) : silentAlert(notice);
}

function silentAlert({ subject, text, fromMs, toMs }: SourceNotice): Alert {
  const isOver = toMs !== undefined;
  const from = fromMs === undefined ? null : new Date(fromMs).toISOString();
  const alert = operationalAlert({
    detector: "source-silent",
    subject,
    identity: [subject, from].join("\n"),
    title: `Nothing arrives from ${subject}`,
    summary: text,
    score: SILENT_SCORE,
    atMs: fromMs ?? Date.now(),
    observed: { from, to: isOver ? new Date(toMs).toISOString() : null },
    triage: [
      "Look whether the trail still logs: aws cloudtrail get-trail-status.",
      "Follow the records' way to the source: bucket, subscription filter, stream, permissions.",
      "Once they arrive again, replay the trail of that time from its bucket: keyhawk replay s3://BUCKET/PREFIX --from … --to …",
    ],
    revision: isOver ? 1 : 0,
    status: isOver ? "closed" : "created",
  });
  return isOver
    ? { ...alert, window: { ...alert.window, end: new Date(toMs).toISOString() } }
    : alert;
}

function gapAlert(notice: SourceNotice): Alert {
  const { kind, subject, text, fromMs, toMs } = notice;
  const from = fromMs === undefined ? null : new Date(fromMs).toISOString();
  const to = toMs === undefined ? null : new Date(toMs).toISOString();
  const alert = operationalAlert({
    detector: kind,
    subject,
    identity: [subject, from, to, text].join("\n"),
    title: `Records of ${subject} were lost`,
    summary: text,
    score: GAP_SCORE,
    // A source that cannot say when lost them before now; the identity does not depend on it.
    atMs: toMs ?? fromMs ?? Date.now(),
    observed: { from, to },
    triage: [
      "Find out why reading fell behind: was Keyhawk stopped, or the stream's retention shorter than its rest?",
      "Replay the trail of that time from its bucket: keyhawk replay s3://BUCKET/PREFIX --from … --to …",
    ],
  });
  const { eventTime } = alert;
  return { ...alert, window: { start: from ?? eventTime, end: to ?? eventTime } };
}

/** 36 characters in the form of a UUID, so that it fits wherever the ids of other alerts do. */
function idOf(identity: string): string {
  const hex = createHash("sha256").update(identity).digest("hex");
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return [...parts, hex.slice(20, 32)].join("-");
}
