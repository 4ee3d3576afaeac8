import { Command } from "commander";
import { describe, expect, it } from "vitest";
import type { CommandContext, ReplayOptions } from "../../../src/commands/options.ts";
import { registerReplay } from "../../../src/commands/replay.ts";
import { keyhawk } from "./command-line.ts";

/** What the action of `replay` is given for a command line. */
async function typed(...argv: string[]): Promise<ReplayOptions> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  let given: ReplayOptions | undefined;
  registerReplay(
    program,
    async (action) => {
      await action({} as CommandContext);
    },
    async (options) => {
      given = options;
      return 0;
    },
  );
  await program.parseAsync(["replay", ...argv], { from: "user" });
  if (given === undefined) throw new Error("the action was not called");
  return given;
}

const defaults: ReplayOptions = {
  paths: ["a", "b"],
  configFile: undefined,
  statePlace: undefined,
  fromMs: undefined,
  toMs: undefined,
  learnUntilMs: undefined,
  alertsFile: "-",
  format: "native",
  reportFile: undefined,
  summaryFile: undefined,
  deliver: false,
  jobs: undefined,
  failOn: undefined,
};

describe("replay", () => {
  it("needs only paths: alerts go to stdout in native format, and nowhere else", async () => {
    expect(await typed("a", "b")).toEqual(defaults);
  });

  it.each<[string[], Partial<ReplayOptions>]>([
    [["--config", "k.yaml"], { configFile: "k.yaml" }],
    [["--state", "s"], { statePlace: "s" }],
    [
      ["--from", "2026-03-01", "--to", "2026-03-02"],
      { fromMs: Date.UTC(2026, 2, 1), toMs: Date.UTC(2026, 2, 2) },
    ],
    [["--learn-until", "2026-03-01T12:00:00Z"], { learnUntilMs: Date.UTC(2026, 2, 1, 12) }],
    [["--alerts", "out.ndjson"], { alertsFile: "out.ndjson" }],
    [["--format", "ocsf"], { format: "ocsf" }],
    [
      ["--report", "r.html", "--summary", "s.json"],
      { reportFile: "r.html", summaryFile: "s.json" },
    ],
    [["--deliver", "--config", "k.yaml"], { deliver: true, configFile: "k.yaml" }],
    [["--jobs", "4"], { jobs: 4 }],
    [["--fail-on", "high"], { failOn: "high" }],
  ])("%j", async (argv, expected) => {
    expect(await typed("a", "b", ...argv)).toEqual({ ...defaults, ...expected });
  });

  it.each<[string, string[], string]>([
    ["no path", [], "missing required argument 'path'"],
    [
      "a period that ends before it starts",
      ["a", "--from", "2026-03-02", "--to", "2026-03-02"],
      "--from",
    ],
    ["a time that is none", ["a", "--learn-until", "soon"], "--learn-until"],
    ["delivery without sinks", ["a", "--deliver"], "--deliver: expected --config FILE"],
    ["a format that is none", ["a", "--format", "ocfs"], "Did you mean ocsf?"],
    ["no thread", ["a", "--jobs", "0"], "--jobs"],
    ["a severity that is none", ["a", "--fail-on", "severe"], "--fail-on"],
  ])("refuses %s", async (_name, argv, said) => {
    const { status, stdout, stderr } = await keyhawk(["replay", ...argv]);
    expect(stderr).toContain(said);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  });
});
