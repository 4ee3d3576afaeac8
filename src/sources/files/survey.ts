import type { Readable } from "node:stream";
import { openBytes } from "./open-bytes.ts";

/**
 * The earliest event time that a file seems to hold, found in its text without parsing it: milliseconds since the epoch,
 * -Infinity where no time is seen or the file cannot be read. Of a file whose first 256 KiB are in time order no more is
 * read; any other is read to its end.
 */
export async function earliestTimeMs(
  open: () => Promise<Readable>,
  signal: AbortSignal,
): Promise<number> {
  const opened = openBytes(open, 0, signal);
  let earliest = "";
  let latest = "";
  let ordered = true;
  let seenBytes = 0;
  let tail = "";
  try {
    for await (const chunk of opened.chunks) {
      const text = tail + Buffer.from(chunk).toString("latin1");
      for (const [, time = ""] of text.matchAll(eventTime)) {
        if (hour(time) < hour(latest)) ordered = false;
        if (earliest === "" || time < earliest) earliest = time;
        if (time > latest) latest = time;
      }
      tail = text.slice(-overlap);
      seenBytes += chunk.length;
      if (ordered && earliest !== "" && seenBytes >= headBytes) break;
    }
  } catch {
    return -Infinity; // It is opened first then, and says itself what is wrong with it.
  } finally {
    opened.close();
  }
  const timeMs = Date.parse(`${earliest}Z`);
  return Number.isNaN(timeMs) ? -Infinity : timeMs;
}

/** As it stands in a record, or escaped in a record within another document. */
const eventTime = /eventTime\\*"\s*:\s*\\*"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z/g;
const overlap = 64;
const headBytes = 256 * 1024;

/** To the hour: what is out of order by less is put in order by the engine. */
function hour(time: string): string {
  return time.slice(0, 13);
}
