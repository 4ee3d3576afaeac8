import { measured } from "./measured.ts";
import { shardsFor } from "./serverless.ts";
import { daySeconds, type Workload } from "./workload.ts";

/** What the one process takes of AWS on one day. */
export interface WorkerCounts {
  readonly sourceShards: number;
  readonly sourceBytes: number;
  /** Share of the instance's time that is needed on average; above a third, peaks are worked off late. */
  readonly busy: number;
}

/** An m7g.large has two vCPUs. */
const eventsPerSecond = measured.worker.eventsPerSecond;

/** Undefined where one process is not enough. */
export function workerCounts({ eventsPerDay }: Workload): WorkerCounts | undefined {
  const perSecond = eventsPerDay / daySeconds;
  const busy = perSecond / eventsPerSecond;
  if (busy > 1) return undefined;
  const sourceBytes = eventsPerDay * measured.source.bytesPerEvent;
  return { sourceShards: shardsFor(sourceBytes / daySeconds), sourceBytes, busy };
}
