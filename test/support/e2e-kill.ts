import { setTimeout as sleep } from "node:timers/promises";
import type { Ended, Keyhawk } from "./e2e-keyhawk.ts";
import { readCounters } from "./e2e-state.ts";
import type { Random } from "../../src/simulation/random.ts";

/** When to kill: so long after so many records were committed, in however many lives of the process. */
export interface Moment {
  readonly records: number;
  readonly afterMs: number;
}

/** Moments in their order: half of them anywhere, half in the last tenth, where the samples have their attacks. */
export function momentsOver(records: number, count: number, random: Random): Moment[] {
  return Array.from({ length: count }, (_, index) => ({
    records: random.integer(index % 2 === 0 ? 0 : Math.floor(records * 0.9), records - 1),
    // From the middle of a commit to a start that is not over, since a moment may have come before the process.
    afterMs: random.chance(0.5) ? random.integer(0, 60) : random.integer(60, 900),
  })).sort((one, other) => one.records - other.records);
}

/** Ends a process with SIGKILL at a moment; it may have ended by itself before. */
export async function killAt(
  { records, afterMs }: Moment,
  running: Keyhawk,
  state: string,
): Promise<Ended> {
  const hasEnded = () => running.child.exitCode !== null;
  while (!hasEnded() && (await readCounters(state)).records < records) await sleep(5);
  const ended = new AbortController();
  const wait = sleep(afterMs, undefined, { signal: ended.signal }).catch(() => {});
  running.child.once("exit", () => ended.abort());
  if (!hasEnded()) await wait;
  return running.stop("SIGKILL");
}
