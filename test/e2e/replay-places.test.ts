import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { bucketOf } from "../support/bucket.ts";
import { startKeyhawk } from "../support/e2e-keyhawk.ts";
import { mixedHistory } from "../support/history-world.ts";

const script = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

it.each(["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])(
  "replay reads a bucket of another store, which %s names",
  async (variable) => {
    const { files } = mixedHistory();
    await using bucket = await bucketOf(files);
    const env = { [variable]: bucket.options.endpoint?.replace("127.0.0.1", "localhost") ?? "" };
    await using running = startKeyhawk(["replay", `${bucket.url}/AWSLogs/`, "--json"], env);
    const { status } = await running.ended();
    expect(running.stderr()).toMatch(/"files":16\b.*"replay done"/);
    expect(status).toBe(0);
  },
);

it("replay ends when it is told to while stdin says nothing", async () => {
  const child = spawn(process.execPath, [script, "replay", "-"], {
    env: { PATH: process.env["PATH"] },
  });
  try {
    // More than any pipe holds, so that it is certain that stdin is being read.
    await new Promise((resolve) => child.stdin.write(" ".repeat(4 * 1024 * 1024), resolve));
    child.kill("SIGINT");
    const [status] = await once(child, "exit");
    expect(status).toBe(130);
  } finally {
    child.kill("SIGKILL");
  }
}, 30_000);

it("replay reports who used which key when, though it keeps no state", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keyhawk-report-"));
  try {
    const trail = fileURLToPath(new URL("../../samples/stolen-role/trail", import.meta.url));
    const report = join(folder, "report.html");
    await using running = startKeyhawk(["replay", trail, "--quiet", "--report", report]);
    expect((await running.ended()).status).toBe(0);
    const page = await readFile(report, "utf8");
    expect(page.includes('id="usage-matrix-t"')).toBe(true);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
