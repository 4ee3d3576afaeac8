import type { Command } from "commander";
import { loadConfig } from "../config.ts";
import { nearestName } from "../config/nearest-name.ts";
import { operationalAlert } from "../delivery/operational-alert.ts";
import type { SinkOptions } from "../delivery/options.ts";
import type { Alert } from "../detection/alert.ts";
import type { CommandContext, Perform } from "./options.ts";
import { writeText } from "./output.ts";
import { describeError } from "./problem-lines.ts";
import { colorsFor, tableText } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

/** `keyhawk send-test`: one marked test alert through every configured sink. */
export function registerSendTest(program: Command, perform: Perform): void {
  program
    .command("send-test")
    .summary("send one marked test alert through every sink")
    .description(
      "Sends one alert, marked as a test, through every configured sink, whatever its least " +
        "severity, and says for each whether it was accepted. Exit status 1 when one was not.",
    )
    .requiredOption("-c, --config <file>", "configuration with the sinks")
    .option("--sink <name>", "only this sink")
    .addHelpText("after", "\nExample:\n  keyhawk send-test --config keyhawk.yaml")
    .action((options: { config: string; sink?: string }) =>
      perform((context) => sendTest(options.config, options.sink, context)),
    );
}

interface Outcome {
  readonly sink: SinkOptions;
  /** Undefined where the alert was accepted. */
  readonly problem: string | undefined;
}

async function sendTest(
  file: string,
  sinkName: string | undefined,
  context: CommandContext,
): Promise<number> {
  const { sinks } = await loadConfig(file);
  const chosen = chooseSinks(sinks, sinkName, file);
  const alert = testAlert(Date.now());
  const outcomes = await Promise.all(
    chosen.map(async (sink) => ({ sink, problem: await send(alert, sink, context) })),
  );
  await writeText(context.stdout, outcomeTable(outcomes, context));
  return outcomes.some(({ problem }) => problem !== undefined) ? 1 : 0;
}

function chooseSinks(
  sinks: readonly SinkOptions[],
  name: string | undefined,
  file: string,
): readonly SinkOptions[] {
  if (sinks.length === 0) throw new UsageError(`${file} sinks: expected at least one, found none`);
  if (name === undefined) return sinks;
  const chosen = sinks.filter((sink) => sink.name === name);
  if (chosen.length > 0) return chosen;
  const names = sinks.map((sink) => sink.name);
  const nearest = nearestName(name, names);
  const hint =
    nearest === undefined ? `expected one of ${names.join(", ")}` : `did you mean ${nearest}?`;
  throw new UsageError(`--sink: no sink ${name}; ${hint}`);
}

function testAlert(nowMs: number): Alert {
  const alert = operationalAlert({
    detector: "test",
    subject: "send-test",
    title: "Test alert from Keyhawk",
    summary: "This is a test: somebody ran keyhawk send-test. Nothing was detected.",
    score: 0,
    atMs: nowMs,
    observed: {},
    triage: ["Nothing to do: this alert shows that alerts arrive."],
    identity: String(nowMs),
  });
  return alert;
}

/** Longer than the longest timeout of one request by default, so that the sink itself says what is wrong. */
const patienceMs = 30_000;

/** Sends an alert; resolves to why it was not accepted. */
async function send(
  alert: Alert,
  options: SinkOptions,
  { stdout, env, signal }: CommandContext,
): Promise<string | undefined> {
  try {
    const { createSinks } = await import("../delivery/sinks/create-sinks.ts");
    const dependencies = { secrets: { env }, stdout, now: Date.now };
    const [sink] = await createSinks([options], dependencies);
    if (sink === undefined) return "cannot be made";
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
      const [problem] = await sink.deliver([alert], limit);
      return problem === undefined ? undefined : withoutName(problem.message, options.name);
    } finally {
      await sink.close();
    }
  } catch (error) {
    return withoutName(describeError(error), options.name);
  }
}

/** Errors of sinks start with the name of the sink, which the table says already. */
function withoutName(text: string, name: string): string {
  return text.startsWith(`${name}: `) ? text.slice(name.length + 2) : text;
}

function outcomeTable(outcomes: readonly Outcome[], context: CommandContext): string {
  const colors = colorsFor(context);
  return tableText(
    outcomes,
    [
      { title: "SINK", text: ({ sink }) => sink.name },
      { title: "TYPE", text: ({ sink }) => sink.type },
      {
        title: "RESULT",
        text: ({ problem }) => (problem === undefined ? "ok" : `failed: ${problem}`),
        paint: (cell, { problem }) =>
          problem === undefined ? colors.green(cell) : colors.red(cell),
      },
    ],
    colors,
  );
}
