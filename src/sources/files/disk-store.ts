import { constants, createReadStream, open } from "node:fs";
import { access, readdir, readFile, realpath, stat } from "node:fs/promises";
import { Socket } from "node:net";
import { dirname, resolve } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import type { Dirent, Stats } from "node:fs";
import { SourceError } from "../source-error.ts";
import type { FolderPage, ObjectStore, Root, StoredFile } from "./object-store.ts";

/** Files of this machine. Links are followed, but never up to a folder that holds them. */
export const diskStore: ObjectStore = {
  origin: "",
  local: true,
  listFolder,

  async countEntries(folder) {
    return (await readdir(folder)).length;
  },

  async read(file, maxBytes) {
    if (file.size > maxBytes) throw tooLarge(file.path, maxBytes);
    return readFile(file.path).catch((cause: unknown) => {
      throw diskError(file.path, cause);
    });
  },

  async open(file) {
    return createReadStream(file.path, { highWaterMark: readBytes });
  },
};

/** Says what a path on disk is: a folder, a file, or something that can be read once (a pipe, `/dev/stdin`). */
export async function diskRoot(path: string): Promise<Root> {
  const absolute = resolve(path);
  const found = await stat(absolute).catch((cause: unknown) => {
    throw diskError(path, cause);
  });
  if (found.isDirectory()) {
    return { kind: "folder", store: diskStore, path: absolute === "/" ? "/" : `${absolute}/` };
  }
  if (found.isFile()) {
    await access(absolute, constants.R_OK).catch((cause: unknown) => {
      throw diskError(path, cause);
    });
    return { kind: "file", store: diskStore, file: describe(absolute, found) };
  }
  const openStream = () => (found.isFIFO() ? openPipe(absolute) : createReadStream(absolute));
  return { kind: "stream", name: path, open: openStream };
}

/** A pipe read as a socket is: to wait for it takes no thread, so that it can be given up. */
async function openPipe(path: string): Promise<Readable> {
  const fd = await promisify(open)(path, "r"); // Not a handle, which would close it when it is collected.
  return new Socket({ fd, readable: true, writable: false });
}

/** A file that is over a limit. */
export function tooLarge(subject: string, maxBytes: number): SourceError {
  return new SourceError(subject, `larger than the limit of ${maxBytes} bytes`, { code: "failed" });
}

const readBytes = 1024 * 1024;
const statsAtOnce = 64;

async function* listFolder(folder: string): AsyncGenerator<FolderPage, void, undefined> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw diskError(folder, cause);
  });
  const folders: string[] = [];
  const files: StoredFile[] = [];
  for (let start = 0; start < entries.length; start += statsAtOnce) {
    const group = entries.slice(start, start + statsAtOnce);
    const found = await Promise.all(group.map((entry) => look(folder, entry)));
    for (const entry of found) {
      if (typeof entry === "string") folders.push(entry);
      else if (entry !== undefined) files.push(entry);
    }
  }
  yield { folders, files };
}

/** A folder's path, a file, or undefined for what is neither, has gone, or leads back up. */
async function look(folder: string, entry: Dirent): Promise<string | StoredFile | undefined> {
  const path = `${folder}${entry.name}`;
  if (entry.isDirectory()) return `${path}/`;
  const found = await stat(path).catch(() => undefined); // Gone since it was listed, or a link to nowhere.
  if (found === undefined) return undefined;
  if (!found.isDirectory()) return found.isFile() ? describe(path, found) : undefined;
  const [target, holder] = await Promise.all([realpath(path), realpath(dirname(path))]);
  return `${holder}/`.startsWith(`${target}/`) ? undefined : `${path}/`;
}

function describe(path: string, found: Stats): StoredFile {
  return { path, size: found.size, version: String(Math.trunc(found.mtimeMs)) };
}

function diskError(subject: string, cause: unknown): SourceError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "ENOENT") {
    return new SourceError(subject, "no such file or folder", { code: "usage", cause });
  }
  if (code === "EACCES" || code === "EPERM") {
    return new SourceError(subject, "may not be read by this user", { code: "access", cause });
  }
  return new SourceError(subject, `cannot be read (${code})`, { code: "failed", cause });
}
