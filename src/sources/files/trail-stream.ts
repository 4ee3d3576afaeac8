import { SourceError } from "../source-error.ts";
import { inParallel, foldersAtOnce, mapAhead } from "./ahead.ts";
import { addCounts, noCounts } from "./event-stream.ts";
import type { EventStream, Piece } from "./event-stream.ts";
import type { Lane, LaneDay, TrailFile } from "./lane.ts";
import type { Parsed, ParseItem } from "./parse-items.ts";
import { gather } from "./reading-context.ts";
import type { ReadingContext } from "./reading-context.ts";

/**
 * The events of all lanes as one stream, file by file in the order of delivery: by the stamp in the file's name over all
 * accounts and regions. Held in memory are the names of one day and the next, and what a few jobs have parsed ahead.
 */
export function trailStream(lanes: readonly Lane[], context: ReadingContext): EventStream {
  let pieces: AsyncGenerator<Piece, void, undefined> | undefined;
  return {
    startsAtMs: -Infinity,
    async next() {
      pieces ??= readPieces(lanes, context);
      const { value } = await pieces.next();
      return value ?? undefined;
    },
    async close() {
      await pieces?.return();
    },
  };
}

/** Files that one thread parses at a stretch: small ones are not worth a message each. */
const jobFiles = 32;
const jobBytes = 1024 * 1024;

type Job = readonly TrailFile[];

async function* readPieces(
  lanes: readonly Lane[],
  context: ReadingContext,
): AsyncGenerator<Piece, void, undefined> {
  const tally = new Tally();
  const reader = new FileReader(context);
  const local = lanes.every(({ isLocal }) => isLocal);
  const ahead = local ? 2 * Math.max(1, context.jobs) + 1 : 2 * context.jobs + 6;
  const jobs = groupFiles(filesInOrder(lanes, tally, context));
  for await (const results of mapAhead(jobs, ahead, (job) => reader.read(job))) {
    for (const { file, parsed } of results) yield trailPiece(file, parsed, context);
    if (tally.skipped > 0) yield skippedPiece(tally.takeSkipped());
  }
  yield* tardyPieces(lanes, tally, context);
}

/** Counts files that are passed over while the files of a day are listed. */
class Tally {
  skipped = 0;
  /** Files of each lane that were read in an earlier run, or appeared too late. */
  readonly old = new Map<Lane, number>();

  takeSkipped(): number {
    const { skipped } = this;
    this.skipped = 0;
    return skipped;
  }
}

/** All files to read, day by day, each day in the order of delivery. */
async function* filesInOrder(
  lanes: readonly Lane[],
  tally: Tally,
  { signal }: ReadingContext,
): AsyncGenerator<TrailFile, void, undefined> {
  const heads = new Map<AsyncGenerator<LaneDay, void, undefined>, LaneDay>();
  const advance = async (days: AsyncGenerator<LaneDay, void, undefined>): Promise<void> => {
    const next = await days.next();
    if (next.done === true) heads.delete(days);
    else heads.set(days, next.value);
  };
  await inParallel(
    lanes.map((lane) => lane.days(signal)),
    foldersAtOnce,
    advance,
  );
  while (heads.size > 0 && !signal.aborted) {
    const date = [...heads.values()].reduce((a, b) => (b.date < a.date ? b : a)).date;
    const due = [...heads].filter(([, day]) => day.date === date);
    const files: TrailFile[] = [];
    await inParallel(due, foldersAtOnce, async ([days, day]) => {
      const listed = await day.list(signal);
      if (date > day.lane.cursor.lastDate) tally.skipped += listed.skipped;
      for (const file of listed.files) {
        const status = file.lane.cursor.status(file.place);
        if (status === "new") files.push(file);
        if (status === "old") tally.old.set(file.lane, (tally.old.get(file.lane) ?? 0) + 1);
      }
      await advance(days);
    });
    yield* files.sort(byDelivery);
  }
}

function byDelivery(a: TrailFile, b: TrailFile): number {
  if (a.place !== b.place) return a.place < b.place ? -1 : 1;
  return a.file.path < b.file.path ? -1 : 1;
}

async function* groupFiles(
  files: AsyncGenerator<TrailFile, void, undefined>,
): AsyncGenerator<Job, void, undefined> {
  let group: TrailFile[] = [];
  let size = 0;
  for await (const file of files) {
    group.push(file);
    size += file.file.size;
    if (group.length < jobFiles && size < jobBytes) continue;
    yield group;
    group = [];
    size = 0;
  }
  if (group.length > 0) yield group;
}

/** Fetches the files of a job, where the parsing thread cannot do so by itself, and has them parsed. */
class FileReader {
  readonly #context: ReadingContext;
  #fetched = false;

  constructor(context: ReadingContext) {
    this.#context = context;
  }

  async read(job: Job): Promise<{ file: TrailFile; parsed: Parsed | SourceError }[]> {
    const items = await Promise.all(job.map((file) => this.#item(file)));
    this.#fetched ||= items.some((item) => !(item instanceof SourceError));
    const parseable: ParseItem[] = [];
    for (const item of items) {
      if (!(item instanceof SourceError)) parseable.push(item);
      else if (item.code === "access" && !this.#fetched) throw item; // None may be read: a matter of permission.
    }
    const size = job.reduce((sum, { file }) => sum + file.size, 0);
    const parsed = (await this.#context.parser.parse(parseable, size)).values();
    return job.map((file, index) => {
      const item = items[index];
      if (item instanceof SourceError) return { file, parsed: item };
      const result = parsed.next().value;
      if (result === undefined) throw new Error("the parser answered fewer results than items");
      return { file, parsed: result };
    });
  }

  /** What cannot be fetched by trying again, and is no passing trouble, is an error to be set aside. */
  async #item({ store, file }: TrailFile): Promise<ParseItem | SourceError> {
    if (store.local) return { path: file.path };
    const { maxOpenedBytes, signal } = this.#context;
    try {
      return { data: await store.read(file, maxOpenedBytes, signal) };
    } catch (error) {
      if (!(error instanceof SourceError) || signal.aborted || error.retryable) throw error;
      return error;
    }
  }
}

function trailPiece(
  { lane, store, file, place }: TrailFile,
  result: Parsed | SourceError,
  context: ReadingContext,
): Piece {
  const origin = store.origin + file.path;
  const unread = result instanceof SourceError;
  const failure = unread
    ? { reason: "unreadable" as const, detail: result.message, payload: new Uint8Array() }
    : result.failure;
  const after = lane.cursor.takenOf(place);
  const gathered = gather(unread ? [] : [result], origin, context.window, after);
  return {
    events: gathered.events,
    deadLetters:
      failure === undefined
        ? gathered.deadLetters
        : [{ ...failure, origin }, ...gathered.deadLetters],
    counts: addCounts(gathered.counts, {
      ...(failure === undefined ? readCount(result) : { filesFailed: 1, rejected: 1 }),
      bytesCompressed: file.size,
    }),
    positionKey: lane.key,
    finish() {
      lane.cursor.finish(place);
      context.onFile(file.size);
    },
    positionAfter: (last) => lane.cursor.position(place, last),
  };
}

function skippedPiece(filesSkipped: number): Piece {
  return {
    events: [],
    deadLetters: [],
    counts: addCounts(noCounts, { filesSkipped }),
    positionKey: undefined,
    finish: () => undefined,
    positionAfter: () => "",
  };
}

function readCount(result: Parsed | SourceError): Partial<Piece["counts"]> {
  return !(result instanceof SourceError) && result.isSkipped ? { filesSkipped: 1 } : { files: 1 };
}

/** Reports files with a stamp of long before the place a lane was read up to, that were not there then. */
function* tardyPieces(
  lanes: readonly Lane[],
  tally: Tally,
  { log, signal }: ReadingContext,
): Generator<Piece, void, undefined> {
  if (signal.aborted) return;
  if (tally.skipped > 0) yield skippedPiece(tally.takeSkipped());
  for (const lane of lanes) {
    const missed = (tally.old.get(lane) ?? 0) - lane.cursor.settledBefore;
    if (missed <= 0) continue;
    log.warn(
      { folder: lane.name, files: missed },
      "log files were added behind the place up to which this folder was read, and are not read; replay with a new state directory to include them",
    );
    yield {
      ...skippedPiece(missed),
      positionKey: lane.key,
      finish: () => lane.cursor.settle(missed),
      positionAfter: () => lane.cursor.position("", undefined),
    };
  }
}
