import type { Alert } from "../detection/alert.ts";
import type { KeptAlert } from "../store/store.ts";
import {
  barText,
  type Colors,
  paintSeverity,
  safe,
  tableText,
  timeText,
  wrapped,
} from "./terminal.ts";

/** How a page is drawn. */
export interface PageView {
  readonly colors: Colors;
  readonly columns: number;
}

/** One alert for a person to read: what, who, how far from usual, why it was graded so, what to do. */
export function alertPage(kept: KeptAlert, view: PageView): string {
  const { alert } = kept;
  return pageText([
    headline(alert, view),
    factLines(kept),
    section("Observed and expected", numberLines(alert, view.colors), view),
    section("Why it was graded so", reasonLines(alert, view), view),
    section("Evidence", evidenceLines(alert), view),
    section("ATT&CK", alert.attack.map(attackLine), view),
    section("What to do", stepLines(alert.triage, view), view),
    section(
      "Links",
      Object.entries(alert.links).map(([name, link]) => `  ${safe(name)}: ${safe(link)}`),
      view,
    ),
  ]);
}

/** Joins blocks of lines with an empty line between; blocks without lines are left out. */
export function pageText(blocks: readonly (readonly string[])[]): string {
  const filled = blocks.filter((block) => block.length > 0);
  return `${filled.map((block) => block.join("\n")).join("\n\n")}\n`;
}

/** A titled block; none where there is nothing to say. */
export function section(title: string, lines: readonly string[], { colors }: PageView): string[] {
  return lines.length === 0 ? [] : [colors.bold(title), ...lines];
}

/** Severity, score, title and summary. */
export function headline(alert: Alert, { colors, columns }: PageView): string[] {
  const grade = paintSeverity(
    `${alert.severity.toUpperCase()} ${alert.score}`,
    alert.severity,
    colors,
  );
  const replayed = alert.replay ? colors.dim("  (replay)") : "";
  return [
    `${grade}  ${colors.bold(safe(alert.title))}${replayed}`,
    wrapped(alert.summary, columns),
  ];
}

/** The numbers of the detector, the same names on both sides. */
export function numberLines({ observed, expected }: Alert, colors: Colors): string[] {
  const names = [...new Set([...Object.keys(observed), ...Object.keys(expected)])];
  if (names.length === 0) return [];
  const table = tableText(
    names,
    [
      { title: "", text: (name) => `  ${name}` },
      {
        title: "OBSERVED",
        text: (name) => numberText(observed[name]),
        align: "right",
        maximum: 40,
      },
      {
        title: "EXPECTED",
        text: (name) => numberText(expected[name]),
        align: "right",
        maximum: 40,
      },
    ],
    colors,
  );
  return table.trimEnd().split("\n");
}

/** One bar for each reason, the heaviest first; the points add up to the score. */
export function reasonLines({ reasons, score }: Alert, { colors, columns }: PageView): string[] {
  if (reasons.length === 0) return [];
  const bars = reasons
    .toSorted((a, b) => b.weight - a.weight)
    .map(({ weight, text }) => {
      const points = pointsText(weight).padStart(4);
      const bar = weight < 0 ? colors.green(barText(weight, 10)) : colors.red(barText(weight, 10));
      return `  ${bar} ${points}  ${hanging(text, columns, 19)}`;
    });
  return [...bars, `  ${" ".repeat(10)} ${String(score).padStart(4)}  score`];
}

/** Numbered steps. */
export function stepLines(steps: readonly string[], { columns }: PageView): string[] {
  return steps.map((step, index) => `  ${index + 1}. ${hanging(step, columns, 5)}`);
}

/** Points of 100 as people read them: whole where they are, with their sign where they speak against. */
export function pointsText(weight: number): string {
  return String(Math.round(weight * 1000) / 10);
}

export function numberText(value: Alert["observed"][string] | undefined): string {
  if (value === undefined || value === null) return "–";
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(4)));
}

/** The principal or key or account an alert is about, short enough for a table. */
export function subjectText({ principal, kmsKey, accountId }: Alert): string {
  if (principal !== null) {
    const session = principal.session === null ? "" : `/${principal.session}`;
    return `${principal.name}${session}`;
  }
  return kmsKey?.arn.replace(/^.*:key\//, "key/") ?? accountId ?? "–";
}

function factLines({ alert, verdict, suppressedBy }: KeptAlert): string[] {
  const { principal, kmsKey, baseline, window } = alert;
  const facts: [string, string | undefined][] = [
    ["id", alert.alertId],
    ["detector", `${alert.detector}, version ${alert.detectorVersion}`],
    ["status", `${alert.status}, revision ${alert.revision}`],
    [
      "verdict",
      verdict === undefined
        ? undefined
        : `${verdict.verdict} by ${verdict.by}${noteText(verdict.note)}`,
    ],
    ["muted by", suppressedBy],
    ["time", timeText(alert.eventTime)],
    ["window", `${timeText(window.start)} to ${timeText(window.end)}`],
    ["principal", principal?.key],
    ["type", principal?.type],
    ["session", principal?.session ?? undefined],
    ["via", principal?.via ?? undefined],
    ["key", kmsKey?.arn],
    ["account", alert.accountId ?? undefined],
    ["region", alert.region ?? undefined],
    ["baseline", `${baseline.maturity}: ${baseline.daysLearned} days, ${baseline.samples} samples`],
  ];
  return facts.flatMap(([name, value]) =>
    value === undefined ? [] : [`  ${name.padEnd(10)} ${safe(value)}`],
  );
}

function noteText(note: string): string {
  return note === "" ? "" : `: ${note}`;
}

function evidenceLines({ evidence }: Alert): string[] {
  const { eventCount, eventIds, sourceAddresses, userAgents } = evidence;
  return [
    `  ${eventCount} ${eventCount === 1 ? "event" : "events"}`,
    ...listLines("addresses", sourceAddresses),
    ...listLines("agents", userAgents),
    ...listLines("event ids", eventIds),
  ];
}

function listLines(name: string, values: readonly string[]): string[] {
  return values.map((value, index) => `  ${(index === 0 ? name : "").padEnd(10)} ${safe(value)}`);
}

function attackLine({ technique, name, tactic }: Alert["attack"][number]): string {
  return `  ${safe(technique)} ${safe(name)} (${safe(tactic)})`;
}

/** Text whose further lines stand under its first. */
function hanging(text: string, columns: number, indent: number): string {
  return wrapped(text, Math.max(columns, indent + 20), " ".repeat(indent)).trimStart();
}
