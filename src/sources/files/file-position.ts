import { z } from "zod";
import type { StoredFile } from "./object-store.ts";
import { readSaved } from "./saved-position.ts";

/**
 * How far a file was read: opened bytes before `start` are done; of those up to `end`, or as far as a chunk goes where that
 * is not known, the events up to `after`.
 */
export interface FilePosition {
  readonly start: number;
  readonly end: number | undefined;
  readonly after: string | undefined;
}

const Saved = z.object({
  size: z.number(),
  version: z.string(),
  done: z.boolean().optional(),
  start: z.number().default(0),
  end: z.number().optional(),
  after: z.string().optional(),
});

/** A position as text. It holds for the file as it is now. */
export function writeFilePosition(
  { size, version }: StoredFile,
  position: FilePosition | "done",
): string {
  return JSON.stringify(
    position === "done" ? { size, version, done: true } : { size, version, ...position },
  );
}

/**
 * Reads a position; undefined where there is none, or where the file has changed since. Throws `SourceError` for one that is
 * damaged.
 */
export function readFilePosition(
  text: string | undefined,
  file: StoredFile,
): FilePosition | "done" | undefined {
  if (text === undefined) return undefined;
  const saved = readSaved(Saved, text, file.path);
  if (saved.size !== file.size || saved.version !== file.version) return undefined;
  if (saved.done === true) return "done";
  return { start: saved.start, end: saved.end, after: saved.after };
}
