import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Detector } from "../src/detection/detector.ts";
import { catalogueTable, withCatalogue } from "../test/support/catalogue.ts";
import { detectors } from "./index.ts";

const folder = new URL(".", import.meta.url);
const files = readdirSync(folder);
const ids = files
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && name !== "index.ts")
  .map((name) => name.slice(0, -".ts".length))
  .sort();

/** Tactics of the enterprise matrix, by the names that MITRE's own data uses. */
const TACTICS = [
  "reconnaissance",
  "resource-development",
  "initial-access",
  "execution",
  "persistence",
  "privilege-escalation",
  "defense-evasion",
  "credential-access",
  "discovery",
  "lateral-movement",
  "collection",
  "command-and-control",
  "exfiltration",
  "impact",
];
const SEVERITIES = /^(informational|low|medium|high|critical)\b/;

describe("the catalogue of detectors", () => {
  it("lists the detectors of the folder, each once, in the order of the folder", () => {
    expect(detectors.map(({ id }) => id)).toEqual(ids);
  });

  it("has something to list", () => {
    expect(ids.length).toBeGreaterThan(0);
  });

  it("has an up-to-date table in README.md", () => {
    const path = new URL("README.md", folder);
    const page = readFileSync(path, "utf8");
    const fresh = withCatalogue(page, catalogueTable(detectors));
    if (process.env["UPDATE"] === "1") writeFileSync(path, fresh);
    expect(readFileSync(path, "utf8"), staleness).toBe(fresh);
  });
});

const staleness =
  "the table is stale: UPDATE=1 npx vitest run detectors/index.test.ts brings it up to date";

describe.each(detectors.map((detector) => [detector.id, detector] as const))(
  "%s",
  (id, detector) => {
    it("is exported by its file under its name in camel case, and is what the list holds", async () => {
      const module = (await import(/* @vite-ignore */ new URL(`${id}.ts`, folder).href)) as Record<
        string,
        unknown
      >;
      expect(Object.keys(module)).toEqual([camelCase(id)]);
      expect(module[camelCase(id)]).toBe(detector);
    });

    it("has its evidence beside it", () => {
      expect(files).toContain(`${id}.test.ts`);
      const evidence = readFileSync(new URL(`${id}.test.ts`, folder), "utf8");
      // Of detectors that judge alerts rather than events, the lists are written out.
      const lists = [`testDetector(${camelCase(id)}, {`, `describe("${id} stays silent"`];
      expect(lists.some((list) => evidence.includes(list))).toBe(true);
    });

    it("says what it is, why it matters, and how bad it can be", () => {
      expect(detector.title).toMatch(/^[A-Z][a-z -]+$/);
      expect(detector.why).toMatch(SENTENCES);
      expect(detector.severity).toMatch(SEVERITIES);
      expect(detector.version).toBeGreaterThanOrEqual(1);
    });

    it.each(["falsePositives", "knownGaps", "triage"] as const)(
      "has %s in whole sentences",
      (list) => {
        expect(detector[list]).not.toEqual([]);
        expect(new Set(detector[list]).size).toBe(detector[list].length);
        for (const sentence of detector[list]) expect(sentence).toMatch(SENTENCES);
      },
    );

    it("names techniques and tactics of MITRE ATT&CK", () => {
      expect(detector.attack).not.toEqual([]);
      for (const { technique, name, tactic } of detector.attack) {
        expect(technique).toMatch(/^T\d{4}(\.\d{3})?$/);
        expect(TACTICS).toContain(tactic);
        expect(name).toMatch(/^[A-Z]/);
        // A sub-technique is written with its parent: `Parent: Child`.
        expect(name.includes(": "), name).toBe(technique.includes("."));
      }
    });

    it("runs without any option given, refuses unknown ones, and describes each", () => {
      expect(() => detector.options.parse({})).not.toThrow();
      expect(() => detector.options.parse({ noSuchOption: 1 })).toThrow();
      for (const [name, option] of Object.entries(shapeOf(detector))) {
        expect(option.description ?? "", name).toMatch(SENTENCES);
      }
    });

    it("keeps its memories, buckets and limits as plain JSON", () => {
      const options = detector.options.parse({});
      const baseline = detector.newBaseline();
      const parts = [baseline, detector.newBucket(), detector.limits(baseline, 500_000, options)];
      for (const part of parts) expect(JSON.parse(JSON.stringify(part))).toEqual(part);
    });
  },
);

/** One or more sentences: a capital first, a full stop last, no blank around, on one line. */
const SENTENCES = /^[A-Z][^\n]*[^\s.]\.$/;

function shapeOf({ options }: Detector): Record<string, z.ZodType> {
  return options instanceof z.ZodObject ? options.shape : {};
}

function camelCase(id: string): string {
  return id.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
