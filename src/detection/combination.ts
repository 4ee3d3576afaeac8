import { DAY_HOURS, dayOf, HOUR_MS, hourOf } from "../baseline/calendar.ts";
import { type Alert, type AlertPrincipal, leastScores } from "./alert.ts";
import type { Detector, Evidence, Finding, Reason } from "./detector.ts";
import { mergeEvidence } from "./evidence.ts";
import type { EngineOptions } from "./engine.ts";
import { revisionOf } from "./open-alert.ts";
import { pointsOf } from "./points.ts";
import { alertIdOf, renderAlert } from "./render.ts";

/** How much the second, third, … side counts beside the strongest: what goes together is not independent. */
const SHARES = [1, 0.75, 0.6, 0.4, 0.3];
/**
 * How much of its side's share a second sign of the same side counts: a new key of a caller is a new caller of a key. What else
 * follows, as the contexts that come with a new key, says nothing more.
 */
const AGAIN = [1, 0.5];
/**
 * Titles of signs that belong to another side than their detector's: a new Region to the keys in it, rather than to where a call came
 * from, and the first direct call to the key that it is about, where that was never reached through a service.
 */
const TITLES = ["New Region of a caller", "Direct use by one who came through services"];
/**
 * Detectors that see one side of what happened: what is used, from where, and how much at what time. Every other one is a side by
 * itself, `unknown-network` too: that a network is new to a whole account says more than that it is to one caller.
 */
const SIDES: readonly (readonly string[])[] = [
  [
    ...TITLES,
    "new-key",
    "family-new-key",
    "unexpected-principal",
    "new-operation",
    "new-contexts",
    "unused-region",
  ],
  ["new-origin", "direct-use"],
  [
    "decrypt-spike",
    "sustained-rise",
    "slow-drift",
    "session-share",
    "context-fan-out",
    "unusual-hour",
  ],
];
/**
 * Scores at which medium, high and critical begin. Signs add up to a severity only out of what lies below it: a graver alert
 * speaks for itself, and whether it came before or after must not show.
 */
const CEILINGS = [leastScores.medium, leastScores.high, leastScores.critical];
/** Days after which a day's signs are complete, whatever still arrives. */
const COMPLETE_AFTER_DAYS = 2;
/** Principals whose signs of a day are remembered; more are counted out, the first to come stay. */
const MOST_OPEN = 10_000;

export interface CombinationOptions {
  readonly detector: Detector;
  readonly minimumScore: number;
  readonly leastSign: number;
  /** Detectors whose alerts nobody is told of. */
  readonly shadow: ReadonlySet<string>;
  readonly replay: boolean;
}

/** What one detector said about a principal on one day: its gravest closed alert. */
interface Sign {
  readonly detector: string;
  readonly alertId: string;
  readonly score: number;
  readonly title: string;
  readonly summary: string;
  readonly eventTimeMs: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly baseline: Alert["baseline"];
  readonly evidence: Evidence;
}

interface Day {
  readonly day: number;
  readonly principal: AlertPrincipal;
  /** By detector: its gravest sign below each of the ceilings. */
  readonly signs: Record<string, (Sign | null)[]>;
  /** Level told; −1 before any. */
  level: number;
}

/**
 * Alerts in, graver alerts out: adds up what several detectors said about one principal on one UTC day. It looks at closed
 * alerts only, whose content no longer depends on the order of arrival, so neither does the sum.
 */
export class Combination {
  readonly #options: CombinationOptions;
  readonly #days: Map<string, Day>;

  constructor(options: CombinationOptions, written: readonly [string, Day][] | undefined) {
    this.#options = options;
    this.#days = new Map(written);
  }

  /** The principal and day that a closed alert is a sign about, as one text; undefined where it is no sign. */
  nameOf({ principal, score, detector, eventTime }: Alert): string | undefined {
    const { leastSign, shadow } = this.#options;
    if (principal === null || score < leastSign || shadow.has(detector)) return undefined;
    return `${principal.key} ${personOf(principal)} ${eventDayOf({ eventTime })}`;
  }

  /** The hour that event time must reach for the next day to be complete; undefined where none is open. */
  get closesAtHour(): number | undefined {
    const days = [...this.#days.values()].map(({ day }) => day);
    return days.length === 0 ? undefined : (Math.min(...days) + COMPLETE_AFTER_DAYS) * DAY_HOURS;
  }

  /** Takes a closed alert; returns the revisions that it leads to. */
  add(alert: Alert): Alert[] {
    const { principal } = alert;
    const name = this.nameOf(alert);
    if (principal === null || name === undefined) return [];
    let open = this.#days.get(name);
    if (open === undefined) {
      if (this.#days.size >= MOST_OPEN) return [];
      open = { day: eventDayOf(alert), principal, signs: {}, level: -1 };
      this.#days.set(name, open);
    }
    keep(open, signOf(alert));
    return this.#tell(open);
  }

  /** Closes days that lie behind; returns the closing revisions. */
  close(watermarkMs: number): Alert[] {
    const closed: Alert[] = [];
    const today = dayOf(hourOf(watermarkMs));
    for (const [name, open] of this.#days) {
      if (open.day + COMPLETE_AFTER_DAYS > today) continue;
      this.#days.delete(name);
      const finding = this.#finding(open);
      if (finding !== undefined) closed.push(this.#render(open, finding, "closed"));
    }
    return closed;
  }

  /** Plain data, for the engine's state. */
  write(): [string, Day][] {
    return [...this.#days];
  }

  #tell(open: Day): Alert[] {
    const level = CEILINGS.findLastIndex((_, index) => this.#reaches(open, index));
    if (level <= open.level) return [];
    const isNew = open.level < 0;
    open.level = level;
    const finding = this.#finding(open);
    if (finding === undefined) return [];
    return [
      ...(isNew ? [this.#render(open, finding, "created")] : []),
      ...(level > 0 ? [this.#render(open, finding, "updated")] : []),
    ];
  }

  /** Whether the signs below a ceiling reach it together. Once they do, they always will. */
  #reaches(open: Day, index: number): boolean {
    const signs = signsBelow(open, index);
    const least = Math.max(CEILINGS[index] ?? 100, this.#options.minimumScore);
    return signs.length >= 2 && totalOf(reasonsOf(signs)) >= least;
  }

  /** Undefined while the signs do not reach anything. */
  #finding(open: Day): Finding | undefined {
    const { day, principal: first, level } = open;
    if (level < 0) return undefined;
    const sorted = signsBelow(open, level);
    const [gravest] = sorted;
    if (gravest === undefined) return undefined;
    // Sessions of one principal differ; which sign came first must not show.
    const principal = gravest.evidence.principal ?? first;
    const reasons = reasonsOf(sorted);
    const total = totalOf(reasons);
    const detectors = sorted.map(({ detector }) => detector).sort();
    return {
      title: "Several signs about one principal",
      summary: `${sorted.length} detectors say something about ${personOf(principal)} on one day: ${sorted.map(({ title }) => title.toLowerCase()).join(", ")}.`,
      reasons,
      eventTimeMs: reachedMs(sorted, Math.max(CEILINGS[0] ?? 0, this.#options.minimumScore)),
      windowStartMs: Math.min(...sorted.map(({ startMs }) => startMs)),
      windowEndMs: Math.min(
        Math.max(...sorted.map(({ endMs }) => endMs)),
        (day + 2) * 24 * HOUR_MS,
      ),
      principal,
      key: null,
      accountId: principal.accountId,
      region: null,
      observed: { signs: sorted.length, detectors: detectors.join(" "), score: total },
      expected: { signs: 0, score: 0 },
      baseline: gravest.baseline,
      evidence: sorted
        .slice(1)
        .reduce((sum, { evidence }) => mergeEvidence(sum, evidence), gravest.evidence),
    };
  }

  #render(open: Day, finding: Finding, status: Alert["status"]): Alert {
    const { detector, replay } = this.#options;
    const { key } = open.principal;
    return renderAlert(finding, detector, {
      alertId: alertIdOf(detector.id, key, personOf(open.principal), String(open.day)),
      revision: revisionOf(open.level, status),
      status,
      replay,
    });
  }
}

function eventDayOf({ eventTime }: Pick<Alert, "eventTime">): number {
  return dayOf(hourOf(Date.parse(eventTime)));
}

/** The combination of signs, where its detector runs; its options are the ones that detector declares. */
export function combinationOf(
  { detectors, replay }: Pick<EngineOptions, "detectors" | "replay">,
  written: WrittenCombination | undefined,
): Combination | undefined {
  const own = detectors.find(({ detector }) => detector.id === "combined-signals");
  if (own === undefined) return undefined;
  const { minimumScore, leastSign } = own.options as { minimumScore: number; leastSign: number };
  const shadow = new Set(detectors.filter((one) => one.shadow).map(({ detector }) => detector.id));
  return new Combination(
    { detector: own.detector, minimumScore, leastSign, shadow, replay },
    written,
  );
}

/** Each sign with what it adds to those before it: the chance that not all of them are chance (noisy or), damped. */
function reasonsOf(signs: readonly Sign[]): Reason[] {
  let innocent = 1;
  const sides = new Map<unknown, { readonly rank: number; signs: number }>();
  return signs.map(({ detector, title, summary, score }) => {
    const what = TITLES.includes(title) ? title : detector;
    const name = SIDES.find((side) => side.includes(what)) ?? detector;
    const seen = sides.get(name) ?? { rank: Math.min(sides.size, SHARES.length - 1), signs: 0 };
    const share = (SHARES[seen.rank] ?? 0) * (AGAIN[seen.signs] ?? 0);
    seen.signs += 1;
    sides.set(name, seen);
    const before = innocent;
    innocent *= 1 - (share * score) / 100;
    return { code: detector, text: summary, points: Math.round((before - innocent) * 1000) / 10 };
  });
}

function totalOf(reasons: readonly Reason[]): number {
  return Math.round(pointsOf(reasons));
}

/** Event time of the sign with which, in order of event time, the least score was reached. */
function reachedMs(signs: readonly Sign[], least: number): number {
  const inTime = [...signs].sort((one, other) => one.eventTimeMs - other.eventTimeMs);
  for (let count = 2; count < inTime.length; count += 1) {
    const some = inTime.slice(0, count).sort(bySeverity);
    if (totalOf(reasonsOf(some)) >= least) return inTime[count - 1]?.eventTimeMs ?? 0;
  }
  return inTime[inTime.length - 1]?.eventTimeMs ?? 0;
}

/** Keeps a sign wherever it is the gravest of its detector below a ceiling. */
function keep({ signs }: Day, sign: Sign): void {
  const own = signs[sign.detector] ?? CEILINGS.map(() => null);
  signs[sign.detector] = own.map((known, index) => {
    if (sign.score >= (CEILINGS[index] ?? 0)) return known;
    return known === null || bySeverity(sign, known) < 0 ? sign : known;
  });
}

/** The gravest sign of each detector below a ceiling, the gravest first. */
function signsBelow({ signs }: Day, index: number): Sign[] {
  return Object.values(signs)
    .flatMap((own) => own[index] ?? [])
    .sort(bySeverity);
}

function bySeverity(one: Sign, other: Sign): number {
  return (
    other.score - one.score ||
    order(one.detector, other.detector) ||
    order(one.alertId, other.alertId)
  );
}

function order(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** The person in a permission set, whom the role's ARN alone does not name. */
function personOf({ name, session }: AlertPrincipal): string {
  return name.startsWith("AWSReservedSSO_") && session !== null ? session : name;
}

function signOf(alert: Alert): Sign {
  const { detector, alertId, score, title, summary, baseline, evidence, principal } = alert;
  return {
    detector,
    alertId,
    score,
    title,
    summary,
    eventTimeMs: Date.parse(alert.eventTime),
    startMs: Date.parse(alert.window.start),
    endMs: Date.parse(alert.window.end),
    baseline,
    evidence: {
      count: evidence.eventCount,
      ids: evidence.eventIds,
      addresses: evidence.sourceAddresses,
      agents: evidence.userAgents,
      keys: alert.kmsKey === null ? [] : [alert.kmsKey.arn],
      regions: alert.region === null ? [] : [alert.region],
      principal,
    },
  };
}

export type WrittenCombination = ReturnType<Combination["write"]>;
