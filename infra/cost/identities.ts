import { CallIndex } from "../../src/lambda/call-index.ts";

/** What becomes of the identities of an entity's calls, as means of one commit. */
export interface IdentityCounts {
  /** Bytes of identities and of what finds them within the item. */
  readonly inlineBytes: number;
  /** Segments written, and units of writing them. */
  readonly segments: number;
  readonly writeUnits: number;
  /** Units of reading the segments of the hour under way. */
  readonly readUnits: number;
}

const identityBytes = 8;
/** Hours for which calls are recognised, and hours that are then looked at. */
const warmHours = 6;
const lookedAtHours = 2;
/** What a segment takes besides its identities. */
const segmentOverhead = 180;
const mostSegmentBytes = 256 * 1024;
/** From so many bytes of a commit on all of it goes to segments at once, and there is nothing to find out. */
const plainFromBytes = 64 * 1024;
const stepsPerDoubling = 3;

/** At a steady rate, found out from the code that keeps them, `src/lambda/call-index.ts`. Rates are rounded to 26 %. */
export function identityCounts(callsPerDay: number, windowSeconds: number): IdentityCounts {
  const perWindow = (callsPerDay * windowSeconds) / 86_400;
  if (perWindow * identityBytes >= plainFromBytes) return plainCounts(perWindow, windowSeconds);
  const step = Math.round(Math.log2(callsPerDay) * stepsPerDoubling);
  const key = `${step} ${windowSeconds}`;
  const known = found.get(key);
  if (known !== undefined) return known;
  const counts = observed(2 ** (step / stepsPerDoubling), windowSeconds);
  found.set(key, counts);
  return counts;
}

const found = new Map<string, IdentityCounts>();

function observed(callsPerDay: number, windowSeconds: number): IdentityCounts {
  const sums = { commits: 0, inlineBytes: 0, segments: 0, writeUnits: 0, readUnits: 0 };
  const stored = new Map<string, Uint8Array>();
  const windows = ((warmHours + lookedAtHours) * 3600) / windowSeconds;
  let index = new CallIndex();
  let due = 0;
  let serial = 0;
  for (let window = 0; window < windows; window += 1) {
    due += (callsPerDay * windowSeconds) / 86_400;
    const calls = Math.floor(due);
    due -= calls;
    if (calls === 0) continue;
    const hour = Math.floor((window * windowSeconds) / 3600);
    const read = index.segments(hour).map((id) => stored.get(id)?.byteLength ?? 0);
    const plan = index.plan([{ hour, ids: new Uint8Array(calls * identityBytes) }], hour - warmHours);
    const done = plan.complete(stored, () => String((serial += 1)));
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
    inlineBytes: sums.commits === 0 ? identityBytes : mean(sums.inlineBytes),
    segments: mean(sums.segments),
    writeUnits: mean(sums.writeUnits),
    readUnits: mean(sums.readUnits),
  };
}

function plainCounts(callsPerWindow: number, windowSeconds: number): IdentityCounts {
  const bytes = callsPerWindow * identityBytes;
  const segments = Math.ceil(bytes / mostSegmentBytes);
  const writeUnits = segments * units(bytes / segments, 1024);
  // On average half of the hour has passed.
  const before = 3600 / windowSeconds / 2;
  const readUnits = segments * units(bytes / segments, 4096) * before;
  return { inlineBytes: 300, segments, writeUnits, readUnits };
}

function units(bytes: number, unit: number): number {
  return Math.ceil((bytes + segmentOverhead) / unit);
}
