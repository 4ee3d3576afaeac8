import { type Severity, severities } from "../detection/alert.ts";
import type {
  Counters,
  HistoryRow,
  KeptAlert,
  OutboxCount,
  StateStore,
  UsageRow,
} from "../store/store.ts";
import { hourMs, rangeOf } from "./hours.ts";
import { kindOf } from "./names.ts";

/** All that a report says, read once: plain data, so that a page is a function of it. */
export interface ReportInput {
  readonly title: string;
  /** ISO 8601 UTC. */
  readonly generatedAt: string;
  /** Event time that was seen; undefined where nothing was. */
  readonly period: Period | undefined;
  readonly learning: Learning;
  readonly counters: Counters;
  readonly entities: {
    readonly principals: number;
    readonly keys: number;
    readonly accounts: number;
  };
  /** The alerts shown in full, most severe first, then newest. */
  readonly alerts: readonly KeptAlert[];
  /** Every alert in brief, newest first: what strips and timelines count. */
  readonly marks: readonly AlertMark[];
  /** All accounts; the subjects of alerts and the busiest principals. */
  readonly hours: readonly HistoryRow[];
  /** Most used pairs first. */
  readonly usage: readonly UsageRow[];
  readonly deadLetters: readonly DeadLetterGroup[];
  readonly outbox: readonly OutboxCount[];
  /** What was left out, and how much: a report never cuts in silence. */
  readonly omissions: readonly Omission[];
}

export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Learning {
  readonly days: number;
  readonly neededDays: number;
}

export interface AlertMark {
  readonly timeMs: number;
  readonly detector: string;
  readonly severity: Severity;
  readonly suppressed: boolean;
}

export interface DeadLetterGroup {
  readonly reason: string;
  readonly count: number;
  /** One of them in words; holds no value of the record. */
  readonly example: string;
}

export interface Omission {
  readonly what: string;
  readonly shown: number;
  readonly others: number;
  /** True where there are at least so many others and counting stopped there. */
  readonly atLeast?: boolean;
}

/** Bounds of a report; each has a default that keeps a page quick to open. */
export interface ReportOptions {
  readonly title?: string;
  /** Milliseconds since the epoch. */
  readonly generatedAtMs?: number;
  /** Event time in milliseconds; default everything the store holds. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Alerts shown in full. Default 200. */
  readonly alerts?: number;
  /** Alerts counted in strip and timeline. Default 10,000. */
  readonly marks?: number;
  /** Busiest principals whose hours are read beside those with alerts. Default 12. */
  readonly busiest?: number;
  /** Principals and keys with alerts whose hours are read, most severe first. Default 60. */
  readonly alerted?: number;
  /** Pairs of principal and key. Default 5,000. */
  readonly pairs?: number;
  /** Days of history, counted back from the newest. Default 92. */
  readonly days?: number;
  /** Dead letters that are sorted by reason, newest first. Default 200. */
  readonly deadLetters?: number;
  /** Days after which a baseline is called mature. Default 14. */
  readonly learningDays?: number;
}

/** Reads a report out of a store, within the bounds of `options`; what does not fit is in `omissions`. */
export async function readReportInput(
  store: StateStore,
  options: ReportOptions = {},
): Promise<ReportInput> {
  const bounds = { ...defaults, ...options };
  const omissions: Omission[] = [];
  const { alerts, marks } = await readAlerts(store, bounds, omissions);
  const usage = await readUsage(store, bounds, omissions);
  const hours = await readHours(store, bounds, { alerts, usage }, omissions);
  const deadLetters = groupDeadLetters(await store.history.deadLetters(bounds.deadLetters));
  const counters = countersOf(await store.history.counters(), hours);
  const sorted = deadLetters.reduce((sum, group) => sum + group.count, 0);
  noteOmission(omissions, "dead letters sorted by reason", sorted, counters.rejected);
  return {
    title: bounds.title,
    generatedAt: new Date(options.generatedAtMs ?? Date.now()).toISOString(),
    period: periodOf(hours, usage, marks),
    learning: { days: learnedDays(hours), neededDays: bounds.learningDays },
    counters,
    entities: await store.history.entities(),
    alerts,
    marks,
    hours,
    usage,
    deadLetters,
    outbox: await store.outbox.counts(),
    omissions,
  };
}

/** Whether the events were read by Lambda functions, which count in CloudWatch rather than in the state. */
export function isCountedElsewhere({ counters }: Pick<ReportInput, "counters">): boolean {
  return counters.records === 0 && counters.kmsEvents > 0;
}

/** Where nothing else was counted the hours say how many events there were. */
function countersOf(counters: Counters, hours: readonly HistoryRow[]): Counters {
  if (counters.records > 0) return counters;
  const accounts = hours.filter(({ entity }) => kindOf(entity) === "account");
  return { ...counters, kmsEvents: accounts.reduce((sum, { events }) => sum + events, 0) };
}

/** Order of severities for sorting: 0 informational to 4 critical. */
export function rankOf(severity: Severity): number {
  return severities.indexOf(severity);
}

/** Most severe first; among equals the newest, then by id so that the order is always the same. */
export function bySeverity(a: KeptAlert, b: KeptAlert): number {
  return (
    rankOf(b.alert.severity) - rankOf(a.alert.severity) ||
    Date.parse(b.alert.eventTime) - Date.parse(a.alert.eventTime) ||
    a.alert.alertId.localeCompare(b.alert.alertId)
  );
}

const defaults = {
  title: "KMS key use",
  alerts: 200,
  marks: 10_000,
  busiest: 12,
  alerted: 60,
  pairs: 5_000,
  days: 92,
  deadLetters: 200,
  learningDays: 14,
} as const satisfies ReportOptions;

type Bounds = Required<Omit<ReportOptions, "generatedAtMs" | "fromMs" | "toMs">> &
  Pick<ReportOptions, "fromMs" | "toMs">;

async function readAlerts(store: StateStore, bounds: Bounds, omissions: Omission[]) {
  const { fromMs, toMs } = bounds;
  const found = await store.alerts.list({
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(toMs === undefined ? {} : { toMs }),
    limit: bounds.marks + 1,
  });
  const counted = found.slice(0, bounds.marks);
  if (found.length > counted.length) {
    omissions.push({ what: "alerts counted", shown: counted.length, others: 1, atLeast: true });
  }
  const alerts = counted.toSorted(bySeverity).slice(0, bounds.alerts);
  noteOmission(omissions, "alerts shown in full", alerts.length, counted.length);
  const marks = counted.map(({ alert, suppressedBy }): AlertMark => ({
    timeMs: Date.parse(alert.eventTime),
    detector: alert.detector,
    severity: alert.severity,
    suppressed: suppressedBy !== undefined,
  }));
  return { alerts, marks };
}

async function readUsage(store: StateStore, bounds: Bounds, omissions: Omission[]) {
  const rows = await store.history.usage(bounds.pairs + 1);
  const usage = rows.toSorted((a, b) => b.count - a.count).slice(0, bounds.pairs);
  if (rows.length > usage.length) {
    omissions.push({
      what: "pairs of principal and key",
      shown: usage.length,
      others: 1,
      atLeast: true,
    });
  }
  return usage;
}

/** Hours of all accounts, then of the chosen principals one by one: never of every principal there is. */
async function readHours(
  store: StateStore,
  bounds: Bounds,
  known: Pick<ReportInput, "alerts" | "usage">,
  omissions: Omission[],
): Promise<HistoryRow[]> {
  const toHour = bounds.toMs === undefined ? undefined : Math.ceil(bounds.toMs / hourMs);
  const until = toHour === undefined ? {} : { toHour };
  const since = bounds.fromMs === undefined ? {} : { fromHour: Math.floor(bounds.fromMs / hourMs) };
  const all = await store.history.hours({ prefix: "account:", ...since, ...until });
  const newest = rangeOf(all)?.toHour ?? 0;
  const fromHour = Math.max(newest - bounds.days * 24, since.fromHour ?? 0);
  const accounts = all.filter((row) => row.hour >= fromHour);
  noteOmission(omissions, "hours of accounts", accounts.length, all.length);

  const alerted = new Set(known.alerts.flatMap(({ alert }) => subjectOf(alert) ?? []));
  const chosen = [...alerted].slice(0, bounds.alerted);
  noteOmission(omissions, "subjects of alerts whose hours are drawn", chosen.length, alerted.size);
  const busiest = busiestPrincipals(known.usage, bounds.busiest).map((key) => `principal:${key}`);
  const others: HistoryRow[] = [];
  for (const entity of new Set([...chosen, ...busiest])) {
    const rows = await store.history.hours({ prefix: entity, fromHour, ...until });
    for (const row of rows) {
      if (row.entity === entity || row.entity.startsWith(`${entity}#`)) others.push(row);
    }
  }
  return [...accounts, ...others];
}

/** The entity whose hours explain an alert: its principal, else its key. */
function subjectOf({ principal, kmsKey }: KeptAlert["alert"]): string | undefined {
  if (principal !== null) return `principal:${principal.key}`;
  return kmsKey === null ? undefined : `key:${kmsKey.arn}`;
}

function busiestPrincipals(usage: readonly UsageRow[], most: number): string[] {
  const totals = new Map<string, number>();
  for (const row of usage) {
    totals.set(row.principalKey, (totals.get(row.principalKey) ?? 0) + row.count);
  }
  return [...totals]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, most)
    .map(([key]) => key);
}

function groupDeadLetters(
  letters: readonly { reason: string; detail: string }[],
): DeadLetterGroup[] {
  const groups = Map.groupBy(letters, (letter) => letter.reason);
  return [...groups]
    .map(([reason, members]) => ({
      reason,
      count: members.length,
      example: members[0]?.detail ?? "",
    }))
    .toSorted((a, b) => b.count - a.count);
}

function periodOf(
  hours: readonly HistoryRow[],
  usage: readonly UsageRow[],
  marks: readonly AlertMark[],
): Period | undefined {
  const range = rangeOf(hours);
  let fromMs = range === undefined ? Infinity : range.fromHour * hourMs;
  let toMs = range === undefined ? -Infinity : range.toHour * hourMs;
  for (const { firstMs, lastMs } of range === undefined ? usage : []) {
    fromMs = Math.min(fromMs, firstMs);
    toMs = Math.max(toMs, lastMs);
  }
  for (const { timeMs } of marks) {
    fromMs = Math.min(fromMs, timeMs);
    toMs = Math.max(toMs, timeMs);
  }
  return Number.isFinite(fromMs) && Number.isFinite(toMs) ? { fromMs, toMs } : undefined;
}

/** Whole days that accounts were watched. */
function learnedDays(hours: readonly HistoryRow[]): number {
  const range = rangeOf(hours.filter((row) => kindOf(row.entity) === "account"));
  return range === undefined ? 0 : Math.floor((range.toHour - range.fromHour) / 24);
}

function noteOmission(omissions: Omission[], what: string, shown: number, all: number): void {
  if (all > shown) omissions.push({ what, shown, others: all - shown });
}
