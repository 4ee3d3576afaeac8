import type { Command } from "commander";
import type { CommandContext, Perform } from "./options.ts";
import { writeText } from "./output.ts";
import { addStateOptions, type StateOptions, withStore } from "./state.ts";
import { UsageError } from "./usage-error.ts";
import { parseTime } from "./values.ts";

/** `keyhawk report`: one self-contained page out of a state directory. */
export function registerReport(program: Command, perform: Perform): void {
  const command = program
    .command("report")
    .summary("write one report page out of a state directory")
    .description("Writes one self-contained HTML page about what a state directory holds.");
  addStateOptions(command)
    .option("-o, --out <file>", "where the page is written; - is stdout", "keyhawk-report.html")
    .option("--from <time>", "event times from TIME on (UTC)", parseTime)
    .option("--to <time>", "event times before TIME", parseTime)
    .option("--title <text>", "title of the page")
    .addHelpText(
      "after",
      "\nExample:\n  keyhawk report --state ./state --out march.html --from 2026-03-01",
    )
    .action((options: ReportOptions) => perform((context) => report(options, context)));
}

interface ReportOptions extends StateOptions {
  readonly out: string;
  readonly from?: number;
  readonly to?: number;
  readonly title?: string;
}

async function report(options: ReportOptions, context: CommandContext): Promise<number> {
  const { out, from, to, title } = options;
  if (from !== undefined && to !== undefined && from >= to) {
    throw new UsageError("--from: expected a time before that of --to");
  }
  const bounds = {
    ...(from === undefined ? {} : { fromMs: from }),
    ...(to === undefined ? {} : { toMs: to }),
    ...(title === undefined ? {} : { title }),
  };
  await withStore(options, "read", async (store) => {
    const { renderStore, writeReport } = await import("./write-report.ts");
    if (out === "-") await writeText(context.stdout, await renderStore(store, bounds));
    else await writeReport(store, out, bounds);
  });
  if (out !== "-") context.log.info({ file: out }, "report written");
  return 0;
}
