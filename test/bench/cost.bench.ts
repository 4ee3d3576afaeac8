import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCostTrial } from "../support/cost-trial.ts";
import { useLoopbackCredentials } from "../support/dynamodb-table.ts";

/**
 * What the model of costs says of an ordinary day of a small organization, and what is counted where that day runs through the
 * bundled functions on loopback servers: `npm run bench:cost`. Needs dynoxide (`.ci/dynoxide`).
 */
useLoopbackCredentials();
const folder = await mkdtemp(join(tmpdir(), "keyhawk-cost-"));
try {
  const compared = await runCostTrial(folder);
  const rows = compared.map(({ what, predicted, counted }) =>
    [what, number(predicted), number(counted), (predicted / counted).toFixed(2)].join(" | "),
  );
  const head = ["count | model | counted | ratio", "--- | --- | --- | ---"];
  process.stdout.write([...head, ...rows].map((row) => `| ${row} |\n`).join(""));
} finally {
  await rm(folder, { recursive: true, force: true });
}

function number(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
