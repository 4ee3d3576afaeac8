import type { Alert } from "../detection/alert.ts";

/** Said in the summary of an alert that had to be made smaller. */
export const TRIMMED_REMARK = " (shortened to fit; see `keyhawk alerts show` for the whole)";

const SAMPLES = 20;

/**
 * Makes an alert smaller until it fits, and says so at the end of its summary: evidence samples go first, then longer
 * texts and lists; what remains is a valid alert with the same id. Returns the alert itself where it fits as it is, and
 * undefined where even the smallest does not.
 */
export function trimAlert(alert: Alert, fits: (alert: Alert) => boolean): Alert | undefined {
  if (fits(alert)) return alert;
  for (const trim of steps) {
    const trimmed = trim(alert);
    const summary = trimmed.summary.replace(TRIMMED_REMARK, "");
    const marked = { ...trimmed, summary: `${summary}${TRIMMED_REMARK}` };
    if (fits(marked)) return marked;
  }
  return undefined;
}

const steps: readonly ((alert: Alert) => Alert)[] = [
  (alert) => withSamples(alert, SAMPLES / 2, 512),
  (alert) => withSamples(alert, 5, 256),
  (alert) => withSamples(alert, 0, 256),
  (alert) => shortened(alert, { text: 4096, items: 50 }),
  (alert) => shortened(alert, { text: 1024, items: 20 }),
  (alert) => shortened(alert, { text: 256, items: 5 }),
];

function withSamples(alert: Alert, count: number, characters: number): Alert {
  const { eventCount, eventIds, sourceAddresses, userAgents } = alert.evidence;
  const sample = (values: readonly string[]) =>
    values.slice(0, count).map((value) => cut(value, characters));
  return {
    ...alert,
    evidence: {
      eventCount,
      eventIds: sample(eventIds),
      sourceAddresses: sample(sourceAddresses),
      userAgents: sample(userAgents),
    },
  };
}

interface Limits {
  readonly text: number;
  readonly items: number;
}

/** Every text and every list cut; ids, times and numbers stay whole. */
function shortened(alert: Alert, limits: Limits): Alert {
  const { alertId, eventTime, window, schemaVersion, status, severity } = alert;
  const small = shorten(withSamples(alert, 0, 0), limits) as Alert;
  return { ...small, alertId, eventTime, window, schemaVersion, status, severity };
}

function shorten(value: unknown, limits: Limits): unknown {
  if (typeof value === "string") return cut(value, limits.text);
  if (Array.isArray(value)) {
    return value.slice(0, limits.items).map((item) => shorten(item, limits));
  }
  if (typeof value !== "object" || value === null) return value;
  // Objects of a fixed shape have fewer names than any limit here allows for; only open ones lose some.
  const entries = Object.entries(value).slice(0, Math.max(limits.items, 40));
  return Object.fromEntries(
    entries.map(([name, item]) => [cut(name, limits.text), shorten(item, limits)]),
  );
}

/** Cuts by characters, never through one. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  return text
    .slice(0, length)
    .toWellFormed()
    .replace(/\uFFFD$/, "");
}
