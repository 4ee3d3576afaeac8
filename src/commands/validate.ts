import type { Command } from "commander";
import { type Config, loadConfig } from "../config.ts";
import type { CommandContext, Perform } from "./options.ts";
import { writeText } from "./output.ts";
import { colorsFor, safe } from "./terminal.ts";

/** `keyhawk validate`: checks a configuration without running anything. */
export function registerValidate(program: Command, perform: Perform): void {
  program
    .command("validate")
    .summary("check a configuration without running anything")
    .description(
      "Checks a configuration file and says what it would do. Opens no connection and reads no " +
        "secret. Exit status 2 when it is wrong, with every problem and its line.",
    )
    .argument("<file>", "configuration, YAML or JSON")
    .option("--deny-warnings", "exit status 2 on a warning, too")
    .addHelpText("after", "\nExample:\n  keyhawk validate keyhawk.yaml")
    .action((file: string, options: { denyWarnings?: boolean }) =>
      perform((context) => validate(file, options.denyWarnings ?? false, context)),
    );
}

async function validate(
  file: string,
  denyWarnings: boolean,
  context: CommandContext,
): Promise<number> {
  const config = await loadConfig(file);
  const warnings = warningsOf(config);
  for (const warning of warnings) context.log.warn({ file }, warning);
  const colors = colorsFor(context);
  const lines = summaryOf(config).map(([name, value]) => `  ${name.padEnd(10)} ${safe(value)}`);
  await writeText(context.stdout, `${safe(file)}: ${colors.green("ok")}\n${lines.join("\n")}\n`);
  return denyWarnings && warnings.length > 0 ? 2 : 0;
}

function summaryOf(config: Config): [string, string][] {
  const { source, sinks, organization, detection } = config;
  return [
    ["source", sourceText(source)],
    ["state", config.state],
    ["sinks", sinks.map((sink) => `${sink.name} (${sink.type})`).join(", ") || "none"],
    ["accounts", accountsText(organization)],
    ["detectors", detectorsText(detection.detectors)],
    ["declared", declaredText(detection)],
  ];
}

function sourceText(source: Config["source"]): string {
  if (source?.kinesis !== undefined) return `kinesis stream ${source.kinesis.stream}`;
  return source?.files === undefined ? "none" : `files ${source.files.paths.join(", ")}`;
}

function accountsText({ accounts, approvedForeignAccounts }: Config["organization"]): string {
  const own = accounts.length === 0 ? "learned" : `${accounts.length} own`;
  return `${own}, ${approvedForeignAccounts.length} approved foreign`;
}

function detectorsText(settings: Config["detection"]["detectors"]): string {
  const all = Object.entries(settings);
  const off = all.filter(([, setting]) => setting["enabled"] === false).map(([id]) => id);
  const shadow = all
    .filter(([, setting]) => setting["enabled"] !== false && setting["shadow"] === true)
    .map(([id]) => id);
  return [
    `${all.length - off.length} of ${all.length} on`,
    ...(off.length === 0 ? [] : [`off: ${off.join(", ")}`]),
    ...(shadow.length === 0 ? [] : [`shadow: ${shadow.join(", ")}`]),
  ].join("; ");
}

function declaredText(detection: Config["detection"]): string {
  const { expectedPrincipals, sensitiveKeys, breakGlass, changeWindows, self } = detection;
  const counts = [
    counted(expectedPrincipals.length, "list", "of expected principals"),
    counted(sensitiveKeys.length, "sensitive key"),
    counted(breakGlass.length, "break-glass role"),
    counted(changeWindows.length, "change window"),
    counted(self.length, "use", "of keys by Keyhawk itself"),
    counted(detection.accountOverrides.length, "override", "for accounts"),
  ];
  return counts.filter((text) => !text.startsWith("0 ")).join(", ") || "nothing";
}

function counted(count: number, noun: string, rest?: string): string {
  const nouns = `${count} ${noun}${count === 1 ? "" : "s"}`;
  return rest === undefined ? nouns : `${nouns} ${rest}`;
}

function warningsOf(config: Config): string[] {
  const over = config.detection.changeWindows.filter(
    ({ to }) => to !== undefined && to <= Date.now(),
  );
  return [
    ...over.map(({ name }) => `change window ${name} is over; a replay of its time still needs it`),
    ...(config.source === undefined
      ? ["no source: run has nothing to read, replay still works"]
      : []),
    ...(config.sinks.length === 0
      ? ["no sinks: alerts are kept in the state and sent nowhere"]
      : []),
  ];
}
