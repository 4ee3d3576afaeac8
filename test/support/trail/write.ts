import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { arrivalMs, objectPath } from "../../../src/simulation/layout.ts";
import type { CloudTrailRecord } from "../../../src/simulation/record.ts";

/**
 * How a trail lies on disk: `cloudtrail` as the service writes it, a file for each account, Region and five minutes;
 * `daily` the same with one file for all that was delivered
 * on a day; `ndjson` one file, a record a line, as they arrived.
 */
export type TrailLayout = "cloudtrail" | "daily" | "ndjson";

/** Name and opened text of one file of a trail. */
export interface TrailFile {
  /** Relative to the trail's directory, with forward slashes; ends in `.gz`. */
  readonly path: string;
  readonly text: string;
}

/** Writes a trail and says which files it consists of, in the order of their names. */
export function writeTrail(
  directory: string,
  records: readonly CloudTrailRecord[],
  layout: TrailLayout,
): string[] {
  const files = trailFiles(records, layout);
  for (const file of files) {
    const path = join(directory, file.path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, gzipSync(file.text, { level: 9 }));
  }
  return files.map((file) => file.path);
}

/** The files of a trail, not yet compressed. */
export function trailFiles(records: readonly CloudTrailRecord[], layout: TrailLayout): TrailFile[] {
  const arrivals = records
    .map((record) => ({ record, atMs: arrivalMs(record) }))
    .sort((a, b) => a.atMs - b.atMs);
  if (layout === "ndjson") {
    const text = arrivals.map(({ record }) => `${JSON.stringify(record)}\n`).join("");
    return [{ path: "trail.ndjson.gz", text }];
  }
  const groups = new Map<string, CloudTrailRecord[]>();
  for (const { record, atMs } of arrivals) {
    const path = objectPath(
      record.recipientAccountId,
      record.awsRegion,
      layout === "daily" ? lastSlotOfDay(slotMs(atMs)) : slotMs(atMs),
    );
    const group = groups.get(path);
    if (group === undefined) groups.set(path, [record]);
    else group.push(record);
  }
  return [...groups]
    .map(([path, group]) => ({ path, text: JSON.stringify({ Records: group }) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Files are written every five minutes. */
function slotMs(atMs: number): number {
  return Math.ceil(atMs / fiveMinutesMs) * fiveMinutesMs;
}

function lastSlotOfDay(deliveredMs: number): number {
  return Math.floor(deliveredMs / dayMs) * dayMs + dayMs - fiveMinutesMs;
}

const fiveMinutesMs = 300_000;
const dayMs = 24 * 3_600_000;
