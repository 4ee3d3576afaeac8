import { describe, expect, it } from "vitest";
import type { KmsEvent } from "../../src/cloudtrail/event.ts";
import { Alert, severities, type Severity } from "../../src/detection/alert.ts";
import type { Detector } from "../../src/detection/detector.ts";
import type { EngineOptions } from "../../src/detection/engine.ts";
import { type Detected, detect, detectOneByOne, detectWithRestarts } from "./detection.ts";
import { START_MS } from "./events.ts";
import { Random } from "../../src/simulation/random.ts";

/** What a claim is made about, and how the engine is set up for it. */
export interface Claim {
  readonly events: readonly KmsEvent[];
  /** Options of the detector; its own defaults where not given. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly organization?: Partial<EngineOptions["organization"]>;
  /** Hours before this one, counted from the start of the events' calendar, only teach. */
  readonly learnUntilHour?: number;
  /** The events are given in their order of arrival, which is the claim; otherwise they are put in order of time. */
  readonly inOrderGiven?: true;
}

export interface Firing extends Claim {
  readonly expect?: Expectation;
}

/** What the strongest alert of a claim must say; what is left out may be anything. */
export interface Expectation {
  readonly atLeast?: Severity;
  readonly atMost?: Severity;
  readonly eventTime?: string;
  /** Codes of reasons that must be among its reasons, and codes that must not. */
  readonly reasons?: readonly string[];
  readonly withoutReasons?: readonly string[];
  readonly title?: string;
  readonly observed?: Readonly<Record<string, unknown>>;
  readonly expected?: Readonly<Record<string, unknown>>;
  /** ARN of the key it is about; null for none. */
  readonly kmsKey?: string | null;
  /** Severities of its revisions, in the order in which they were told, closing included. */
  readonly told?: readonly Severity[];
  /** Number of alerts in all. */
  readonly alerts?: number;
  readonly maturity?: Alert["baseline"]["maturity"];
}

export interface Silence extends Claim {
  /** Silent from this severity on; weaker alerts may be made. Without it there must be none. */
  readonly below?: Severity;
}

export interface Claims {
  readonly fires: Readonly<Record<string, Firing | readonly KmsEvent[]>>;
  readonly staysSilent: Readonly<Record<string, Silence | readonly KmsEvent[]>>;
}

const HOUR_MS = 3_600_000;
const LATENESS_MS = HOUR_MS;

/**
 * Tests a detector by two lists of claims: what it must find, and what it must let pass.
 *
 * Each claim is judged three times: with the events in order; in another order that the lateness allows; and with the process
 * dying after every batch, so that all it remembers has been through JSON. All three must say exactly the same.
 */
export function testDetector<B, K, L, O>(
  detector: Detector<B, K, L, O>,
  { fires, staysSilent }: Claims,
): void {
  const run = runner(detector);
  describe(`${detector.id} fires`, () => {
    for (const [name, claim] of Object.entries(fires)) {
      it(name, () => {
        const firing: Firing = isEvents(claim) ? { events: claim } : claim;
        const { alerts, revisions } = run(name, firing);
        expect(alerts, "no alert").not.toEqual([]);
        meets(alerts, revisions, firing.expect ?? {});
      });
    }
  });
  describe(`${detector.id} stays silent`, () => {
    for (const [name, claim] of Object.entries(staysSilent)) {
      it(name, () => {
        const silence: Silence = isEvents(claim) ? { events: claim } : claim;
        const from = rank(silence.below ?? "informational");
        const loud = run(name, silence).alerts.filter(({ severity }) => rank(severity) >= from);
        expect(loud.map(({ severity, summary }) => `${severity}: ${summary}`)).toEqual([]);
      });
    }
  });
}

function isEvents(claim: Claim | readonly KmsEvent[]): claim is readonly KmsEvent[] {
  return Array.isArray(claim);
}

interface Judged {
  /** As they stood in the end, the strongest first. */
  readonly alerts: readonly Alert[];
  readonly revisions: readonly Alert[];
}

/** Runs a claim in three ways, which must agree. */
function runner(detector: Detector): (name: string, claim: Claim) => Judged {
  return (name, claim) => {
    const { events: given, options, organization, learnUntilHour, inOrderGiven = false } = claim;
    const events = inOrderGiven
      ? given
      : [...given].sort((one, other) => one.timeMs - other.timeMs);
    const overrides: Partial<EngineOptions> = {
      detectors: [{ detector, options: detector.options.parse(options ?? {}), shadow: false }],
      organization: { accounts: [], approvedForeignAccounts: [], ...organization },
      learnUntilMs: learnUntilHour === undefined ? undefined : START_MS + learnUntilHour * HOUR_MS,
    };
    const ordered = detectOneByOne(events, overrides);
    const alerts = [...ordered.last.values()];
    for (const alert of alerts) isWellFormed(alert, detector);
    if (!inOrderGiven) {
      const shuffled = byArrival(events, new Random(name));
      sameAs(detect(inBatches(shuffled, 7), overrides), ordered, "in another order");
    }
    sameAs(detectWithRestarts(inBatches(events, 5), overrides), ordered, "through JSON");
    alerts.sort((one, other) => other.score - one.score);
    return { alerts, revisions: ordered.revisions };
  };
}

function sameAs(found: Detected, ordered: Detected, how: string): void {
  expect(found.last, how).toEqual(ordered.last);
  for (const [name, text] of ordered.memories) {
    expect(JSON.parse(found.memories.get(name) ?? "null"), `memory of ${name}, ${how}`).toEqual(
      JSON.parse(text),
    );
  }
}

/** What holds for any alert of any detector. */
function isWellFormed(alert: Alert, detector: Detector): void {
  expect(Alert.parse(JSON.parse(JSON.stringify(alert)))).toEqual(alert);
  expect(alert.detector).toBe(detector.id);
  const weights = alert.reasons.reduce((sum, { weight }) => sum + weight, 0);
  expect(weights, "weights add up to the score").toBeCloseTo(alert.score / 100, 6);
  expect(alert.status, "finished").toBe(alert.title.endsWith("late)") ? "created" : "closed");
  expect(alert.evidence.eventCount).toBeGreaterThanOrEqual(alert.evidence.eventIds.length);
  expect(alert.evidence.eventIds.length).toBeGreaterThan(0);
  expect(Date.parse(alert.eventTime)).toBeGreaterThanOrEqual(Date.parse(alert.window.start));
  expect(Date.parse(alert.eventTime)).toBeLessThan(Date.parse(alert.window.end));
  const both = Object.keys(alert.observed).filter((name) => name in alert.expected);
  expect(both, "names of numbers on both sides").not.toEqual([]);
  for (const name of both) {
    expect(typeof alert.expected[name], name).toBe(typeof alert.observed[name]);
  }
}

function meets(
  alerts: readonly Alert[],
  revisions: readonly Alert[],
  expectation: Expectation,
): void {
  const [alert] = alerts;
  if (alert === undefined) return;
  const { atLeast, atMost, eventTime, kmsKey, title, maturity } = expectation;
  const said = `${alert.severity} ${alert.score}: ${alert.summary}`;
  if (atLeast !== undefined)
    expect(rank(alert.severity), said).toBeGreaterThanOrEqual(rank(atLeast));
  if (atMost !== undefined) expect(rank(alert.severity), said).toBeLessThanOrEqual(rank(atMost));
  if (eventTime !== undefined) expect(alert.eventTime).toBe(eventTime);
  if (kmsKey !== undefined) expect(alert.kmsKey?.arn ?? null).toBe(kmsKey);
  if (title !== undefined) expect(alert.title).toBe(title);
  if (maturity !== undefined) expect(alert.baseline.maturity).toBe(maturity);
  if (expectation.alerts !== undefined) {
    expect(alerts.map(({ summary }) => summary)).toHaveLength(expectation.alerts);
  }
  expectTold(revisions, alert, expectation.told);
  const codes = alert.reasons.map(({ code }) => code);
  expect(codes).toEqual(expect.arrayContaining([...(expectation.reasons ?? [])]));
  for (const code of expectation.withoutReasons ?? []) expect(codes).not.toContain(code);
  expect(alert.observed).toMatchObject(expectation.observed ?? {});
  expect(alert.expected).toMatchObject(expectation.expected ?? {});
}

function expectTold(
  revisions: readonly Alert[],
  { alertId }: Alert,
  told: Expectation["told"],
): void {
  if (told === undefined) return;
  const own = revisions.filter((revision) => revision.alertId === alertId);
  expect(own.map(({ severity }) => severity)).toEqual(told);
}

function rank(severity: Severity): number {
  return severities.indexOf(severity);
}

/** The events as they may arrive: each delayed by less than the lateness. */
function byArrival(events: readonly KmsEvent[], random: Random): KmsEvent[] {
  return events
    .map((one) => ({ one, at: one.timeMs + random.integer(0, LATENESS_MS - 1) }))
    .sort((one, other) => one.at - other.at)
    .map(({ one }) => one);
}

function inBatches(events: readonly KmsEvent[], batches: number): KmsEvent[][] {
  const size = Math.max(1, Math.ceil(events.length / batches));
  return Array.from({ length: Math.ceil(events.length / size) }, (_, index) =>
    events.slice(index * size, (index + 1) * size),
  );
}
