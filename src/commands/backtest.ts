import { type Command, Option } from "commander";
import type { HistoryOptions } from "./history-assembly.ts";
import type { CommandAction, Perform } from "./options.ts";
import { UsageError } from "./usage-error.ts";
import { parseCount, parseName, parseTime } from "./values.ts";

/** `keyhawk backtest`, as typed. */
export interface BacktestOptions extends HistoryOptions {
  /** The configuration that is tried. */
  readonly configFile: string;
  /** The one it is compared with; undefined: the defaults. */
  readonly againstFile: string | undefined;
  readonly learnUntilMs: number | undefined;
  readonly format: (typeof formats)[number];
}

const formats = ["table", "json"] as const;

/** `keyhawk backtest`: what a change of the configuration would have changed. */
export function registerBacktest(
  program: Command,
  perform: Perform,
  backtest: CommandAction<BacktestOptions>,
): void {
  program
    .command("backtest")
    .summary("compare the alerts of two configurations on the same trails")
    .description(
      "Replays the same trails twice, as --config and as --against have it, and tells which alerts " +
        "--config gains, loses and changes (severity, score, or when it fires), per detector and per " +
        "UTC day of the event time. Alerts of shadow detectors do not count. Nothing is kept or sent.",
    )
    .argument("<path...>", "files, folders or s3://bucket/prefix, plain or gzip")
    .requiredOption("-c, --config <file>", "the configuration to try")
    .option("--against <file>", "the one to compare with; without it the defaults")
    .option("--from <time>", "event times from TIME on (UTC)", parseTime)
    .option("--to <time>", "event times before TIME", parseTime)
    .option("--learn-until <time>", "before TIME only learn: its alerts do not count", parseTime)
    .option("-j, --jobs <n>", "threads that read and parse", parseCount(1, 64))
    .addOption(
      new Option("--format <name>", formats.join(", "))
        .argParser(parseName(formats))
        .default(formats[0]),
    )
    .addHelpText("after", examples)
    .action((paths: string[], typed: Typed) =>
      perform((context) => backtest(backtestOptions(paths, typed), context)),
    );
}

const examples = `
Examples:
  keyhawk backtest AWSLogs/ --config new.yaml --against old.yaml --learn-until 2026-03-01
  keyhawk backtest AWSLogs/ --config new.yaml --format json | jq .total`;

interface Typed {
  readonly config: string;
  readonly against?: string;
  readonly from?: number;
  readonly to?: number;
  readonly learnUntil?: number;
  readonly jobs?: number;
  readonly format: BacktestOptions["format"];
}

function backtestOptions(paths: readonly string[], typed: Typed): BacktestOptions {
  const { from, to } = typed;
  if (from !== undefined && to !== undefined && from >= to) {
    throw new UsageError("--from: expected a time before that of --to");
  }
  if (paths.includes("-")) {
    throw new UsageError("-: expected files, which can be read twice, found stdin");
  }
  return {
    paths,
    configFile: typed.config,
    againstFile: typed.against,
    fromMs: from,
    toMs: to,
    learnUntilMs: typed.learnUntil,
    jobs: typed.jobs,
    format: typed.format,
  };
}
