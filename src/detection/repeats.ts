import type { Alert } from "./alert.ts";

/**
 * Ids of the alerts about late records whose record was told of in time: it was delivered again, later than copies are recognised.
 * Of an alert about more records than it can name each is taken as one of them: about the same subject at the same time there is
 * nothing new to say.
 */
export async function repeatsOf(
  inTimeIds: ReadonlyMap<string, string>,
  alerts: readonly Alert[],
  kept: (alertId: string) => Promise<Alert | undefined>,
): Promise<Set<string>> {
  const repeats = new Set<string>();
  for (const { alertId, evidence } of alerts) {
    const inTimeId = inTimeIds.get(alertId);
    if (inTimeId === undefined || repeats.has(alertId)) continue;
    const inTime = await kept(inTimeId);
    if (inTime === undefined) continue;
    const { eventIds, eventCount } = inTime.evidence;
    const known = new Set(eventIds);
    if (eventCount > known.size || evidence.eventIds.every((id) => known.has(id)))
      repeats.add(alertId);
  }
  return repeats;
}
