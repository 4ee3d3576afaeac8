import type { Readable } from "node:stream";
import type { KmsEvent } from "../../cloudtrail/event.ts";
import type { DeadLetter } from "../source.ts";
import { mapAhead } from "./ahead.ts";
import { addCounts } from "./event-stream.ts";
import type { EventStream, Piece } from "./event-stream.ts";
import { readFilePosition, writeFilePosition } from "./file-position.ts";
import type { FilePosition } from "./file-position.ts";
import { cutParts } from "./line-parts.ts";
import type { Part } from "./line-parts.ts";
import { openBytes } from "./open-bytes.ts";
import type { OpenedBytes } from "./open-bytes.ts";
import type { Parsed } from "./parse-items.ts";
import { gather, positionKey } from "./reading-context.ts";
import type { ReadingContext } from "./reading-context.ts";
import type { FoundFile } from "./walk.ts";

/** A file to be read as a stream of its own, or something that can be read once and not resumed. */
export type StreamOrigin =
  | FoundFile
  | { readonly name: string; readonly open: () => Readable | Promise<Readable> };

const mebibyte = 1024 * 1024;
const mostPart = mebibyte;
const mostLine = 64 * mebibyte;
const lateMs = 3_600_000;

/**
 * The events of one file that is not in CloudTrail's layout, in chunks sorted by event time. A file of lines may be of any
 * size; one larger than a chunk (32 MiB, less when many files overlap) must be in time order to within the lateness, or its
 * events count as late, which is logged. A document is held whole, up to `maxOpenedBytes`. Undefined if it was read before.
 */
export function fileStream(
  origin: StreamOrigin,
  startsAtMs: number,
  context: ReadingContext,
): EventStream | undefined {
  const key = "store" in origin ? positionKey("file", nameOf(origin)) : undefined;
  const saved = key === undefined ? undefined : context.positions.get(key);
  const resumed = "store" in origin ? readFilePosition(saved, origin.file) : undefined;
  if (resumed === "done") return undefined;
  if (saved !== undefined && resumed === undefined) {
    context.log.info(
      { file: nameOf(origin) },
      "a file has changed since it was read and is read again",
    );
  }
  let pieces: AsyncGenerator<Piece, void, undefined> | undefined;
  return {
    startsAtMs,
    async next() {
      pieces ??= readPieces(origin, key, resumed, context);
      const { value } = await pieces.next();
      return value ?? undefined;
    },
    async close() {
      await pieces?.return();
    },
  };
}

/** Whether a file was read to its end before, as it is now. */
export function wasRead(found: FoundFile, positions: ReadonlyMap<string, string>): boolean {
  const saved = positions.get(positionKey("file", nameOf(found)));
  return readFilePosition(saved, found.file) === "done";
}

function nameOf(origin: StreamOrigin): string {
  return "store" in origin ? origin.store.origin + origin.file.path : origin.name;
}

async function* readPieces(
  origin: StreamOrigin,
  key: string | undefined,
  resumed: FilePosition | undefined,
  context: ReadingContext,
): AsyncGenerator<Piece, void, undefined> {
  const memory = context.memory.take(needOf(origin));
  const budget = memory.chunk;
  const name = nameOf(origin);
  const chunks = new ChunkBuilder(origin, key, resumed, context);
  const opened = openBytes(
    () => ("store" in origin ? origin.store.open(origin.file, context.signal) : origin.open()),
    resumed?.start ?? 0,
    context.signal,
  );
  const sizes = {
    part: Math.min(mostPart, budget),
    document: context.maxOpenedBytes,
    line: mostLine,
  };
  const firstEnd = resumed?.end;
  const parts = cutParts(opened.chunks, sizes, resumed?.start ?? 0, firstEnd);
  const ahead = Math.ceil(budget / sizes.part) + 1;
  try {
    for await (const part of mapAhead(parts, ahead, (part) => parsePart(part, context))) {
      if (context.signal.aborted) return; // What was cut short by it is no damage.
      chunks.add(part);
      const isResumed = firstEnd !== undefined && chunks.start === resumed?.start;
      if (chunks.size >= (isResumed ? firstEnd - chunks.start : budget)) yield chunks.take();
    }
    if (context.signal.aborted) return;
    yield chunks.takeLast(opened);
    context.onFile(opened.stored());
    context.log.debug({ file: name }, "file read");
  } finally {
    opened.close();
    memory.give();
  }
}

/** About how much a file opens to: CloudTrail's JSON shrinks to a tenth or less under gzip. */
function needOf(origin: StreamOrigin): number {
  if (!("store" in origin)) return Infinity;
  return origin.file.path.endsWith(".gz") ? 20 * origin.file.size : origin.file.size;
}

interface ParsedPart {
  readonly part: Part;
  readonly parsed: Parsed | undefined;
}

async function parsePart(part: Part, { parser }: ReadingContext): Promise<ParsedPart> {
  if (part.data.length === 0) return { part, parsed: undefined };
  const [parsed] = await parser.parse([{ data: part.data }], part.data.length);
  return { part, parsed };
}

/** Gathers parts into the pieces of one file. */
class ChunkBuilder {
  readonly #origin: StreamOrigin;
  readonly #key: string | undefined;
  readonly #resumed: FilePosition | undefined;
  readonly #context: ReadingContext;
  #parsed: Parsed[] = [];
  #deadLetters: DeadLetter[] = [];
  #end: number;
  #latestMs = -Infinity;
  #warned = false;
  #failed = false;
  start: number;

  constructor(
    origin: StreamOrigin,
    key: string | undefined,
    resumed: FilePosition | undefined,
    context: ReadingContext,
  ) {
    this.#origin = origin;
    this.#key = key;
    this.#resumed = resumed;
    this.#context = context;
    this.start = resumed?.start ?? 0;
    this.#end = this.start;
  }

  get size(): number {
    return this.#end - this.start;
  }

  add({ part, parsed }: ParsedPart): void {
    this.#end = part.end;
    const origin = nameOf(this.#origin);
    if (parsed !== undefined) this.#parsed.push(parsed);
    if (parsed?.failure !== undefined) {
      this.#failed = true;
      this.#deadLetters.push({ ...parsed.failure, origin });
    }
    if (part.failure !== undefined) {
      const { reason, detail, payload, passed } = part.failure;
      this.#failed ||= !passed;
      this.#deadLetters.push({ reason, detail, origin, payload });
    }
  }

  take(): Piece {
    return this.#piece({ state: "open" });
  }

  /** The last piece, which counts the file. */
  takeLast(opened: OpenedBytes): Piece {
    const isSkipped = this.start === 0 && this.#parsed.every(({ isSkipped }) => isSkipped);
    const files = fileCount(this.#failed, isSkipped);
    return this.#piece({ state: "done", counts: { ...files, bytesCompressed: opened.stored() } });
  }

  #piece(last: { state: "open" | "done"; counts?: Partial<Piece["counts"]> }): Piece {
    const { start } = this;
    const end = this.#end;
    const torn = this.#failed;
    let isFinished = false;
    let after = start === this.#resumed?.start ? this.#resumed.after : undefined;
    const name = nameOf(this.#origin);
    const gathered = gather(this.#parsed, name, this.#context.window, after);
    this.#checkOrder(gathered.events, name);
    const letters = this.#deadLetters;
    this.#parsed = [];
    this.#deadLetters = [];
    this.start = end;
    const file = "store" in this.#origin ? this.#origin.file : undefined;
    return {
      events: gathered.events,
      deadLetters: [...letters, ...gathered.deadLetters],
      counts: addCounts(gathered.counts, { ...last.counts, rejected: letters.length }),
      positionKey: this.#key,
      begin: () => undefined,
      mark(place) {
        after = place;
      },
      finish() {
        isFinished = true;
      },
      position() {
        if (file === undefined) return "";
        if (!isFinished)
          return writeFilePosition(file, { start, end: torn ? undefined : end, after });
        if (last.state === "done") return writeFilePosition(file, "done");
        return writeFilePosition(file, { start: end, end: undefined, after: undefined });
      },
    };
  }

  #checkOrder(events: readonly KmsEvent[], name: string): void {
    const first = events[0]?.timeMs ?? Infinity;
    if (first < this.#latestMs - lateMs && !this.#warned) {
      this.#warned = true;
      this.#context.log.warn(
        { file: name },
        "a large file is not in order of event time: some of its events may count as late",
      );
    }
    this.#latestMs = Math.max(this.#latestMs, events.at(-1)?.timeMs ?? -Infinity);
  }
}

function fileCount(isFailed: boolean, isSkipped: boolean): Partial<Piece["counts"]> {
  if (isFailed) return { filesFailed: 1 };
  return isSkipped ? { filesSkipped: 1 } : { files: 1 };
}
