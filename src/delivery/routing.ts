import type { Alert } from "../detection/alert.ts";
import type { SinkOptions } from "./options.ts";
import { isAtLeast } from "./severities.ts";

/** Says to which sinks an alert goes: those whose `minimumSeverity` it reaches. */
export function createRouting(
  sinks: readonly Pick<SinkOptions, "name" | "minimumSeverity">[],
): (alert: Pick<Alert, "severity">) => string[] {
  return ({ severity }) =>
    sinks
      .filter(({ minimumSeverity }) => isAtLeast(severity, minimumSeverity))
      .map(({ name }) => name);
}
