import { DAY_HOURS, HOUR_MS, hourOf } from "../baseline/calendar.ts";
import type { Alert } from "./alert.ts";
import { covers, isOpen, type Scoped } from "./change-window.ts";
import { type Declarations, nothingDeclared, type Override } from "./declarations.ts";
import type { Expectations } from "./expectations.ts";
import type { LearnedAliases } from "./learned-aliases.ts";
import type { ConfiguredDetector } from "./memory.ts";
import { matchesPattern, selectsKey } from "./pattern.ts";
import { adjusted, shiftedScore, withScore } from "./score-change.ts";
import { type Mute, muteOf, sharedSession } from "./suppression.ts";

/** What is configured about alerts rather than about what makes them. */
export interface GradingOptions {
  readonly detectors: readonly ConfiguredDetector[];
  readonly accountOverrides?: readonly AccountOverride[] | undefined;
  readonly declarations?: Declarations | undefined;
  readonly openHours: number;
}

/** Settings of detectors in the accounts that match; of several, the later win. */
export interface AccountOverride {
  /** Account id, or a pattern. */
  readonly account: string;
  readonly detectors: Readonly<Record<string, Override | undefined>>;
}

/** What is to become of an alert: told to people; kept and told to nobody; or not made at all. */
export type Standing =
  | { readonly kind: "told" | "shadow" | "off" }
  /** `by`: id of a suppression or acceptance, `change-window:NAME` or `break-glass:NAME`. */
  | { readonly kind: "muted"; readonly by: string };

/** What grading asks of the organization. */
interface Known {
  readonly expectations: Expectations;
  readonly aliases: LearnedAliases;
}

/** Score of what was accepted as normal: kept for the record, below any sink's interest. */
const ACCEPTED_SCORE = 5;
/** Its signs were graded one by one. */
const SUM_OF_SIGNS = "combined-signals";
/** It tells of the very use that mutes other alerts. */
const BREAK_GLASS = "break-glass";

/**
 * Grades alerts by what a SOC has configured: severities, sensitive keys, windows, break-glass roles, suppressions and acceptances.
 *
 * Each answer is a function of the alert, the configuration, the notes and the aliases known by the alert's hour: the same in whatever
 * order the events came.
 */
export class Grader {
  readonly #detectors: ReadonlyMap<string, ConfiguredDetector>;
  readonly #accountOverrides: readonly AccountOverride[];
  readonly #declarations: Declarations;
  readonly #known: Known;
  readonly #openHours: number;
  #notes: readonly Mute[] = [];

  constructor(options: GradingOptions, known: Known) {
    this.#detectors = new Map(options.detectors.map((one) => [one.detector.id, one]));
    this.#accountOverrides = options.accountOverrides ?? [];
    this.#declarations = options.declarations ?? nothingDeclared;
    this.#known = known;
    this.#openHours = options.openHours;
  }

  /** Takes what people noted: suppressions and acceptances, as they are now. */
  useNotes(notes: readonly Mute[]): void {
    this.#notes = notes;
  }

  /** The alert with the score it deserves here; `keyArns` are the keys it is about, where known. */
  grade(alert: Alert, keyArns: readonly string[] = []): Alert {
    const own = adjusted(alert, this.#detectors.get(alert.detector)?.severity);
    const overridden = adjusted(own, this.#override(alert).severity);
    return this.#accepted(this.#sensitive(overridden, keyArns));
  }

  standing(alert: Alert): Standing {
    const override = this.#override(alert);
    if (override.enabled === false) return { kind: "off" };
    const by = this.#windowOf(alert) ?? this.#breakGlassOf(alert) ?? muteOf(alert, this.#notes)?.id;
    if (by !== undefined) return { kind: "muted", by };
    const isShadow = override.shadow ?? this.#detectors.get(alert.detector)?.shadow ?? false;
    return { kind: isShadow ? "shadow" : "told" };
  }

  #override({ accountId, detector }: Alert): Override {
    let override: Override = {};
    if (accountId === null) return override;
    for (const { account, detectors } of this.#accountOverrides) {
      const own = detectors[detector];
      if (own !== undefined && matchesPattern(account, accountId))
        override = { ...override, ...own };
    }
    return override;
  }

  #sensitive(alert: Alert, keyArns: readonly string[]): Alert {
    const { sensitiveKeys } = this.#declarations;
    if (sensitiveKeys.length === 0 || alert.detector === SUM_OF_SIGNS) return alert;
    const about = alert.kmsKey === null ? keyArns : [alert.kmsKey.arn, ...keyArns];
    const knownBy = this.#knownBy(alert);
    const isSensitive = about.some((arn) => {
      const aliases = this.#known.aliases.of(arn, knownBy);
      return sensitiveKeys.some((selector) => selectsKey(selector, arn, aliases));
    });
    if (!isSensitive) return alert;
    return withScore(alert, {
      code: "sensitive-key",
      text: "The key is declared sensitive.",
      score: shiftedScore(alert.score, 1),
    });
  }

  #accepted(alert: Alert): Alert {
    const mute = muteOf(alert, this.#notes);
    if (mute?.acceptance === undefined) return alert;
    const until = new Date(mute.expiresMs).toISOString().slice(0, 10);
    const who = mute.owner === undefined ? "" : ` by ${mute.owner}`;
    const why = mute.reason === undefined ? "" : `: ${mute.reason}`;
    return withScore(alert, {
      code: "accepted",
      text: `Accepted as normal${who} until ${until}${why}`,
      score: Math.min(alert.score, ACCEPTED_SCORE),
    });
  }

  #windowOf(alert: Alert): string | undefined {
    const { changeWindows } = this.#declarations;
    if (changeWindows.length === 0) return undefined;
    const times = timesOf(alert);
    const { detector } = alert;
    const isGrave = this.#isGrave(detector);
    const scoped = scopeOf(alert);
    const open = changeWindows.find(
      (window) =>
        (window.detectors?.includes(detector) ?? !isGrave) &&
        times.every((timeMs) => isOpen(window, timeMs)) &&
        covers(window, scoped, this.#aliasesOf(alert)),
    );
    return open === undefined ? undefined : `change-window:${open.name}`;
  }

  #breakGlassOf(alert: Alert): string | undefined {
    const { detector, principal } = alert;
    const scoped = scopeOf(alert);
    if (principal === null || scoped.principal === null) return undefined;
    if (detector === BREAK_GLASS) return undefined;
    if (this.#isGrave(detector)) return undefined;
    const { expectations } = this.#known;
    const declared = expectations.breakGlassOf(scoped.principal);
    if (declared === undefined) return undefined;
    const isAllowed = expectations.isAsDeclared(
      declared,
      { ...scoped, session: principal.session, timeMs: Date.parse(alert.eventTime) },
      this.#knownBy(alert),
    );
    return isAllowed ? `break-glass:${declared.name}` : undefined;
  }

  #isGrave(detector: string): boolean {
    return this.#detectors.get(detector)?.detector.grave === true;
  }

  #aliasesOf(alert: Alert): readonly string[] {
    return alert.kmsKey === null
      ? []
      : this.#known.aliases.of(alert.kmsKey.arn, this.#knownBy(alert));
  }

  /** The newest hour of which everything is known when the alert's hour opens. */
  #knownBy({ eventTime }: Alert): number {
    return hourOf(Date.parse(eventTime)) - this.#openHours;
  }
}

/**
 * Times at which a window must be open: when the alert fired, and in the last hour that contributed to it, for what begins in a
 * window and goes on after it is no work of the window. What is about a whole day shows only when it fired.
 */
function timesOf({ eventTime, window }: Alert): number[] {
  const [firedMs, startMs, endMs] = [eventTime, window.start, window.end].map((time) =>
    Date.parse(time),
  ) as [number, number, number];
  if (endMs - startMs >= DAY_HOURS * HOUR_MS) return [firedMs];
  return [firedMs, Math.max(firedMs, endMs - HOUR_MS)];
}

function scopeOf(alert: Alert): Scoped {
  const { accountId, kmsKey, principal } = alert;
  const session = sharedSession(alert);
  return {
    accountId,
    keyArn: kmsKey?.arn ?? null,
    principal:
      principal === null
        ? null
        : {
            key: principal.key,
            entity: session === null ? principal.key : `${principal.key}#${session}`,
          },
  };
}
