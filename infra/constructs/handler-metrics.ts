import type { FunctionName } from "../bundle.ts";
import { type Alarms, maximumOf, sumOf } from "./alarms.ts";

/** Namespace of the numbers that the handlers write: `src/lambda/metrics.ts`. */
export const handlerNamespace = "Keyhawk";

/** A sum over five minutes of what a handler counts. */
export function countOf(handler: FunctionName, metricName: string) {
  return sumOf(handlerNamespace, metricName, { handler }, 5);
}

/** What waits and what was set aside, as the handlers count it. */
export function alarmOnHandlers(alarms: Alarms, lateMinutes: number): void {
  alarms.add("AlertsWaiting", {
    metric: maximumOf(handlerNamespace, "oldestPendingMs", { handler: "tick" }, 5),
    description: `Keyhawk: an alert has waited for a sink for ${lateMinutes} minutes. The log of deliver and tick says what the sink answers.`,
    threshold: lateMinutes * 60_000,
  });
  alarms.add("AlertsParked", {
    metric: maximumOf(handlerNamespace, "deliveriesParked", { handler: "tick" }, 5),
    description:
      "Keyhawk: alerts were given up for a sink and set aside in the table. The log of deliver and tick says why.",
    threshold: 1,
  });
  for (const handler of ["spread", "detect"] as const) {
    alarms.add(handler === "spread" ? "SpreadSetAside" : "DetectSetAside", {
      metric: countOf(handler, "deadLetters"),
      description: `Keyhawk: ${handler} set aside what it does not understand; it lies in the dead-letter bucket with the reason.`,
      threshold: 1,
    });
  }
}
