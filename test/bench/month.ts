import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
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

/** Makes a month with `keyhawk simulate`, gives it to `use`, and removes it. */
export async function withMonth<Result>(
  options: MonthOptions,
  use: (month: Month) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "keyhawk-month-"));
  try {
    const { seed, days, learningDays, principals } = options;
    const numbers = { seed, days, "attacks-from": learningDays, principals };
    const typed = Object.entries(numbers).flatMap(([name, number]) => [`--${name}`, `${number}`]);
    await keyhawk(["simulate", "--out", folder, ...typed]);
    const truth = Truth.parse(JSON.parse(await readFile(join(folder, "truth.json"), "utf8")));
    return await use({ folder, truth });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Alerts (NDJSON) of `keyhawk replay` with the month's own configuration; what comes before the judged period only teaches. */
export async function keyhawkAlerts({ folder, truth }: Month): Promise<string> {
  const alerts = join(folder, "alerts.ndjson");
  const options = { config: join(folder, "keyhawk.yaml"), "learn-until": truth.judgedFrom, alerts };
  const typed = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  await keyhawk(["replay", join(folder, "trail"), ...typed]);
  return readFile(alerts, "utf8");
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

async function keyhawk(typed: readonly string[]): Promise<void> {
  await run(process.execPath, [join(root, "src/main.ts"), ...typed, "--quiet"]);
}

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../..");
