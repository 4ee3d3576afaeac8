import { type Alert, severities } from "../detection/alert.ts";
import { headline, type PageView, pointsText, subjectText } from "./alert-page.ts";
import { safe, timeText, wrapped } from "./terminal.ts";

/**
 * Alerts for a person at the end of a replay: each once, as it stands, the most severe first; informational ones are counted
 * only. `statePlace` is where `explain` finds them, undefined where nothing is kept.
 */
export function alertsText(
  alerts: readonly Alert[],
  view: PageView,
  statePlace: string | undefined,
): string {
  if (alerts.length === 0) return "No alerts.\n";
  const shown = alerts.filter(({ severity }) => severity !== "informational").sort(bySeverity);
  const blocks = shown.map((alert) => alertText(alert, view, statePlace));
  return `${blocks.join("")}${countsLine(alerts)}\n`;
}

function bySeverity(one: Alert, other: Alert): number {
  return other.score - one.score || one.eventTime.localeCompare(other.eventTime);
}

/** `8 alerts: 1 critical, 1 high, 2 medium, 4 informational (not shown)`. */
function countsLine(alerts: readonly Alert[]): string {
  const parts = severities.toReversed().flatMap((severity) => {
    const count = alerts.filter((alert) => alert.severity === severity).length;
    if (count === 0) return [];
    return [`${count} ${severity}${severity === "informational" ? " (not shown)" : ""}`];
  });
  return `${alerts.length} ${alerts.length === 1 ? "alert" : "alerts"}: ${parts.join(", ")}`;
}

function alertText(alert: Alert, view: PageView, statePlace: string | undefined): string {
  const { colors, columns } = view;
  const reasons = alert.reasons.map(
    ({ text, weight }) =>
      `  ${pointsText(weight).padStart(5)}  ${wrapped(safe(text), columns - 9).replaceAll("\n", "\n         ")}`,
  );
  const [address] = alert.evidence.sourceAddresses;
  const facts = [
    timeText(alert.eventTime),
    safe(subjectText(alert)),
    alert.detector,
    ...(address === undefined ? [] : [`from ${safe(address)}`]),
  ];
  const hint =
    statePlace === undefined
      ? []
      : [colors.dim(`  keyhawk explain ${alert.alertId} --state ${safe(statePlace)}`)];
  return `${[
    ...headline(alert, view),
    ...reasons,
    colors.dim(`  ${facts.join(" · ")}`),
    ...hint,
  ].join("\n")}\n\n`;
}
