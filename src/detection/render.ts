import { sipHash64, toHex } from "../cloudtrail/siphash.ts";
import { leastScores, severityOf, type Alert } from "./alert.ts";
import type { Detector, Finding, Reason } from "./detector.ts";
import { soleKey } from "./evidence.ts";
import { pointsOf } from "./points.ts";

/** Version of MITRE ATT&CK (enterprise) that technique ids are taken from. */
export const ATTACK_VERSION = "18.1";

/** What a finding becomes once it is an alert. */
export interface Identity {
  readonly alertId: string;
  readonly revision: number;
  readonly status: Alert["status"];
  readonly replay: boolean;
}

/** Id of an alert: a function of what was found, shaped like a UUID (36 characters). */
export function alertIdOf(...parts: readonly string[]): string {
  const text = parts.join("\n");
  const hex = toHex(sipHash64(FIRST_KEY, text)) + toHex(sipHash64(SECOND_KEY, text));
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join("-");
}

// Fixed keys: the id has to be the same on every machine; it protects nothing.
const FIRST_KEY = Uint8Array.from({ length: 16 }, (_, index) => index);
const SECOND_KEY = Uint8Array.from({ length: 16 }, (_, index) => 255 - index);

/** The alert that tells a finding. */
export function renderAlert(
  finding: Finding,
  detector: Pick<Detector, "id" | "version" | "attack" | "triage" | "reliableFrom">,
  identity: Identity,
): Alert {
  const { score, reasons } = weigh([...finding.reasons, ...reliabilityOf(finding, detector)]);
  const { evidence } = finding;
  const key = finding.key ?? soleKey(evidence);
  return {
    schemaVersion: "1.0",
    alertId: identity.alertId,
    revision: identity.revision,
    status: identity.status,
    detector: detector.id,
    detectorVersion: detector.version,
    title: finding.title,
    summary: finding.summary,
    severity: severityOf(score),
    score,
    eventTime: isoTime(finding.eventTimeMs),
    window: { start: isoTime(finding.windowStartMs), end: isoTime(finding.windowEndMs) },
    principal: finding.principal,
    kmsKey: key,
    accountId: finding.accountId ?? finding.principal?.accountId ?? key?.accountId ?? null,
    region: finding.region ?? soleOf(evidence.regions) ?? key?.region ?? null,
    observed: { ...finding.observed },
    expected: { ...finding.expected },
    baseline: { ...finding.baseline },
    reasons,
    evidence: {
      eventCount: evidence.count,
      eventIds: evidence.ids,
      sourceAddresses: evidence.addresses,
      userAgents: evidence.agents,
    },
    attack: detector.attack.map((technique) => ({ ...technique })),
    attackVersion: ATTACK_VERSION,
    triage: [...detector.triage],
    links: linksOf(evidence.ids[0], soleOf(evidence.regions) ?? key?.region),
    replay: identity.replay,
  };
}

/** What is right nine times of ten is high; being right is not yet being critical. */
function reliabilityOf(
  { reasons }: Finding,
  { reliableFrom }: Pick<Detector, "reliableFrom">,
): Reason[] {
  const sum = pointsOf(reasons);
  if (reliableFrom === undefined || sum < reliableFrom || sum >= leastScores.high) return [];
  const text = "Ordinary use hardly ever goes as far as this.";
  return [{ code: "hardly-ever", text, points: leastScores.high - sum }];
}

/** Points become a score of 0–100 and weights that add up to the score / 100. */
function weigh(given: readonly Reason[]): { score: number; reasons: Alert["reasons"] } {
  const total = pointsOf(given);
  const score = Math.round(Math.min(100, Math.max(0, total)));
  const scale = total <= 0 ? 0 : score / total / 100;
  const reasons = given.map(({ code, text, points }) => ({
    code,
    text,
    weight: weightOf(points * scale),
  }));
  const [first] = reasons;
  if (first !== undefined) {
    const rest = reasons.slice(1).reduce((sum, { weight }) => sum + weight, 0);
    first.weight = weightOf(score / 100 - rest);
  }
  return { score, reasons };
}

/** Four decimals; never −0, which JSON does not know. */
function weightOf(part: number): number {
  return Math.round(part * 10_000) / 10_000 + 0;
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(".000Z", "Z");
}

function soleOf(values: readonly string[]): string | undefined {
  return values.length === 1 ? values[0] : undefined;
}

/** Where a person finds the event behind the alert. */
function linksOf(eventId: string | undefined, region: string | undefined): Record<string, string> {
  if (eventId === undefined || region === undefined) return {};
  const host = consoleHost(region);
  if (host === undefined) return {};
  const id = encodeURIComponent(eventId);
  return {
    event: `https://${host}/cloudtrailv2/home?region=${encodeURIComponent(region)}#/events/${id}`,
  };
}

function consoleHost(region: string): string | undefined {
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) return undefined;
  if (region.startsWith("cn-")) return "console.amazonaws.cn";
  if (region.startsWith("us-gov-")) return "console.amazonaws-us-gov.com";
  return `${region}.console.aws.amazon.com`;
}
