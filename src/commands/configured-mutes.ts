import type { StateStore } from "../store/store.ts";

/** What the configuration mutes alerts by, and how often it did. */
export interface ConfiguredMute {
  /** `change-window:NAME`, `break-glass:NAME` or `budget:DETECTOR`. */
  readonly id: string;
  /** Alerts kept that it mutes. */
  readonly hits: number;
  /** Newest event time of them. */
  readonly lastEventTime: string;
}

/** Alerts looked through, the newest first. */
const MOST_ALERTS = 100_000;

/** The mutes of the configuration that any of the alerts kept bear a mark of, in order of their ids. */
export async function configuredMutes(store: StateStore): Promise<ConfiguredMute[]> {
  const found = new Map<string, ConfiguredMute>();
  for (const { alert, suppressedBy } of await store.alerts.list({ limit: MOST_ALERTS })) {
    if (suppressedBy === undefined || !suppressedBy.includes(":")) continue;
    const { hits = 0, lastEventTime = alert.eventTime } = found.get(suppressedBy) ?? {};
    found.set(suppressedBy, { id: suppressedBy, hits: hits + 1, lastEventTime });
  }
  return [...found.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
}
