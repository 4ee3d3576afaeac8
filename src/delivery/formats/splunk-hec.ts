import type { Alert } from "../../detection/alert.ts";
import { severityTable } from "../severities.ts";
import { type Format, JSON_TYPE, toJson } from "./format.ts";

/** What Splunk files an event under. */
export interface SplunkMetadata {
  readonly index?: string | undefined;
  readonly source: string;
  readonly sourcetype: string;
  readonly host?: string | undefined;
}

/**
 * One envelope of Splunk's HTTP Event Collector, with the fields of the Common Information Model's Alerts data set and
 * of risk-based alerting. Times in the envelope are seconds since the epoch
 * (https://docs.splunk.com/Documentation/Splunk/latest/Data/FormateventsforHTTPEventCollector).
 */
export const splunkHec: Format = {
  contentType: JSON_TYPE,
  schemaVersion: "1.0",
  format: (alert, trimmed) => ({
    contentType: JSON_TYPE,
    body: splunkEnvelope(alert, cimAlert(alert, trimmed !== undefined), {
      source: "keyhawk",
      sourcetype: "keyhawk:alert",
    }),
  }),
};

/** Wraps an event, given as JSON text, into an envelope. */
export function splunkEnvelope(alert: Alert, eventJson: string, metadata: SplunkMetadata): string {
  const { host, source, sourcetype, index } = metadata;
  const envelope = { time: Date.parse(alert.eventTime) / 1000, host, source, sourcetype, index };
  return `${toJson(envelope).slice(0, -1)},"event":${eventJson}}`;
}

/** The event in the envelope: what Splunk's own searches read, and the alert itself under `keyhawk`. */
export function cimAlert(alert: Alert, trimmed = false): string {
  const { principal, kmsKey } = alert;
  const [source] = alert.evidence.sourceAddresses;
  return toJson({
    app: "keyhawk",
    type: "alert",
    id: alert.alertId,
    signature: alert.title,
    signature_id: alert.detector,
    severity: severityTable[alert.severity].cim,
    severity_id: severityTable[alert.severity].number,
    description: alert.summary,
    ...(source === undefined ? {} : { src: source, src_type: "address" }),
    ...(kmsKey === null ? {} : { dest: kmsKey.arn, dest_type: "kms_key" }),
    ...(principal === null ? {} : { user: principal.key, user_name: principal.name }),
    vendor_account: alert.accountId ?? undefined,
    vendor_region: alert.region ?? undefined,
    mitre_technique_id: alert.attack.map(({ technique }) => technique),
    risk_score: alert.score,
    risk_message: alert.summary,
    ...riskObject(alert),
    status: alert.status,
    revision: alert.revision,
    trimmed: trimmed || undefined,
    keyhawk: alert,
  });
}

function riskObject(alert: Alert): Record<string, string> {
  if (alert.principal !== null) {
    return { risk_object: alert.principal.key, risk_object_type: "user" };
  }
  const object = alert.kmsKey?.arn ?? alert.accountId;
  return object === null ? {} : { risk_object: object, risk_object_type: "other" };
}
