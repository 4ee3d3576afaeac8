import { randomBytes } from "node:crypto";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Suppression } from "../store/store.ts";
import { detectors } from "../../detectors/index.ts";
import { nearestName } from "../config/nearest-name.ts";
import { counted } from "../detection/detector.ts";
import { isAcceptance } from "./acceptance.ts";
import { type ConfiguredMute, configuredMutes } from "./configured-mutes.ts";
import type { CommandContext, Perform } from "./options.ts";
import { writeText } from "./output.ts";
import { addStateOptions, type StateOptions, withStore } from "./state.ts";
import { colorsFor, jsonLine, safe, tableText, timeText } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";
import { parseExpiry, parseName } from "./values.ts";

/** `keyhawk suppress`: mutes with a matcher, an owner, a reason and an expiry. */
export function registerSuppress(program: Command, perform: Perform): void {
  const suppress = program
    .command("suppress")
    .summary("mute alerts with owner, reason and expiry")
    .description("Mutes alerts that match. Muted alerts are kept and counted, but sent nowhere.")
    .addHelpText("after", examples);
  registerAdd(suppress, perform);
  registerList(suppress, perform);
  registerRemove(suppress, perform);
}

const dayMs = 86_400_000;

const examples = `
Examples:
  keyhawk suppress add --principal 'arn:aws:iam::*:role/backup' --detector decrypt-spike \\
    --owner ana --reason "nightly restore test" --expires 30d
  keyhawk suppress list
  keyhawk suppress remove s-4f1c2a9b`;

interface AddOptions extends StateOptions {
  readonly detector?: string;
  readonly principal?: string;
  readonly key?: string;
  readonly account?: string;
  readonly owner: string;
  readonly reason: string;
  readonly expires: number;
  readonly force?: boolean;
}

function registerAdd(suppress: Command, perform: Perform): void {
  const command = suppress
    .command("add")
    .description("mute alerts that match all of the given; * in a pattern stands for anything")
    .option("--detector <id>", "detector, or a pattern")
    .option("--principal <arn>", "principal key, or a pattern", parsePattern)
    .option("--key <arn>", "key ARN, or a pattern", parsePattern)
    .option("--account <id>", "account id", parseAccount)
    .requiredOption("--owner <name>", "who answers for it", parseWords)
    .requiredOption("--reason <text>", "why", parseWords)
    .requiredOption("--expires <time>", "when it ends: 2026-06-30 or 30d", (text) =>
      parseExpiry(text, Date.now()),
    )
    .option("--force", "allow more than a year, or a detector that does not ship");
  addStateOptions(command).action((options: AddOptions) =>
    perform((context) => add(options, context)),
  );
}

async function add(options: AddOptions, context: CommandContext): Promise<number> {
  const nowMs = Date.now();
  check(options, nowMs);
  const { detector, principal, key, account, owner, reason } = options;
  const suppression = {
    id: `s-${randomBytes(4).toString("hex")}`,
    match: { detector, principal, key, account },
    owner,
    reason,
    expiresMs: options.expires,
    createdMs: nowMs,
  };
  await withStore(options, "annotate", (store) => store.suppressions.add(suppression));
  await writeText(context.stdout, `${suppression.id}\n`);
  context.log.info(
    { until: new Date(options.expires).toISOString() },
    "alerts that match are muted",
  );
  return 0;
}

function check(options: AddOptions, nowMs: number): void {
  const { detector, principal, key, account } = options;
  const given = [detector, principal, key, account].filter((pattern) => pattern !== undefined);
  if (given.length === 0) {
    throw new UsageError(
      "suppress: expected at least one of --detector, --principal, --key, --account",
    );
  }
  if (given.every(isMatchEverything)) {
    throw new UsageError(
      "suppress: expected a pattern that does not match everything; switch a detector off instead",
    );
  }
  if (detector !== undefined && !detector.includes("*") && options.force !== true) {
    checkDetector(detector);
  }
  if (options.expires <= nowMs) {
    throw new UsageError(
      `--expires: expected a time to come, found ${new Date(options.expires).toISOString()}`,
    );
  }
  if (options.expires > nowMs + yearMs && options.force !== true) {
    throw new UsageError("--expires: expected at most a year from now; --force allows more");
  }
}

function checkDetector(id: string): void {
  const ids = detectors.map((detector) => detector.id);
  if (ids.includes(id)) return;
  const nearest = nearestName(id, ids);
  const hint = nearest === undefined ? "--force mutes it all the same" : `did you mean ${nearest}?`;
  throw new UsageError(`--detector: no detector ${id}; ${hint}`);
}

const yearMs = 366 * dayMs;

/** Whether a pattern says no more than that there is a value, such as `*`, `**` or `arn:aws:*`. */
function isMatchEverything(pattern: string): boolean {
  return (
    pattern.includes("*") &&
    /^(arn(:aws[a-z-]*)?(:(iam|kms|sts))?:*)?$/.test(pattern.replaceAll("*", ""))
  );
}

function parsePattern(text: string): string {
  if (!/^[^\s\p{Cc}]{1,2048}$/u.test(text)) {
    throw new InvalidArgumentError("Expected an ARN, or a pattern with *, without spaces.");
  }
  return text;
}

function parseAccount(text: string): string {
  if (!/^\d{12}$/.test(text))
    throw new InvalidArgumentError("Expected an account id of 12 digits.");
  return text;
}

function parseWords(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("Expected some words.");
  return text.trim();
}

const listFormats = ["table", "json"] as const;

function registerList(suppress: Command, perform: Perform): void {
  const command = suppress
    .command("list")
    .description("list the mutes, how often each one matched, and which end soon or are over")
    .addOption(
      new Option("--format <name>", `${listFormats.join(", ")}; json is one object a line`)
        .argParser(parseName(listFormats))
        .default(listFormats[0]),
    );
  addStateOptions(command).action((options: StateOptions & { format: string }) =>
    perform(async (context) => {
      const [listed, configured] = await withStore(options, "read", async (store) => [
        await store.suppressions.list(),
        await configuredMutes(store),
      ]);
      const all = listed.filter((one) => !isAcceptance(one));
      if (all.length + configured.length === 0) context.log.info({}, "nothing is muted");
      const tables = [listTable(all, context), configuredTable(configured, context)];
      const text =
        options.format === "json"
          ? [...all, ...configured].map(jsonLine).join("")
          : tables.filter((table) => table !== "").join("\n");
      await writeText(context.stdout, text);
      return 0;
    }),
  );
}

function listTable(all: readonly Suppression[], context: CommandContext): string {
  if (all.length === 0) return "";
  const colors = colorsFor(context);
  const nowMs = Date.now();
  return tableText(
    all,
    [
      { title: "ID", text: ({ id }) => id },
      { title: "MATCH", text: matchText, maximum: 72 },
      { title: "OWNER", text: ({ owner }) => owner, maximum: 20 },
      { title: "REASON", text: ({ reason }) => reason, maximum: 40 },
      {
        title: "EXPIRES",
        text: (row) => expiryText(row.expiresMs, nowMs),
        paint: (cell, row) => (row.expiresMs < nowMs + soonMs ? colors.yellow(cell) : cell),
      },
      { title: "HITS", text: ({ hits }) => String(hits), align: "right" },
    ],
    colors,
  );
}

function configuredTable(mutes: readonly ConfiguredMute[], context: CommandContext): string {
  if (mutes.length === 0) return "";
  return tableText(
    mutes,
    [
      { title: "CONFIGURED", text: ({ id }) => id, maximum: 72 },
      { title: "LAST MUTED", text: ({ lastEventTime }) => timeText(lastEventTime) },
      { title: "HITS", text: ({ hits }) => String(hits), align: "right" },
    ],
    colorsFor(context),
  );
}

/** Mutes that end within this time are said to. */
const soonMs = 14 * dayMs;

function expiryText(expiresMs: number, nowMs: number): string {
  if (expiresMs <= nowMs) return "over";
  const text = timeText(new Date(expiresMs).toISOString());
  if (expiresMs >= nowMs + soonMs) return text;
  return `${text} (in ${counted(Math.ceil((expiresMs - nowMs) / dayMs), "day")})`;
}

function matchText({ match }: Suppression): string {
  return Object.entries(match)
    .flatMap(([name, pattern]) => (pattern === undefined ? [] : [`${name}=${pattern}`]))
    .join(" ");
}

function registerRemove(suppress: Command, perform: Perform): void {
  const command = suppress
    .command("remove")
    .description("end a mute; what it muted stays recorded")
    .argument("<id>", "id of the mute");
  addStateOptions(command).action((id: string, options: StateOptions) =>
    perform(async (context) => {
      await withStore(options, "annotate", async ({ suppressions }) => {
        const all = (await suppressions.list()).filter((one) => !isAcceptance(one));
        const ids = all.map((one) => one.id);
        if (ids.includes(id) && (await suppressions.remove(id))) return;
        const nearest = nearestName(id, ids);
        const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
        throw new Error(`suppression ${id}: no such suppression${hint}`);
      });
      await writeText(context.stdout, `${safe(id)} removed\n`);
      return 0;
    }),
  );
}
