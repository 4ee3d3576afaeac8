import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { bundleFunction, functionNames } from "../../infra/bundle.ts";

/**
 * Size of each function's bundle, and time from the start of a bare Node.js process to the first answer of its handler, without
 * a network. Prints medians and the packages that weigh most; exit status 1 where a median is over 300 ms.
 *
 * `npm run bench:cold-start -- [rounds]`
 */
const [rounds = "10"] = process.argv.slice(2);
const mostMs = 300;
const root = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "keyhawk-cold-start-"));

/** An event without a record; what a handler asks for is answered by the process itself, with nothing. */
const probe = `
import { once } from "node:events";
import { createServer } from "node:http";
const [file] = process.argv.slice(1);
const server = createServer((_, answer) => answer.end("{}")).listen(0, "127.0.0.1");
await once(server, "listening");
process.env.AWS_ENDPOINT_URL = "http://127.0.0.1:" + server.address().port;
const { handler } = await import(file);
const context = { functionName: "probe", awsRequestId: "probe", getRemainingTimeInMillis: () => 1000 };
let outcome = "answered";
await handler({ Records: [] }, context).catch((error) => { outcome = error.name; });
const { userCPUTime, systemCPUTime } = process.resourceUsage();
const cpuMs = (userCPUTime + systemCPUTime) / 1000;
process.stdout.write("\\n" + JSON.stringify({ outcome, wallMs: performance.now(), cpuMs }));
process.exit(0);
`;

interface Start {
  readonly outcome: string;
  readonly wallMs: number;
  readonly cpuMs: number;
}

let isSlow = false;
for (const name of functionNames) {
  const entry = join(root, "src", "lambda", `${name}.ts`);
  if (!existsSync(entry)) continue;
  const { file, bytes, gzipBytes, parts } = bundleFunction(folder, name, entry);
  const starts = Array.from({ length: Number(rounds) }, () => start(file));
  const wallMs = median(starts.map((one) => one.wallMs));
  const cpuMs = median(starts.map((one) => one.cpuMs));
  isSlow ||= wallMs > mostMs;
  process.stdout.write(
    [
      `${name}: ${kilobytes(bytes)}, ${kilobytes(gzipBytes)} gzipped; ${starts[0]?.outcome} after ${wallMs.toFixed(0)} ms (CPU ${cpuMs.toFixed(0)} ms)`,
      ...heaviest(parts).map(([owner, size]) => `  ${kilobytes(size).padStart(7)} ${owner}`),
      "",
    ].join("\n"),
  );
}
rmSync(folder, { recursive: true, force: true });
process.exitCode = isSlow ? 1 : 0;

function start(file: string): Start {
  const args = ["--input-type=module", "--eval", probe, file];
  const env = {
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_MAX_ATTEMPTS: "1",
    KEYHAWK_CONFIG: JSON.stringify({ version: 1 }),
    KEYHAWK_ENTITY_STREAM: "entities",
    KEYHAWK_TABLE: "keyhawk",
    KEYHAWK_DEAD_LETTER_BUCKET: "dead-letters",
    KEYHAWK_HASH_KEY_SECRET: "env:CONTEXT_HASH_KEY",
    CONTEXT_HASH_KEY: "0".repeat(32),
  };
  const lines = execFileSync(process.execPath, args, { env, encoding: "utf8" }).trim().split("\n");
  // The lines before are the handler's own metrics.
  return JSON.parse(lines.at(-1) ?? "") as Start;
}

/** Bytes by package, or by the folder of a source of our own. */
function heaviest(parts: readonly { path: string; bytes: number }[]): [string, number][] {
  const owners = new Map<string, number>();
  for (const { path, bytes } of parts) {
    const [, dependency] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
    const owner = dependency ?? path.split("/").slice(0, 2).join("/");
    owners.set(owner, (owners.get(owner) ?? 0) + bytes);
  }
  return [...owners].sort(([, one], [, other]) => other - one).slice(0, 8);
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} kB`;
}
