import type { Readable } from "node:stream";

/** One file of a store. */
export interface StoredFile {
  /** Absolute path on disk, key in a bucket. */
  readonly path: string;
  /** Stored bytes, compressed where the file is. */
  readonly size: number;
  /** Changes when the content does: modification time in milliseconds, or entity tag. */
  readonly version: string;
}

/** Part of what lies directly in one folder. */
export interface FolderPage {
  /** Paths that end with `/`. */
  readonly folders: readonly string[];
  readonly files: readonly StoredFile[];
}

/** What a PATH argument turned out to be. */
export type Root =
  | { readonly kind: "folder"; readonly store: ObjectStore; readonly path: string }
  | { readonly kind: "file"; readonly store: ObjectStore; readonly file: StoredFile }
  | { readonly kind: "stream"; readonly name: string; open(): Readable | Promise<Readable> };

/** Where history lies: a disk or a bucket. Its methods throw `SourceError`. */
export interface ObjectStore {
  /** Written before a path, it names a file for people: nothing on disk, `s3://bucket/` for S3. */
  readonly origin: string;
  /** Whether files are files of this machine, so that a worker thread can read them by itself. */
  readonly local: boolean;
  /** Pages of one folder (a path that ends with `/`, empty for the top), in no promised order. */
  listFolder(folder: string, signal: AbortSignal): AsyncGenerator<FolderPage, void, undefined>;
  /** Number of entries of a folder, where that is cheap to know: for a progress bar, nothing else. */
  countEntries?(folder: string): Promise<number>;
  /** The whole file; more than `maxBytes` is an error. */
  read(file: StoredFile, maxBytes: number, signal: AbortSignal): Promise<Uint8Array>;
  open(file: StoredFile, signal: AbortSignal): Promise<Readable>;
}
