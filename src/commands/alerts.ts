import { type Command, InvalidArgumentError, Option } from "commander";
import { type Alert, type Severity, severities, severityOf } from "../detection/alert.ts";
import { type KeptAlert, type Verdict, verdicts } from "../store/store.ts";
import { accept } from "./acceptance.ts";
import { alertPage, subjectText } from "./alert-page.ts";
import { acceptanceText } from "./baseline-accepted.ts";
import { findAlert } from "./find-alert.ts";
import type { CommandContext, Perform } from "./options.ts";
import { writeText } from "./output.ts";
import { addStateOptions, type StateOptions, withStore } from "./state.ts";
import { colorsFor, jsonLine, paintSeverity, safe, tableText, timeText } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";
import { parseCount, parseExpiry, parseName, parseTime } from "./values.ts";

/** `keyhawk alerts`: the alerts kept in a state directory. */
export function registerAlerts(program: Command, perform: Perform): void {
  const alerts = program
    .command("alerts")
    .summary("list, show and close the alerts of a state directory")
    .description("Lists, shows and closes the alerts kept in a state directory.")
    .addHelpText("after", examples);
  registerList(alerts, perform);
  registerShow(alerts, perform);
  registerClose(alerts, perform);
}

const examples = `
Examples:
  keyhawk alerts list --state ./state --severity high --from 2026-03-01
  keyhawk alerts list --format native | jq .summary
  keyhawk alerts show 3f2a91c0
  keyhawk alerts close 3f2a91c0 --verdict benign --by ana --note "nightly restore"
  keyhawk alerts close 3f2a91c0 --verdict benign --accept --until 60d --note "new report"`;

const alertStatuses = ["created", "updated", "closed"] as const satisfies Alert["status"][];
const listFormats = ["table", "native"] as const;

interface ListOptions extends StateOptions {
  readonly detector?: string;
  readonly severity?: Severity;
  readonly status?: Alert["status"];
  readonly from?: number;
  readonly to?: number;
  readonly limit: number;
  readonly format: (typeof listFormats)[number];
}

function registerList(alerts: Command, perform: Perform): void {
  const command = alerts.command("list").description("list alerts, the newest event time first");
  addStateOptions(command)
    .option("--detector <id>", "of one detector")
    .addOption(
      new Option("--severity <name>", "at least this severe").argParser(parseName(severities)),
    )
    .addOption(
      new Option("--status <name>", alertStatuses.join(", ")).argParser(parseName(alertStatuses)),
    )
    .option("--from <time>", "event times from TIME on (UTC)", parseTime)
    .option("--to <time>", "event times before TIME", parseTime)
    .option("--limit <n>", "most alerts", parseCount(1, 1_000_000), 100)
    .addOption(
      new Option("--format <name>", `${listFormats.join(", ")}; native is one JSON object a line`)
        .argParser(parseName(listFormats))
        .default(listFormats[0]),
    )
    .action((options: ListOptions) => perform((context) => list(options, context)));
}

async function list(options: ListOptions, context: CommandContext): Promise<number> {
  const { detector, severity, status, from, to, limit, format } = options;
  if (from !== undefined && to !== undefined && from >= to) {
    throw new UsageError("--from: expected a time before that of --to");
  }
  const found = await withStore(options, "read", (store) =>
    store.alerts.list({
      ...(detector === undefined ? {} : { detector }),
      ...(severity === undefined ? {} : { minimumScore: lowestScore(severity) }),
      ...(status === undefined ? {} : { status }),
      ...(from === undefined ? {} : { fromMs: from }),
      ...(to === undefined ? {} : { toMs: to }),
      limit: limit + 1,
    }),
  );
  const shown = found.slice(0, limit);
  if (format === "native") {
    for (const { alert } of shown) {
      if (context.signal.aborted) break;
      await writeText(context.stdout, jsonLine(alert));
    }
  } else if (shown.length > 0) {
    await writeText(context.stdout, alertTable(shown, context));
  }
  if (shown.length === 0) context.log.info({}, "no alerts match");
  if (found.length > limit) context.log.info({ shown: limit }, "there are more; raise --limit");
  return 0;
}

function alertTable(alerts: readonly KeptAlert[], context: CommandContext): string {
  const colors = colorsFor(context);
  return tableText(
    alerts,
    [
      { title: "TIME", text: ({ alert }) => timeText(alert.eventTime) },
      {
        title: "SEVERITY",
        text: ({ alert }) => alert.severity,
        paint: (cell, { alert }) => paintSeverity(cell, alert.severity, colors),
      },
      { title: "SCORE", text: ({ alert }) => String(alert.score), align: "right" },
      { title: "DETECTOR", text: ({ alert }) => alert.detector, maximum: 32 },
      { title: "SUBJECT", text: ({ alert }) => subjectText(alert), maximum: 40 },
      { title: "STATUS", text: statusText },
      { title: "ID", text: ({ alert }) => alert.alertId },
    ],
    colors,
  );
}

function statusText({ alert, verdict, suppressedBy }: KeptAlert): string {
  if (verdict !== undefined) return verdict.verdict;
  return suppressedBy === undefined ? alert.status : "muted";
}

/** The least score of a severity. */
function lowestScore(severity: Severity): number {
  let score = 0;
  while (severityOf(score) !== severity) score += 1;
  return score;
}

function registerShow(alerts: Command, perform: Perform): void {
  const command = alerts
    .command("show")
    .description("show one alert in full")
    .argument("<alert-id>", "id of an alert, or its first characters")
    .addOption(
      new Option("--format <name>", "text, native")
        .argParser(parseName(["text", "native"]))
        .default("text"),
    );
  addStateOptions(command).action((id: string, options: StateOptions & { format: string }) =>
    perform(async (context) => {
      const kept = await withStore(options, "read", (store) => findAlert(store, id));
      const view = { colors: colorsFor(context), columns: Math.min(context.columns, 100) };
      const text = options.format === "native" ? jsonLine(kept.alert) : alertPage(kept, view);
      await writeText(context.stdout, text);
      return 0;
    }),
  );
}

interface CloseOptions extends StateOptions {
  readonly verdict: Verdict["verdict"];
  readonly by?: string;
  readonly note: string;
  readonly accept?: boolean;
  readonly until?: string;
  readonly upTo?: number;
  readonly anyKey?: boolean;
}

function registerClose(alerts: Command, perform: Perform): void {
  const command = alerts
    .command("close")
    .description("close an alert with a verdict")
    .argument("<alert-id>", "id of an alert, or its first characters")
    .addOption(
      new Option("--verdict <name>", verdicts.join(", "))
        .argParser(parseName(verdicts))
        .makeOptionMandatory(),
    )
    .option("--by <name>", "who says so; by default $USER")
    .option("--note <text>", "why", "")
    .option("--accept", "accept it as normal from now on; needs --note, and a benign verdict")
    .option(
      "--until <time>",
      `with --accept: when it ends, 2026-06-30 or 30d (default: ${acceptedFor})`,
      parseUntil,
    )
    .option(
      "--up-to <factor>",
      `with --accept: how many times what was observed is normal, too (default: ${acceptedGrowth})`,
      parseFactor,
    )
    .option("--any-key", "with --accept: on whatever key, for volumes of a principal");
  addStateOptions(command).action((id: string, options: CloseOptions) =>
    perform((context) => close(id, options, context)),
  );
}

async function close(id: string, options: CloseOptions, context: CommandContext): Promise<number> {
  const by = options.by ?? context.env["USER"] ?? context.env["LOGNAME"] ?? "";
  if (by.trim() === "") throw new UsageError("--by: expected the name of who closes the alert");
  checkAccept(options);
  const { verdict, note } = options;
  const { until = acceptedFor, upTo = acceptedGrowth, anyKey = false } = options;
  const [closed, accepted] = await withStore(options, "annotate", async (store) => {
    const { alert } = await findAlert(store, id);
    const made =
      options.accept === true
        ? await accept(store, alert, { owner: by, reason: note.trim(), until, upTo, anyKey })
        : undefined;
    await store.alerts.close(alert.alertId, { verdict, by, note, atMs: Date.now() });
    return [alert.alertId, made];
  });
  await writeText(context.stdout, `${safe(closed)} closed: ${verdict} by ${safe(by)}\n`);
  if (accepted !== undefined) {
    await writeText(context.stdout, `${accepted.id} ${safe(acceptanceText(accepted))}\n`);
  }
  return 0;
}

const acceptedFor = "90d";
const acceptedGrowth = 1.25;

function checkAccept({ accept, until, upTo, anyKey, verdict, note }: CloseOptions): void {
  if (accept !== true) {
    if (until !== undefined) throw new UsageError("--until: expected --accept as well");
    if (upTo !== undefined) throw new UsageError("--up-to: expected --accept as well");
    if (anyKey === true) throw new UsageError("--any-key: expected --accept as well");
    return;
  }
  if (verdict !== "benign" && verdict !== "false-positive") {
    throw new UsageError("--accept: expected the verdict benign or false-positive");
  }
  if (note.trim() === "") throw new UsageError("--accept: expected --note, why it is normal");
}

/** Kept as typed: a duration counts from when the acceptance begins. */
function parseUntil(text: string): string {
  parseExpiry(text, 0);
  return text;
}

function parseFactor(text: string): number {
  const factor = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && factor >= 1 && factor <= 10) return factor;
  throw new InvalidArgumentError("Expected a number from 1 to 10.");
}
