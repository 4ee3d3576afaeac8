import { DeliveryLead } from "./delivery-lead.ts";
import { LaneCursor } from "./lane-cursor.ts";
import type { ObjectStore, StoredFile } from "./object-store.ts";
import { positionKey } from "./reading-context.ts";
import type { ReadingContext } from "./reading-context.ts";
import { earliestTimeMs } from "./survey.ts";
import {
  baseName,
  dateParts,
  mayHold,
  readTrailName,
  skipReason,
  stampOf,
} from "./trail-layout.ts";
import type { DateRange } from "./trail-layout.ts";
import type { FoundFile, LaneFolder } from "./walk.ts";

/** One file of a trail, with its place in the order of delivery. */
export interface TrailFile {
  readonly lane: Lane;
  readonly store: ObjectStore;
  readonly file: StoredFile;
  /** Stamp of delivery and name: what files of a lane are ordered by. */
  readonly place: string;
}

/** The files of one account and region under one folder, by date of delivery. */
export interface Lane {
  readonly name: string;
  readonly key: string;
  readonly cursor: LaneCursor;
  readonly lead: DeliveryLead;
  /** Whether the parsing threads can read its files by themselves. */
  readonly isLocal: boolean;
  /** Dates from the earliest on. */
  days(signal: AbortSignal): AsyncGenerator<LaneDay, void, undefined>;
}

export interface LaneDay {
  readonly lane: Lane;
  /** `YYYYMMDD`. */
  readonly date: string;
  /** Number of its files, about; undefined where only listing them would tell. */
  count(): Promise<number | undefined>;
  list(signal: AbortSignal): Promise<{ files: TrailFile[]; skipped: number }>;
}

/** A lane whose folders of years, months and days are listed as they are reached, those out of the range never. */
export function folderLane(place: LaneFolder, range: DateRange, context: ReadingContext): Lane {
  const name = place.store.origin + place.folder;
  const key = positionKey("trail", name);
  const lane: Lane = {
    name,
    key,
    cursor: new LaneCursor(context.positions.get(key), name),
    lead: new DeliveryLead(),
    isLocal: place.store.local,
    days: (signal) => folderDays(lane, place.store, place.folder, range, signal),
  };
  return lane;
}

/** Lanes of files with CloudTrail's names that lie outside of its folders. */
export function flatLanes(
  files: readonly FoundFile[],
  range: DateRange,
  context: ReadingContext,
): Lane[] {
  const groups = Map.groupBy(files, ({ store, file }) => {
    const folder = file.path.slice(0, file.path.length - baseName(file.path).length);
    const { accountId, region } = readTrailName(baseName(file.path)) ?? {};
    return `${store.origin}${folder}${accountId}_CloudTrail_${region}`;
  });
  return [...groups].map(([name, found]) => {
    const key = positionKey("trail", name);
    const lane: Lane = {
      name,
      key,
      cursor: new LaneCursor(context.positions.get(key), name),
      lead: new DeliveryLead(),
      isLocal: found.every(({ store }) => store.local),
      days: () => flatDays(lane, found, range),
    };
    return lane;
  });
}

async function* flatDays(
  lane: Lane,
  found: readonly FoundFile[],
  range: DateRange,
): AsyncGenerator<LaneDay, void, undefined> {
  const files = found.map(({ store, file }): TrailFile => {
    const name = baseName(file.path);
    return { lane, store, file, place: `${readTrailName(name)?.stamp}/${name}` };
  });
  const days = Map.groupBy(files, ({ place }) => place.slice(0, 8));
  for (const [date, files] of [...days].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!mayHold(range, [date])) continue;
    const count = async () => files.length;
    yield { lane, date, count, list: async () => ({ files, skipped: 0 }) };
  }
}

async function* folderDays(
  lane: Lane,
  store: ObjectStore,
  folder: string,
  range: DateRange,
  signal: AbortSignal,
): AsyncGenerator<LaneDay, void, undefined> {
  const parts = dateParts(folder);
  if (!mayHold(range, parts)) return;
  if (parts.length === 3) {
    const list = (signal: AbortSignal) => listDay(lane, store, folder, signal);
    const count = async () => store.countEntries?.(folder);
    yield { lane, date: parts.join(""), count, list };
    return;
  }
  const inner: string[] = [];
  for await (const page of store.listFolder(folder, signal)) {
    inner.push(...page.folders.filter((path) => dateParts(path).length === parts.length + 1));
  }
  for (const path of inner.sort()) yield* folderDays(lane, store, path, range, signal);
}

async function listDay(
  lane: Lane,
  store: ObjectStore,
  folder: string,
  signal: AbortSignal,
): Promise<{ files: TrailFile[]; skipped: number }> {
  const files: TrailFile[] = [];
  let skipped = 0;
  for await (const page of store.listFolder(folder, signal)) {
    skipped += page.folders.length;
    for (const file of page.files) {
      if (skipReason(file.path, file.size) !== undefined) skipped += 1;
      else files.push({ lane, store, file, place: await placeOf(store, file, signal) });
    }
  }
  return { files, skipped };
}

/** A file whose name does not tell when it was delivered is put where its events begin. */
async function placeOf(store: ObjectStore, file: StoredFile, signal: AbortSignal): Promise<string> {
  const name = baseName(file.path);
  const stamp = readTrailName(name)?.stamp;
  if (stamp !== undefined) return `${stamp}/${name}`;
  const timeMs = await earliestTimeMs(() => store.open(file, signal), signal);
  return `${stampOf(Math.max(0, timeMs))}/${name}`;
}

/** Number of the lanes' files, about; undefined where that is not cheap to know. */
export async function countFiles(
  lanes: readonly Lane[],
  signal: AbortSignal,
): Promise<number | undefined> {
  let files = 0;
  for (const lane of lanes) {
    for await (const day of lane.days(signal)) {
      const count = lane.isLocal ? await day.count() : undefined;
      if (count === undefined) return undefined;
      files += count;
    }
  }
  return files;
}
