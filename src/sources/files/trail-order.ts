import { foldersAtOnce, inParallel } from "./ahead.ts";
import { mostLeadMs, slackMs } from "./delivery-lead.ts";
import { Heap } from "./heap.ts";
import type { Lane, LaneDay, TrailFile } from "./lane.ts";
import { dateMs, stampMs } from "./trail-layout.ts";

/** A file with the time before which its events, but for delayed ones, do not lie. */
export interface DueFile extends TrailFile {
  readonly startsAtMs: number;
}

/** What was seen besides files to read while days were listed. */
export class ListingNotes {
  /** Files of each lane that were read in an earlier run, or appeared too late. */
  readonly old = new Map<Lane, number>();
  #skips: { lane: Lane; date: string; files: number }[] = [];

  skip(lane: Lane, date: string, files: number): void {
    if (files > 0 && lane.cursor.mayCountSkips(date)) this.#skips.push({ lane, date, files });
  }

  takeSkips(): { lane: Lane; date: string; files: number }[] {
    const skips = this.#skips;
    this.#skips = [];
    return skips;
  }
}

/**
 * All files to read in the order in which they begin, those of one lane in the order of delivery. Days are listed a little
 * more than a day ahead, as their files may hold the day before.
 */
export async function* filesInOrder(
  lanes: readonly Lane[],
  notes: ListingNotes,
  signal: AbortSignal,
): AsyncGenerator<DueFile, void, undefined> {
  const calendar = new Calendar(lanes, notes, signal);
  const queue = new LaneQueue();
  await calendar.begin();
  while (!signal.aborted) {
    const first = queue.firstMs();
    if (first !== undefined && first < calendar.nextMs()) {
      yield queue.take();
    } else if (calendar.isDone) {
      return;
    } else {
      queue.add(await calendar.list());
    }
  }
}

type Days = AsyncGenerator<LaneDay, void, undefined>;

/** The days of all lanes, listed date by date. */
class Calendar {
  readonly #lanes: readonly Lane[];
  readonly #notes: ListingNotes;
  readonly #signal: AbortSignal;
  /** The next day of each lane that has one. */
  readonly #heads = new Map<Days, LaneDay>();
  #date = "";

  constructor(lanes: readonly Lane[], notes: ListingNotes, signal: AbortSignal) {
    this.#lanes = lanes;
    this.#notes = notes;
    this.#signal = signal;
  }

  async begin(): Promise<void> {
    const days = this.#lanes.map((lane) => lane.days(this.#signal));
    await inParallel(days, foldersAtOnce, (lane) => this.#advance(lane));
    this.#findDate();
  }

  get isDone(): boolean {
    return this.#heads.size === 0;
  }

  /** No file of a day that is not listed yet begins before this time. */
  nextMs(): number {
    return this.isDone ? Infinity : dateMs(this.#date) - mostLeadMs - slackMs;
  }

  /** The files of the next date in the order of delivery. */
  async list(): Promise<ListedFile[]> {
    const date = this.#date;
    const due = [...this.#heads].filter(([, day]) => day.date === date);
    const files: ListedFile[] = [];
    await inParallel(due, foldersAtOnce, async ([days, day]) => {
      const listed = await day.list(this.#signal);
      this.#notes.skip(day.lane, date, listed.skipped);
      for (const file of listed.files) {
        const status = file.lane.cursor.status(file.place);
        files.push({ file, isNew: status === "new" });
        if (status === "old")
          this.#notes.old.set(file.lane, (this.#notes.old.get(file.lane) ?? 0) + 1);
      }
      await this.#advance(days);
    });
    this.#findDate();
    return files.sort((a, b) => byDelivery(a.file, b.file));
  }

  async #advance(days: Days): Promise<void> {
    const next = await days.next();
    if (next.done === true) this.#heads.delete(days);
    else this.#heads.set(days, next.value);
  }

  #findDate(): void {
    this.#date = "99999999";
    for (const { date } of this.#heads.values()) if (date < this.#date) this.#date = date;
  }
}

function byDelivery(a: TrailFile, b: TrailFile): number {
  if (a.place !== b.place) return a.place < b.place ? -1 : 1;
  return a.file.path < b.file.path ? -1 : 1;
}

/** A file that was listed; those read before tell where their successors begin. */
interface ListedFile {
  readonly file: TrailFile;
  readonly isNew: boolean;
}

/** A file with the stamp of the one before it in its lane, if there is one. */
interface QueuedFile {
  readonly file: TrailFile;
  readonly previousMs: number | undefined;
}

/** The files of one lane that are listed and not handed out. */
interface Line {
  files: QueuedFile[];
  /** The next one. */
  at: number;
  startsAtMs: number;
  lastMs: number | undefined;
  previousMs: number | undefined;
}

/** The files of all lanes: the first is the one that begins first, none overtakes another one of its lane. */
class LaneQueue {
  readonly #lines = new Map<Lane, Line>();
  readonly #heap = new Heap<Line>(byStart);

  add(listed: readonly ListedFile[]): void {
    for (const { file, isNew } of listed) {
      const line = this.#lineOf(file.lane);
      const ms = stampMs(file.place);
      if (ms !== line.lastMs) {
        line.previousMs = line.lastMs;
        line.lastMs = ms;
      }
      if (!isNew) continue;
      line.files.push({ file, previousMs: line.previousMs });
      if (line.files.length === line.at + 1) this.#enqueue(line);
    }
  }

  firstMs(): number | undefined {
    return this.#heap.first()?.startsAtMs;
  }

  take(): DueFile {
    const line = this.#heap.first();
    const next = line?.files[line.at];
    if (line === undefined || next === undefined) throw new Error("no file is queued");
    const { startsAtMs } = line;
    line.at += 1;
    this.#heap.removeFirst();
    if (line.at < line.files.length) {
      this.#enqueue(line);
    } else {
      line.files = [];
      line.at = 0;
    }
    return { ...next.file, startsAtMs };
  }

  #lineOf(lane: Lane): Line {
    const known = this.#lines.get(lane);
    if (known !== undefined) return known;
    const none = { lastMs: undefined, previousMs: undefined };
    const line: Line = { files: [], at: 0, startsAtMs: -Infinity, ...none };
    this.#lines.set(lane, line);
    return line;
  }

  /** Places a line by its next file, as its lane is known by now. */
  #enqueue(line: Line): void {
    const next = line.files[line.at];
    if (next === undefined) return;
    const { file, previousMs } = next;
    line.startsAtMs = file.lane.lead.beginsMs(stampMs(file.place), previousMs);
    this.#heap.push(line);
  }
}

function byStart(a: Line, b: Line): number {
  return a.startsAtMs - b.startsAtMs || byQueued(a.files[a.at], b.files[b.at]);
}

function byQueued(a: QueuedFile | undefined, b: QueuedFile | undefined): number {
  return a === undefined || b === undefined ? 0 : byDelivery(a.file, b.file);
}
