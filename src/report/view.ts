import type { Alert } from "../detection/alert.ts";
import type { HistoryRow } from "../store/store.ts";
import { coveredHours, fillHours, type HourRange, rangeOf, type SeriesHour } from "./hours.ts";
import type { AlertMark, ReportInput } from "./input.ts";
import { kindOf } from "./names.ts";

/** How much of the input is drawn; `report.ts` lowers it until a page fits its size. */
export interface Detail {
  readonly alerts: number;
  /** Alerts with a chart of their hours. */
  readonly alertCharts: number;
  readonly accounts: number;
  readonly heatMaps: number;
  readonly principals: number;
  readonly keys: number;
}

/** The input with its hours in order: what every section draws from. */
export interface View {
  readonly input: ReportInput;
  readonly detail: Detail;
  readonly range: HourRange | undefined;
  /** Rows of one entity in order of the hour. */
  rowsOf(entity: string): readonly HistoryRow[];
  /** Entities of a kind, those with most calls first. */
  readonly accounts: readonly string[];
  readonly principals: readonly string[];
  /** Every hour of an entity, or of several added up, gaps marked. */
  series(entities: readonly string[], range: HourRange): SeriesHour[];
}

export function viewOf(input: ReportInput, detail: Detail): View {
  const byEntity = Map.groupBy(input.hours, (row) => row.entity);
  const covered = coveredHours(input.hours);
  const totals = new Map([...byEntity].map(([entity, rows]) => [entity, sumOfEvents(rows)]));
  const ofKind = (kind: "account" | "principal") =>
    [...totals]
      .filter(([entity]) => kindOf(entity) === kind)
      .toSorted(([a, x], [b, y]) => y - x || a.localeCompare(b))
      .map(([entity]) => entity);
  return {
    input,
    detail,
    range: rangeOf(input.hours),
    rowsOf: (entity) => byEntity.get(entity) ?? [],
    accounts: ofKind("account"),
    principals: ofKind("principal"),
    series: (entities, range) =>
      fillHours(
        entities.flatMap((entity) => byEntity.get(entity) ?? []),
        range,
        covered,
      ),
  };
}

/** The entity with rows that an alert is about: the person, the principal, the key or the account, in this order. */
export function entityOf(view: View, alert: Alert): string | undefined {
  const { principal, kmsKey, accountId } = alert;
  const candidates: string[] = [];
  if (principal !== null) {
    if (principal.session !== null)
      candidates.push(`principal:${principal.key}#${principal.session}`);
    candidates.push(`principal:${principal.key}`);
  } else if (kmsKey !== null) candidates.push(`key:${kmsKey.arn}`);
  else if (accountId !== null) candidates.push(`account:${accountId}`);
  return candidates.find((entity) => view.rowsOf(entity).length > 0);
}

/** Alerts by severity, all that were counted. */
export function severityCounts(marks: readonly AlertMark[]) {
  const counts = { informational: 0, low: 0, medium: 0, high: 0, critical: 0 };
  for (const { severity } of marks) counts[severity]++;
  return counts;
}

function sumOfEvents(rows: readonly HistoryRow[]): number {
  return rows.reduce((sum, row) => sum + row.events, 0);
}
