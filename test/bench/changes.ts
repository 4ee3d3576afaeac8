import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { ablations, changedText } from "./ablations.ts";

/**
 * Loaded with `--import` before the command: makes the change that `KEYHAWK_CHANGE` names to the code as it is loaded. So that
 * nothing in the product has to be switched off for what only the benchmark asks.
 */
const name = process.env["KEYHAWK_CHANGE"];
const ablation = ablations.find((one) => one.name === name);
if (ablation === undefined) throw new Error(`KEYHAWK_CHANGE: no ablation is called ${name ?? ""}`);

registerHooks({
  load(url, context, nextLoad) {
    const edits = ablation.edits.filter(({ file }) => url.endsWith(`/${file}`));
    if (edits.length === 0) return nextLoad(url, context);
    const source = edits.reduce(changedText, readFileSync(fileURLToPath(url), "utf8"));
    return { format: "module-typescript", source, shortCircuit: true };
  },
});
