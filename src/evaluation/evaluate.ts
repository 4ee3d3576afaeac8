import { type Severity, severities } from "../detection/alert.ts";
import { type Strength, type Truth, strengths } from "../simulation/truth.ts";
import { type Suspect, explains, suspectOf } from "./explanation.ts";
import { type FalseIncidents, falseIncidents } from "./false-incidents.ts";
import type { JudgedAlert } from "./judged-alert.ts";

/** How well alerts tell what truth.json says. Shares are from 0 to 1; null where there is nothing to divide by. */
export interface Evaluation {
  readonly seed: number;
  readonly judgedFrom: string;
  readonly judgedTo: string;
  readonly judgedDays: number;
  readonly activePrincipals: number;
  readonly minimumSeverity: Severity;
  /** Judged alerts of the minimum severity and above. */
  readonly alerts: number;
  /** At the minimum severity, and at high and above. */
  readonly levels: readonly Level[];
  readonly recallByKind: readonly (Recall & { readonly kind: string })[];
  readonly recallByStrength: readonly (Recall & { readonly strength: Strength })[];
  readonly timeToDetect: TimeToDetect;
  /** Median over the attacks found. */
  readonly alertsPerAttack: number | null;
  /** Of all judged alerts, whatever their severity, by tenth of the score. */
  readonly calibration: readonly Decile[];
  /** The same by severity. */
  readonly bySeverity: Readonly<Record<Severity, Reliability>>;
  /** What each detector that spoke at the minimum severity and above is worth, most attacks named first. */
  readonly byDetector: readonly DetectorResult[];
  readonly attacks: readonly AttackResult[];
}

/** What one detector says of the attacks, and what it costs. */
export interface DetectorResult {
  readonly detector: string;
  /** Attacks that it names. */
  readonly found: number;
  /** Of them, those that no other detector names: they would be missed without it. */
  readonly alone: number;
  /** False incidents, see `falseIncidents`. */
  readonly falseIncidents: number;
}

/** How many alerts of a severity some attack explains. */
export interface Reliability {
  readonly alerts: number;
  readonly explained: number;
}

export interface Recall {
  readonly attacks: number;
  readonly found: number;
}

/** What alerts of a severity and above achieve. */
export interface Level extends FalseIncidents {
  readonly severity: Severity;
  readonly attacks: number;
  readonly found: number;
  readonly recall: number | null;
  /** Share of the judged alerts that some attack explains. */
  readonly precision: number | null;
}

/** From the attack's first record, or the beginning of harm, to the event time of its first alert. */
export interface TimeToDetect {
  /** Seconds, of the attacks found. */
  readonly medianSeconds: number | null;
  /** Of all attacks. */
  readonly shareWithinFiveMinutes: number | null;
}

export interface Decile {
  /** Scores from this one on, and below `to`; the last decile holds 100. */
  readonly from: number;
  readonly to: number;
  readonly alerts: number;
  readonly shareTrue: number | null;
}

export interface AttackResult {
  readonly id: string;
  readonly kind: string;
  readonly strength: Strength;
  readonly found: boolean;
  readonly alerts: number;
  readonly detectors: readonly string[];
  /** Highest severity of its alerts, be it below the minimum. */
  readonly highest: Severity | null;
  readonly secondsToDetect: number | null;
  readonly story: string;
}

/** Scores alerts against a truth; only alerts whose first event time lies in the judged period count. */
export function evaluate(
  truth: Truth,
  alerts: readonly JudgedAlert[],
  minimumSeverity: Severity,
): Evaluation {
  const fromMs = Date.parse(truth.judgedFrom);
  const toMs = Date.parse(truth.judgedTo);
  const judged = alerts.filter(({ firstMs }) => firstMs >= fromMs && firstMs < toMs);
  const suspects = truth.attacks.map(suspectOf);
  const explained = new Map(
    judged.map((alert) => [alert, suspects.filter((suspect) => explains(suspect, alert))]),
  );
  const graded = judged.filter(({ severity }) => isAtLeast(severity, minimumSeverity));
  const attacks = suspects.map((suspect) => resultOf(suspect, explained, minimumSeverity));
  const found = attacks.filter((attack) => attack.found);
  const levels = levelsFrom(minimumSeverity).map((severity) =>
    levelOf(severity, truth, explained, suspects),
  );
  return {
    seed: truth.seed,
    judgedFrom: truth.judgedFrom,
    judgedTo: truth.judgedTo,
    judgedDays: (toMs - fromMs) / dayMs,
    activePrincipals: truth.activePrincipals,
    minimumSeverity,
    alerts: graded.length,
    levels,
    recallByKind: recallBy(attacks, ({ kind }) => kind).map(([kind, recall]) => ({
      kind,
      ...recall,
    })),
    recallByStrength: strengths.map((strength) => ({
      strength,
      ...recallOf(attacks.filter((attack) => attack.strength === strength)),
    })),
    timeToDetect: timeToDetect(attacks),
    alertsPerAttack: median(found.map((attack) => attack.alerts)),
    calibration: calibrationOf(explained),
    bySeverity: {
      informational: reliabilityOf("informational", explained),
      low: reliabilityOf("low", explained),
      medium: reliabilityOf("medium", explained),
      high: reliabilityOf("high", explained),
      critical: reliabilityOf("critical", explained),
    },
    byDetector: resultsOfDetectors(attacks, levels[0]?.byDetector ?? {}),
    attacks,
  };
}

const dayMs = 86_400_000;

type Explained = ReadonlyMap<JudgedAlert, readonly Suspect[]>;

function isAtLeast(severity: Severity, minimum: Severity): boolean {
  return severities.indexOf(severity) >= severities.indexOf(minimum);
}

function levelsFrom(minimum: Severity): Severity[] {
  return isAtLeast(minimum, "high") ? [minimum] : [minimum, "high"];
}

function resultOf(suspect: Suspect, explained: Explained, minimum: Severity): AttackResult {
  const { id, kind, strength, harm, story } = suspect.attack;
  const about = [...explained].flatMap(([alert, by]) => (by.includes(suspect) ? [alert] : []));
  const alerts = about.filter(({ severity }) => isAtLeast(severity, minimum));
  const firstMs = Math.min(...alerts.map((alert) => alert.firstMs));
  const seconds = Math.max(0, (firstMs - Date.parse(harm)) / 1000);
  const highest = severities.findLast((name) => about.some(({ severity }) => severity === name));
  return {
    id,
    kind,
    strength,
    found: alerts.length > 0,
    alerts: alerts.length,
    detectors: [...new Set(alerts.map(({ detector }) => detector))].sort(),
    highest: highest ?? null,
    secondsToDetect: alerts.length === 0 ? null : seconds,
    story,
  };
}

function levelOf(
  severity: Severity,
  truth: Truth,
  explained: Explained,
  suspects: readonly Suspect[],
): Level {
  const alerts = [...explained].filter(([alert]) => isAtLeast(alert.severity, severity));
  const found = suspects.filter((suspect) => alerts.some(([, by]) => by.includes(suspect)));
  const wrong = alerts.flatMap(([alert, by]) => (by.length === 0 ? [alert] : []));
  return {
    severity,
    attacks: suspects.length,
    found: found.length,
    recall: shareOf(found.length, suspects.length),
    precision: shareOf(alerts.length - wrong.length, alerts.length),
    ...falseIncidents(wrong, truth),
  };
}

function resultsOfDetectors(
  attacks: readonly AttackResult[],
  falseByDetector: Readonly<Record<string, number>>,
): DetectorResult[] {
  const named = attacks.flatMap(({ detectors }) => detectors);
  const names = [...new Set([...named, ...Object.keys(falseByDetector)])].sort();
  return names
    .map((detector) => {
      const those = attacks.filter(({ detectors }) => detectors.includes(detector));
      return {
        detector,
        found: those.length,
        alone: those.filter(({ detectors }) => detectors.length === 1).length,
        falseIncidents: falseByDetector[detector] ?? 0,
      };
    })
    .sort((a, b) => b.found - a.found || a.falseIncidents - b.falseIncidents);
}

function recallBy(
  attacks: readonly AttackResult[],
  nameOf: (attack: AttackResult) => string,
): [string, Recall][] {
  const groups = Map.groupBy(attacks, nameOf);
  return [...groups]
    .map(([name, group]): [string, Recall] => [name, recallOf(group)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function recallOf(attacks: readonly AttackResult[]): Recall {
  return { attacks: attacks.length, found: attacks.filter(({ found }) => found).length };
}

function timeToDetect(attacks: readonly AttackResult[]): TimeToDetect {
  const seconds = attacks.flatMap(({ secondsToDetect }) => secondsToDetect ?? []);
  const quick = seconds.filter((time) => time <= 300).length;
  return {
    medianSeconds: median(seconds),
    shareWithinFiveMinutes: shareOf(quick, attacks.length),
  };
}

function calibrationOf(explained: Explained): Decile[] {
  return Array.from({ length: 10 }, (_, decile) => {
    const from = decile * 10;
    const to = from + 10;
    const within = [...explained].filter(
      ([{ score }]) => score >= from && (score < to || (decile === 9 && score >= 100)),
    );
    const right = within.filter(([, by]) => by.length > 0).length;
    return { from, to, alerts: within.length, shareTrue: shareOf(right, within.length) };
  });
}

function reliabilityOf(severity: Severity, explained: Explained): Reliability {
  const all = [...explained].filter(([alert]) => alert.severity === severity);
  return { alerts: all.length, explained: all.filter(([, by]) => by.length > 0).length };
}

function shareOf(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** Of an even number of values the mean of the middle two; null of none. */
function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? null : (upper + lower) / 2;
}
