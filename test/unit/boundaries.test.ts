import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../..");

/** One planted violation each: what stands in the file, and what the linter must say of it. */
const planted: Record<string, { file: string; text: string; rule: string }> = {
  "the parser reads no clock": {
    file: "src/cloudtrail/planted.ts",
    text: "export const now = Date.now();",
    rule: "no-restricted-properties",
  },
  "the statistics use no module of Node": {
    file: "src/baseline/planted.ts",
    text: 'import { readFileSync } from "node:fs";\nexport const text = readFileSync("x", "utf8");',
    rule: "no-nodejs-modules",
  },
  "the engine draws no random numbers": {
    file: "src/detection/planted.ts",
    text: "export const draw = Math.random();",
    rule: "no-restricted-properties",
  },
  "the engine knows no store": {
    file: "src/detection/planted.ts",
    text: 'import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";\nexport const open = openSqliteStore;',
    rule: "no-restricted-imports",
  },
  "the engine uses no AWS client": {
    file: "src/detection/planted.ts",
    text: 'import { SNSClient } from "@aws-sdk/client-sns";\nexport const client = SNSClient;',
    rule: "no-restricted-imports",
  },
  "a simulation knows no chance but its seed's": {
    file: "src/simulation/planted.ts",
    text: "export const number = Math.random();",
    rule: "no-restricted-properties",
  },
  "an evaluation reads no files": {
    file: "src/evaluation/planted.ts",
    text: 'import { readFileSync } from "node:fs";\nexport const read = readFileSync;',
    rule: "no-restricted-imports",
  },
  "a detector imports the contract and the baselines only": {
    file: "detectors/planted.ts",
    text: 'import { Engine } from "../src/detection/engine.ts";\nexport const engine = Engine;',
    rule: "no-restricted-imports",
  },
  "a detector reads no environment": {
    file: "detectors/planted.ts",
    text: 'export const home = process.env["HOME"];',
    rule: "no-restricted-globals",
  },
  "a promise is not dropped": {
    file: "src/planted.ts",
    text: "export function go(): void {\n  Promise.resolve(1);\n}",
    rule: "no-floating-promises",
  },
};

const innocent = {
  file: "detectors/innocent.ts",
  text: 'import { hourOf } from "../src/baseline/calendar.ts";\nimport { defineDetector } from "../src/detection/detector.ts";\nexport const both = [hourOf, defineDetector];',
};

describe("folder boundaries", () => {
  let folder = "";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "keyhawk-boundaries-"));
    await copyFile(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
    const compilerOptions = {
      target: "es2024",
      module: "nodenext",
      strict: true,
      noEmit: true,
      types: [],
    };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it.each(Object.entries(planted))("%s", async (_claim, { file, text, rule }) => {
    expect(await lint(folder, file, text)).toContain(rule);
  });

  it("let a well-behaved detector pass", async () => {
    expect(await lint(folder, innocent.file, innocent.text)).toBe("");
  });
});

/** Rules that a file breaks, as the linter prints them; empty where it breaks none. */
async function lint(folder: string, file: string, text: string): Promise<string> {
  const path = join(folder, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${text}\n`);
  try {
    const oxlint = join(root, "node_modules/.bin/oxlint");
    const { stdout } = await run(oxlint, ["--type-aware", "--format=unix", file], { cwd: folder });
    return stdout.includes("[Error/") ? stdout : "";
  } catch (error) {
    return String((error as { stdout?: string }).stdout ?? error);
  } finally {
    await rm(path);
  }
}
