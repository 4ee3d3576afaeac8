import { identityCounts } from "./identities.ts";
import { measured } from "./measured.ts";
import { ID_BYTES } from "../../src/lambda/call-coding.ts";
import { daySeconds, type EntityKind, entityKinds, seen, type Workload } from "./workload.ts";

/** What the table does in a day. */
export interface TableCounts {
  /** Writes of entities' items, of the bases of their memories, and of segments with identities of calls. */
  readonly commits: number;
  readonly bases: number;
  readonly segments: number;
  /** Units by what they are for: a write unit is 1 KB, a consistent read unit 4 KB. */
  readonly writes: Readonly<Record<WriteUse, number>>;
  readonly reads: Readonly<Record<ReadUse, number>>;
  readonly storedBytes: number;
}

/**
 * Items of entities with memory, outbox and the newest identities; segments with other identities of calls; rows of reports, for each
 * entity and hour, and each pair of principal and key; what alerts come to:
 * taken out of outboxes, kept, queued, counted; how far event time came.
 */
export type WriteUse = "memories" | "identities" | "history" | "alerts" | "watermarks";

/** As with writes; accounts and aliases seen; suppressions; what `tick` looks for. */
export type ReadUse =
  | "memories"
  | "identities"
  | "alerts"
  | "organization"
  | "suppressions"
  | "tick";

/** How often which function looks at the table. */
export interface TableCalls {
  readonly windowSeconds: number;
  readonly detectCalls: number;
  readonly tickCalls: number;
  /** Of `detect`. */
  readonly containers: number;
}

/** Days until a segment with identities of calls expires: `src/lambda/entity-folder.ts`. */
const segmentDays = 8;
/** `src/store/dynamodb/entity-texts.ts`: bytes of bases that a container keeps; a memory's text as it is. */
const keptBytes = 64 * 2 ** 20;
const textBytes = 10_000;
/** `src/lambda/detect.ts`: how long suppressions are used before they are read again, and the step of a watermark. */
const suppressionsSeconds = 30;
const watermarkSeconds = 10;

/** Units of a day. */
export function tableCounts(workload: Workload, calls: TableCalls): TableCounts {
  const { detectCalls, tickCalls, containers } = calls;
  const perKind = entityKinds.map((kind) => kindCounts(kind, workload, calls));
  const total = (of: (counts: KindCounts) => number) =>
    perKind.reduce((sum, counts) => sum + of(counts), 0);
  const { revision, tick, organization } = measured;
  const { revisionsPerDay } = workload;
  // Each call raises the watermark, unless its container did so a moment before.
  const watermarks = Math.min(detectCalls, (containers * daySeconds) / watermarkSeconds);
  return {
    commits: total(({ commits }) => commits),
    bases: total(({ bases }) => bases),
    segments: total(({ segments }) => segments),
    writes: {
      memories: total(({ memoryWrites }) => memoryWrites),
      identities: total(({ identityWrites }) => identityWrites),
      history: total(({ historyWrites }) => historyWrites),
      alerts: revisionsPerDay * revision.writeUnits,
      watermarks,
    },
    reads: {
      memories: total(({ memoryReads }) => memoryReads),
      identities: total(({ identityReads }) => identityReads),
      alerts: revisionsPerDay * revision.readUnits,
      organization: containers * 24 * organization.readUnits,
      suppressions: Math.min(detectCalls, (containers * daySeconds) / suppressionsSeconds),
      tick: tickCalls * tick.readUnits,
    },
    storedBytes: total(({ storedBytes }) => storedBytes),
  };
}

/** The sum of units. */
export function unitsIn(units: Readonly<Record<string, number>>): number {
  return Object.values(units).reduce((sum, own) => sum + own, 0);
}

interface KindCounts {
  commits: number;
  bases: number;
  segments: number;
  memoryWrites: number;
  identityWrites: number;
  historyWrites: number;
  memoryReads: number;
  identityReads: number;
  storedBytes: number;
}

function kindCounts(kind: EntityKind, workload: Workload, calls: TableCalls): KindCounts {
  const { windowSeconds } = calls;
  const entities = entityKinds.reduce((sum, own) => sum + workload.shares[own].length, 0);
  const windows = daySeconds / windowSeconds;
  const counts = {
    commits: 0,
    bases: 0,
    segments: 0,
    memoryWrites: 0,
    identityWrites: 0,
    historyWrites: 0,
    memoryReads: 0,
    identityReads: 0,
    storedBytes: 0,
  };
  for (const share of workload.shares[kind]) {
    const perDay = workload.eventsPerDay * measured.targets[kind] * share;
    const commits = windows * seen(perDay / windows);
    const identities = identityCounts(perDay, windowSeconds);
    const itemBytes = measured.itemBytes[kind] + identities.inlineBytes;
    const baseBytes = measured.baseBytes[kind];
    const bases = Math.min(24 * measured.basesPerHour[kind], commits * measured.basesPerCommit);
    counts.commits += commits;
    counts.bases += bases;
    counts.segments += commits * identities.segments;
    counts.memoryWrites += commits * unitsOf(itemBytes, 1024) + bases * unitsOf(baseBytes, 1024);
    counts.identityWrites += commits * identities.writeUnits;
    counts.historyWrites += 24 * seen(perDay / 24) * measured.historyUnits[kind];
    // The item is read before each commit, since another call may have written it; with it what does not change once it is there, at
    // half the price: its base and the identities of its hour.
    const foreign = commits * (1 - keptShare(commits / bases, calls.containers, entities));
    counts.memoryReads += commits * unitsRead(itemBytes) + (foreign * unitsRead(baseBytes)) / 2;
    counts.identityReads += commits * identities.readUnits;
    counts.storedBytes += itemBytes + 2 * baseBytes + perDay * ID_BYTES * segmentDays;
  }
  return counts;
}

/** Share of the commits that find their base in the container: one before met the entity there, and all bases have room. */
function keptShare(commitsPerBase: number, containers: number, entities: number): number {
  if (entities * textBytes > keptBytes) return 0;
  const elsewhere = 1 - 1 / containers;
  if (elsewhere === 0) return 1;
  return 1 - (elsewhere * (1 - elsewhere ** commitsPerBase)) / (1 - elsewhere) / commitsPerBase;
}

/** Units of items of about one size: half a unit is lost to rounding up. */
function unitsOf(bytes: number, unit: number): number {
  return bytes / unit + 0.5;
}

/** Nearly all fit into one unit. */
function unitsRead(bytes: number): number {
  return Math.max(1, unitsOf(bytes, 4096));
}
