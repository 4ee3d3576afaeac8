import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { benchTrail } from "./generate-trail.ts";

/**
 * `replay` with every detector against plain Node.js gunzip and JSON.parse of the same files: whole processes, in turn, in the same
 * run. Prints medians, the ratio and peak memory; exit status 1 where the ratio is over 1.5.
 *
 * `npm run bench -- [records] [rounds]`
 */
const [records = "500000", rounds = "5"] = process.argv.slice(2);
const mostTimesPeer = 1.5;
const root = resolve(import.meta.dirname, "../..");
const trail = benchTrail(Number(records));
const folder = mkdtempSync(join(tmpdir(), "keyhawk-bench-run-"));

const peer: Run[] = [];
const replay: Run[] = [];
for (let round = 0; round < Number(rounds); round += 1) {
  peer.push(runPeer());
  replay.push(runReplay());
}
rmSync(folder, { recursive: true, force: true });

const ratios = replay.map(({ seconds }, index) => seconds / (peer[index]?.seconds ?? 1));
const ratio = median(ratios);
const megabytes = Math.round(trail.bytes / 1e6);
process.stdout.write(
  [
    `${trail.records} records, ${trail.kmsRecords} of them KMS, ${megabytes} MB of JSON in ${trail.files} files, ${rounds} rounds`,
    line("plain gunzip + JSON.parse", peer),
    line("keyhawk replay", replay),
    `ratio ${ratio.toFixed(2)} (median of rounds; ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}), at most ${mostTimesPeer} wanted`,
    "",
  ].join("\n"),
);
process.exitCode = ratio <= mostTimesPeer ? 0 : 1;

interface Run {
  readonly seconds: number;
  readonly peakRssBytes: number;
}

function runPeer(): Run {
  const startedMs = performance.now();
  const text = execFileSync(
    process.execPath,
    [join(root, "test/bench/plain-json.ts"), trail.path],
    {
      encoding: "utf8",
    },
  );
  const seconds = (performance.now() - startedMs) / 1000;
  return { seconds, ...checked(JSON.parse(text) as Counts) };
}

function runReplay(): Run {
  const summary = join(folder, "summary.json");
  const startedMs = performance.now();
  execFileSync(process.execPath, [
    join(root, "src/main.ts"),
    "replay",
    trail.path,
    "--quiet",
    "--alerts",
    join(folder, "alerts.ndjson"),
    "--summary",
    summary,
  ]);
  const seconds = (performance.now() - startedMs) / 1000;
  return { seconds, ...checked(JSON.parse(readFileSync(summary, "utf8")) as Counts) };
}

interface Counts {
  readonly records: number;
  readonly kmsEvents: number;
  readonly peakRssBytes: number;
}

/** A run that read something else than the other is no measurement. */
function checked({ records: read, kmsEvents, peakRssBytes }: Counts): { peakRssBytes: number } {
  if (read !== trail.records || kmsEvents !== trail.kmsRecords) {
    throw new Error(
      `bench: read ${read} records and ${kmsEvents} KMS events, expected ${trail.records} and ${trail.kmsRecords}`,
    );
  }
  return { peakRssBytes };
}

function line(name: string, runs: readonly Run[]): string {
  const seconds = median(runs.map((run) => run.seconds));
  const memory = Math.round(median(runs.map(({ peakRssBytes }) => peakRssBytes)) / 1e6);
  const rate = Math.round(trail.records / seconds / 1000);
  return `${name.padEnd(28)} ${seconds.toFixed(2)} s  ${rate} k records/s  peak ${memory} MB`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}
