import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { organization } from "../support/trail/organization.ts";
import { Random } from "../../src/simulation/random.ts";
import { cast, type Performer } from "./trail-cast.ts";

/** A trail on disk to measure with. */
export interface BenchTrail {
  /** Folder to replay, in CloudTrail's layout. */
  readonly path: string;
  readonly files: number;
  readonly records: number;
  readonly kmsRecords: number;
  /** Opened bytes. */
  readonly bytes: number;
  readonly bytesCompressed: number;
}

/**
 * A mixed trail of so many records (about 1.3 KB each), 30 % of them KMS: four accounts, about 200 principals, 40 keys,
 * three days with a daily rhythm, a file for each account and hour. The same each time; kept in the temporary directory and used again.
 */
export function benchTrail(records = 100_000): BenchTrail {
  const home = join(tmpdir(), `keyhawk-bench-${formatVersion}-${records}`);
  const summary = join(home, "summary.json");
  if (existsSync(summary)) return JSON.parse(readFileSync(summary, "utf8"));
  const draft = `${home}.${process.pid}`;
  rmSync(draft, { recursive: true, force: true });
  const counts = writeFiles(join(draft, "trail"), records);
  const trail: BenchTrail = { path: join(home, "trail"), ...counts };
  writeFileSync(join(draft, "summary.json"), JSON.stringify(trail));
  rmSync(home, { recursive: true, force: true });
  renameSync(draft, home);
  return trail;
}

/** Part of the folder's name: a change of what is written is not mistaken for an older trail. */
const formatVersion = 2;
const accounts = [...Object.values(organization.accounts), "123456789012"];
const slicesPerAccount = 72;
const spanMs = 3 * 24 * 3_600_000;
const sliceMs = spanMs / slicesPerAccount;
const startMs = Date.parse("2026-03-09T00:00:00Z");
const kmsShare = 0.3;
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

function writeFiles(directory: string, records: number): Omit<BenchTrail, "path"> {
  let bytes = 0;
  let bytesCompressed = 0;
  let kmsRecords = 0;
  const fileCount = accounts.length * slicesPerAccount;
  for (const [position, accountId] of accounts.entries()) {
    const performers = cast(accountId);
    for (let slice = 0; slice < slicesPerAccount; slice += 1) {
      const random = new Random(`bench/${accountId}/${slice}`);
      const fileNumber = position * slicesPerAccount + slice;
      const count = share(records, fileCount, fileNumber);
      const times = timesOfSlice(startMs + slice * sliceMs, count, random);
      const { text, kms } = writeRecords(times, performers, random);
      const compressed = gzipSync(text);
      const path = join(directory, objectPath(accountId, startMs + (slice + 1) * sliceMs, random));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, compressed);
      bytes += Buffer.byteLength(text);
      bytesCompressed += compressed.length;
      kmsRecords += kms;
    }
  }
  return { files: fileCount, records, kmsRecords, bytes, bytesCompressed };
}

/** How many of `total` things the part with this number gets. */
function share(total: number, parts: number, part: number): number {
  return Math.floor((total * (part + 1)) / parts) - Math.floor((total * part) / parts);
}

/** Times in the order in which records arrive: busy by day, and out of order by some minutes. */
function timesOfSlice(fromMs: number, count: number, random: Random): number[] {
  const arrivals: { timeMs: number; atMs: number }[] = [];
  while (arrivals.length < count) {
    const timeMs = fromMs + Math.floor((random.fraction() * sliceMs) / 1000) * 1000;
    const hour = (timeMs / 3_600_000) % 24;
    const busy = 0.55 - 0.45 * Math.cos(((hour - 1) / 12) * Math.PI);
    if (random.fraction() > busy) continue;
    arrivals.push({ timeMs, atMs: timeMs + random.integer(60, 840) * 1000 });
  }
  return arrivals.sort((a, b) => a.atMs - b.atMs).map(({ timeMs }) => timeMs);
}

function writeRecords(
  times: readonly number[],
  performers: readonly Performer[],
  random: Random,
): { text: string; kms: number } {
  const lines: string[] = [];
  let kms = 0;
  for (const timeMs of times) {
    // The square makes a few principals busy and most of them quiet.
    const performer = performers[Math.floor(random.fraction() ** 2 * performers.length)];
    if (performer === undefined) continue;
    const isKms = random.chance(kmsShare);
    if (isKms) kms += 1;
    const record = isKms ? performer.useKey(timeMs, random) : performer.doOtherWork(timeMs, random);
    lines.push(JSON.stringify(record));
  }
  return { text: `{"Records":[${lines.join(",")}]}`, kms };
}

function objectPath(accountId: string, deliveredMs: number, random: Random): string {
  const time = new Date(deliveredMs).toISOString();
  const day = time.slice(0, 10);
  const stamp = `${day.replaceAll("-", "")}T${time.slice(11, 13)}${time.slice(14, 16)}Z`;
  const folder = `AWSLogs/${accountId}/CloudTrail/${organization.region}/${day.replaceAll("-", "/")}`;
  return `${folder}/${accountId}_CloudTrail_${organization.region}_${stamp}_${random.text(16, letters)}.json.gz`;
}

if (import.meta.main) {
  const trail = benchTrail(Number(process.argv[2] ?? 100_000));
  process.stdout.write(`${JSON.stringify(trail)}\n`);
}
