import { readFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { type Severity, severities } from "../detection/alert.ts";
import type { CommandContext, Perform } from "./options.ts";
import { writeText } from "./output.ts";
import { UsageError } from "./usage-error.ts";
import { parseName } from "./values.ts";

/** `keyhawk evaluate`: how well alerts tell what a simulated trail's truth says. */
export function registerEvaluate(program: Command, perform: Perform): void {
  program
    .command("evaluate")
    .summary("score alerts against the truth of a simulated trail")
    .description(
      "Scores alerts (NDJSON, native format) against truth.json: attacks found by kind and strength, " +
        "false incidents a day per 1,000 active principals by benign cause, time to detect, alerts per " +
        "attack, calibration. Alerts outside of the judged period do not count.",
    )
    .requiredOption("--truth <file>", "truth.json of the simulated trail")
    .requiredOption("--alerts <file>", "alerts of its replay")
    .addOption(
      new Option("--minimum-severity <severity>", "alerts below do not count")
        .argParser(parseName(severities))
        .default("medium"),
    )
    .addOption(
      new Option("--format <name>", "table, json")
        .argParser(parseName(["table", "json"] as const))
        .default("table"),
    )
    .addHelpText("after", examples)
    .action((typed: Typed) => perform((context) => evaluateFiles(typed, context)));
}

const examples = `
Examples:
  keyhawk simulate --out month --seed 7
  keyhawk replay month/trail --learn-until 2026-02-02 --alerts month/alerts.ndjson
  keyhawk evaluate --truth month/truth.json --alerts month/alerts.ndjson`;

interface Typed {
  readonly truth: string;
  readonly alerts: string;
  readonly minimumSeverity: Severity;
  readonly format: "table" | "json";
}

async function evaluateFiles(typed: Typed, context: CommandContext): Promise<number> {
  const { evaluate } = await import("../evaluation/evaluate.ts");
  const { AlertLineError, readAlerts } = await import("../evaluation/judged-alert.ts");
  const { evaluationTable } = await import("./evaluation-table.ts");
  const { jsonPage } = await import("./terminal.ts");
  const truth = await readTruth(typed.truth);
  const text = await readText(typed.alerts);
  try {
    const evaluation = evaluate(truth, readAlerts(text), typed.minimumSeverity);
    const page =
      typed.format === "json" ? jsonPage(evaluation) : evaluationTable(evaluation, context);
    await writeText(context.stdout, page);
    return 0;
  } catch (error) {
    if (error instanceof AlertLineError) throw new UsageError(`${typed.alerts}: ${error.message}`);
    throw error;
  }
}

async function readTruth(file: string) {
  const { Truth } = await import("../simulation/truth.ts");
  const text = await readText(file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`${file}: expected the JSON that keyhawk simulate wrote`);
  }
  const parsed = Truth.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(`${file}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${file}: cannot be read: ${reason}`);
  }
}
