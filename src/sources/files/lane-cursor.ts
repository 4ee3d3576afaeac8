import { createHash } from "node:crypto";
import { z } from "zod";
import type { KmsEvent } from "../../cloudtrail/event.ts";
import { placeOf } from "./event-stream.ts";
import { stampMs } from "./trail-layout.ts";

/** How far back from the last file others may still appear that are read then. */
const recentMs = 3_600_000;
const stampLength = 14;

const Saved = z.object({
  last: z.string().default(""),
  settled: z.int().default(0),
  recent: z.array(z.string()).default([]),
  open: z.object({ place: z.string(), after: z.string() }).optional(),
});

/**
 * How far a lane was read, in order of delivery: the last file's place, how many files lie more than an hour before it, and
 * which ones within that hour, so that a file which appears late with an earlier stamp is told from those that were read.
 */
export class LaneCursor {
  #last: string;
  /** Files read that are older than the hour before the last. */
  #settled: number;
  /** Files read within the hour before the last: delivery stamp and short hash of the place. */
  #recent: string[];
  #keptFor = "none";
  readonly #open: { place: string; after: string } | undefined;
  readonly #resumedRecent: ReadonlySet<string>;
  readonly #resumedLast: string;

  constructor(saved: string | undefined) {
    const { last, settled, recent, open } = Saved.parse(
      saved === undefined ? {} : JSON.parse(saved),
    );
    this.#last = last;
    this.#settled = settled;
    this.settledBefore = settled;
    this.#recent = recent;
    this.#open = open;
    this.#resumedRecent = new Set(recent);
    this.#resumedLast = last;
  }

  /** Number of files that an earlier run read before those of its last hour. */
  readonly settledBefore: number;

  /** Date of the last file that an earlier run read, `YYYYMMDD`; empty where there was none. */
  get lastDate(): string {
    return this.#resumedLast.slice(0, 8);
  }

  /** What to do with a file: `old` ones were read, or came too late to be told from those that were. */
  status(place: string): "new" | "read" | "old" {
    if (place > this.#resumedLast) return "new";
    if (this.#resumedRecent.has(shortName(place))) return "read";
    return msOf(place) < msOf(this.#resumedLast) - recentMs ? "old" : "new";
  }

  /** The place up to which events of this file were taken, undefined where none was. */
  takenOf(place: string): string | undefined {
    return this.#open?.place === place ? this.#open.after : undefined;
  }

  /** Notes that a file was read to its end. */
  finish(place: string): void {
    if (place > this.#last) this.#last = place;
    this.#recent.push(shortName(place));
    if (this.#last.startsWith(this.#keptFor)) return; // The hour has not moved.
    this.#keptFor = this.#last.slice(0, stampLength);
    const from = msOf(this.#last) - recentMs;
    const kept = this.#recent.filter((name) => msOf(name) >= from);
    this.#settled += this.#recent.length - kept.length;
    this.#recent = kept;
  }

  /** Takes files that were found too late for read, so that they are reported once. */
  settle(files: number): void {
    this.#settled += files;
  }

  /** The position now, or within the given file after an event of it. */
  position(place: string, last: KmsEvent | undefined): string {
    return JSON.stringify({
      last: this.#last,
      settled: this.#settled,
      recent: this.#recent,
      ...(last === undefined ? {} : { open: { place, after: placeOf(last) } }),
    });
  }
}

function shortName(place: string): string {
  const hash = createHash("sha256").update(place).digest("base64url").slice(0, 8);
  return `${place.slice(0, stampLength)}${hash}`;
}

function msOf(place: string): number {
  return place === "" ? -Infinity : stampMs(place);
}
