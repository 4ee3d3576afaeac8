import type { KmsEvent } from "../../cloudtrail/event.ts";

/** The longest span of a file in CloudTrail's layout that is reckoned with: a day and what comes two hours late. */
export const mostLeadMs = 26 * 3_600_000;
/** CloudTrail delivers within 15 minutes; it says "on average within about 5 minutes of an API call". */
export const slackMs = 15 * 60_000;

/** Files that say how the next ones of their lane will be. */
const recentFiles = 32;
/** Share of a file's events that may be earlier than is learned: delayed ones. */
const delayedShare = 0.05;

/**
 * How long before the stamp in their names the files of one lane begin. CloudTrail's own files hold the minutes before
 * it; archives and exports hold an hour or a day before, around or after it. A file is taken to begin at its predecessor's
 * stamp, or as long before its own as one of the last 32 files did, whichever is earlier.
 */
export class DeliveryLead {
  readonly #seenMs: number[] = [];
  #next = 0;
  #longestMs = mostLeadMs;

  /** Learns from a file's events, which are in order of time; what is delayed by hours does not count. */
  learn(stampMs: number, events: readonly KmsEvent[]): void {
    const early = events[Math.floor(events.length * delayedShare)];
    if (early === undefined) return;
    this.#seenMs[this.#next] = stampMs - early.timeMs;
    this.#next = (this.#next + 1) % recentFiles;
    this.#longestMs = Math.max(...this.#seenMs);
  }

  /** When a file begins, milliseconds since the epoch, by its stamp and that of the file before it, if there is one. */
  beginsMs(stampMs: number, previousMs: number | undefined): number {
    const gapMs = previousMs === undefined ? mostLeadMs : stampMs - previousMs;
    return stampMs - slackMs - Math.min(mostLeadMs, Math.max(gapMs, this.#longestMs, 0));
  }
}
