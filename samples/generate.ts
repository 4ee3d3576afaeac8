import { rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { composeScenario, scenarioNames } from "../test/support/trail/scenarios.ts";
import { writeTrail } from "../test/support/trail/write.ts";

/** Writes the trails and the expected alerts of all scenarios again: `node samples/generate.ts`. */
for (const name of scenarioNames) {
  const folder = fileURLToPath(new URL(name, import.meta.url));
  const { records, expected } = composeScenario(name);
  rmSync(`${folder}/trail`, { recursive: true, force: true });
  const files = writeTrail(`${folder}/trail`, records, "daily");
  writeFileSync(`${folder}/expected-alerts.json`, `${JSON.stringify(expected, undefined, 2)}\n`);
  process.stderr.write(`${name}: ${records.length} records in ${files.length} files\n`);
}
