import { ID_BYTES } from "../../src/lambda/call-coding.ts";
import {
  CallIndex,
  INLINE_BYTES,
  MOST_SMALL,
  SEGMENT_BYTES,
  SMALL_BYTES,
} from "../../src/lambda/call-index.ts";
import { daySeconds } from "./workload.ts";

/** What becomes of the identities of an entity's calls, as means of one commit. */
export interface IdentityCounts {
  /** Bytes of identities and of what finds them within the item. */
  readonly inlineBytes: number;
  /** Segments written, and units of writing them. */
  readonly segments: number;
  readonly writeUnits: number;
  /** Units of reading the segments of the hour under way, at half the price of consistent readings. */
  readonly readUnits: number;
}

/** Hours for which calls are recognised, and commits that are then looked at, some hours of them. */
const warmHours = 6;
const lookedAtCommits = 60;
const lookedAtHours = 6;
/** What a segment takes besides its identities. */
const segmentOverhead = 180;
/** What names a segment in the item. */
const nameBytes = 12;
/** Rates between which nothing is found out; the shorter the windows, the longer it takes. */
const stepsPerDoubling = (windowSeconds: number): number => (windowSeconds < 60 ? 1 : 6);

/** At a steady rate, found out from the code that keeps them, `src/lambda/call-index.ts`. Rates are rounded. */
export function identityCounts(callsPerDay: number, windowSeconds: number): IdentityCounts {
  const perWindow = (callsPerDay * windowSeconds) / daySeconds;
  // More than an item may hold: each commit makes a segment of its own.
  if (perWindow * ID_BYTES >= INLINE_BYTES) return plainCounts(perWindow, windowSeconds);
  const steps = stepsPerDoubling(windowSeconds);
  const step = Math.round(Math.log2(callsPerDay) * steps);
  const key = `${step} ${windowSeconds}`;
  const known = found.get(key);
  if (known !== undefined) return known;
  const counts = observed(2 ** (step / steps), windowSeconds);
  found.set(key, counts);
  return counts;
}

const found = new Map<string, IdentityCounts>();

function observed(callsPerDay: number, windowSeconds: number): IdentityCounts {
  const sums = { commits: 0, inlineBytes: 0, segments: 0, writeUnits: 0, readUnits: 0 };
  const stored = new Map<string, Uint8Array>();
  const hours = Math.min(lookedAtHours, Math.max(1, (lookedAtCommits * windowSeconds) / 3600));
  const windows = ((warmHours + hours) * 3600) / windowSeconds;
  let index = new CallIndex();
  let due = 0;
  let serial = 0;
  let lastHour = 0;
  for (let window = 0; window < windows; window += 1) {
    due += (callsPerDay * windowSeconds) / daySeconds;
    const calls = Math.floor(due);
    due -= calls;
    if (calls === 0) continue;
    const hour = Math.floor((window * windowSeconds) / 3600);
    // Also the hour before, where this is the first commit of its own: what came too late would be known under that.
    const read = [...new Set([lastHour, hour])]
      .flatMap((one) => index.segments(one))
      .map((id) => stored.get(id)?.byteLength ?? 0);
    lastHour = hour;
    const ids = new Uint8Array(calls * ID_BYTES);
    const plan = index.plan([{ hour, ids }], hour - warmHours);
    const done = plan.complete(stored, () => (serial += 1).toString(16).padStart(16, "0"));
    for (const { id, bytes } of done.written) stored.set(id, bytes);
    ({ index } = done);
    if (hour < warmHours) continue;
    sums.commits += 1;
    sums.inlineBytes += index.write().byteLength;
    sums.segments += done.written.length;
    for (const { bytes } of done.written) sums.writeUnits += units(bytes.byteLength, 1024);
    for (const bytes of read) sums.readUnits += units(bytes, 4096);
    for (const id of plan.merged) sums.readUnits += units(stored.get(id)?.byteLength ?? 0, 4096);
  }
  const mean = (sum: number) => sum / Math.max(1, sums.commits);
  return {
    inlineBytes: sums.commits === 0 ? ID_BYTES : mean(sums.inlineBytes),
    segments: mean(sums.segments),
    writeUnits: mean(sums.writeUnits),
    readUnits: mean(sums.readUnits) / 2,
  };
}

function plainCounts(callsPerWindow: number, windowSeconds: number): IdentityCounts {
  const perCommit = Math.ceil((callsPerWindow * ID_BYTES) / SEGMENT_BYTES);
  const size = packedBytes(callsPerWindow / perCommit);
  const commits = 3600 / windowSeconds;
  const sums = { written: 0, writeUnits: 0, readUnits: 0, named: 0 };
  let sizes: number[] = [];
  for (let commit = 0; commit < commits; commit += 1) {
    for (const bytes of sizes) sums.readUnits += units(bytes, 4096);
    const small = sizes.filter((bytes) => bytes < SMALL_BYTES);
    const made = Array.from({ length: perCommit }, () => size);
    if (small.length >= MOST_SMALL) {
      for (const bytes of small) sums.readUnits += units(bytes, 4096);
      const whole = small.reduce((sum, bytes) => sum + bytes, size);
      sizes = [...sizes.filter((bytes) => bytes >= SMALL_BYTES), whole];
      made.splice(0, 1, whole);
    } else sizes.push(...made);
    for (const bytes of made) sums.writeUnits += units(bytes, 1024);
    sums.written += made.length;
    sums.named += sizes.length + warmHours * (MOST_SMALL / 2);
  }
  // The first commit of an hour looks at the whole hour before.
  for (const bytes of sizes) sums.readUnits += units(bytes, 4096);
  return {
    inlineBytes: (sums.named / commits) * nameBytes,
    segments: sums.written / commits,
    writeUnits: sums.writeUnits / commits,
    readUnits: sums.readUnits / commits / 2,
  };
}

/** `src/lambda/call-coding.ts`: each identity but for its first bits, which are told by how many begin alike. */
function packedBytes(count: number): number {
  const firstBits = Math.floor(Math.log2(count));
  return (count * (65 - firstBits) + 2 ** firstBits) / 8;
}

function units(bytes: number, unit: number): number {
  return Math.ceil((bytes + segmentOverhead) / unit);
}
