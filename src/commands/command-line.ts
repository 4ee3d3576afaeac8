import { setImmediate } from "node:timers/promises";
import { Command, CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { registerCommands } from "./commands.ts";
import { createContext, type GlobalOptions, type Io } from "./context.ts";
import { Interruption } from "./interruption.ts";
import { writeText } from "./output.ts";
import { problemLines } from "./problem-lines.ts";
import { UsageError } from "./usage-error.ts";
import { ConfigError } from "../config/config-error.ts";
import { escapeControls } from "../telemetry.ts";

/**
 * Runs one command line and resolves to its exit status: 0 done, 1 failed, 2 wrong usage or configuration, 3 where
 * `--fail-on` asks for it, 130 or 143 when stopped by SIGINT or SIGTERM. Never rejects.
 */
export async function runCommandLine(argv: readonly string[], io: Io): Promise<number> {
  const output = watchOutput(io);
  const status = await perform(argv, io, output.stop.signal);
  await writeText(io.stdout, ""); // What was written before has left, or failed,
  await setImmediate(); // and the stream has said so.
  if (output.problem !== undefined) {
    io.stderr.write(`keyhawk: stdout: ${escapeControls(output.problem.message)}\n`);
    return 1;
  }
  if (output.stop.signal.aborted) return 0;
  const { reason } = io.signal;
  return reason instanceof Interruption && status !== 1 ? reason.exitStatus : status;
}

interface Output {
  /** Aborts when stdout can take no more. */
  readonly stop: AbortController;
  /** Why, unless its reader simply went away, as `head` does. */
  problem: Error | undefined;
}

function watchOutput({ stdout, stderr }: Io): Output {
  const output: Output = { stop: new AbortController(), problem: undefined };
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") output.problem ??= error;
    output.stop.abort();
  });
  stderr.on("error", () => {}); // There is nobody left to tell.
  return output;
}

async function perform(argv: readonly string[], io: Io, stopped: AbortSignal): Promise<number> {
  const signal = AbortSignal.any([io.signal, stopped]);
  const program = createProgram(io);
  let status = 0;
  registerCommands(program, async (action) => {
    status = await action(createContext(program.opts<GlobalOptions>(), io, signal));
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return status;
  } catch (error) {
    return report(error, createContext(program.opts<GlobalOptions>(), io, signal));
  }
}

function createProgram({ stdout, stderr }: Io): Command {
  return new Command("keyhawk")
    .description(packageJson.description)
    .version(packageJson.version, "-V, --version", "print the version")
    .option("-q, --quiet", "only data and problems")
    .option("-v, --verbose", "debug lines and stack traces")
    .option("--json", "log lines as JSON")
    .option("--no-color", "no colour, as with NO_COLOR")
    .helpOption("-h, --help", "print help")
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: true })
    .addHelpText("after", overview)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, "keyhawk: ")),
    });
}

const overview = `
Examples:
  keyhawk replay AWSLogs/ --learn-until 2026-03-01 --report report.html
  keyhawk run --config keyhawk.yaml
  keyhawk alerts list --severity high
  keyhawk COMMAND --help

Data goes to stdout, everything else to stderr. Exit status: 0 done, 1 failed,
2 wrong usage or configuration, 3 alerts found (--fail-on), 130/143 stopped.`;

/** Says what went wrong and chooses the exit status. */
function report(error: unknown, context: ReturnType<typeof createContext>): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (context.signal.aborted && error instanceof Error && error.name === "AbortError") return 0;
  for (const line of problemLines(error, context.verbose)) {
    if (context.json) context.log.error({}, line);
    else context.stderr.write(`${line}\n`);
  }
  return error instanceof UsageError || error instanceof ConfigError ? 2 : 1;
}
