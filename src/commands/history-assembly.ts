import type { Config } from "../config.ts";
import type { HistoryProgress } from "../sources/files/progress.ts";
import type { ParseThreads } from "../sources/files/parse-threads.ts";
import { historySource } from "../sources/history-source.ts";
import { s3Options } from "../sources/s3/s3-options.ts";
import type { Source } from "../sources/source.ts";
import type { StateStore } from "../store/store.ts";
import { contextHashKey } from "./assembly.ts";
import type { CommandContext, ReplayOptions } from "./options.ts";

/** Which trails are read, and of what event times. */
export type HistoryOptions = Pick<ReplayOptions, "paths" | "fromMs" | "toMs" | "jobs">;

/** The source of historical trails, as a configuration limits it. */
export async function assembleHistory(
  options: HistoryOptions,
  config: Config,
  store: StateStore,
  context: CommandContext,
  onProgress: (progress: HistoryProgress) => void,
  threads?: ParseThreads,
): Promise<Source> {
  const parse = {
    contextHashKey: await contextHashKey(store),
    maxOpenedBytes: config.limits.openedBytes.files,
    maxRecordBytes: config.limits.recordBytes,
    // A trail cannot hold what has not happened yet, but for a clock that is a little wrong.
    notAfterMs: Date.now() + 15 * 60_000,
  };
  const { paths, fromMs, toMs, jobs } = options;
  return historySource(
    paths,
    { parse, fromMs, toMs, jobs, s3: s3Options(context.env) },
    { log: context.log, stdin: process.stdin, onProgress, threads },
  );
}
