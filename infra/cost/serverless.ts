import { measured } from "./measured.ts";
import { tableCounts, type TableCounts } from "./table.ts";
import { daySeconds, distinct, entityKinds, seen, type Workload } from "./workload.ts";

/** What can be set. */
export interface ServerlessKnobs {
  /** How long `detect` gathers records before a call, and `spread`, seconds. */
  readonly windowSeconds: number;
  readonly spreadWindowSeconds: number;
  readonly buckets: number;
  /** Calls of `detect` at once for each shard of the entity stream. */
  readonly parallelization: number;
  readonly tickMinutes: number;
  /** As many as the load needs where left out. */
  readonly sourceShards?: number;
  readonly entityShards?: number;
  /** Of `detect`. */
  readonly containers?: number;
}

/** `serverless` in infra/settings.ts, as the table of costs assumes it. */
export function ordinaryKnobs(windowSeconds: number): ServerlessKnobs {
  return {
    windowSeconds,
    spreadWindowSeconds: 10,
    buckets: 256,
    parallelization: 10,
    tickMinutes: 1,
  };
}

/** Requests and bytes of one day. */
export interface ServerlessCounts extends SpreadCounts {
  readonly detectCalls: number;
  readonly tickCalls: number;
  readonly table: TableCounts;
  readonly publishes: number;
  readonly gigabyteSeconds: number;
}

interface SpreadCounts {
  readonly spreadCalls: number;
  readonly sourceShards: number;
  /** Requests that put records on the entity stream, the records, their bytes, and 25 KB units. */
  readonly putRequests: number;
  readonly entityRecords: number;
  readonly entityBytes: number;
  readonly putUnits: number;
  readonly entityShards: number;
}

/** A stream is given three times what it takes on average. */
const headroom = 3;
/** One shard takes 1 MB a second: "Quotas and limits" of Kinesis Data Streams. */
const shardBytesPerSecond = 1e6;
/** A call carries 6 MB, its records in base64: "Lambda quotas". */
const callBytes = 4.3e6;
/** Most records of a request: `src/lambda/entity-stream.ts`. */
const requestRecords = 500;
/** What `spread` opens before it puts: `src/lambda/spread.ts`. */
const chunkOpenedBytes = 24 * 2 ** 20;
/** One vCPU. */
const gigabytes = 1769 / 1024;

/** Requests, bytes and units of a day. */
export function serverlessCounts(workload: Workload, knobs: ServerlessKnobs): ServerlessCounts {
  const spread = spreadCounts(workload, knobs);
  const { windowSeconds, parallelization, tickMinutes } = knobs;
  const { eventsPerDay, revisionsPerDay } = workload;
  const lanes = spread.entityShards * parallelization;
  const recordsPerLane = (spread.entityRecords * windowSeconds) / daySeconds / lanes;
  const detectCalls = ((lanes * daySeconds) / windowSeconds) * seen(recordsPerLane);
  const tickCalls = 1440 / tickMinutes;
  const targets = entityKinds.reduce((sum, kind) => sum + measured.targets[kind], 0);
  const { spreadPerEvent, foldPerTarget, commit } = measured.micros;
  const foldMicros = eventsPerDay * targets * foldPerTarget;
  // As many containers as there are processors at work, half of them idle.
  const containers =
    knobs.containers ?? Math.min(lanes, Math.ceil((2 * foldMicros) / 1e6 / daySeconds));
  const table = tableCounts(workload, { windowSeconds, detectCalls, tickCalls, containers });
  const micros = eventsPerDay * spreadPerEvent + foldMicros + table.commits * commit;
  return {
    ...spread,
    detectCalls,
    tickCalls,
    table,
    publishes: revisionsPerDay,
    gigabyteSeconds: (micros / 1e6) * gigabytes,
  };
}

function spreadCounts(workload: Workload, knobs: ServerlessKnobs): SpreadCounts {
  const { eventsPerDay, shares } = workload;
  const { buckets, windowSeconds, spreadWindowSeconds, parallelization } = knobs;
  const { bytesPerEvent, openedBytesPerEvent } = measured.source;
  const perSecond = eventsPerDay / daySeconds;
  const sourceShards = knobs.sourceShards ?? shardsFor(perSecond * bytesPerEvent);
  const gathered = (perSecond * spreadWindowSeconds) / sourceShards;
  const perCall = Math.min(gathered, callBytes / bytesPerEvent);
  const perChunk = Math.min(perCall, chunkOpenedBytes / openedBytesPerEvent);
  const chunks = eventsPerDay / perChunk;
  const met = entityKinds.reduce(
    (sum, kind) => sum + distinct(shares[kind], perChunk * measured.targets[kind]),
    0,
  );
  const recordsPerChunk = buckets * seen(met / buckets);
  const entityRecords = chunks * recordsPerChunk;
  const { packed } = measured;
  const entityBytes = eventsPerDay * packed.bytesPerEvent + entityRecords * packed.bytesPerRecord;
  return {
    spreadCalls: eventsPerDay / perCall,
    sourceShards,
    putRequests: chunks * Math.ceil(recordsPerChunk / requestRecords),
    entityRecords,
    entityBytes,
    putUnits: entityRecords * meanUnits(entityBytes / entityRecords / 25_600),
    // Enough for the bytes, and for a window to be over before 6 MB are full.
    entityShards:
      knobs.entityShards ??
      Math.max(
        shardsFor(entityBytes / daySeconds),
        Math.ceil(((entityBytes / daySeconds) * windowSeconds) / callBytes / parallelization),
      ),
  };
}

/** Mean number of units of records whose sizes vary exponentially about a mean, given in units. */
function meanUnits(mean: number): number {
  return 1 / seen(1 / mean);
}

/** Shards for so many bytes a second on average: three times what they take. */
export function shardsFor(bytesPerSecond: number): number {
  return Math.max(1, Math.ceil((bytesPerSecond * headroom) / shardBytesPerSecond));
}
