import { getCompileCacheDir } from "node:module";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { Worker } from "node:worker_threads";

/** Worker threads that were started before anybody knows what they will parse. */
export interface ParseThreads {
  /** One that nobody has yet, started anew where there is none. */
  take(): Worker;
  /** Ends those too that were taken. */
  close(): Promise<void>;
}

/** Starts threads ahead: it takes as long as everything else that a reading begins with, and can be done meanwhile. */
export function startThreads(count: number): ParseThreads {
  const idle = new Set<Worker>();
  const all = Array.from({ length: count }, () => startThread());
  for (const worker of all) {
    idle.add(worker);
    // One that fails before it is asked is not given away: the one started in its place will say why.
    worker.on("error", () => idle.delete(worker));
    worker.on("exit", () => idle.delete(worker));
  }
  return {
    take() {
      const [worker] = idle;
      if (worker === undefined) return startThread();
      idle.delete(worker);
      return worker;
    },
    async close() {
      await Promise.all(all.map((worker) => worker.terminate()));
    },
  };
}

/**
 * A thread of its own, which keeps no process alive. It finds what was compiled at an earlier start where this process does: from
 * sources it starts in less than half the time.
 */
export function startThread(): Worker {
  const cache = getCompileCacheDir();
  const env = cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) };
  const worker = new Worker(workerUrl, { env: { ...process.env, ...env } });
  worker.unref();
  return worker;
}

/** The worker lies beside this file, as source or compiled. */
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
const workerUrl = new URL(`./parse-loop.${extension}`, import.meta.url);

/** Stored bytes that are opened as fast without threads. */
export const smallBytes = 2 * 1024 * 1024;

const mostJobs = 8;

/** So many threads as are asked for; else one core is left to the thread that merges, judges and stores. */
export function threadCount(jobs: number | undefined): number {
  return jobs ?? Math.max(1, Math.min(mostJobs, availableParallelism() - 1));
}
