import { createHash } from "node:crypto";
import { z } from "zod";
import { readSaved } from "./saved-position.ts";
import { stampMs } from "./trail-layout.ts";

/** How far back from the last file others may still appear that are read then. */
const recentMs = 3_600_000;
const stampLength = 14;

const Saved = z.object({
  last: z.string().default(""),
  settled: z.int().default(0),
  recent: z.array(z.string()).default([]),
  open: z.record(z.string(), z.array(z.string())).default({}),
  skipsTo: z.string().default(""),
});

/**
 * How far a lane was read: the place of the last file that was read to its end, how many such files lie more than an hour
 * before it, which ones lie within that hour, so that a file which appears late with an earlier stamp is told from those
 * that were read, and which files were read in part, each up to an event: files that hold a day are many at once.
 */
export class LaneCursor {
  #last: string;
  /** Files read that are older than the hour before the last. */
  #settled: number;
  /** Files read within the hour before the last: short names. */
  #recent: string[];
  #keptFor = "none";
  /** Files begun and not read to their end, by short name: the place up to which events were taken, empty for none. */
  readonly #open: Map<string, string>;
  #skipsTo: string;
  readonly #resumedRecent: ReadonlySet<string>;
  readonly #resumedLast: string;

  /** `name` is what the lane is called where the saved position cannot be read: a `SourceError`. */
  constructor(saved: string | undefined, name: string) {
    const { last, settled, recent, open, skipsTo } =
      saved === undefined ? Saved.parse({}) : readSaved(Saved, saved, name);
    this.#last = last;
    this.#settled = settled;
    this.settledBefore = settled;
    this.#recent = recent;
    this.#open = new Map(
      Object.entries(open).flatMap(([after, names]) => names.map((short) => [short, after])),
    );
    this.#skipsTo = skipsTo;
    this.#resumedRecent = new Set(recent);
    this.#resumedLast = last;
  }

  /** Number of files that an earlier run read before those of its last hour. */
  readonly settledBefore: number;

  /** What to do with a file: `old` ones were read, or came too late to be told from those that were. */
  status(place: string): "new" | "read" | "old" {
    if (place > this.#resumedLast) return "new";
    const short = shortName(place);
    if (this.#open.has(short)) return "new";
    if (this.#resumedRecent.has(short)) return "read";
    return msOf(place) < msOf(this.#resumedLast) - recentMs ? "old" : "new";
  }

  /** The place up to which events of this file were taken, undefined where none was. */
  takenOf(place: string): string | undefined {
    if (this.#open.size === 0) return undefined;
    const after = this.#open.get(shortName(place));
    return after === "" ? undefined : after;
  }

  /** Opens a file: its events are taken from now on. */
  open(place: string): OpenLaneFile {
    const short = shortName(place);
    if (!this.#open.has(short)) this.#open.set(short, "");
    return {
      mark: (after) => this.#open.set(short, after),
      finish: () => {
        this.#open.delete(short);
        this.#finish(place, short);
      },
    };
  }

  /** Whether what was skipped on a date, `YYYYMMDD`, is not counted yet. */
  mayCountSkips(date: string): boolean {
    return date > this.#skipsTo;
  }

  /** Notes that what was skipped is counted up to this date. */
  countSkips(date: string): void {
    if (date > this.#skipsTo) this.#skipsTo = date;
  }

  /** Takes files that were found too late for read, so that they are reported once. */
  settle(files: number): void {
    this.#settled += files;
  }

  /** The position now: short, as one place in the order of events often serves for all files that are open. */
  position(): string {
    const open: Record<string, string[]> = {};
    const oldMs = msOf(this.#last) - recentMs;
    for (const [short, after] of this.#open) {
      if (after === "" && !(msOf(short) < oldMs)) continue; // It is new by its place.
      (open[after] ??= []).push(short);
    }
    return JSON.stringify({
      last: this.#last,
      settled: this.#settled,
      recent: this.#recent,
      open,
      ...(this.#skipsTo === "" ? {} : { skipsTo: this.#skipsTo }),
    });
  }

  #finish(place: string, short: string): void {
    if (place > this.#last) this.#last = place;
    this.#recent.push(short);
    if (this.#last.startsWith(this.#keptFor)) return; // The hour has not moved.
    this.#keptFor = this.#last.slice(0, stampLength);
    const fromMs = msOf(this.#last) - recentMs;
    const kept = this.#recent.filter((name) => msOf(name) >= fromMs);
    this.#settled += this.#recent.length - kept.length;
    this.#recent = kept;
  }
}

/** A file of a lane that is being read. */
export interface OpenLaneFile {
  /** Notes up to which place in the order of events it was read. */
  mark(after: string): void;
  /** Notes that it was read to its end. */
  finish(): void;
}

/** Delivery stamp and a hash of the place. */
function shortName(place: string): string {
  const hash = createHash("sha256").update(place).digest("base64url").slice(0, 8);
  return `${place.slice(0, stampLength)}${hash}`;
}

function msOf(place: string): number {
  return place === "" ? -Infinity : stampMs(place);
}
