import type { Alert } from "../detection/alert.ts";

/** How the alerts of one configuration differ from those of another. Plain data, as `--format json` writes it. */
export interface Comparison {
  readonly total: ComparisonCounts;
  /** In the order of their names. */
  readonly byDetector: readonly (ComparisonCounts & { readonly detector: string })[];
  /** UTC days of event times, oldest first; days without alerts are left out. */
  readonly byDay: readonly (ComparisonCounts & { readonly day: string })[];
  /** All but the unchanged, in order of event time. */
  readonly alerts: readonly ComparedAlert[];
}

export interface ComparisonCounts {
  /** Alerts of the configuration compared with, and of the one that is tried. */
  readonly against: number;
  readonly config: number;
  readonly gained: number;
  readonly lost: number;
  readonly changed: number;
  readonly unchanged: number;
}

export interface ComparedAlert extends AlertState {
  readonly change: "gained" | "lost" | "changed";
  readonly alertId: string;
  readonly detector: string;
  readonly title: string;
  readonly summary: string;
  readonly principal: string | null;
  readonly key: string | null;
  /** As it was with the configuration compared with; null unless it changed. */
  readonly was: AlertState | null;
}

/** What makes an alert another one to those who get it; limits in its words may differ without changing it. */
interface AlertState {
  readonly eventTime: string;
  readonly severity: Alert["severity"];
  readonly score: number;
}

/** Compares alerts by id: those of the configuration that is tried with those of the one it is compared with. */
export function compareAlerts(
  config: ReadonlyMap<string, Alert>,
  against: ReadonlyMap<string, Alert>,
): Comparison {
  const pairs: Pair[] = [];
  for (const id of new Set([...config.keys(), ...against.keys()])) {
    const [now, was] = [config.get(id), against.get(id)];
    const alert = now ?? was;
    if (alert !== undefined) pairs.push({ alert, now, was, change: changeOf(now, was) });
  }
  const detectors = Map.groupBy(pairs, ({ alert }) => alert.detector);
  const days = Map.groupBy(pairs, ({ alert }) => alert.eventTime.slice(0, 10));
  return {
    total: countPairs(pairs),
    byDetector: sorted(detectors).map(([detector, own]) => ({ detector, ...countPairs(own) })),
    byDay: sorted(days).map(([day, own]) => ({ day, ...countPairs(own) })),
    alerts: pairs.flatMap(comparedAlert).sort(byTime),
  };
}

type Change = ComparedAlert["change"] | "unchanged";

interface Pair {
  /** As it is tried, or as it was where it is lost. */
  readonly alert: Alert;
  readonly now: Alert | undefined;
  readonly was: Alert | undefined;
  readonly change: Change;
}

function changeOf(now: Alert | undefined, was: Alert | undefined): Change {
  if (was === undefined) return "gained";
  if (now === undefined) return "lost";
  const isSame =
    now.severity === was.severity && now.score === was.score && now.eventTime === was.eventTime;
  return isSame ? "unchanged" : "changed";
}

function countPairs(pairs: readonly Pair[]): ComparisonCounts {
  const count = (change: Change): number => pairs.filter((pair) => pair.change === change).length;
  return {
    against: pairs.filter(({ was }) => was !== undefined).length,
    config: pairs.filter(({ now }) => now !== undefined).length,
    gained: count("gained"),
    lost: count("lost"),
    changed: count("changed"),
    unchanged: count("unchanged"),
  };
}

function comparedAlert({ alert, was, change }: Pair): ComparedAlert[] {
  if (change === "unchanged") return [];
  const { alertId, detector, title, summary } = alert;
  return [
    {
      change,
      alertId,
      detector,
      ...stateOf(alert),
      title,
      summary,
      principal: alert.principal?.key ?? null,
      key: alert.kmsKey?.arn ?? null,
      was: change === "changed" && was !== undefined ? stateOf(was) : null,
    },
  ];
}

function stateOf({ eventTime, severity, score }: Alert): AlertState {
  return { eventTime, severity, score };
}

function sorted(groups: ReadonlyMap<string, Pair[]>): [string, Pair[]][] {
  return [...groups].sort(([one], [other]) => (one < other ? -1 : 1));
}

function byTime(one: ComparedAlert, other: ComparedAlert): number {
  if (one.eventTime !== other.eventTime) return one.eventTime < other.eventTime ? -1 : 1;
  return one.alertId < other.alertId ? -1 : 1;
}
