import { type Command, InvalidArgumentError, Option } from "commander";
import { strengths } from "../simulation/truth.ts";
import type { CommandAction, Perform } from "./options.ts";
import { UsageError } from "./usage-error.ts";
import { parseCount, parseName, parseTime } from "./values.ts";

/** `keyhawk simulate`, as typed. */
export interface SimulateOptions {
  /** Folder for `trail/`, `truth.json` and `keyhawk.yaml`; undefined where only a stream is fed. */
  readonly directory: string | undefined;
  readonly seed: number;
  readonly days: number;
  /** Midnight UTC of the first day. */
  readonly fromMs: number;
  readonly principals: number;
  readonly accounts: number;
  readonly attacks: number;
  readonly attacksFrom: number;
  readonly strength: (typeof strengths)[number] | "mixed";
  readonly kmsOnly: boolean;
  /** Factor of everyone's traffic. */
  readonly scale: number;
  /** Minutes of delivery in one log file. */
  readonly fileMinutes: number;
  readonly stream: StreamTarget | undefined;
}

/** A Kinesis stream that is fed with the trail. */
export interface StreamTarget {
  readonly name: string;
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
  /** Seconds of event time in a second; undefined for as fast as the stream takes it. */
  readonly speed: number | undefined;
}

/** `keyhawk simulate`: a labelled organization trail. */
export function registerSimulate(
  program: Command,
  perform: Perform,
  simulate: CommandAction<SimulateOptions>,
): void {
  program
    .command("simulate")
    .summary("make a labelled organization trail, with attacks")
    .description(
      "Makes the CloudTrail records of an invented organization: ordinary life of many kinds, and " +
        "attacks with their truth. The same seed makes the same bytes.",
    )
    .option("-o, --out <dir>", "where trail/, truth.json and keyhawk.yaml are written")
    .requiredOption("--seed <n>", "which organization and which attacks", parseCount(0, 2 ** 31))
    .option("--days <n>", "length of the trail", parseCount(1, 400), 42)
    .addOption(
      new Option("--from <date>", "first day, UTC")
        .argParser(parseTime)
        .default(parseTime("2026-01-05"), "2026-01-05"),
    )
    .option("--principals <n>", "principals on ordinary days, about", parseCount(5, 20_000), 300)
    .option("--accounts <n>", "accounts of the organization", parseCount(1, 30), 6)
    .option("--attacks <n>", "number of attacks", parseCount(0, 1000), 30)
    .option("--attacks-from <day>", "day from which attacks happen", parseCount(0, 399), 28)
    .addOption(
      new Option("--strength <name>", [...strengths, "mixed"].join(", "))
        .argParser(parseName([...strengths, "mixed"] as const))
        .default("mixed"),
    )
    .option("--benign-only", "no attacks")
    .option("--kms-only", "no records of other services")
    .option("--scale <factor>", "factor of everyone's traffic", parseFactor, 1)
    .option("--file-minutes <n>", "minutes of delivery in one log file", parseCount(1, 60), 60)
    .option("--to-stream <name>", "put the records on a Kinesis stream, in order of arrival")
    .option("--region <region>", "region of the stream")
    .option("--endpoint <url>", "endpoint of the stream")
    .option(
      "--speed <factor>",
      "seconds of event time in a second; without it at once",
      parseFactor,
    )
    .addHelpText("after", examples)
    .action((typed: Typed) => perform((context) => simulate(simulateOptions(typed), context)));
}

const examples = `
Examples:
  keyhawk simulate --out month --seed 7
  keyhawk simulate --out small --seed 1 --principals 20 --days 10 --attacks-from 7 --attacks 5
  keyhawk simulate --seed 7 --to-stream trail --endpoint http://127.0.0.1:4567 --speed 3600`;

interface Typed {
  readonly out?: string;
  readonly seed: number;
  readonly days: number;
  readonly from: number;
  readonly principals: number;
  readonly accounts: number;
  readonly attacks: number;
  readonly attacksFrom: number;
  readonly strength: SimulateOptions["strength"];
  readonly benignOnly?: boolean;
  readonly kmsOnly?: boolean;
  readonly scale: number;
  readonly fileMinutes: number;
  readonly toStream?: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly speed?: number;
}

function simulateOptions(typed: Typed): SimulateOptions {
  if (typed.out === undefined && typed.toStream === undefined) {
    throw new UsageError("--out: expected a folder, or --to-stream NAME");
  }
  if (typed.from % 86_400_000 !== 0) {
    throw new UsageError("--from: expected a date, found a time within a day");
  }
  if (typed.attacksFrom >= typed.days && typed.benignOnly !== true) {
    throw new UsageError("--attacks-from: expected a day before that of --days");
  }
  const { out, toStream, from, benignOnly, kmsOnly, region, endpoint, speed, ...rest } = typed;
  return {
    ...rest,
    directory: out,
    fromMs: from,
    attacks: benignOnly === true ? 0 : typed.attacks,
    kmsOnly: kmsOnly ?? false,
    stream: toStream === undefined ? undefined : { name: toStream, region, endpoint, speed },
  };
}

function parseFactor(text: string): number {
  const factor = Number(text);
  if (!Number.isFinite(factor) || factor <= 0 || factor > 1e9) {
    throw new InvalidArgumentError("Expected a number above 0.");
  }
  return factor;
}
