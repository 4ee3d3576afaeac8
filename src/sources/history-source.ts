import type { Readable } from "node:stream";
import type { Log } from "../telemetry.ts";
import { inParallel } from "./files/ahead.ts";
import { diskRoot } from "./files/disk-store.ts";
import { addCounts } from "./files/event-stream.ts";
import type { EventStream, PieceFeed } from "./files/event-stream.ts";
import { fileStream, wasRead } from "./files/file-stream.ts";
import { flatLanes, folderLane } from "./files/lane.ts";
import type { Lane } from "./files/lane.ts";
import { MemoryBudget } from "./files/memory-budget.ts";
import { mergeStreams } from "./files/merge.ts";
import type { Root } from "./files/object-store.ts";
import { batchLimits } from "./files/open-batch.ts";
import type { BatchLimits } from "./files/open-batch.ts";
import type { ParseSettings } from "./files/parse-items.ts";
import { type ParseThreads, threadCount } from "./files/parse-threads.ts";
import { createParser } from "./files/parser.ts";
import { ProgressCounter } from "./files/progress.ts";
import type { HistoryProgress } from "./files/progress.ts";
import { positionKey } from "./files/reading-context.ts";
import type { ReadingContext } from "./files/reading-context.ts";
import { earliestTimeMs } from "./files/survey.ts";
import { deliveryDates } from "./files/trail-layout.ts";
import { trailFeed } from "./files/trail-stream.ts";
import { mostCounted, walk } from "./files/walk.ts";
import type { FoundFile, Walk } from "./files/walk.ts";
import type { S3Options } from "./s3/s3-options.ts";
import type { S3Finder } from "./s3/s3-store.ts";
import { type Batch, noCounts, type Source } from "./source.ts";

export interface HistoryOptions {
  /** `maxOpenedBytes` holds for each file that is no file of lines. */
  readonly parse: ParseSettings;
  /** Event times from this one on, milliseconds since the epoch; undefined for no bound. */
  readonly fromMs?: number | undefined;
  /** Event times before this one. */
  readonly toMs?: number | undefined;
  /** Worker threads that open and parse; undefined for one fewer than the machine has cores, 1 to 8; 0 for none. */
  readonly jobs?: number | undefined;
  readonly s3?: S3Options | undefined;
  /** When a batch is full. */
  readonly batch?: Partial<BatchLimits> | undefined;
  /** Stored bytes up to which no worker threads are started, 2 MiB by default. */
  readonly inProcessBytes?: number | undefined;
  /** Most bytes of a chunk that is sorted by itself. */
  readonly chunkBytes?: number | undefined;
  /** Most events of files in CloudTrail's layout that are held at once, 500,000 by default. */
  readonly eventsHeld?: number | undefined;
}

export interface HistoryDependencies {
  readonly log: Log;
  /** What `-` reads. */
  readonly stdin?: Readable | undefined;
  readonly onProgress?: ((progress: HistoryProgress) => void) | undefined;
  /** Started ahead; whoever did so closes them. */
  readonly threads?: ParseThreads | undefined;
}

/**
 * Historical trails: files, folders, `s3://bucket/prefix` and `-` for stdin, all merged by event time. Files in
 * CloudTrail's layout are opened by their names as the merge reaches them, each other file is a stream of its own. `read` throws
 * `SourceError` for a path or bucket that is not there or may not be read; a single file that cannot be read is a dead
 * letter. Positions are kept by path: a file that is added later is read by the next reading.
 */
export function historySource(
  paths: readonly string[],
  options: HistoryOptions,
  dependencies: HistoryDependencies,
): Source {
  return {
    name: "history",
    async *read(positions, signal) {
      try {
        yield* readHistory(paths, options, dependencies, positions, signal);
      } catch (error) {
        if (!signal.aborted) throw error; // What fails because it was told to stop is no failure.
      }
    },
  };
}

async function* readHistory(
  paths: readonly string[],
  options: HistoryOptions,
  { log, stdin, onProgress, threads }: HistoryDependencies,
  positions: ReadonlyMap<string, string>,
  signal: AbortSignal,
): AsyncGenerator<Batch, void, undefined> {
  const jobs = threadCount(options.jobs);
  const parser = createParser(options.parse, jobs, options.inProcessBytes, threads);
  const buckets = new Buckets(options.s3 ?? {});
  const streams: EventStream[] = [];
  let feed: PieceFeed | undefined;
  try {
    const found = await walk(await findRoots(paths, buckets, stdin, signal), signal);
    if (signal.aborted) return;
    logSkipped(found, log);
    const progress = new ProgressCounter(found, onProgress);
    const context: ReadingContext = {
      parser,
      jobs,
      positions,
      signal,
      log,
      window: { fromMs: options.fromMs, toMs: options.toMs },
      maxOpenedBytes: options.parse.maxOpenedBytes,
      memory: new MemoryBudget(undefined, options.chunkBytes),
      onFile: (bytes) => progress.add(bytes),
    };
    const lanes = openLanes(found, context);
    void progress.countLanes(lanes, found.looseFiles.length, log, signal);
    const skipped = skippedBatch(paths, found, positions);
    if (skipped !== undefined) yield skipped;
    streams.push(...(await openStreams(found, context)));
    if (lanes.length > 0) feed = trailFeed(lanes, context);
    const input = { streams, feed, mostHeld: options.eventsHeld, log };
    yield* mergeStreams(input, { ...batchLimits, ...options.batch }, signal);
  } finally {
    await parser.close();
    await Promise.allSettled([feed?.close(), ...streams.map((stream) => stream.close())]);
    buckets.close();
  }
}

/** The SDK is loaded when the first bucket is asked for. */
class Buckets {
  readonly #options: S3Options;
  #finder: S3Finder | undefined;

  constructor(options: S3Options) {
    this.#options = options;
  }

  async find(url: string, signal: AbortSignal): Promise<Root[]> {
    const { s3Finder } = await import("./s3/s3-store.ts");
    this.#finder ??= s3Finder(this.#options);
    return this.#finder.find(url, signal);
  }

  close(): void {
    this.#finder?.close();
  }
}

async function findRoots(
  paths: readonly string[],
  buckets: Buckets,
  stdin: Readable | undefined,
  signal: AbortSignal,
): Promise<Root[]> {
  const roots: Root[] = [];
  for (const path of paths) {
    if (path === "-") {
      roots.push({ kind: "stream", name: "stdin", open: () => stdin ?? process.stdin });
    } else if (path.startsWith("s3://")) {
      roots.push(...(await buckets.find(path, signal)));
    } else {
      roots.push(await diskRoot(path));
    }
  }
  return roots;
}

/** With more files than this, each is looked at for its earliest event so that not all have to be open at once. */
const openAtOnce = 16;
const surveysAtOnce = 8;

function openLanes(found: Walk, context: ReadingContext): Lane[] {
  const range = deliveryDates(context.window.fromMs, context.window.toMs);
  return [
    ...found.lanes.map((place) => folderLane(place, range, context)),
    ...flatLanes(found.trailFiles, range, context),
  ];
}

async function openStreams(found: Walk, context: ReadingContext): Promise<EventStream[]> {
  const streams = found.streams.map((origin) => fileStream(origin, -Infinity, context));

  const unread = found.looseFiles.filter((file) => !wasRead(file, context.positions));
  const startsAtMs = new Map<FoundFile, number>();
  if (unread.length > openAtOnce) {
    await inParallel(unread, surveysAtOnce, async (origin) => {
      if (context.signal.aborted) return;
      const { store, file } = origin;
      const open = () => store.open(file, context.signal);
      startsAtMs.set(origin, await earliestTimeMs(open, context.signal));
    });
  }
  for (const origin of unread) {
    streams.push(fileStream(origin, startsAtMs.get(origin) ?? -Infinity, context));
  }
  return streams.filter((stream) => stream !== undefined);
}

/** Files skipped are counted once, however often the same paths are read. */
function skippedBatch(
  paths: readonly string[],
  found: Walk,
  positions: ReadonlyMap<string, string>,
): Batch | undefined {
  const key = positionKey("skipped", JSON.stringify(paths));
  const skipped = [...found.skipped.values()].reduce((sum, files) => sum + files, 0);
  const counted = Number(positions.get(key) ?? 0);
  if (skipped <= counted) return undefined;
  return {
    events: [],
    deadLetters: [],
    counts: addCounts(noCounts, { filesSkipped: skipped - counted }),
    positions: new Map([[key, String(skipped)]]),
    notices: [],
  };
}

function logSkipped(found: Walk, log: Log): void {
  for (const [folder, seen] of found.foreign) {
    if (seen >= mostCounted)
      log.info(
        { folder },
        "of the files of another service only the first 20,000 are counted as skipped",
      );
  }
  if (found.skipped.size === 0) return;
  log.debug(Object.fromEntries(found.skipped), "files skipped by reason");
}
