import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Config, defaultConfig, loadConfig } from "../config.ts";
import type { Delivery } from "../delivery/delivery.ts";
import { createRouting } from "../delivery/routing.ts";
import { severities } from "../detection/alert.ts";
import { runPipeline } from "../pipeline.ts";
import type { ParseThreads } from "../sources/files/parse-threads.ts";
import type { HistoryProgress } from "../sources/files/progress.ts";
import { openStore } from "../store/open-store.ts";
import type { StateStore } from "../store/store.ts";
import { type AlertOutput, openAlertOutput, OUTPUT_SINK } from "./alert-output.ts";
import { assembleEngine } from "./assembly.ts";
import { assembleHistory } from "./history-assembly.ts";
import type { CommandContext, ReplayOptions } from "./options.ts";
import { startProgress } from "./progress.ts";
import { type Summary, Tally } from "./tally.ts";

/** Longest wait for the sinks once everything is read. */
const DRAIN_MS = 60_000;

/**
 * `keyhawk replay`: reads history through the engine and writes what it finds, with the help of `threads`, if there are any
 * already. Resolves to the exit status.
 */
export async function replay(
  options: ReplayOptions,
  context: CommandContext,
  threads?: ParseThreads,
): Promise<number> {
  const config =
    options.configFile === undefined ? defaultConfig() : await loadConfig(options.configFile);
  const place = options.statePlace ?? (await mkdtemp(join(tmpdir(), "keyhawk-")));
  try {
    await using store = await openStore(place, { learns: true });
    const resumed = (await store.positions()).size > 0;
    const output = await openAlertOutput(options, context, resumed);
    try {
      return await replayInto({ store, config, output, options, context, threads });
    } finally {
      await output.close();
    }
  } finally {
    if (options.statePlace === undefined) await rm(place, { recursive: true, force: true });
  }
}

interface Replay {
  readonly store: StateStore;
  readonly config: Config;
  readonly output: AlertOutput;
  readonly options: ReplayOptions;
  readonly context: CommandContext;
  readonly threads: ParseThreads | undefined;
}

async function replayInto(replay: Replay): Promise<number> {
  const { store, config, output, options, context, threads } = replay;
  const startedMs = performance.now();
  const tally = new Tally();
  const delivery = options.deliver ? await deliveryOf(replay) : undefined;
  const progress = await startProgress({ label: "replay" }, context);
  const onProgress = ({ filesDone, filesTotal }: HistoryProgress): void => {
    const fields = { records: tally.records, alerts: tally.alerts };
    progress.update(filesDone, fields, filesTotal);
  };
  const source = await assembleHistory(options, config, store, context, onProgress, threads);
  const engine = await assembleEngine(config, store, {
    learnUntilMs: options.learnUntilMs,
    replay: true,
    isTransient: options.statePlace === undefined,
  });
  const sinksFor = createRouting(options.deliver ? config.sinks : []);
  await output.drain(store.outbox);
  try {
    await runPipeline(
      {
        source,
        engine,
        store,
        sinksFor: (alert) => [OUTPUT_SINK, ...sinksFor(alert)],
        closesAtEnd: options.statePlace === undefined,
        keepsHistory: options.statePlace !== undefined || options.reportFile !== undefined,
        committed: async (batch, commit) => {
          tally.add(batch, commit);
          if (commit.deliveries.length > 0) await output.drain(store.outbox);
          delivery?.wake();
        },
      },
      context.signal,
    );
  } finally {
    progress.stop();
  }
  await output.end();
  const summary = tally.summary((performance.now() - startedMs) / 1000, peakRssBytes());
  await finish(replay, summary, delivery);
  return exitStatus(options, tally);
}

/** The sinks and their clients are loaded only where they are asked for: a replay starts without them. */
async function deliveryOf({ config, store, context }: Replay): Promise<Delivery> {
  const { assembleDelivery } = await import("./delivery-assembly.ts");
  return assembleDelivery(config, store, context);
}

async function finish(
  { store, options, context }: Replay,
  summary: Summary,
  delivery: Delivery | undefined,
): Promise<void> {
  if (delivery !== undefined) {
    const isDone = await delivery.drain(Date.now() + DRAIN_MS);
    if (!isDone) context.log.warn({}, "some alerts were not accepted yet; they stay in the outbox");
    await delivery.close();
  }
  if (options.summaryFile !== undefined) {
    await writeFile(options.summaryFile, `${JSON.stringify(summary, undefined, 2)}\n`);
  }
  if (options.reportFile !== undefined) {
    const { writeReport } = await import("./write-report.ts");
    await writeReport(store, options.reportFile);
    context.log.info({ file: options.reportFile }, "report written");
  }
  tell(summary, options, context);
}

function tell(
  summary: Summary,
  { statePlace: state }: ReplayOptions,
  { log, signal }: CommandContext,
): void {
  const { files, records, kmsEvents, alerts, rejected, late, filesFailed, wallSeconds } = summary;
  const counts = { files, records, kmsEvents, alerts, seconds: wallSeconds };
  if (!signal.aborted) log.info(counts, "replay done");
  else if (state === undefined) log.warn(counts, "replay stopped before its end");
  else log.warn({ ...counts, state }, "replay stopped before its end; with this state it goes on");
  if (rejected > 0 || filesFailed > 0) {
    const kept = state === undefined ? "--state keeps them" : "they are kept as dead letters";
    log.warn({ rejected, filesFailed }, `some records or files were not understood; ${kept}`);
  }
  if (late > 0) {
    log.warn({ late }, "some records came later than the lateness and changed no closed hour");
  }
}

function exitStatus({ failOn }: ReplayOptions, { unmutedSeverities }: Tally): number {
  if (failOn === undefined) return 0;
  const grave = severities.slice(severities.indexOf(failOn));
  return grave.some((severity) => unmutedSeverities.has(severity)) ? 3 : 0;
}

/** Linux reports the peak of the resident set in KiB. */
function peakRssBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
