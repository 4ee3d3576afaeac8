import { type Command, Option } from "commander";
import { formatNames } from "../delivery/formats/formats.ts";
import { type Severity, severities } from "../detection/alert.ts";
import type { CommandAction, Perform, ReplayOptions } from "./options.ts";
import { checkedPlace } from "./state.ts";
import { UsageError } from "./usage-error.ts";
import { parseCount, parseName, parseTime } from "./values.ts";

/** `keyhawk replay`: historical trails through the engine that runs live. */
export function registerReplay(
  program: Command,
  perform: Perform,
  replay: CommandAction<ReplayOptions>,
): void {
  program
    .command("replay")
    .summary("read historical trails; same engine, same alerts as live")
    .description(
      "Reads trails of the past and prints the alerts they give: the same engine and the same " +
        "alerts as live. Nothing is sent anywhere without --deliver.",
    )
    .argument("<path...>", "files, folders or s3://bucket/prefix, plain or gzip; - is stdin")
    .option("-c, --config <file>", "configuration; without it the defaults")
    .option(
      "--state <place>",
      "folder or dynamodb://TABLE that is kept and resumed; without it a temporary folder",
    )
    .option("--from <time>", "event times from TIME on (UTC)", parseTime)
    .option("--to <time>", "event times before TIME", parseTime)
    .option("--learn-until <time>", "before TIME only learn: its alerts are not emitted", parseTime)
    .option("--alerts <file>", "where alerts are written, one a line; - is stdout", "-")
    .addOption(
      new Option("--format <name>", `${outputFormats.join(", ")} (for people)`)
        .argParser(parseName(outputFormats))
        .default(outputFormats[0]),
    )
    .option("--report <file>", "write a report page (HTML)")
    .option("--summary <file>", "write counts (JSON)")
    .option("--deliver", "also send alerts to the configured sinks")
    .option("-j, --jobs <n>", "threads that read and parse", parseCount(1, 64))
    .addOption(
      new Option(
        "--fail-on <severity>",
        "exit status 3 on an alert at least this severe that is not muted",
      ).argParser(parseName(severities)),
    )
    .addHelpText("after", examples)
    .action((paths: string[], options: Typed) =>
      perform((context) => replay(replayOptions(paths, options), context)),
    );
}

const outputFormats = [...formatNames, "text"] as const;

const examples = `
Examples:
  keyhawk replay samples/stolen-role/trail --format text
  keyhawk replay AWSLogs/ --learn-until 2026-03-01 --report march.html
  keyhawk replay s3://trail-bucket/AWSLogs/ --state ./state --alerts alerts.ndjson
  keyhawk replay trail.json.gz --format ocsf | jq .severity`;

interface Typed {
  readonly config?: string;
  readonly state?: string;
  readonly from?: number;
  readonly to?: number;
  readonly learnUntil?: number;
  readonly alerts: string;
  readonly format: ReplayOptions["format"];
  readonly report?: string;
  readonly summary?: string;
  readonly deliver?: boolean;
  readonly jobs?: number;
  readonly failOn?: Severity;
}

function replayOptions(paths: readonly string[], typed: Typed): ReplayOptions {
  const { from, to } = typed;
  if (from !== undefined && to !== undefined && from >= to) {
    throw new UsageError("--from: expected a time before that of --to");
  }
  if (typed.deliver === true && typed.config === undefined) {
    throw new UsageError("--deliver: expected --config FILE with the sinks to send to");
  }
  return {
    paths,
    configFile: typed.config,
    statePlace: typed.state === undefined ? undefined : checkedPlace(typed.state),
    fromMs: from,
    toMs: to,
    learnUntilMs: typed.learnUntil,
    alertsFile: typed.alerts,
    format: typed.format,
    reportFile: typed.report,
    summaryFile: typed.summary,
    deliver: typed.deliver ?? false,
    jobs: typed.jobs,
    failOn: typed.failOn,
  };
}
