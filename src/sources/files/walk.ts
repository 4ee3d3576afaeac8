import { SourceError } from "../source-error.ts";
import { foldersAtOnce, inParallel } from "./ahead.ts";
import type { ObjectStore, Root, StoredFile } from "./object-store.ts";
import { baseName, foreignPart, folderKind, readTrailName, skipReason } from "./trail-layout.ts";

/** Files and folders that are counted of one folder of another service: there may be hundreds of millions. */
export const mostCounted = 20_000;

/** What lies under the PATH arguments. */
export interface Walk {
  /** Folders of CloudTrail's layout: of one account and region, or a year, month or day of one. Not listed yet. */
  readonly lanes: readonly LaneFolder[];
  /** Files with CloudTrail's names that lie outside of its folders. */
  readonly trailFiles: readonly FoundFile[];
  /** All other files to read, and streams. */
  readonly looseFiles: readonly FoundFile[];
  readonly streams: readonly Extract<Root, { kind: "stream" }>[];
  /** Files that are none of ours to read, by reason. */
  readonly skipped: ReadonlyMap<string, number>;
  /** Folders of other services with how many files and folders were seen in each: at 20,000 counting ended. */
  readonly foreign: ReadonlyMap<string, number>;
}

export interface LaneFolder {
  readonly store: ObjectStore;
  readonly folder: string;
}

export interface FoundFile {
  readonly store: ObjectStore;
  readonly file: StoredFile;
}

/**
 * Looks through the roots, folder by folder, without going into CloudTrail's own folders, whose millions of names are
 * listed day by day while reading. A file named by itself is read whatever its extension. Names outside of CloudTrail's
 * folders are held in memory, at most a million; of a folder of another service at most 20,000 files are
 * counted.
 */
export async function walk(roots: readonly Root[], signal: AbortSignal): Promise<Walk> {
  const found: MutableWalk = {
    lanes: [],
    trailFiles: [],
    looseFiles: [],
    streams: [],
    skipped: new Map(),
    foreign: new Map(),
  };
  let level: LaneFolder[] = [];
  for (const root of roots) {
    if (root.kind === "stream") found.streams.push(root);
    else if (root.kind === "folder") placeFolder(found, level, root.store, root.path);
    else placeNamedFile(found, root);
  }
  for (let depth = 0; level.length > 0 && !signal.aborted; depth += 1) {
    if (depth > mostDepth) throw failed(level[0], `folders are nested more than ${mostDepth} deep`);
    const next: LaneFolder[] = [];
    await inParallel(level, foldersAtOnce, (folder) => lookInto(found, next, folder, signal));
    level = next;
  }
  return distinct(found);
}

interface MutableWalk {
  readonly lanes: LaneFolder[];
  readonly trailFiles: FoundFile[];
  readonly looseFiles: FoundFile[];
  readonly streams: Extract<Root, { kind: "stream" }>[];
  readonly skipped: Map<string, number>;
  readonly foreign: Map<string, number>;
}

const mostDepth = 64;
const mostNames = 1_000_000;

async function lookInto(
  found: MutableWalk,
  next: LaneFolder[],
  { store, folder }: LaneFolder,
  signal: AbortSignal,
): Promise<void> {
  const foreign = foreignPart(folder);
  if (foreign !== undefined && !mayCount(found, store.origin + foreign, 0)) return;
  for await (const page of store.listFolder(folder, signal)) {
    for (const inner of page.folders) placeFolder(found, next, store, inner);
    if (foreign !== undefined) {
      for (let file = 0; file < page.files.length; file += 1) skip(found, "other service");
      if (!mayCount(found, store.origin + foreign, page.files.length + 1)) return;
    } else {
      for (const file of page.files) placeFile(found, { store, file });
    }
    if (found.looseFiles.length + found.trailFiles.length > mostNames) {
      throw failed(
        { store, folder },
        `more than ${mostNames} files outside of CloudTrail's layout`,
      );
    }
  }
}

/** Adds to what was seen of a folder of another service; says whether to go on counting. */
function mayCount(found: MutableWalk, foreign: string, seen: number): boolean {
  const count = (found.foreign.get(foreign) ?? 0) + seen;
  found.foreign.set(foreign, count);
  return count < mostCounted;
}

function placeFolder(
  found: MutableWalk,
  next: LaneFolder[],
  store: ObjectStore,
  folder: string,
): void {
  const kind = folderKind(folder);
  if (kind === "hidden") skip(found, "hidden");
  else if (kind === "lane") found.lanes.push({ store, folder });
  else next.push({ store, folder });
}

function placeFile(found: MutableWalk, { store, file }: FoundFile): void {
  const reason = skipReason(file.path, file.size);
  if (reason !== undefined) return skip(found, reason);
  const isTrail = readTrailName(baseName(file.path)) !== undefined;
  (isTrail ? found.trailFiles : found.looseFiles).push({ store, file });
}

function placeNamedFile(found: MutableWalk, { store, file }: FoundFile): void {
  const reason = skipReason(file.path, file.size);
  if (reason === "hidden" || reason === "unknown kind") found.looseFiles.push({ store, file });
  else placeFile(found, { store, file });
}

function skip(found: MutableWalk, reason: string): void {
  found.skipped.set(reason, (found.skipped.get(reason) ?? 0) + 1);
}

/** The same file reached by two PATH arguments is read once. */
function distinct(found: MutableWalk): Walk {
  return {
    ...found,
    lanes: byPath(found.lanes, ({ store, folder }) => store.origin + folder).filter(
      ({ store, folder }, _, lanes) =>
        !lanes.some((other) => {
          const inside = folder.startsWith(other.folder) && folder !== other.folder;
          return inside && store.origin === other.store.origin;
        }),
    ),
    trailFiles: byPath(found.trailFiles, ({ store, file }) => store.origin + file.path),
    looseFiles: byPath(found.looseFiles, ({ store, file }) => store.origin + file.path),
  };
}

function byPath<Item>(items: readonly Item[], pathOf: (item: Item) => string): Item[] {
  const named = new Map(items.map((item) => [pathOf(item), item]));
  return [...named].sort(([a], [b]) => compareText(a, b)).map(([, item]) => item);
}

/** Order by UTF-16 code units: the same on each machine. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function failed(place: LaneFolder | undefined, problem: string): SourceError {
  const subject = place === undefined ? "PATH" : place.store.origin + place.folder;
  return new SourceError(subject, problem, { code: "failed" });
}
