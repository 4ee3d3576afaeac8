import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Config, defaultConfig, loadConfig } from "../config.ts";
import type { Alert } from "../detection/alert.ts";
import { runPipeline } from "../pipeline.ts";
import type { HistoryProgress } from "../sources/files/progress.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import type { Commit } from "../store/store.ts";
import { assembleEngine, useContextHashKey } from "./assembly.ts";
import type { BacktestOptions } from "./backtest.ts";
import { compareAlerts } from "./backtest-comparison.ts";
import { comparisonTable } from "./backtest-table.ts";
import { assembleHistory } from "./history-assembly.ts";
import type { CommandContext } from "./options.ts";
import { writeText } from "./output.ts";
import { startProgress } from "./progress.ts";
import { jsonPage } from "./terminal.ts";

/** `keyhawk backtest`: two replays of the same trails, and how their alerts differ. Resolves to the exit status. */
export async function backtest(options: BacktestOptions, context: CommandContext): Promise<number> {
  const { configFile, againstFile } = options;
  const config = await loadConfig(configFile);
  const compared = againstFile === undefined ? defaultConfig() : await loadConfig(againstFile);
  const against = await alertsOf(compared, "backtest 1/2", options, context);
  if (context.signal.aborted) return 0;
  const tried = await alertsOf(config, "backtest 2/2", options, context);
  if (context.signal.aborted) return 0;
  const comparison = compareAlerts(tried, against);
  await writeText(
    context.stdout,
    options.format === "json"
      ? jsonPage({
          schemaVersion: "1.0",
          config: configFile,
          against: againstFile ?? null,
          ...comparison,
        })
      : comparisonTable(comparison, context),
  );
  return 0;
}

/** The alerts that people would have been told, each as it stands in the end, by id. */
async function alertsOf(
  config: Config,
  label: string,
  options: BacktestOptions,
  context: CommandContext,
): Promise<Map<string, Alert>> {
  const directory = await mkdtemp(join(tmpdir(), "keyhawk-"));
  const progress = await startProgress({ label }, context);
  const alerts = new Map<string, Alert>();
  let records = 0;
  const onProgress = ({ filesDone, filesTotal }: HistoryProgress): void =>
    progress.update(filesDone, { records, alerts: alerts.size }, filesTotal);
  try {
    await using store = await openSqliteStore(directory);
    await useContextHashKey(store, commonKey);
    const { learnUntilMs } = options;
    const source = await assembleHistory(options, config, store, context, onProgress);
    const engine = await assembleEngine(config, store, {
      learnUntilMs,
      replay: true,
      isTransient: true,
    });
    const committed = async (
      batch: { readonly counts: { readonly records: number } },
      commit: Pick<Commit, "alerts" | "suppressed">,
    ): Promise<void> => {
      records += batch.counts.records;
      for (const alert of commit.alerts) {
        const isKeptBack = commit.suppressed?.has(alert.alertId) === true;
        if (isKeptBack || engine.grader.standing(alert).kind !== "told") {
          alerts.delete(alert.alertId);
        } else alerts.set(alert.alertId, alert);
      }
    };
    await runPipeline(
      {
        source,
        engine,
        store,
        sinksFor: () => [],
        closesAtEnd: true,
        keepsHistory: false,
        committed,
      },
      context.signal,
    );
  } finally {
    progress.stop();
    await rm(directory, { recursive: true, force: true });
  }
  if (!context.signal.aborted) context.log.info({ records, alerts: alerts.size }, `${label} done`);
  return alerts;
}

/**
 * Both replays hash encryption contexts alike, since estimates of how many there are depend on the key a little. It
 * protects nothing: the states are removed, and no fingerprint is told.
 */
const commonKey = new Uint8Array(16);
