import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { arrivalMs } from "../simulation/layout.ts";
import { type Simulation, simulate } from "../simulation/simulate.ts";
import type { Truth } from "../simulation/truth.ts";
import type { CommandContext } from "./options.ts";
import type { SimulateOptions } from "./simulate.ts";
import { streamFeeder } from "./simulate-stream.ts";
import { type TrailSink, trailFiles } from "./simulate-files.ts";
import { jsonPage } from "./terminal.ts";
import { writeText } from "./output.ts";
import { UsageError } from "./usage-error.ts";

/** Makes the trail hour by hour and hands it to the folder and the stream; prints what was made as JSON. */
export async function runSimulate(
  options: SimulateOptions,
  context: CommandContext,
): Promise<number> {
  const startedMs = performance.now();
  const simulation = simulate({ ...options, firstMs: options.fromMs });
  const sinks = await openSinks(options, context);
  await feed(simulation, sinks, context);
  if (context.signal.aborted) return 0;
  const truth = simulation.truth();
  if (options.directory !== undefined) await writeTruth(options.directory, truth);
  const seconds = (performance.now() - startedMs) / 1000;
  await writeText(context.stdout, jsonPage(summaryOf(truth, sinks, seconds)));
  return 0;
}

async function openSinks(options: SimulateOptions, context: CommandContext): Promise<TrailSink[]> {
  const sinks: TrailSink[] = [];
  const { directory, stream } = options;
  if (directory !== undefined) {
    const trail = join(directory, "trail");
    await makeRoom(directory, trail);
    sinks.push(trailFiles(trail, options.fileMinutes * 60_000));
  }
  if (stream !== undefined) sinks.push(streamFeeder(stream, context.signal));
  return sinks;
}

/** Two trails in one folder would be one that no truth fits: an older simulation gives way, anything else does not. */
async function makeRoom(directory: string, trail: string): Promise<void> {
  await mkdir(trail, { recursive: true });
  if ((await readdir(trail)).length === 0) return;
  const truth = join(directory, "truth.json");
  if (!(await readdir(directory)).includes("truth.json")) {
    throw new UsageError(`--out: expected an empty ${trail}, or a simulation to replace`);
  }
  await rm(truth);
  await rm(trail, { recursive: true });
}

async function feed(
  simulation: Simulation,
  sinks: readonly TrailSink[],
  { signal, log }: CommandContext,
): Promise<void> {
  let day = -1;
  for (const { startMs, records } of simulation.hours()) {
    if (signal.aborted) break;
    const arrivals = records.map((record) => ({
      record,
      text: JSON.stringify(record),
      atMs: arrivalMs(record),
    }));
    for (const sink of sinks) await sink.take(arrivals, startMs + 3_600_000);
    const today = Math.floor(startMs / 86_400_000);
    if (today !== day) log.debug({}, `simulated until ${new Date(startMs).toISOString()}`);
    day = today;
  }
  for (const sink of sinks) await sink.close();
}

async function writeTruth(directory: string, truth: Truth): Promise<void> {
  await writeFile(join(directory, "truth.json"), `${JSON.stringify(truth, undefined, 1)}\n`);
  const approvedForeignAccounts = truth.approvedForeignAccounts.map((account) => ({
    account,
    owner: "partner-management",
    reason: "exchanges files with us",
  }));
  const config = {
    organization: { accounts: truth.accounts, approvedForeignAccounts },
    detection: declarationsOf(truth),
  };
  await writeFile(join(directory, "keyhawk.yaml"), stringify(config));
}

/** What the organization knows beforehand of its roles for emergencies, and of Keyhawk's own. */
function declarationsOf({ principals, keys }: Truth): Record<string, unknown> {
  const [emergency, own] = ["break-glass", "keyhawk-consumer"].map((cause) =>
    namesWith(principals, cause),
  );
  const breakGlass = emergency?.map((role, nth) => ({
    name: `emergency-${nth + 1}`,
    principals: [role],
    owner: "security",
  }));
  const self = own?.flatMap((principal) =>
    namesWith(keys, "keyhawk-consumer").map((key) => ({
      principal,
      key,
      context: { keys: ["aws:kinesis:arn"] },
    })),
  );
  return { breakGlass, self };
}

function namesWith(causes: Readonly<Record<string, readonly string[]>>, cause: string): string[] {
  return Object.keys(causes).filter((name) => causes[name]?.includes(cause) === true);
}

function summaryOf(
  truth: Truth,
  sinks: readonly TrailSink[],
  seconds: number,
): Record<string, unknown> {
  const kinds: Record<string, number> = {};
  for (const { kind } of truth.attacks) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return {
    seed: truth.seed,
    from: truth.from,
    to: truth.to,
    judgedFrom: truth.judgedFrom,
    records: truth.records,
    kmsRecords: truth.kmsRecords,
    activePrincipals: truth.activePrincipals,
    attacks: truth.attacks.length,
    attackKinds: kinds,
    files: sinks.reduce((sum, { files }) => sum + files, 0),
    wallSeconds: Math.round(seconds * 10) / 10,
    recordsPerSecond: Math.round(truth.records / seconds),
  };
}
