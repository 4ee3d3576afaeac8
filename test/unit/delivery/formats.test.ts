import { existsSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Alert, severities } from "../../../src/detection/alert.ts";
import { formatNames, formatOf } from "../../../src/delivery/formats/formats.ts";
import { ocsf, ocsfVersions } from "../../../src/delivery/formats/ocsf.ts";
import { severityTable } from "../../../src/delivery/severities.ts";
import { alertOf, anyAlert } from "../../support/alert-arbitrary.ts";

const schemas = new URL("../../../../shared/schemas/", import.meta.url);
const haveSchemas = existsSync(schemas);
const needsSchemas = haveSchemas ? "" : " (skipped: no ../shared/schemas beside the checkout)";

/** A document, for looking into. */
type Json = Record<string, any>; // oxlint-disable-line typescript/no-explicit-any -- paths of a foreign document

const parsed = (alert: Alert, version: (typeof ocsfVersions)[number] = "1.8.0"): Json =>
  JSON.parse(ocsf(version).format(alert).body) as Json;

function validator(file: string) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  const validate = ajv.compile(JSON.parse(readFileSync(new URL(file, schemas), "utf8")) as object);
  return (document: unknown) => {
    validate(document);
    return validate.errors?.map(({ instancePath, message }) => `${instancePath} ${message}`) ?? [];
  };
}

describe("every format", () => {
  it.each(formatNames)("%s writes any alert as one line of well-formed JSON", (name) => {
    fc.assert(
      fc.property(anyAlert, (alert) => {
        expect(Alert.safeParse(alert).success).toBe(true);
        const { body, contentType } = formatOf(name).format(alert);
        expect(contentType).toBe("application/json");
        expect(body).not.toMatch(/[\r\n\uFFFE\uFFFF]/);
        expect(body.isWellFormed()).toBe(true);
        expect(JSON.stringify(JSON.parse(body)).isWellFormed()).toBe(true);
        expect(JSON.stringify(JSON.parse(body))).not.toMatch(/\\ud[89a-f]/i);
      }),
      { numRuns: 200 },
    );
  });

  it("native gives back the alert", () => {
    const alert = alertOf();
    expect(JSON.parse(formatOf("native").format(alert).body)).toEqual(alert);
  });
});

describe("severities", () => {
  const rows = [
    ["informational", 1, "Informational", 0, "Info", "informational"],
    ["low", 2, "Low", 1, "Low", "low"],
    ["medium", 3, "Medium", 2, "Medium", "medium"],
    ["high", 4, "High", 3, "High", "high"],
    ["critical", 5, "Critical", 4, "Critical", "critical"],
  ] as const;
  it("names each of ours", () => expect(rows.map(([ours]) => ours)).toEqual(severities));
  it.each(rows)(
    "says %s as OCSF %i %s, risk %i %s, CIM %s",
    (ours, id, caption, risk, riskCaption, cim) => {
      expect(severityTable[ours]).toEqual({
        ocsf: { id, caption },
        ocsfRisk: { id: risk, caption: riskCaption },
        cim,
        number: id,
      });
      const document = parsed(alertOf({ severity: ours }));
      expect(document["severity_id"]).toBe(id);
      expect(document["severity"]).toBe(caption);
    },
  );
});

describe("OCSF", () => {
  for (const version of ocsfVersions) {
    it.skipIf(!haveSchemas)(
      `${version}: the published schema accepts any alert${needsSchemas}`,
      () => {
        const problems = validator(`detection_finding-${version}.cloud+datetime.schema.json`);
        fc.assert(
          fc.property(anyAlert, (alert) => {
            expect(problems(parsed(alert, version))).toEqual([]);
          }),
          { numRuns: 150 },
        );
        expect(problems({ ...parsed(alertOf(), version), severity_id: 7 })).not.toEqual([]);
      },
    );
  }

  it("names an address too long for the schema's type as a service", () => {
    const address = "000:000:000:000:0000:0000:100.100.100.100";
    const alert = alertOf({});
    const document = parsed({
      ...alert,
      evidence: { ...alert.evidence, sourceAddresses: [address] },
    });
    expect(JSON.stringify(document["evidences"])).toContain(`{"svc_name":"${address}"}`);
  });

  it.each([
    ["created", 1, "Create", 200401, 1, "New", true],
    ["updated", 2, "Update", 200402, 1, "New", undefined],
    ["closed", 3, "Close", 200403, 4, "Resolved", undefined],
  ] as const)(
    "says %s as activity %i %s",
    (status, id, name, type, statusId, statusName, isAlert) => {
      expect(parsed(alertOf({ status }))).toMatchObject({
        activity_id: id,
        activity_name: name,
        type_uid: type,
        type_name: `Detection Finding: ${name}`,
        status_id: statusId,
        status: statusName,
      });
      expect(parsed(alertOf({ status }))["is_alert"]).toBe(isAlert);
    },
  );

  it("writes times in milliseconds", () => {
    const alert = alertOf({ eventTime: "2026-03-14T02:11:09Z" });
    expect(parsed(alert)["time"]).toBe(1_773_454_269_000);
    fc.assert(
      fc.property(anyAlert, (any) => {
        const document = parsed(any);
        for (const name of ["time", "start_time", "end_time"]) {
          expect(document[name]).toBeGreaterThanOrEqual(Date.UTC(2000));
          expect(document[name]).toBeLessThan(Date.UTC(2100));
          expect(Date.parse(document[`${name}_dt`])).toBe(document[name]);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("names observables by paths that lead to their values", () => {
    fc.assert(
      fc.property(anyAlert, (alert) => {
        const document = parsed(alert);
        for (const { name, value } of document["observables"] ?? []) {
          expect(name).not.toMatch(/[[\]\d]/);
          expect(valuesAt(document, String(name).split("."))).toContain(value);
        }
      }),
      { numRuns: 100 },
    );
    const names = (parsed(alertOf())["observables"] as Json[]).map(({ name }) => name);
    expect(names).toEqual([
      "evidences.src_endpoint.ip",
      "evidences.http_request.user_agent",
      "evidences.actor.user.uid",
      "resources.uid",
    ]);
  });

  it("writes observed and expected numbers as an anomaly and its baseline", () => {
    expect(parsed(alertOf())["anomaly_analyses"]).toEqual([
      {
        analysis_targets: [{ name: "arn:aws:iam::111122223333:role/app", type: "AssumedRole" }],
        anomalies: [
          {
            observation_parameter: "decryptsPerHour",
            observation_type: "volume",
            observations: [
              {
                value: "812",
                timespan: { start_time: 1_773_453_600_000, end_time: 1_773_457_200_000 },
              },
            ],
          },
        ],
        baselines: [
          {
            observation_parameter: "decryptsPerHour",
            observation_type: "volume",
            observations: [{ value: "40", count: 480, timespan: { duration_days: 21 } }],
          },
        ],
      },
    ]);
  });

  it("keeps a service apart from an address, as sourceIPAddress may be either", () => {
    const evidences = parsed(alertOf())["evidences"] as Json[];
    expect(evidences.map(({ src_endpoint }) => src_endpoint)).toEqual([
      { ip: "198.51.100.7" },
      { svc_name: "s3.amazonaws.com" },
      undefined,
    ]);
  });

  it("splits a sub-technique from its technique", () => {
    const { attacks } = parsed(alertOf())["finding_info"] as Json;
    expect(attacks).toEqual([
      {
        tactic: { name: "Credential Access" },
        technique: { uid: "T1555" },
        sub_technique: { uid: "T1555.006", name: "Cloud Secrets Management Stores" },
        version: "18.0",
      },
    ]);
  });
});

describe("Splunk HEC", () => {
  const envelope = (alert: Alert) => JSON.parse(formatOf("splunk-hec").format(alert).body) as Json;

  it.skipIf(!haveSchemas)(`any alert is a valid envelope${needsSchemas}`, () => {
    const problems = validator("splunk-hec-event.schema.json");
    fc.assert(
      fc.property(anyAlert, (alert) => {
        expect(problems(envelope(alert))).toEqual([]);
      }),
      { numRuns: 100 },
    );
    expect(problems({ ...envelope(alertOf()), other: 1 })).not.toEqual([]);
  });

  it("writes times in seconds and the fields of the Alerts data model", () => {
    const alert = alertOf({ eventTime: "2026-03-14T02:11:09.500Z" });
    const document = envelope(alert);
    expect(document["time"]).toBe(1_773_454_269.5);
    expect(document["event"]).toMatchObject({
      app: "keyhawk",
      type: "alert",
      id: alert.alertId,
      signature: alert.title,
      signature_id: "decrypt-spike",
      severity: "high",
      user: "arn:aws:iam::111122223333:role/app",
      dest: alert.kmsKey?.arn,
      risk_object: "arn:aws:iam::111122223333:role/app",
      risk_object_type: "user",
      risk_score: 87,
      mitre_technique_id: ["T1555.006"],
      vendor_account: "111122223333",
      vendor_region: "eu-central-1",
      keyhawk: alert,
    });
  });
});

function valuesAt(node: unknown, path: readonly string[]): unknown[] {
  if (Array.isArray(node)) return node.flatMap((item) => valuesAt(item, path));
  const [step, ...rest] = path;
  if (step === undefined) return [node];
  if (typeof node !== "object" || node === null) return [];
  return valuesAt((node as Json)[step], rest);
}
