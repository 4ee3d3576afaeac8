import type { Alert, Severity } from "../detection/alert.ts";
import { type Batch, type BatchCounts, noCounts } from "../sources/source.ts";
import type { Commit } from "../store/store.ts";

/** The counts of a replay, as `--summary` writes them. */
export interface Summary extends BatchCounts {
  readonly duplicates: number;
  readonly sharedCopies: number;
  readonly late: number;
  readonly firstEventTime: string | null;
  readonly lastEventTime: string | null;
  readonly principals: number;
  readonly keys: number;
  readonly accounts: number;
  readonly eventNames: Readonly<Record<string, number>>;
  readonly identityTypes: Readonly<Record<string, number>>;
  readonly alerts: number;
  readonly alertsByDetector: Readonly<Record<string, number>>;
  readonly alertsBySeverity: Readonly<Record<Severity, number>>;
  readonly suppressed: number;
  /** Alerts by what mutes them: a suppression's or acceptance's id, `change-window:NAME`, … */
  readonly suppressedBy: Readonly<Record<string, number>>;
  /** Calls that were Keyhawk's own, as declared. */
  readonly self: number;
  readonly wallSeconds: number;
  readonly recordsPerSecond: number;
  readonly peakRssBytes: number;
}

/** Adds up what a replay read and found. */
export class Tally {
  readonly #counts: Record<keyof BatchCounts, number> = { ...noCounts };
  #duplicates = 0;
  #sharedCopies = 0;
  #late = 0;
  #self = 0;
  #firstMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;
  readonly #principals = new Set<string>();
  readonly #keys = new Set<string>();
  readonly #accounts = new Set<string>();
  readonly #eventNames = new Map<string, number>();
  readonly #identityTypes = new Map<string, number>();
  /** Alert → its newest revision. */
  readonly #alerts = new Map<string, Pick<Alert, "detector" | "severity">>();
  /** Alert → what mutes it. */
  readonly #suppressed = new Map<string, string>();

  /** Records of any service read so far. */
  get records(): number {
    return this.#counts.records;
  }

  /** Alerts made so far. */
  get alerts(): number {
    return this.#alerts.size;
  }

  /** Severities of the alerts that nothing mutes. */
  get unmutedSeverities(): Set<Severity> {
    const unmuted = [...this.#alerts].filter(([alertId]) => !this.#suppressed.has(alertId));
    return new Set(unmuted.map(([, { severity }]) => severity));
  }

  /** Adds a batch once it is committed. */
  add(batch: Batch, commit: Commit): void {
    for (const [name, count] of Object.entries(batch.counts)) {
      this.#counts[name as keyof BatchCounts] += Number(count);
    }
    this.#duplicates += commit.counters.duplicates ?? 0;
    this.#sharedCopies += commit.counters.sharedCopies ?? 0;
    this.#late += commit.counters.late ?? 0;
    this.#self += commit.counters.self ?? 0;
    for (const event of batch.events) {
      this.#firstMs = Math.min(this.#firstMs, event.timeMs);
      this.#lastMs = Math.max(this.#lastMs, event.timeMs);
      this.#principals.add(event.principal.key);
      for (const { arn } of event.keys) this.#keys.add(arn);
      const account = event.recipientAccountId ?? event.principal.accountId;
      if (account !== undefined) this.#accounts.add(account);
      if (event.service !== undefined) continue; // The contract counts KMS events by name and type.
      increment(this.#eventNames, event.name);
      increment(this.#identityTypes, event.principal.type);
    }
    this.#addAlerts(commit);
  }

  #addAlerts({ alerts, suppressed, unmuted }: Commit): void {
    for (const { alertId, detector, severity } of alerts) {
      this.#alerts.set(alertId, { detector, severity });
    }
    for (const [alertId, by] of suppressed ?? []) this.#suppressed.set(alertId, by);
    for (const alertId of unmuted ?? []) this.#suppressed.delete(alertId);
  }

  /** The counts by now. */
  summary(wallSeconds: number, peakRssBytes: number): Summary {
    const byDetector = new Map<string, number>();
    const suppressedBy = new Map<string, number>();
    for (const by of this.#suppressed.values()) increment(suppressedBy, by);
    const bySeverity = { informational: 0, low: 0, medium: 0, high: 0, critical: 0 };
    for (const { detector, severity } of this.#alerts.values()) {
      increment(byDetector, detector);
      bySeverity[severity] += 1;
    }
    return {
      ...this.#counts,
      duplicates: this.#duplicates,
      sharedCopies: this.#sharedCopies,
      late: this.#late,
      firstEventTime: timeText(this.#firstMs),
      lastEventTime: timeText(this.#lastMs),
      principals: this.#principals.size,
      keys: this.#keys.size,
      accounts: this.#accounts.size,
      eventNames: sorted(this.#eventNames),
      identityTypes: sorted(this.#identityTypes),
      alerts: this.#alerts.size,
      alertsByDetector: sorted(byDetector),
      alertsBySeverity: bySeverity,
      suppressed: this.#suppressed.size,
      suppressedBy: sorted(suppressedBy),
      self: this.#self,
      wallSeconds: Math.round(wallSeconds * 1000) / 1000,
      recordsPerSecond: Math.round(this.#counts.records / Math.max(wallSeconds, 0.001)),
      peakRssBytes,
    };
  }
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Most frequent first. */
function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([, one], [, other]) => other - one));
}

function timeText(timeMs: number): string | null {
  return Number.isFinite(timeMs) ? new Date(timeMs).toISOString().replace(".000Z", "Z") : null;
}
