import { maximumOf, sumOf, type Alarms } from "./alarms.ts";
import type { FunctionName } from "../bundle.ts";
import type { KeyhawkFunction } from "./keyhawk-function.ts";

const lambda = "AWS/Lambda";

/** What can go wrong with a handler, seen from outside: errors, throttles, falling behind, records given up. */
export function alarmOnFunction(
  alarms: Alarms,
  handler: FunctionName,
  target: KeyhawkFunction,
  lateMinutes: number,
): void {
  const dimensions = { FunctionName: target.function.functionName };
  const title = `${handler[0]?.toUpperCase() ?? ""}${handler.slice(1)}`;
  alarms.add(`${title}Errors`, {
    metric: sumOf(lambda, "Errors", dimensions, 5),
    description: `Keyhawk: ${handler} fails again and again. Its log group ${target.logGroup.logGroupName} says why.`,
    threshold: 1,
    periods: 3,
  });
  alarms.add(`${title}Throttles`, {
    metric: sumOf(lambda, "Throttles", dimensions, 5),
    description: `Keyhawk: ${handler} is throttled. Raise the account's concurrency quota of Lambda.`,
    threshold: 1,
    periods: 3,
  });
  if (target.mapping === undefined) return;
  alarms.add(`${title}Late`, {
    metric: maximumOf(lambda, "IteratorAge", dimensions, 5),
    description: `Keyhawk: ${handler} is more than ${lateMinutes} minutes behind. Look at its errors, then at its duration and parallelization.`,
    threshold: lateMinutes * 60_000,
    periods: 3,
  });
  alarmOnGivenUp(alarms, handler, title, target.mapping.attrId);
}

/** Records that the mapping gave up: kept whole in the bucket, or, worse, dropped since the bucket refused them. */
function alarmOnGivenUp(
  alarms: Alarms,
  handler: FunctionName,
  title: string,
  mappingId: string,
): void {
  const dimensions = { EventSourceMappingUUID: mappingId };
  alarms.add(`${title}GaveUp`, {
    metric: sumOf(lambda, "OnFailureDestinationDeliveredEventCount", dimensions, 5),
    description: `Keyhawk: ${handler} could not handle records; they lie in the dead-letter bucket.`,
    threshold: 1,
  });
  alarms.add(`${title}Dropped`, {
    metric: sumOf(lambda, "DroppedEventCount", dimensions, 5),
    description: `Keyhawk: records for ${handler} were dropped: the dead-letter bucket did not take them.`,
    threshold: 1,
  });
}

/** The clockwork itself stands still. */
export function alarmOnStandstill(alarms: Alarms, target: KeyhawkFunction): void {
  alarms.add("TickStoodStill", {
    metric: sumOf(lambda, "Invocations", { FunctionName: target.function.functionName }, 15),
    description:
      "Keyhawk: tick has not run for 15 minutes: hours do not close and nothing is delivered again. Is its schedule enabled?",
    threshold: 1,
    below: true,
    ringsWithoutData: true,
  });
}
