import { severities, type Severity } from "../detection/alert.ts";

/** How one of our severities is said elsewhere. */
export interface SeverityNames {
  /** OCSF `severity_id` and its caption. */
  readonly ocsf: { readonly id: number; readonly caption: string };
  /** OCSF `risk_level_id` and its caption. */
  readonly ocsfRisk: { readonly id: number; readonly caption: string };
  /** `severity` of Splunk's Common Information Model, Alerts. */
  readonly cim: string;
  /** For filters that compare numbers: SNS message attribute `severity_id`. */
  readonly number: number;
}

/** One table for every format, so that no two receivers read an alert differently. */
export const severityTable: Readonly<Record<Severity, SeverityNames>> = {
  informational: {
    ocsf: { id: 1, caption: "Informational" },
    ocsfRisk: { id: 0, caption: "Info" },
    cim: "informational",
    number: 1,
  },
  low: {
    ocsf: { id: 2, caption: "Low" },
    ocsfRisk: { id: 1, caption: "Low" },
    cim: "low",
    number: 2,
  },
  medium: {
    ocsf: { id: 3, caption: "Medium" },
    ocsfRisk: { id: 2, caption: "Medium" },
    cim: "medium",
    number: 3,
  },
  high: {
    ocsf: { id: 4, caption: "High" },
    ocsfRisk: { id: 3, caption: "High" },
    cim: "high",
    number: 4,
  },
  critical: {
    ocsf: { id: 5, caption: "Critical" },
    ocsfRisk: { id: 4, caption: "Critical" },
    cim: "critical",
    number: 5,
  },
};

/** Whether a severity is as severe as another or more. */
export function isAtLeast(severity: Severity, minimum: Severity): boolean {
  return severities.indexOf(severity) >= severities.indexOf(minimum);
}
