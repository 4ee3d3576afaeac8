import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { KmsEvent } from "../../src/cloudtrail/event.ts";
import { Truth } from "../../src/simulation/truth.ts";
import { historySource } from "../../src/sources/history-source.ts";
import { silentLog } from "../../src/telemetry.ts";
import { alertLine } from "./ordinary/method.ts";
import type { Candidate } from "./ordinary/methods.ts";

/** What of a month is chosen; everything else are the defaults of `keyhawk simulate`. */
export interface MonthOptions {
  readonly seed: number;
  readonly days: number;
  /** Days to learn from; attacks come after them. */
  readonly learningDays: number;
  readonly principals: number;
}

/** A simulated month on disk. */
export interface Month {
  readonly folder: string;
  readonly truth: Truth;
}

/**
 * A month made with `keyhawk simulate`. Months are kept in the folder for temporary files, under a name that changes with the
 * simulation's code, and removed a day after their last use.
 */
export async function monthOf(options: MonthOptions): Promise<Month> {
  const { seed, days, learningDays, principals } = options;
  await mkdir(cache, { recursive: true });
  await removeOldMonths();
  const code = await simulationHash();
  const folder = join(cache, `${seed}-${days}-${learningDays}-${principals}-${code}`);
  if (!existsSync(folder)) {
    const making = await mkdtemp(join(cache, "making-"));
    const numbers = { seed, days, "attacks-from": learningDays, principals };
    const typed = Object.entries(numbers).flatMap(([name, number]) => [`--${name}`, `${number}`]);
    await keyhawk(["simulate", "--out", making, ...typed]);
    await moveTo(folder, making);
  }
  await utimes(folder, new Date(), new Date());
  const truth = Truth.parse(JSON.parse(await readFile(join(folder, "truth.json"), "utf8")));
  return { folder, truth };
}

/** What a replay of a month made. */
export interface Replayed {
  /** NDJSON in the native format. */
  readonly alerts: string;
}

/**
 * `keyhawk replay` with the month's own configuration; what comes before the judged period only teaches. `change` names a change
 * to the code that is made as it is loaded, see `ablations.ts`; `state` a folder in which memories are kept.
 */
export async function replayMonth(
  { folder, truth }: Month,
  { change, state }: { readonly change?: string; readonly state?: string } = {},
): Promise<Replayed> {
  const scratch = await mkdtemp(join(tmpdir(), "keyhawk-alerts-"));
  try {
    const alerts = join(scratch, "alerts.ndjson");
    const options = {
      config: join(folder, "keyhawk.yaml"),
      "learn-until": truth.judgedFrom,
      alerts,
      ...(state === undefined ? {} : { state }),
    };
    const typed = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    await keyhawk(["replay", join(folder, "trail"), ...typed], change);
    return { alerts: await readFile(alerts, "utf8") };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Alerts (NDJSON) of each method over the same events, in the order of the methods. */
export async function ordinaryAlerts(
  { folder, truth }: Month,
  methods: readonly Candidate[],
): Promise<string[]> {
  const organization = {
    accounts: new Set(truth.accounts),
    approvedForeignAccounts: new Set(truth.approvedForeignAccounts),
  };
  const watches = methods.map((method) => ({
    name: method.name,
    watch: method.watch(organization),
    lines: [] as string[],
  }));
  const judgedFromMs = Date.parse(truth.judgedFrom);
  for await (const event of callsOf(join(folder, "trail"), organization.accounts)) {
    for (const { name, watch, lines } of watches) {
      const sighting = watch(event);
      if (sighting === undefined || event.timeMs < judgedFromMs) continue;
      lines.push(alertLine(name, lines.length, sighting, event));
    }
  }
  return watches.map(({ lines }) => lines.join("\n"));
}

/**
 * Calls in the order of event times, read as `replay` reads them. A call across the organization's accounts is taken from
 * the trail of its caller alone, as anybody would who counts; copies of VPC endpoints' owners are left out.
 */
async function* callsOf(trail: string, accounts: ReadonlySet<string>): AsyncGenerator<KmsEvent> {
  const parse = {
    contextHashKey: new Uint8Array(16),
    maxOpenedBytes: 268_435_456,
    maxRecordBytes: 262_144,
    notAfterMs: undefined,
  };
  const source = historySource([trail], { parse, jobs: 1 }, { log: silentLog });
  for await (const { events } of source.read(new Map(), new AbortController().signal)) {
    for (const event of events) {
      const { accountId } = event.principal;
      const isSecondCopy =
        accountId !== undefined &&
        accounts.has(accountId) &&
        event.recipientAccountId !== accountId;
      if (!event.networkActivity && !isSecondCopy) yield event;
    }
  }
}

async function removeOldMonths(): Promise<void> {
  for (const name of await readdir(cache)) {
    const folder = join(cache, name);
    const { mtimeMs } = await stat(folder);
    if (Date.now() - mtimeMs > longestUnusedMs) await rm(folder, { recursive: true, force: true });
  }
}

/** The other way round where another process was faster: its month is the same. */
async function moveTo(folder: string, making: string): Promise<void> {
  if (existsSync(folder)) await rm(making, { recursive: true, force: true });
  else await rename(making, folder);
}

async function simulationHash(): Promise<string> {
  const hash = createHash("sha256");
  const files = globSync(["src/simulation/**/*.ts", "src/commands/simulate*.ts"], { cwd: root });
  for (const file of files.sort()) hash.update(await readFile(join(root, file)));
  return hash.digest("hex").slice(0, 12);
}

async function keyhawk(typed: readonly string[], change?: string): Promise<void> {
  const hooks = change === undefined ? [] : ["--import", join(import.meta.dirname, "changes.ts")];
  await run(process.execPath, [...hooks, join(root, "src/main.ts"), ...typed, "--quiet"], {
    env: { ...process.env, ...(change === undefined ? {} : { KEYHAWK_CHANGE: change }) },
  });
}

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../..");
const cache = join(tmpdir(), "keyhawk-months");
const longestUnusedMs = 86_400_000;
