import type { ComparedAlert, Comparison, ComparisonCounts } from "./backtest-comparison.ts";
import type { CommandContext } from "./options.ts";
import { type Column, type Colors, colorsFor, tableText, timeText } from "./terminal.ts";

/** Alerts listed; the JSON has them all. */
const MOST_LISTED = 100;

/** A comparison for people. */
export function comparisonTable(comparison: Comparison, context: CommandContext): string {
  const colors = colorsFor(context);
  const { total, byDetector, byDay, alerts } = comparison;
  const { gained, lost, changed, unchanged } = total;
  const parts = [`${gained} gained, ${lost} lost, ${changed} changed, ${unchanged} unchanged\n`];
  if (byDetector.length > 0) {
    const detector = {
      title: "DETECTOR",
      text: (row: (typeof byDetector)[number]) => row.detector,
    };
    const day = { title: "DAY", text: (row: (typeof byDay)[number]) => row.day };
    parts.push(
      tableText(byDetector, [detector, ...countColumns(colors)], colors),
      tableText(byDay, [day, ...countColumns(colors)], colors),
    );
  }
  if (alerts.length > 0) {
    parts.push(tableText(alerts.slice(0, MOST_LISTED), alertColumns(colors), colors));
  }
  if (alerts.length > MOST_LISTED) {
    parts.push(`and ${alerts.length - MOST_LISTED} more; --format json lists them all\n`);
  }
  return parts.join("\n");
}

function countColumns(colors: Colors): Column<ComparisonCounts>[] {
  return [
    { title: "AGAINST", text: ({ against }) => String(against), align: "right" },
    { title: "CONFIG", text: ({ config }) => String(config), align: "right" },
    {
      title: "GAINED",
      text: ({ gained }) => signed("+", gained),
      paint: (cell, { gained }) => (gained > 0 ? colors.green(cell) : cell),
      align: "right",
    },
    {
      title: "LOST",
      text: ({ lost }) => signed("-", lost),
      paint: (cell, { lost }) => (lost > 0 ? colors.red(cell) : cell),
      align: "right",
    },
    { title: "CHANGED", text: ({ changed }) => String(changed), align: "right" },
  ];
}

function alertColumns(colors: Colors): Column<ComparedAlert>[] {
  const paints = { gained: colors.green, lost: colors.red, changed: colors.yellow };
  return [
    {
      title: "CHANGE",
      text: ({ change }) => change,
      paint: (cell, { change }) => paints[change](cell),
    },
    { title: "TIME", text: ({ eventTime }) => timeText(eventTime) },
    { title: "SEVERITY", text: severityText },
    { title: "DETECTOR", text: ({ detector }) => detector },
    { title: "WHO", text: ({ principal, key }) => principal ?? key ?? "-", maximum: 48 },
    { title: "ID", text: ({ alertId }) => alertId },
  ];
}

function severityText({ severity, score, was }: ComparedAlert): string {
  const now = `${severity} ${score}`;
  return was === null ? now : `${was.severity} ${was.score} → ${now}`;
}

function signed(sign: string, count: number): string {
  return count === 0 ? "0" : `${sign}${count}`;
}
