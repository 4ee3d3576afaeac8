import type { Alert } from "./alert.ts";
import type { Finding, Subject } from "./detector.ts";
import { mergeEvidence } from "./evidence.ts";
import { pointsOf } from "./points.ts";

/** An alert that may still change: what of it must be remembered. */
export interface OpenAlert {
  readonly alertId: string;
  readonly detector: string;
  readonly subject: string;
  readonly period: Period;
  /** First hour that contributes. */
  start: number;
  /** Level already told to people. */
  level: number;
  /** What hours that are closed contributed. */
  past: Finding | null;
}

/** How long an alert lasts: as its subject says, or, of a silence, until it ends. */
export type Period = Subject["period"] | "silence";

/** What an alert is about. */
export interface AlertSubject {
  readonly name: string;
  readonly period: Period;
}

/**
 * Number of a revision: 0 as the alert is created, its level as it is updated, one more as it is closed. It says how far the
 * alert has gone rather than how often that was told, so that batches do not show in it.
 */
export function revisionOf(level: number, status: Alert["status"]): number {
  if (status === "created") return 0;
  return status === "closed" ? level + 1 : level;
}

/** Key of an alert within its entity; the same for all hours that contribute to it. */
export function alertKey(detector: string, subject: AlertSubject, hour: number): string {
  return `${detector}|${subject.name}|${periodOf(subject, hour)}`;
}

/** The time part of an alert's identity: hour or day since the epoch, or nothing. */
export function periodOf(subject: AlertSubject, hour: number): string {
  if (subject.period === "hour") return `h${hour}`;
  if (subject.period === "silence") return `s${hour}`;
  return subject.period === "day" ? `d${Math.floor(hour / 24)}` : "";
}

/** Whether an hour's finding belongs to the alert. */
export function contributes(alert: OpenAlert, hour: number): boolean {
  if (alert.period === "silence") return false;
  if (alert.period === "hour") return hour === alert.start;
  return alert.period === "once" || Math.floor(hour / 24) === Math.floor(alert.start / 24);
}

/** The last hour that can contribute to the alert. */
export function lastHourOf(alert: OpenAlert, openHours: number): number {
  if (alert.period === "hour") return alert.start;
  if (alert.period === "day") return Math.floor(alert.start / 24) * 24 + 23;
  return alert.start + openHours - 1;
}

/** One finding out of those of several hours, the earlier given first: the stronger one speaks, all of them are evidence. */
export function mergeFindings(earlier: Finding, later: Finding): Finding {
  const stronger = pointsOf(later.reasons) > pointsOf(earlier.reasons) ? later : earlier;
  return {
    ...stronger,
    eventTimeMs: Math.min(earlier.eventTimeMs, later.eventTimeMs),
    windowStartMs: Math.min(earlier.windowStartMs, later.windowStartMs),
    windowEndMs: Math.max(earlier.windowEndMs, later.windowEndMs),
    evidence: mergeEvidence(earlier.evidence, later.evidence),
  };
}
