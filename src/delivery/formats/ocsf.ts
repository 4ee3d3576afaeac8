import type { Alert } from "../../detection/alert.ts";
import { severityTable } from "../severities.ts";
import { type Format, JSON_TYPE, toJson, type Trimmed } from "./format.ts";
import { anomalyAnalyses, evidences, observables, resources } from "./ocsf-objects.ts";

export const ocsfVersions = ["1.8.0", "1.6.0"] as const;
export type OcsfVersion = (typeof ocsfVersions)[number];

const CLASS_UID = 2004;
const activities = {
  created: { id: 1, name: "Create" },
  updated: { id: 2, name: "Update" },
  closed: { id: 3, name: "Close" },
} as const;
const statuses = {
  created: { id: 1, name: "New" },
  updated: { id: 1, name: "New" },
  closed: { id: 4, name: "Resolved" },
} as const;
const confidences = {
  none: { id: 0, name: "Unknown" },
  learning: { id: 1, name: "Low" },
  young: { id: 2, name: "Medium" },
  mature: { id: 3, name: "High" },
} as const;

/**
 * Detection Finding (class 2004) of the Open Cybersecurity Schema Framework with the profiles cloud and datetime
 * (https://schema.ocsf.io/1.8.0/classes/detection_finding). What is written is the same for every version offered.
 * Times are milliseconds since the epoch; `is_alert` is said of new findings only
 * (https://github.com/ocsf/ocsf-docs/blob/main/articles/modeling-alerts.md).
 */
export function ocsf(version: OcsfVersion): Format {
  return {
    contentType: JSON_TYPE,
    schemaVersion: version,
    format: (alert, trimmed) => ({
      contentType: JSON_TYPE,
      body: toJson(detectionFinding(alert, version, trimmed)),
    }),
  };
}

function detectionFinding(alert: Alert, version: OcsfVersion, trimmed: Trimmed | undefined) {
  const activity = activities[alert.status];
  const severity = severityTable[alert.severity];
  return {
    activity_id: activity.id,
    activity_name: activity.name,
    category_uid: 2,
    category_name: "Findings",
    class_uid: CLASS_UID,
    class_name: "Detection Finding",
    type_uid: CLASS_UID * 100 + activity.id,
    type_name: `Detection Finding: ${activity.name}`,
    severity_id: severity.ocsf.id,
    severity: severity.ocsf.caption,
    status_id: statuses[alert.status].id,
    status: statuses[alert.status].name,
    confidence_id: confidences[alert.baseline.maturity].id,
    confidence: confidences[alert.baseline.maturity].name,
    risk_score: alert.score,
    risk_level_id: severity.ocsfRisk.id,
    risk_level: severity.ocsfRisk.caption,
    is_alert: alert.status === "created" ? true : undefined,
    message: alert.summary,
    count: Math.max(1, alert.evidence.eventCount),
    timezone_offset: 0,
    ...times(alert),
    cloud: cloud(alert),
    metadata: metadata(alert, version, trimmed),
    finding_info: findingInfo(alert),
    anomaly_analyses: anomalyAnalyses(alert),
    evidences: evidences(alert),
    resources: resources(alert),
    observables: observables(alert),
    remediation: remediation(alert),
    unmapped: unmapped(alert),
  };
}

function times({ eventTime, window }: Alert) {
  return {
    ...time("time", eventTime),
    ...time("start_time", window.start),
    ...time("end_time", window.end),
  };
}

/** A time in both forms: milliseconds since the epoch, and RFC 3339 for the profile datetime. */
function time(name: string, text: string): Record<string, number | string> {
  const date = new Date(text);
  return { [name]: date.getTime(), [`${name}_dt`]: date.toISOString() };
}

function cloud({ accountId, region, kmsKey, principal }: Alert) {
  const arn = kmsKey?.arn ?? principal?.key ?? "";
  return {
    provider: "AWS",
    cloud_partition: /^arn:([^:]+):/.exec(arn)?.[1],
    region: region ?? undefined,
    account: accountId === null ? undefined : { uid: accountId, type_id: 10, type: "AWS Account" },
  };
}

function metadata(alert: Alert, version: OcsfVersion, trimmed: Trimmed | undefined) {
  return {
    version,
    profiles: ["cloud", "datetime"],
    product: { name: "Keyhawk", vendor_name: "Keyhawk", feature: { name: alert.detector } },
    uid: `${alert.alertId}-${alert.revision}`,
    correlation_uid: alert.alertId,
    event_code: alert.detector,
    log_name: "AWS CloudTrail",
    log_provider: "AWS",
    original_time: alert.eventTime,
    labels: alert.replay ? ["replay"] : undefined,
    ...(trimmed && { is_truncated: true, untruncated_size: trimmed.untrimmedBytes }),
  };
}

function findingInfo(alert: Alert) {
  return {
    uid: alert.alertId,
    title: alert.title,
    desc: alert.summary,
    types: [alert.detector],
    ...time("created_time", alert.eventTime),
    ...(alert.revision > 0 && time("modified_time", alert.eventTime)),
    ...time("first_seen_time", alert.window.start),
    ...time("last_seen_time", alert.window.end),
    data_sources: ["AWS CloudTrail"],
    analytic: {
      uid: alert.detector,
      name: alert.detector,
      type_id: 3,
      type: "Statistical",
      version: String(alert.detectorVersion),
    },
    attacks: alert.attack.map((attack) => attackOf(attack, alert.attackVersion)),
    related_events: alert.evidence.eventIds.map((uid) => ({ uid, type: "AWS CloudTrail event" })),
    related_events_count: alert.evidence.eventCount,
    src_url: Object.values(alert.links).find((link) => URL.canParse(link)),
  };
}

function attackOf({ technique, name, tactic }: Alert["attack"][number], version: string) {
  const [parent] = technique.split(".");
  const own = { uid: technique, name };
  return {
    tactic: { name: tactic },
    ...(parent === technique
      ? { technique: own }
      : { technique: { uid: parent }, sub_technique: own }),
    version,
  };
}

function remediation(alert: Alert) {
  if (alert.triage.length === 0) return undefined;
  const references = Object.values(alert.links);
  return {
    desc: alert.triage.map((step, index) => `${index + 1}. ${step}`).join("\n"),
    ...(references.length > 0 && { references }),
  };
}

/** What the class has no attribute for, under the names of the native format. */
function unmapped(alert: Alert) {
  const { schemaVersion, revision, reasons, baseline, observed, expected, replay, principal } =
    alert;
  return { schemaVersion, revision, principal, reasons, baseline, observed, expected, replay };
}
