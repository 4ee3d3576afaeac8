import type { Command } from "commander";
import { type Alert, severityOf } from "../detection/alert.ts";
import {
  headline,
  numberLines,
  numberText,
  type PageView,
  pageText,
  pointsText,
  reasonLines,
  section,
  stepLines,
} from "./alert-page.ts";
import { findAlert } from "./find-alert.ts";
import { consoleLink, investigationCommands } from "./investigation.ts";
import type { Perform } from "./options.ts";
import { writeText } from "./output.ts";
import { addStateOptions, type StateOptions, withStore } from "./state.ts";
import { colorsFor, safe, wrapped } from "./terminal.ts";

/** `keyhawk explain`: why an alert was made. */
export function registerExplain(program: Command, perform: Perform): void {
  const command = program
    .command("explain")
    .summary("why an alert was made, and how to investigate it")
    .description(
      "Says why an alert was made: what was observed, what was expected and out of how much " +
        "learning, each reason and its weight, what would have been normal, how to investigate.",
    )
    .argument("<alert-id>", "id of an alert, or its first characters");
  addStateOptions(command)
    .addHelpText("after", "\nExample:\n  keyhawk explain 3f2a91c0 --state ./state")
    .action((id: string, options: StateOptions) =>
      perform(async (context) => {
        const { alert } = await withStore(options, "read", (store) => findAlert(store, id));
        const view = { colors: colorsFor(context), columns: Math.min(context.columns, 100) };
        await writeText(context.stdout, explanation(alert, view));
        return 0;
      }),
    );
}

/** The page that `explain` prints. */
export function explanation(alert: Alert, view: PageView): string {
  const link = consoleLink(alert);
  const commands = investigationCommands(alert);
  return pageText([
    headline(alert, view),
    section("Observed and expected", numberLines(alert, view.colors), view),
    section("The baseline", [wrapped(baselineText(alert), view.columns, "  ")], view),
    section("The reasons, in points of 100", reasonLines(alert, view), view),
    section("What would have been normal", normalLines(alert, view), view),
    section("What to do", stepLines(alert.triage, view), view),
    section(
      "Look it up (CloudTrail keeps 90 days)",
      commands.map((line) => `  ${line}`),
      view,
    ),
    section("In the console", link === undefined ? [] : [`  ${safe(link)}`], view),
  ]);
}

const maturityTexts: Readonly<Record<Alert["baseline"]["maturity"], string>> = {
  none: "Nothing was learned that this is judged by: it is notable by itself.",
  learning: "Still learning, so that it was judged with great caution",
  young: "Young: judged partly by what is usual for others of its kind",
  mature: "Mature: judged by its own past",
};

function baselineText({ baseline }: Alert): string {
  const text = maturityTexts[baseline.maturity];
  if (baseline.maturity === "none") return text;
  return `${text}; ${numberText(baseline.daysLearned)} days, ${baseline.samples} samples.`;
}

function normalLines(alert: Alert, { columns }: PageView): string[] {
  const numbers = Object.entries(alert.expected).flatMap(([name, expected]) => {
    const observed = alert.observed[name];
    if (expected === null || observed === undefined || observed === expected) return [];
    return [
      `  ${safe(name)}: ${safe(numberText(expected))} rather than ${safe(numberText(observed))}`,
    ];
  });
  const strongest = alert.reasons.toSorted((a, b) => b.weight - a.weight)[0];
  if (strongest === undefined || strongest.weight <= 0) return numbers;
  const rest = Math.max(0, Math.round(alert.score - strongest.weight * 100));
  const without =
    `Without the strongest reason (${pointsText(strongest.weight)} points) ` +
    `the score would be ${rest}, ${severityOf(rest)}.`;
  return [...numbers, wrapped(without, columns, "  ")];
}
