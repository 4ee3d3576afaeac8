import type { Alert } from "../detection/alert.ts";
import { headline, type PageView, pointsText, subjectText } from "./alert-page.ts";
import { safe, timeText, wrapped } from "./terminal.ts";

/** One alert in a few lines for a person who watches alerts go by; `explain` tells the rest. */
export function alertText(alert: Alert, view: PageView): string {
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
  const state =
    alert.status === "created" ? "" : colors.dim(`  ${alert.status}, revision ${alert.revision}`);
  const [first = "", ...rest] = headline(alert, view);
  return `${[
    `${first}${state}`,
    ...rest,
    ...reasons,
    colors.dim(`  ${facts.join(" · ")}`),
    colors.dim(`  keyhawk explain ${alert.alertId}`),
  ].join("\n")}\n\n`;
}
