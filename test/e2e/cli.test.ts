import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };

const script = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyhawk-cli-"));
});
afterAll(() => rm(folder, { recursive: true }));

interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(...argv: string[]): ChildProcess {
  return spawn(process.execPath, [script, ...argv], {
    cwd: folder,
    env: { PATH: process.env["PATH"] },
  });
}

async function ended(child: ChildProcess): Promise<Ended> {
  const exit = new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.on("exit", (status, signal) => resolve([status, signal]));
  });
  if (child.stdout === null || child.stderr === null) throw new TypeError("no pipes");
  const [[status, signal], stdout, stderr] = await Promise.all([
    exit,
    text(child.stdout),
    text(child.stderr),
  ]);
  return { status, signal, stdout, stderr };
}

const keyhawk = (...argv: string[]) => ended(start(...argv));

/** Runs a line of shell with `keyhawk` defined; resolves to what it printed. */
function shell(line: string): Promise<Ended> {
  const definition = `set -o pipefail; keyhawk() { "${process.execPath}" "${script}" "$@"; }`;
  return ended(spawn("bash", ["-c", `${definition}; ${line}`], { cwd: folder }));
}

describe("the process", () => {
  it("prints the version of the package and nothing else", async () => {
    const expected = { status: 0, signal: null, stdout: `${packageJson.version}\n`, stderr: "" };
    expect(await keyhawk("--version")).toEqual(expected);
  });

  it("exits with 0, 1 and 2, data on stdout and problems on stderr", async () => {
    await writeFile(join(folder, "bad.yaml"), "sourec: 1\n");
    const [good, failed, wrong] = await Promise.all([
      keyhawk("schema", "alert"),
      keyhawk("alerts", "list", "--state", "none"),
      keyhawk("validate", "bad.yaml"),
    ]);
    expect(good).toMatchObject({ status: 0, stderr: "" });
    expect(failed).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringMatching(/^keyhawk: /),
    });
    expect(wrong).toMatchObject({ status: 2, stdout: "" });
    expect(wrong.stderr).toBe('bad.yaml:1:1: unknown key "sourec"; did you mean "source"?\n');
  });

  it("ends quietly when the reader has enough", async () => {
    const { status, stdout, stderr } = await shell("keyhawk schema config | head -n 1");
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "{\n", stderr: "" });
  });

  it("ends quietly when nobody reads at all", async () => {
    const closed = await shell("{ keyhawk schema config; echo $? >&2; } | true");
    expect(closed.stderr).toBe("0\n");
  });

  it.runIf(process.platform === "linux")("fails where the data cannot be kept", async () => {
    const { status, stderr } = await shell("keyhawk schema config > /dev/full");
    expect(status).toBe(1);
    expect(stderr).toMatch(/^keyhawk: stdout: .*ENOSPC/);
  });
});
