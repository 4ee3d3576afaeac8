import { type Level, evaluate } from "../../src/evaluation/evaluate.ts";
import { readAlerts } from "../../src/evaluation/judged-alert.ts";
import type { Truth } from "../../src/simulation/truth.ts";

/** What one method achieved in one month. Null where there is nothing to divide by. */
export interface Score {
  /** Share of the attacks, 0 to 1. */
  readonly found: number | null;
  /** False incidents a day per 1,000 active principals. */
  readonly falseIncidents: number | null;
  /** Share of all attacks that were named within five minutes. */
  readonly quick: number | null;
  /** Median over the attacks found. */
  readonly alertsPerAttack: number | null;
}

/** Scores of alerts (NDJSON, native format) at a severity and above. */
export function scoreOf(truth: Truth, alerts: string, severity: "medium" | "high"): Score {
  const { levels, timeToDetect, alertsPerAttack } = evaluate(truth, readAlerts(alerts), severity);
  const level: Level | undefined = levels[0];
  return {
    found: level?.recall ?? null,
    falseIncidents: level?.perDayPer1000 ?? null,
    quick: timeToDetect.shareWithinFiveMinutes,
    alertsPerAttack,
  };
}

/** Alerts of several methods as those of one, so that a false incident is one for each principal and day. */
export function together(name: string, alerts: readonly string[]): string {
  const lines = alerts.flatMap((text) => text.split("\n").filter((line) => line !== ""));
  return lines
    .map((line, number) =>
      JSON.stringify({
        ...(JSON.parse(line) as object),
        detector: name,
        alertId: `${name}-${number}`,
      }),
    )
    .join("\n");
}

/** One row: a method and its scores, one for each month. */
export interface Row {
  readonly title: string;
  readonly scores: readonly Score[];
}

/** A table in Markdown: means over the months, and in brackets the least and the most. */
export function comparisonTable(rows: readonly Row[]): string {
  const lines = rows.map(({ title, scores }) =>
    [
      title,
      spread(scores, ({ found }) => found, percent),
      spread(scores, ({ falseIncidents }) => falseIncidents, oneDigit),
      spread(scores, ({ quick }) => quick, percent),
      spread(scores, ({ alertsPerAttack }) => alertsPerAttack, oneDigit),
    ].join(" | "),
  );
  return [heading, ...lines].map((line) => `| ${line} |\n`).join("");
}

const heading =
  "method | attacks found | false incidents a day per 1,000 active principals | named within 5 minutes | " +
  "alerts per attack found, median |\n| --- | --- | --- | --- | ---";

/**
 * How good settings are for tuning: percent of the attacks found, less one for each false incident a day per 1,000
 * principals, in the mean over the months.
 */
export function worthOf(scores: readonly Score[]): number {
  const worths = scores.map(
    ({ found, falseIncidents }) => (found ?? 0) * 100 - (falseIncidents ?? 0),
  );
  return mean(worths);
}

function spread(
  scores: readonly Score[],
  numberOf: (score: Score) => number | null,
  format: (number: number) => string,
): string {
  const numbers = scores.map(numberOf).filter((number) => number !== null);
  if (numbers.length === 0) return "–";
  const least = format(Math.min(...numbers));
  const most = format(Math.max(...numbers));
  const middle = format(mean(numbers));
  return least === most ? middle : `${middle} (${least}–${most})`;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function oneDigit(number: number): string {
  return number.toFixed(1);
}
