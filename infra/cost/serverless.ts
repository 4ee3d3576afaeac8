import { measured } from "./measured.ts";
import { distinct, type EntityKind, entityKinds, seen, shares, type Workload } from "./workload.ts";

/** What can be set. */
export interface ServerlessKnobs {
  /** How long `detect` gathers records before a call, seconds. */
  readonly windowSeconds: number;
  readonly buckets: number;
  /** Calls at once for each shard of the entity stream. */
  readonly parallelization: number;
}

/** `serverless` in infra/settings.ts, as the table of costs assumes it. */
export function ordinaryKnobs(windowSeconds: number): ServerlessKnobs {
  return { windowSeconds, buckets: 256, parallelization: 10 };
}

/** Requests and bytes of one day. */
export interface ServerlessCounts {
  readonly spreadCalls: number;
  readonly sourceShards: number;
  /** Records put on the entity stream, their bytes, and 25 KB units. */
  readonly entityRecords: number;
  readonly entityBytes: number;
  readonly putUnits: number;
  readonly entityShards: number;
  readonly detectCalls: number;
  readonly commits: number;
  readonly segments: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly storedBytes: number;
  readonly gigabyteSeconds: number;
}

const daySeconds = 86_400;
/** A stream is given three times what it takes on average. */
const headroom = 3;
/** One shard takes 1 MB a second: "Quotas and limits" of Kinesis Data Streams. */
const shardBytesPerSecond = 1e6;
/** A call carries 6 MB, its records in base64: "Lambda quotas". */
const callBytes = 4.3e6;
/** What `spread` opens before it puts: `src/lambda/spread.ts`. */
const chunkOpenedBytes = 24 * 2 ** 20;
const spreadWindowSeconds = 10;
/** `src/lambda/call-index.ts`: identities within the item, of 8 bytes; hours of deduplication; days until a segment expires. */
const inlineBytes = 4096;
const identityBytes = 8;
const identityHours = 6;
const segmentDays = 8;
/** What a segment takes besides its identities. */
const segmentOverhead = 180;
/** One vCPU. */
const gigabytes = 1769 / 1024;

/** Requests, bytes and units of a day. */
export function serverlessCounts(workload: Workload, knobs: ServerlessKnobs): ServerlessCounts {
  const spread = spreadCounts(workload, knobs);
  const { windowSeconds, parallelization } = knobs;
  const lanes = spread.entityShards * parallelization;
  const perKind = entityKinds.map((kind) => detectCounts(kind, workload, windowSeconds));
  const total = (of: (counts: DetectCounts) => number) =>
    perKind.reduce((sum, counts) => sum + of(counts), 0);
  const recordsPerLane = (spread.entityRecords * windowSeconds) / daySeconds / lanes;
  const commits = total((counts) => counts.commits);
  const { eventsPerDay } = workload;
  const targets = entityKinds.reduce((sum, kind) => sum + measured.targets[kind], 0);
  const { spreadPerEvent, foldPerTarget, commit } = measured.micros;
  const micros = eventsPerDay * (spreadPerEvent + targets * foldPerTarget) + commits * commit;
  return {
    ...spread,
    detectCalls: ((lanes * daySeconds) / windowSeconds) * seen(recordsPerLane),
    commits,
    segments: total((counts) => counts.segments),
    writeUnits: total((counts) => counts.writeUnits),
    readUnits: total((counts) => counts.readUnits),
    storedBytes: total((counts) => counts.storedBytes),
    gigabyteSeconds: (micros / 1e6) * gigabytes,
  };
}

function spreadCounts({ eventsPerDay, entities }: Workload, knobs: ServerlessKnobs) {
  const { buckets, windowSeconds, parallelization } = knobs;
  const { bytesPerEvent, openedBytesPerEvent } = measured.source;
  const perSecond = eventsPerDay / daySeconds;
  const sourceShards = shardsFor(perSecond * bytesPerEvent);
  const gathered = (perSecond * spreadWindowSeconds) / sourceShards;
  const perCall = Math.min(gathered, callBytes / bytesPerEvent);
  const perChunk = Math.min(perCall, chunkOpenedBytes / openedBytesPerEvent);
  const chunks = eventsPerDay / perChunk;
  const met = entityKinds.reduce(
    (sum, kind) => sum + distinct(shares(entities[kind]), perChunk * measured.targets[kind]),
    0,
  );
  const entityRecords = chunks * buckets * seen(met / buckets);
  const { packed } = measured;
  const entityBytes = eventsPerDay * packed.bytesPerEvent + entityRecords * packed.bytesPerRecord;
  return {
    spreadCalls: eventsPerDay / perCall,
    sourceShards,
    entityRecords,
    entityBytes,
    putUnits: entityRecords * meanUnits(entityBytes / entityRecords / 25_600),
    // Enough for the bytes, and for a window to be over before 6 MB are full.
    entityShards: Math.max(
      shardsFor(entityBytes / daySeconds),
      Math.ceil(((entityBytes / daySeconds) * windowSeconds) / callBytes / parallelization),
    ),
  };
}

interface DetectCounts {
  readonly commits: number;
  readonly segments: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly storedBytes: number;
}

function detectCounts(kind: EntityKind, workload: Workload, windowSeconds: number): DetectCounts {
  const windows = daySeconds / windowSeconds;
  const counts = { commits: 0, segments: 0, writeUnits: 0, readUnits: 0, storedBytes: 0 };
  for (const share of shares(workload.entities[kind])) {
    const perDay = workload.eventsPerDay * measured.targets[kind] * share;
    const commits = windows * seen(perDay / windows);
    const identities = identitiesOf(perDay, commits);
    const itemBytes = measured.itemBytes[kind] + identities.inlineBytes;
    counts.commits += commits;
    counts.segments += identities.segments;
    counts.writeUnits += commits * unitsOf(itemBytes, 1024) + identities.writeUnits;
    // The item is read before each commit, since another call may have written it, and with it the identities of its hour.
    counts.readUnits += commits * (unitsOf(itemBytes, 4096) + identities.readUnits);
    counts.storedBytes += itemBytes + identities.segmentBytes * segmentDays;
  }
  return counts;
}

/** Where the identities of an entity's calls go: written once, and read again with each commit for the hour under way. */
function identitiesOf(perDay: number, commits: number) {
  const bytesPerDay = perDay * identityBytes;
  const kept = (bytesPerDay * identityHours) / 24;
  const none = { segments: 0, segmentBytes: 0, writeUnits: 0, readUnits: 0 };
  if (kept <= inlineBytes) return { ...none, inlineBytes: kept };
  const perCommit = bytesPerDay / commits;
  const size = Math.min(Math.max(perCommit, inlineBytes * 0.75), 256 * 1024);
  const segments = bytesPerDay / size;
  const segmentsInHour = segments / 24 / 2; // On average half of the hour has passed.
  return {
    inlineBytes: perCommit > inlineBytes ? 0 : inlineBytes / 2,
    segments,
    segmentBytes: bytesPerDay,
    writeUnits: segments * unitsOf(size + segmentOverhead, 1024),
    readUnits: segmentsInHour * unitsOf(size + segmentOverhead, 4096),
  };
}

/** Units of items of about one size: half a unit is lost to rounding up. */
function unitsOf(bytes: number, unit: number): number {
  return bytes / unit + 0.5;
}

/** Mean number of units of records whose sizes vary exponentially about a mean, given in units. */
function meanUnits(mean: number): number {
  return 1 / seen(1 / mean);
}

/** Shards for so many bytes a second on average: three times what they take. */
export function shardsFor(bytesPerSecond: number): number {
  return Math.max(1, Math.ceil((bytesPerSecond * headroom) / shardBytesPerSecond));
}
