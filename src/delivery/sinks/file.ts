import { constants } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { formatOf } from "../formats/formats.ts";
import type { FileOptions } from "../options.ts";
import { DeliveryError, type Sink } from "../sink.ts";
import { interrupted } from "./http-error.ts";

const NEWLINE = 10;

/**
 * Appends alerts to a file, one a line; they are accepted once they are on the disk (fsync). The file is opened anew each
 * time, so that a tool may rotate it from outside. A torn line, left by a full disk or a crash, is taken off or ended.
 */
export function fileSink(options: FileOptions): Sink {
  const { name } = options;
  const format = formatOf(options.format, options);
  let writing: Promise<unknown> = Promise.resolve();

  async function append(text: string): Promise<DeliveryError | undefined> {
    try {
      await rotate(options, Buffer.byteLength(text));
      await appendDurably(options.path, text);
      return undefined;
    } catch (error) {
      return errorOfFile(options, error);
    }
  }
  return {
    name,
    batchSize: 100,
    async deliver(alerts, signal) {
      if (signal.aborted) return alerts.map(() => interrupted(name));
      const text = alerts.map((alert) => `${format.format(alert).body}\n`).join("");
      const mine = writing.then(() => append(text)); // One at a time, or a torn line could not be told apart.
      writing = mine;
      const error = await mine;
      return alerts.map(() => error);
    },
    async close() {
      await writing;
    },
  };
}

/** Checks that the path can be a file that is appended to. Throws an Error that names it. */
export async function checkFile(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  });
  if (found !== undefined && !found.isFile()) throw new NotAFileError(path, found.isDirectory());
}

class NotAFileError extends Error {
  override readonly name = "NotAFileError";

  constructor(path: string, isDirectory: boolean) {
    super(`${path}: is ${isDirectory ? "a directory" : "not a regular file"}`);
  }
}

async function appendDurably(path: string, text: string): Promise<void> {
  await checkFile(path);
  const { O_APPEND, O_CREAT, O_RDWR } = constants;
  const file = await open(path, O_RDWR | O_CREAT | O_APPEND, 0o600);
  try {
    const { size } = await file.stat();
    const start = (await endsTorn(file, size)) ? "\n" : "";
    try {
      await file.appendFile(start + text);
      await file.sync();
    } catch (error) {
      await file.truncate(size); // All or nothing: what is tried again must not be there already.
      throw error;
    }
    if (size === 0) await syncDirectory(dirname(path));
  } finally {
    await file.close();
  }
}

async function endsTorn(file: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return false;
  const last = new Uint8Array(1);
  await file.read(last, 0, 1, size - 1);
  return last[0] !== NEWLINE;
}

/** Makes the name of a new file durable. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** PATH.1 is the youngest of those renamed; the oldest over the limit is removed. */
async function rotate(options: FileOptions, bytes: number): Promise<void> {
  const { path, maximumBytes, keepFiles } = options;
  if (maximumBytes === undefined) return;
  const size = (await statOrUndefined(path))?.size ?? 0;
  if (size === 0 || size + bytes <= maximumBytes) return;
  await rm(`${path}.${keepFiles}`, { force: true });
  for (let age = keepFiles - 1; age >= 1; age -= 1) {
    if (await statOrUndefined(`${path}.${age}`))
      await rename(`${path}.${age}`, `${path}.${age + 1}`);
  }
  await checkFile(path);
  await rename(path, `${path}.1`);
}

async function statOrUndefined(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function errorOfFile({ name, path }: FileOptions, error: unknown): DeliveryError {
  const problem =
    error instanceof NotAFileError
      ? error.message
      : `${path}: cannot be written to (${codeOf(error) ?? "unknown error"})`;
  return new DeliveryError(name, problem, { retryable: true, cause: error });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
