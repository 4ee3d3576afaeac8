import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Interruption } from "../../../src/commands/interruption.ts";
import { describeError } from "../../../src/commands/problem-lines.ts";
import { alertOf } from "../../support/report-input.ts";
import { keyhawk } from "./command-line.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyhawk-main-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("help", () => {
  const words: Record<string, string[]> = {
    "": ["--quiet", "--verbose", "--json", "--no-color", "--version", "Exit status", "Examples"],
    run: ["--config", "state saved"],
    replay: [
      "<path...>",
      "--config",
      "--state",
      "--from",
      "--to",
      "--learn-until",
      "--alerts",
      "--format",
      "--report",
      "--summary",
      "--deliver",
      "--jobs",
      "--fail-on",
      "Examples",
    ],
    baseline: ["show", "export", "import", "accepted", "unaccept", "Examples"],
    "baseline show": ["<entity>", "--state", "--config", "--at", "--format"],
    "baseline export": ["--state", "--config", "--out", "--with-context-key", "Positions"],
    "baseline import": ["<file>", "--state", "--config", "--force"],
    backtest: ["<path...>", "--config", "--against", "--learn-until", "--jobs", "--format"],
    report: ["--state", "--config", "--out", "--from", "--to"],
    alerts: ["list", "show", "close"],
    "alerts list": [
      "--detector",
      "--severity",
      "--status",
      "--from",
      "--to",
      "--limit",
      "--format",
    ],
    "alerts show": ["<alert-id>", "--state"],
    "alerts close": [
      "--verdict",
      "--by",
      "--note",
      "false-positive",
      "--accept",
      "--until",
      "--up-to",
      "--any-key",
    ],
    explain: ["<alert-id>", "--state", "--config"],
    suppress: ["add", "list", "remove"],
    "suppress add": [
      "--detector",
      "--principal",
      "--key",
      "--account",
      "--owner",
      "--reason",
      "--expires",
    ],
    simulate: [
      "--out",
      "--seed",
      "--days",
      "--from",
      "--principals",
      "--accounts",
      "--attacks",
      "--attacks-from",
      "--strength",
      "--benign-only",
      "--kms-only",
      "--scale",
      "--file-minutes",
      "--to-stream",
      "--region",
      "--endpoint",
      "--speed",
      "Examples",
    ],
    evaluate: ["--truth", "--alerts", "--minimum-severity", "--format", "Examples"],
    "baseline accepted": ["--format", "--state"],
    "baseline unaccept": ["<id>", "--state"],
    detectors: ["list", "show"],
    validate: ["<file>", "Exit status 2"],
    "send-test": ["--config", "--sink"],
    schema: ["config", "alert"],
  };
  it.each(Object.entries(words))(
    "of keyhawk %s names every option, on stdout",
    async (command, expected) => {
      const { status, stdout, stderr } = await keyhawk([
        ...command.split(" ").filter(Boolean),
        "--help",
      ]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      for (const word of expected) expect(stdout).toContain(word);
      for (const option of ["--quiet", "--verbose", "--json"]) expect(stdout).toContain(option);
      expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
    },
  );

  it("lists every command that exists", async () => {
    const { stdout } = await keyhawk(["--help"]);
    const listed = Object.keys(words).filter((command) => command !== "" && !command.includes(" "));
    for (const command of listed) expect(stdout).toMatch(new RegExp(`^  ${command} `, "m"));
  });
});

describe("wrong usage has exit status 2 and says what is wrong", () => {
  const cases: Record<string, [argv: string[], said: string]> = {
    "no command": [[], "Usage: keyhawk"],
    "a command that does not exist": [["validaet"], "Did you mean validate?"],
    "a subcommand that does not exist": [["alerts", "lsit"], "Did you mean list?"],
    "an option that does not exist": [["validate", "x", "--quite"], "Did you mean --quiet?"],
    "an argument too few": [["validate"], "missing required argument 'file'"],
    "an argument too many": [["explain", "a", "b"], "too many arguments"],
    "a time that is none": [["alerts", "list", "--from", "gestern"], "'--from <time>'"],
    "a period that ends before it starts": [
      ["alerts", "list", "--from", "2026-03-02", "--to", "2026-03-01"],
      "--from: expected a time before that of --to",
    ],
    "a severity that is none": [["alerts", "list", "--severity", "hihg"], "Did you mean high?"],
    "a verdict that is none": [
      ["alerts", "close", "x", "--verdict", "bening"],
      "Did you mean benign?",
    ],
    "no verdict": [["alerts", "close", "x"], "--verdict"],
    "a detector that does not exist": [
      ["detectors", "show", "decrpyt-spike"],
      "did you mean decrypt-spike?",
    ],
    "two states": [["alerts", "list", "--state", "a", "--config", "b"], "--state: expected either"],
    "a configuration that is not there": [
      ["validate", "no.yaml"],
      "no.yaml: expected a file, found nothing",
    ],
  };
  it.each(Object.entries(cases))("%s", async (_name, [argv, said]) => {
    const { status, stdout, stderr } = await keyhawk(argv);
    expect(stderr).toContain(said);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).not.toContain("    at ");
  });
});

describe("a failure while running", () => {
  it("has exit status 1, one line, and its stack only when asked for", async () => {
    const argv = ["alerts", "list", "--state", join(folder, "none")];
    const plain = await keyhawk(argv);
    expect(plain.status).toBe(1);
    expect(plain.stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(plain.stderr).toMatch(/^keyhawk: .*none: no state here/);
    expect((await keyhawk([...argv, "--verbose"])).stderr).toContain("    at ");
  });

  it("is a line of JSON with --json", async () => {
    const { stderr } = await keyhawk(["--json", "alerts", "list", "--state", join(folder, "none")]);
    expect(JSON.parse(stderr)).toMatchObject({
      level: "error",
      message: expect.stringContaining("no state"),
    });
  });

  it("names the causes once", () => {
    const cause = new AggregateError([new Error("connect ECONNREFUSED 127.0.0.1:9")], "");
    expect(describeError(new Error("stream x: cannot be read", { cause }))).toBe(
      "stream x: cannot be read: connect ECONNREFUSED 127.0.0.1:9",
    );
    expect(describeError(new Error("a: b", { cause: new Error("b") }))).toBe("a: b");
  });
});

describe("a reader that goes away", () => {
  const schema = ["schema", "config"];
  it("ends a command quietly", async () => {
    const stdoutError = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
    expect(await keyhawk(schema, { stdoutError })).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  it("is not a full disk, which is a failure", async () => {
    const stdoutError = Object.assign(new Error("ENOSPC: no space left on device"), {
      code: "ENOSPC",
    });
    const { status, stderr } = await keyhawk(schema, { stdoutError });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: "keyhawk: stdout: ENOSPC: no space left on device\n",
    });
  });
});

it.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s gives the exit status of a shell", async (name, status) => {
  const signal = AbortSignal.abort(new Interruption(name));
  expect((await keyhawk(["schema", "alert"], { signal })).status).toBe(status);
});

describe("colour", () => {
  const cases: [
    name: string,
    argv: string[],
    env: Record<string, string>,
    terminal: boolean,
    colored: boolean,
  ][] = [
    ["on a terminal", [], {}, true, true],
    ["not in a pipe", [], {}, false, false],
    ["not with NO_COLOR", [], { NO_COLOR: "1" }, true, false],
    ["with an empty NO_COLOR", [], { NO_COLOR: "" }, true, true],
    ["not with --no-color, even when forced", ["--no-color"], { FORCE_COLOR: "1" }, true, false],
    ["in a pipe with FORCE_COLOR", [], { FORCE_COLOR: "1" }, false, true],
    ["not with FORCE_COLOR=0", [], { FORCE_COLOR: "0" }, true, false],
    ["not on a dumb terminal", [], { TERM: "dumb" }, true, false],
  ];
  it.each(cases)("%s", async (_name, argv, env, terminal, colored) => {
    const { stdout } = await keyhawk(["detectors", "list", ...argv], { env, terminal });
    expect(stdout.includes("\u001b[")).toBe(colored);
  });
});

describe("validate", () => {
  it("says ok, and what the file would do", async () => {
    const file = join(folder, "good.yaml");
    await writeFile(
      file,
      "source: { kinesis: { stream: events } }\nsinks: [{ type: stdout }]\n" +
        "detection: { detectors: { unusual-hour: { enabled: false }, decrypt-spike: { shadow: true } } }",
    );
    const { status, stdout, stderr } = await keyhawk(["validate", file]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain(`${file}: ok\n`);
    expect(stdout).toMatch(/source +kinesis stream events\n/);
    expect(stdout).toMatch(/sinks +stdout \(stdout\)\n/);
    expect(stdout).toMatch(/detectors +\d+ of \d+ on; off: unusual-hour; shadow: decrypt-spike\n/);
  });

  it("warns of what cannot have been meant, and fails for it when asked", async () => {
    const file = join(folder, "empty.yaml");
    await writeFile(file, "");
    const { status, stderr } = await keyhawk(["validate", file]);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^warn no source.*\nwarn no sinks/m);
    expect((await keyhawk(["validate", file, "--deny-warnings"])).status).toBe(2);
  });

  it("gives the problems as FILE:LINE:COLUMN lines without a stack", async () => {
    const file = join(folder, "bad.yaml");
    await writeFile(file, "sourec: 1\nstate: 2\n");
    const { status, stderr } = await keyhawk(["validate", file]);
    expect(status).toBe(2);
    expect(stderr).toBe(
      `${file}:1:1: unknown key "sourec"; did you mean "source"?\n${file}:2:8 state: expected a string, found 2\n`,
    );
  });
});

describe("schema", () => {
  it("prints JSON Schemas with a name of their own", async () => {
    for (const name of ["config", "alert"]) {
      const { status, stdout } = await keyhawk(["schema", name]);
      expect(status).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        $schema: "https://json-schema.org/draft/2020-12/schema",
        $id: expect.stringContaining(`keyhawk:schema:${name}`),
        type: "object",
      });
    }
  });

  it("of an alert accepts an alert and nothing more", async () => {
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    const validate = ajv.compile(JSON.parse((await keyhawk(["schema", "alert"])).stdout) as object);
    expect(validate(alertOf())).toBe(true);
    expect(validate({ ...alertOf(), extra: 1 })).toBe(false);
  });
});

describe("detectors", () => {
  it("list and show agree, and every option has a default", async () => {
    const { stdout } = await keyhawk(["detectors", "list", "--format", "json"]);
    const entries = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { id: string });
    expect(entries.length).toBeGreaterThan(0);
    for (const entry of entries) {
      const shown = await keyhawk(["detectors", "show", entry.id, "--format", "json"]);
      expect(JSON.parse(shown.stdout)).toEqual(entry);
      const options = Object.values(
        (entry as unknown as { options: Record<string, object> }).options,
      );
      for (const option of options) expect(option).toHaveProperty("default");
    }
  });

  it("show is a page with why, limits and steps", async () => {
    const { stdout } = await keyhawk(["detectors", "show", "decrypt-spike"]);
    for (const title of ["When it is wrong", "What it misses", "What to do", "ATT&CK", "Options"]) {
      expect(stdout).toContain(title);
    }
  });
});
