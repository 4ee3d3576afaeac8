import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { StoreError } from "../store.ts";
import { Database } from "./database.ts";
import { applicationId, migrate } from "./schema.ts";

/*
 * Nothing in this process may open keyhawk.db or keyhawk.lock but through SQLite: closing any descriptor of a file drops
 * all POSIX locks which the process has on it (https://www.sqlite.org/howtocorrupt.html, section 2.2).
 */

/** 8 KiB: three memories of a common size fit on a page, where only one would on 4 KiB. */
export const pageBytes = 8192;

/** Makes the state directory, private to its owner, where it is missing; durable when this returns. */
export function createDirectory(directory: string): void {
  systemCall(directory, () => makeDirectory(resolve(directory)));
}

/**
 * Makes keyhawk.db where it is missing. It appears under its name only when it is complete, so that an empty file of that
 * name is a damaged one, never a new one. The caller holds the lock.
 */
export function createDatabase(directory: string): void {
  if (systemCall(directory, () => fileSize(databaseFile(directory))) !== undefined) {
    return;
  }
  const draft = `${databaseFile(directory)}.new`;
  systemCall(directory, () => {
    for (const suffix of ["", "-journal", "-wal", "-shm"]) {
      rmSync(`${draft}${suffix}`, { force: true });
    }
    createPrivateFile(draft);
  });
  {
    using database = new Database(directory, draft, false);
    database.execute(`PRAGMA page_size = ${pageBytes}; PRAGMA synchronous = FULL`);
    database.execute(`PRAGMA application_id = ${applicationId}; PRAGMA journal_mode = WAL`);
    migrate(database);
  }
  systemCall(directory, () => {
    renameSync(draft, databaseFile(directory));
    synchronize(directory);
  });
}

/** Opens keyhawk.db. Throws `StoreError`: `missing`, or `corrupt` where next to nothing is left. */
export function openDatabase(directory: string, readOnly: boolean): Database {
  const file = databaseFile(directory);
  const size = systemCall(directory, () => fileSize(file));
  if (size === undefined) {
    const problem = "no state here; `keyhawk run` or `keyhawk replay --state` makes it";
    throw new StoreError("missing", directory, problem);
  }
  if (size < leastBytes) {
    // SQLite would take it for a database of nobody's, or a new one.
    const problem = `keyhawk.db is damaged, only ${size} bytes are left; restore it from a copy, or move it away to start anew`;
    throw new StoreError("corrupt", directory, problem);
  }
  return new Database(directory, readOnly ? readableFile(directory) : file, readOnly);
}

/** Makes an empty file that only its owner may read; leaves one that exists, without opening it. */
export function createPrivateFile(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    if (!isSystemError(error, "EEXIST")) {
      throw error;
    }
  }
}

/** Runs something of the file system; throws its errors as `StoreError`. */
export function systemCall<T>(directory: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isSystemError(error, "ENOSPC", "EDQUOT")) {
      throw new StoreError("full", directory, "no room on the disk", error);
    }
    if (isSystemError(error, "EACCES", "EPERM", "EROFS")) {
      const problem = "the state directory may not be written; check its permissions and its owner";
      throw new StoreError("read-only", directory, problem, error);
    }
    if (isSystemError(error, "EEXIST", "ENOTDIR")) {
      throw new StoreError("failed", directory, "not a directory", error);
    }
    if (error instanceof Error && "syscall" in error) {
      throw new StoreError("failed", directory, error.message, error);
    }
    throw error;
  }
}

/** The smallest page of any SQLite database. */
const leastBytes = 512;

/** One level at a time: a recursive `mkdir` says ENOENT where the disk is read-only. */
function makeDirectory(directory: string): void {
  if (isDirectory(directory)) {
    return;
  }
  makeDirectory(dirname(directory));
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    // Another process may have been faster.
    if (!isSystemError(error, "EEXIST") || !isDirectory(directory)) {
      throw error;
    }
  }
  synchronize(dirname(directory));
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function databaseFile(directory: string): string {
  return join(directory, "keyhawk.db");
}

/**
 * A reader shares its view with the writer through keyhawk.db-shm. Where this cannot be made, on a read-only disk, and
 * nobody has the database open, it is read as a file that does not change.
 */
function readableFile(directory: string): string | URL {
  const file = databaseFile(directory);
  if (mayWrite(directory) || fileSize(`${file}-shm`) !== undefined || fileSize(`${file}-wal`)) {
    return file;
  }
  const address = pathToFileURL(file);
  address.searchParams.set("immutable", "1");
  return address;
}

function mayWrite(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false; // The question was whether; the reason does not matter to a reader.
  }
}

function fileSize(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

function synchronize(directory: string): void {
  const descriptor = openSync(directory, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function isSystemError(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.some((code) => code === error.code);
}
