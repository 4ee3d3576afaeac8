import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { CloudTrailRecord } from "../../../src/simulation/record.ts";
import type { ExpectedAlerts, ScenarioName } from "./scenarios.ts";

/** A shipped scenario as it lies in `samples/`. */
export interface ShippedScenario {
  /** Absolute path of the folder that a replay takes. */
  readonly trail: string;
  readonly files: readonly {
    readonly path: string;
    readonly records: readonly CloudTrailRecord[];
  }[];
  /** All records in the order of their event times. */
  readonly records: readonly CloudTrailRecord[];
  readonly expected: ExpectedAlerts;
}

/** Reads a scenario from `samples/`; throws where a file is missing or not what its name says. */
export function readScenario(name: ScenarioName): ShippedScenario {
  const folder = fileURLToPath(new URL(`../../../samples/${name}`, import.meta.url));
  const trail = join(folder, "trail");
  const files = readdirSync(trail, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".json.gz"))
    .sort()
    .map((path) => ({ path: path.replaceAll("\\", "/"), records: readRecords(join(trail, path)) }));
  const expected: ExpectedAlerts = JSON.parse(
    readFileSync(join(folder, "expected-alerts.json"), "utf8"),
  );
  const records = files
    .flatMap((file) => file.records)
    .sort((a, b) => Date.parse(a.eventTime) - Date.parse(b.eventTime));
  return { trail, files, records, expected };
}

function readRecords(path: string): CloudTrailRecord[] {
  const { Records } = JSON.parse(gunzipSync(readFileSync(path)).toString("utf8"));
  if (!Array.isArray(Records)) throw new Error(`${path}: no list of Records`);
  return Records;
}
