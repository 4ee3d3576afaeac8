import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { objectPath } from "../simulation/layout.ts";
import type { CloudTrailRecord } from "../simulation/record.ts";

/** A record on its way to where trails are kept. */
export interface Arrival {
  readonly record: CloudTrailRecord;
  /** Its JSON. */
  readonly text: string;
  /** When CloudTrail delivers it, milliseconds since the epoch. */
  readonly atMs: number;
}

/** Takes a trail hour by hour. */
export interface TrailSink {
  /** Files written so far. */
  readonly files: number;
  /** Everything that arrives before `completeMs` has been given by now. */
  take(arrivals: readonly Arrival[], completeMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Writes CloudTrail's layout: a file for each account, Region and so many milliseconds of delivery. */
export function trailFiles(directory: string, slotMs: number): TrailSink {
  const open = new Map<string, OpenFile>();
  const folders = new Map<string, Promise<unknown>>();
  const writing = new Set<Promise<void>>();
  let files = 0;
  const flush = async (file: OpenFile): Promise<void> => {
    const { slotEndMs, account, region, arrivals } = file;
    const path = join(directory, objectPath(account, region, slotEndMs));
    const folder = dirname(path);
    const made = folders.get(folder) ?? mkdir(folder, { recursive: true });
    folders.set(folder, made);
    await made;
    arrivals.sort((a, b) => a.atMs - b.atMs);
    const text = `{"Records":[${arrivals.map((arrival) => arrival.text).join(",")}]}`;
    await writeFile(path, await compress(text, { level: constants.Z_BEST_SPEED }));
  };
  const flushBefore = async (completeMs: number): Promise<void> => {
    for (const [name, file] of open) {
      if (file.slotEndMs > completeMs) continue;
      open.delete(name);
      files += 1;
      const done: Promise<void> = flush(file).finally(() => writing.delete(done));
      writing.add(done);
      if (writing.size >= MOST_WRITES) await Promise.race(writing);
    }
  };
  return {
    get files() {
      return files;
    },
    async take(arrivals, completeMs) {
      for (const arrival of arrivals) {
        const { recipientAccountId: account, awsRegion: region } = arrival.record;
        const slotEndMs = (Math.floor(arrival.atMs / slotMs) + 1) * slotMs;
        const name = `${account}/${region}/${slotEndMs}`;
        const file = open.get(name);
        if (file === undefined) open.set(name, { account, region, slotEndMs, arrivals: [arrival] });
        else file.arrivals.push(arrival);
      }
      await flushBefore(completeMs);
    },
    async close() {
      await flushBefore(Number.POSITIVE_INFINITY);
      await Promise.all(writing);
    },
  };
}

interface OpenFile {
  readonly account: string;
  readonly region: string;
  readonly slotEndMs: number;
  readonly arrivals: Arrival[];
}

const compress = promisify(gzip);
/** Files being compressed and written at a time. */
const MOST_WRITES = 8;
