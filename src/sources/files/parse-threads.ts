import { getCompileCacheDir } from "node:module";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

/** Worker threads that were started before anybody knows what they will parse. */
export interface ParseThreads {
  /** One that nobody has yet, started anew where there is none. */
  take(): Worker;
  /** Ends those too that were taken. */
  close(): Promise<void>;
}

/** What a worker thread is started with. */
export interface ThreadData {
  /** Folder of compiled code, where this process uses one. */
  readonly compileCache: string | undefined;
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

/** A thread of its own, which keeps no process alive. */
export function startThread(): Worker {
  const workerData: ThreadData = { compileCache: getCompileCacheDir() };
  const worker = new Worker(workerUrl, { workerData });
  worker.unref();
  return worker;
}

/** The worker lies beside this file, as source or compiled. */
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
const workerUrl = new URL(`./parse-worker.${extension}`, import.meta.url);

/** Stored bytes that are opened as fast without threads. */
export const smallBytes = 2 * 1024 * 1024;

const mostJobs = 8;

/** So many threads as are asked for; else one core is left to the thread that merges, judges and stores. */
export function threadCount(jobs: number | undefined): number {
  return jobs ?? Math.max(1, Math.min(mostJobs, availableParallelism() - 1));
}
