import type { KmsEvent } from "../../../src/cloudtrail/event.ts";

/** An ordinary way to watch KMS: settings to choose among, and a watch for each. */
export interface Method<Settings> {
  /** Name of the alerts' detector. */
  readonly name: string;
  /** What it is, as the table says it. */
  readonly title: string;
  /** The settings that did best on the training seeds (`--tune`). */
  readonly chosen: Settings;
  /** The settings to choose among. */
  readonly choices: readonly Settings[];
  watch(settings: Settings, organization: Organization): Watch;
}

/** What everybody who watches knows about the organization, Keyhawk included. */
export interface Organization {
  readonly accounts: ReadonlySet<string>;
  readonly approvedForeignAccounts: ReadonlySet<string>;
}

/** Takes events in the order of their times; learns and judges as it goes. */
export type Watch = (event: KmsEvent) => Sighting | undefined;

/** A reason to alert, named by the event that made it. */
export interface Sighting {
  /** Beginning of what it is about, milliseconds since the epoch; it ends with the event. */
  readonly startMs: number;
}

/** A sighting as one line of NDJSON in the native format: of medium severity, about the event's principal. */
export function alertLine(
  detector: string,
  number: number,
  { startMs }: Sighting,
  event: KmsEvent,
): string {
  const { principal, keys } = event;
  const eventTime = new Date(event.timeMs).toISOString();
  return JSON.stringify({
    alertId: `${detector}-${number}`,
    detector,
    severity: "medium",
    score: 50,
    eventTime,
    window: { start: new Date(startMs).toISOString(), end: eventTime },
    principal: { key: principal.key, session: principal.session ?? null },
    kmsKey: keys[0] === undefined ? null : { arn: keys[0].arn },
    accountId: principal.accountId ?? null,
    evidence: { eventIds: [event.eventId] },
  });
}
