import { resolve } from "node:path";
import { ConfigError } from "../src/config.ts";
import { addDeployment, checkedApp } from "./deployment.ts";
import { loadSettings } from "./settings.ts";

/** What `cdk` runs: the stacks of the settings named by `-c settings=FILE`. */
function main(): void {
  const app = checkedApp();
  const file: unknown = app.node.tryGetContext("settings");
  if (typeof file !== "string") {
    const text = "expected a file with settings, found nothing";
    throw new ConfigError([{ file: "-c settings=FILE", path: "", text }]);
  }
  addDeployment(app, loadSettings(resolve(file)));
  app.synth();
}

try {
  main();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
