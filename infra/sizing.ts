import type { StreamSettings } from "./constructs/encrypted-stream.ts";
import type { MappingSettings } from "./constructs/stream-mapping.ts";
import { centsPerMillion, serverlessDollars, totalDollars } from "./cost/dollars.ts";
import {
  ordinaryKnobs,
  type ServerlessCounts,
  serverlessCounts,
  type ServerlessKnobs,
  shardsFor,
} from "./cost/serverless.ts";
import { measured } from "./cost/measured.ts";
import { unitsIn } from "./cost/table.ts";
import { daySeconds, ordinaryWorkload } from "./cost/workload.ts";
import type { ServerlessSettings, TableCapacity } from "./settings.ts";

/** The settings of the serverless shape with nothing left open. */
export interface SizedServerless extends Omit<ServerlessSettings, "detect" | "capacity"> {
  readonly detect: MappingSettings;
  /** Undefined: paid for by request. */
  readonly capacity: TableCapacity | undefined;
}

/** Windows to choose from, seconds; Lambda gathers no longer than the last. */
const windows = [10, 30, 60, 120, 180, 300];
const mostCents = 5;
/** What a day may cost where events are few. */
const mostDollars = 7;
/** From here on capacity that follows the load is worth its minimum. */
const capacityFrom = 1e7;
/** Without a number of events. */
const usualWindowSeconds = 60;

/**
 * Fills in what the settings leave open, out of the number of events a day: the shortest window with which a million events cost at
 * most five cents, or a day at most seven dollars, and shards and capacity for that. Without a number streams and table are paid for
 * by what they are used, and the window is a minute.
 */
export function sizedServerless(
  settings: ServerlessSettings,
  eventsPerDay: number | undefined,
): SizedServerless {
  const { detect, entityStream, capacity } = settings;
  const chosen = capacity === "on-demand" ? undefined : capacity;
  if (eventsPerDay === undefined) {
    const { batchWindowSeconds = usualWindowSeconds, parallelization = 1 } = detect;
    return {
      ...settings,
      detect: { ...detect, batchWindowSeconds, parallelization },
      capacity: chosen,
    };
  }
  const parallelization = detect.parallelization ?? 10;
  const knobs = { ...ordinaryKnobs(usualWindowSeconds), parallelization, ...knobsOf(settings) };
  const batchWindowSeconds = detect.batchWindowSeconds ?? windowFor(eventsPerDay, knobs);
  const counts = countsOf(eventsPerDay, { ...knobs, windowSeconds: batchWindowSeconds });
  return {
    ...settings,
    entityStream: { ...entityStream, shards: entityStream.shards ?? counts.entityShards },
    detect: { ...detect, batchWindowSeconds, parallelization },
    capacity: capacity === undefined ? capacityFor(eventsPerDay, counts) : chosen,
  };
}

/** Shards of the stream that events arrive on, where the settings leave them open. */
export function sizedSource(
  settings: StreamSettings,
  eventsPerDay: number | undefined,
): StreamSettings {
  if (settings.shards !== undefined || eventsPerDay === undefined) return settings;
  const shards = shardsFor((eventsPerDay / daySeconds) * measured.source.bytesPerEvent);
  return { ...settings, shards };
}

function knobsOf({ buckets, spread, tickMinutes }: ServerlessSettings) {
  return { buckets, tickMinutes, spreadWindowSeconds: Math.max(1, spread.batchWindowSeconds) };
}

function windowFor(eventsPerDay: number, knobs: ServerlessKnobs): number {
  const isCheap = (windowSeconds: number): boolean => {
    const counts = countsOf(eventsPerDay, { ...knobs, windowSeconds });
    const payment = eventsPerDay < capacityFrom ? "on-demand" : "provisioned";
    const dollars = totalDollars(serverlessDollars(counts, payment));
    return dollars <= mostDollars || centsPerMillion(dollars, eventsPerDay) <= mostCents;
  };
  return windows.find(isCheap) ?? Math.max(...windows);
}

function countsOf(eventsPerDay: number, knobs: ServerlessKnobs): ServerlessCounts {
  return serverlessCounts(ordinaryWorkload(eventsPerDay), knobs);
}

/** From a third of the average, for the nights, to six times as much. */
function capacityFor(eventsPerDay: number, { table }: ServerlessCounts): TableCapacity | undefined {
  if (eventsPerDay < capacityFrom) return undefined;
  const around = (unitsPerDay: number) => {
    const mean = unitsPerDay / daySeconds;
    return { minimum: Math.ceil(mean / 3), maximum: Math.max(100, Math.ceil(mean * 6)) };
  };
  return { read: around(unitsIn(table.reads)), write: around(unitsIn(table.writes)) };
}
