import { SourceError } from "../source-error.ts";
import { mapAhead } from "./ahead.ts";
import { noCounts } from "../source.ts";
import { addCounts } from "./event-stream.ts";
import type { FedPiece, Piece, PieceFeed } from "./event-stream.ts";
import type { OpenLaneFile } from "./lane-cursor.ts";
import type { Lane, TrailFile } from "./lane.ts";
import type { Parsed, ParseItem } from "./parse-items.ts";
import { gather } from "./reading-context.ts";
import type { ReadingContext } from "./reading-context.ts";
import { mostLeadMs } from "./delivery-lead.ts";
import { stampMs } from "./trail-layout.ts";
import { filesInOrder, ListingNotes } from "./trail-order.ts";
import type { DueFile } from "./trail-order.ts";

/**
 * The files of all lanes, parsed, in the order in which they begin, as far as their names and their predecessors tell
 * (`DeliveryLead`). Held in memory are the names of two to three days, and what a few jobs have parsed ahead.
 */
export function trailFeed(lanes: readonly Lane[], context: ReadingContext): PieceFeed {
  const pieces = readPieces(lanes, context);
  return {
    async next() {
      const { value } = await pieces.next();
      return value ?? undefined;
    },
    async close() {
      await pieces.return();
    },
  };
}

/** Files that one thread parses at a stretch: small ones are not worth a message each. */
const jobFiles = 32;
const jobBytes = 1024 * 1024;

type Job = readonly DueFile[];

async function* readPieces(
  lanes: readonly Lane[],
  context: ReadingContext,
): AsyncGenerator<FedPiece, void, undefined> {
  const notes = new ListingNotes();
  const reader = new FileReader(context);
  const local = lanes.every(({ isLocal }) => isLocal);
  const ahead = local ? 4 * Math.max(1, context.jobs) + 4 : 2 * context.jobs + 6;
  const jobs = groupFiles(filesInOrder(lanes, notes, context.signal));
  for await (const results of mapAhead(jobs, ahead, (job) => reader.read(job))) {
    for (const { file, parsed } of results) yield trailPiece(file, parsed, context);
    yield* skippedPieces(notes);
  }
  if (context.signal.aborted) return;
  yield* skippedPieces(notes);
  yield* tardyPieces(lanes, notes, context);
}

async function* groupFiles(
  files: AsyncGenerator<DueFile, void, undefined>,
): AsyncGenerator<Job, void, undefined> {
  let group: DueFile[] = [];
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

  async read(job: Job): Promise<{ file: DueFile; parsed: Parsed | SourceError }[]> {
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
  async #item({ store, file, place }: TrailFile): Promise<ParseItem | SourceError> {
    // Simulated trails, and a machine whose clock is behind: what a name says was delivered has happened.
    const upToMs = stampMs(place) + mostLeadMs;
    if (store.local) return { path: file.path, upToMs };
    const { maxOpenedBytes, signal } = this.#context;
    try {
      return { data: await store.read(file, maxOpenedBytes, signal), upToMs };
    } catch (error) {
      if (!(error instanceof SourceError) || signal.aborted || error.retryable) throw error;
      return error;
    }
  }
}

function trailPiece(
  { lane, store, file, place, startsAtMs }: DueFile,
  result: Parsed | SourceError,
  context: ReadingContext,
): FedPiece {
  const origin = store.origin + file.path;
  const unread = result instanceof SourceError;
  const failure = unread
    ? { reason: "unreadable" as const, detail: result.message, payload: new Uint8Array() }
    : result.failure;
  if (!unread) lane.lead.learn(stampMs(place), result.events);
  const after = lane.cursor.takenOf(place);
  const gathered = gather(unread ? [] : [result], origin, context.window, after);
  let open: OpenLaneFile | undefined;
  return {
    startsAtMs,
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
    begin() {
      open = lane.cursor.open(place);
    },
    mark: (after) => open?.mark(after),
    finish() {
      open?.finish();
      context.onFile(file.size);
    },
    position: () => lane.cursor.position(),
  };
}

function readCount(result: Parsed | SourceError): Partial<Piece["counts"]> {
  return !(result instanceof SourceError) && result.isSkipped ? { filesSkipped: 1 } : { files: 1 };
}

/** Counts what was skipped while days were listed, each day of a lane once. */
function* skippedPieces(notes: ListingNotes): Generator<FedPiece, void, undefined> {
  for (const { lane, date, files } of notes.takeSkips()) {
    yield countingPiece(lane, files, () => lane.cursor.countSkips(date));
  }
}

/** Reports files with a stamp of long before the place a lane was read up to, that were not there then. */
function* tardyPieces(
  lanes: readonly Lane[],
  notes: ListingNotes,
  { log }: ReadingContext,
): Generator<FedPiece, void, undefined> {
  for (const lane of lanes) {
    const missed = (notes.old.get(lane) ?? 0) - lane.cursor.settledBefore;
    if (missed <= 0) continue;
    log.warn(
      { folder: lane.name, files: missed },
      "log files were added behind the place up to which this folder was read, and are not read; replay with a new state directory to include them",
    );
    yield countingPiece(lane, missed, () => lane.cursor.settle(missed));
  }
}

function countingPiece(lane: Lane, filesSkipped: number, finish: () => void): FedPiece {
  return {
    startsAtMs: -Infinity,
    events: [],
    deadLetters: [],
    counts: addCounts(noCounts, { filesSkipped }),
    positionKey: lane.key,
    begin: () => undefined,
    mark: () => undefined,
    finish,
    position: () => lane.cursor.position(),
  };
}
