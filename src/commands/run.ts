import type { Command } from "commander";
import type { CommandAction, Perform, RunOptions } from "./options.ts";

/** `keyhawk run`: the live consumer. */
export function registerRun(
  program: Command,
  perform: Perform,
  run: CommandAction<RunOptions>,
): void {
  program
    .command("run")
    .summary("read the stream and alert, until stopped")
    .description(
      "Reads KMS events from the configured source and sends alerts to the configured sinks until " +
        "stopped. SIGINT or SIGTERM ends it with its state saved; the next run goes on from there.",
    )
    .requiredOption("-c, --config <file>", "configuration, YAML or JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  keyhawk run --config keyhawk.yaml\n  keyhawk --json run -c keyhawk.yaml",
    )
    .action((options: { config: string }) =>
      perform((context) => run({ configFile: options.config }, context)),
    );
}
