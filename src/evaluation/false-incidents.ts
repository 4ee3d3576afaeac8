import type { Truth } from "../simulation/truth.ts";
import type { JudgedAlert } from "./judged-alert.ts";

/** Alerts that no attack explains, counted once per subject, detector and day. */
export interface FalseIncidents {
  readonly falseIncidents: number;
  /** False incidents a day per 1,000 active principals; null where the truth has none. */
  readonly perDayPer1000: number | null;
  /** By the benign behaviour of the subject, most first. */
  readonly byCause: readonly CauseCount[];
  readonly byDetector: Readonly<Record<string, number>>;
}

export interface CauseCount {
  readonly cause: string;
  readonly falseIncidents: number;
  readonly perDayPer1000: number | null;
  readonly byDetector: Readonly<Record<string, number>>;
}

/**
 * Counts false incidents. The subject is the alert's principal, else its key, else its account; the day is that of its
 * first event time, UTC. The cause is the benign behaviour that truth.json files the subject under, several with `+`.
 */
export function falseIncidents(alerts: readonly JudgedAlert[], truth: Truth): FalseIncidents {
  const incidents = new Map<string, { cause: string; detector: string }>();
  for (const alert of alerts) {
    const subject = alert.principal ?? alert.key ?? alert.account ?? "";
    const day = Math.floor(alert.firstMs / dayMs);
    const name = `${subject} ${alert.detector} ${day}`;
    incidents.set(name, { cause: causeOf(alert, truth), detector: alert.detector });
  }
  const days = (Date.parse(truth.judgedTo) - Date.parse(truth.judgedFrom)) / dayMs;
  const rate = (count: number): number | null =>
    truth.activePrincipals === 0 ? null : count / days / (truth.activePrincipals / 1000);
  const groups = Map.groupBy(incidents.values(), ({ cause }) => cause);
  const byCause = [...groups].map(([cause, group]) => ({
    cause,
    falseIncidents: group.length,
    perDayPer1000: rate(group.length),
    byDetector: countBy(group),
  }));
  return {
    falseIncidents: incidents.size,
    perDayPer1000: rate(incidents.size),
    byCause: byCause.sort(
      (a, b) => b.falseIncidents - a.falseIncidents || (a.cause < b.cause ? -1 : 1),
    ),
    byDetector: countBy([...incidents.values()]),
  };
}

const dayMs = 86_400_000;

function causeOf(alert: JudgedAlert, truth: Truth): string {
  if (alert.principal !== undefined) {
    return joined(truth.principals[alert.principal]) ?? "unknown principal";
  }
  if (alert.key !== undefined) {
    const causes = truth.keys[alert.key];
    return causes !== undefined && causes.length > 2
      ? "shared key"
      : (joined(causes) ?? "unknown key");
  }
  return "account";
}

function joined(causes: readonly string[] | undefined): string | undefined {
  return causes === undefined || causes.length === 0 ? undefined : causes.join("+");
}

function countBy(incidents: readonly { detector: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { detector } of incidents) counts[detector] = (counts[detector] ?? 0) + 1;
  return counts;
}
