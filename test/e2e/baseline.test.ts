import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Alert } from "../../src/detection/alert.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { createState, differingMemories, memoriesOf, readState } from "../support/e2e-state.ts";
import { keyhawk } from "../unit/commands/command-line.ts";

const trail = fileURLToPath(new URL("../../samples/stolen-role/trail", import.meta.url));
/** The last of the sample's 25 days, on which the role is stolen. */
const seam = "2026-03-14";
const gateway = "arn:aws:iam::444455556666:role/dispatch-gateway";

describe("a baseline carried from a replay to another state", () => {
  let folder = "";
  let whole = "";
  let first = "";
  let exported = "";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "keyhawk-baseline-"));
    whole = await createState(join(folder, "whole"));
    await replay(whole);
    first = await createState(join(folder, "first"));
    await replay(first, "--to", seam);
    exported = join(folder, "exported.ndjson");
    await ok("baseline", "export", "--state", first, "--out", exported, "--with-context-key");
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function ok(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await keyhawk(args);
    if (status !== 0) throw new Error(`${args.join(" ")}: ${status}: ${stderr}`);
    return stdout;
  }

  const replay = (state: string, ...further: string[]) =>
    ok("replay", trail, "--state", state, "--alerts", join(folder, "alerts.ndjson"), ...further);

  /** Imports the file into a new state and replays the rest there. */
  async function carriedOn(name: string, file: string, from = seam): Promise<string> {
    const state = join(folder, name);
    await ok("baseline", "import", file, "--state", state);
    await replay(state, "--from", from);
    return state;
  }

  /** Alerts of the first part and of what followed it, each in its last revision. */
  async function alertsAfter(state: string): Promise<Map<string, Alert>> {
    const [before, after] = [await readState(first), await readState(state)];
    return sorted(new Map([...before.alerts, ...after.alerts]));
  }

  const wholeAlerts = async () => sorted(new Map((await readState(whole)).alerts));

  it("leads to the same alerts and memories as one replay, to the last word", async () => {
    const state = await carriedOn("second", exported);
    const expected = await wholeAlerts();
    expect((await readState(first)).alerts.size).toBeGreaterThan(0);
    expect((await readState(state)).alerts.size).toBeGreaterThan(4);
    expect(await alertsAfter(state)).toEqual(expected);
    const { different } = differingMemories(memoriesOf(state), memoriesOf(whole));
    expect(different).toEqual([]);
  });

  it("counts records that both sides read once", async () => {
    const state = await carriedOn("overlapping", exported, "2026-03-13T20:00:00Z");
    expect((await readState(state)).counters).toMatchObject({
      duplicates: expect.toSatisfy((duplicates: number) => duplicates > 10),
      late: 0,
    });
    expect(await alertsAfter(state)).toEqual(await wholeAlerts());
  });

  it("leads to the same alerts without the secret, which stays where it is, but for secrets never read", async () => {
    const file = join(folder, "without.ndjson");
    await writeFile(file, await ok("baseline", "export", "--state", first));
    const [header] = (await readFile(file, "utf8")).split("\n");
    expect(JSON.parse(header ?? "")).toMatchObject({ schemaVersion: 1, contextHashKey: null });
    const state = await carriedOn("without", file);
    // Which secrets were read before is not known without the secret: that detector learns anew.
    const told = async (alerts: Promise<Map<string, Alert>>) =>
      revisions(await alerts, "new-secrets");
    expect(await told(alertsAfter(state))).toEqual(await told(wholeAlerts()));
    await using store = await openSqliteStore(state, { access: "read" });
    expect(await store.setting("context-hash-key")).not.toEqual(new Uint8Array(16));
  });

  it("is a file that only its owner may read", async () => {
    expect((await stat(exported)).mode & 0o777).toBe(0o600);
    expect(existsSync(`${exported}.part`)).toBe(false);
  });

  it("can be exported beside a live consumer, but not out of a state that has learned nothing", async () => {
    const state = await createState(join(folder, "live"));
    const refused = await keyhawk(["baseline", "export", "--state", state]);
    expect([refused.status, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toContain("nothing was learned here yet");
    await using _live = await openSqliteStore(first);
    const text = await ok("baseline", "export", "--state", first, "--with-context-key");
    expect(text).toBe(await readFile(exported, "utf8"));
  });

  it("carries no position, alert or history", async () => {
    const state = join(folder, "only");
    await ok("baseline", "import", exported, "--state", state);
    expect(await readState(state)).toMatchObject({ alerts: new Map(), counters: { records: 0 } });
    await using store = await openSqliteStore(state, { access: "read" });
    expect(await store.positions()).toEqual(new Map());
    await using source = await openSqliteStore(first, { access: "read" });
    expect(JSON.parse((await store.engineState()) ?? "")).toEqual(
      JSON.parse((await source.engineState()) ?? "{}"),
    );
    expect(memoriesOf(state)).toEqual(memoriesOf(first));
  });

  it("is refused where something was learned, and with --force replaces the same entities", async () => {
    const state = await createState(join(folder, "learned"));
    await replay(state, "--from", seam);
    const before = memoriesOf(state);
    const refused = await keyhawk(["baseline", "import", exported, "--state", state]);
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining("--force")]);
    expect(memoriesOf(state)).toEqual(before);
    await ok("baseline", "import", exported, "--state", state, "--force");
    expect(memoriesOf(state)).toEqual(new Map([...before, ...memoriesOf(first)]));
    await using store = await openSqliteStore(state, { access: "read" });
    const { watermarkMs } = JSON.parse((await store.engineState()) ?? "") as {
      watermarkMs: number;
    };
    expect(new Date(watermarkMs).toISOString()).toMatch(/^2026-03-14T1/);
  });

  const damage: [string, (lines: string[]) => string[], RegExp][] = [
    ["cut off", (lines) => lines.slice(0, -2), /end; the file is cut off/],
    ["short of a memory", (lines) => lines.toSpliced(-2, 1), /expected \d+ memories/],
    [
      "of a later version",
      (lines) => edited(lines, 0, '"schemaVersion":1', '"schemaVersion":2'),
      /line 1: schemaVersion: expected at most 1, found 2/,
    ],
    [
      "without its first line",
      (lines) => lines.slice(1),
      /line 1: expected a line of kind baseline/,
    ],
    ["no JSON", (lines) => lines.with(3, "{"), /line 4: expected a line of JSON/],
    [
      "with an entity twice",
      (lines) => lines.toSpliced(-1, 0, lines.at(-2) ?? ""),
      /each entity once/,
    ],
    [
      "with a memory of another kind",
      (lines) => edited(lines, -2, /"top":\d+/, '"top":"x"'),
      /memory\.top/,
    ],
    [
      "with a baseline of another shape",
      (lines) => edited(lines, -2, /"b":\{"born":[\d.-]+/, '"b":{"bor":1'),
      /memory\.d\.[\w-]+\.b\.born: expected number, found undefined/,
    ],
    [
      "with a gap between open hours",
      (lines) => edited(lines, -2, /"h":\[\{"hour":\d+/, '"h":[{"hour":7'),
      /hours without gaps/,
    ],
  ];
  it.each(damage)("is refused %s, and nothing is written", async (name, change, problem) => {
    const lines = (await readFile(exported, "utf8")).trimEnd().split("\n");
    const file = join(folder, "damaged.ndjson");
    await writeFile(file, `${change(lines).join("\n")}\n`);
    const state = join(folder, `damaged ${name}`);
    const { status, stderr } = await keyhawk(["baseline", "import", file, "--state", state]);
    expect([status, stderr]).toEqual([2, expect.stringMatching(problem)]);
    expect(existsSync(state)).toBe(false);
  });

  it("is refused where the configuration has another lateness", async () => {
    const config = join(folder, "late.json");
    await writeFile(config, JSON.stringify({ state: "late", detection: { latenessMinutes: 180 } }));
    const { status, stderr } = await keyhawk(["baseline", "import", exported, "-c", config]);
    expect([status, stderr]).toEqual([
      2,
      expect.stringContaining("lateness of 1 h, the configuration has 3 h"),
    ]);
  });

  it("is shown in words: volume, usual hours, keys and maturity", async () => {
    const text = await ok(
      "baseline",
      "show",
      gateway,
      "--state",
      first,
      "--at",
      "2026-03-14T02:00:00Z",
    );
    expect(text).toMatch(
      /role\/dispatch-gateway \(principal\)\nlearned until 2026-03-13 23:\d\dZ; expectations are for 2026-03-14 02:00Z, a weekend/,
    );
    expect(text).toMatch(
      /decrypt-spike {2}Decrypt spike\n {2}mature: 23(\.\d)? days, \d+ samples\n {2}expects [\d.]+ in this hour/,
    );
    expect(text).toMatch(/usual hours \(UTC\): weekdays .*07–18; *\n? *weekends/);
    expect(text).toMatch(/key\/7c5e9b3b/);
    expect(await ok("baseline", "show", "role/dispatch-gateway", "--state", first)).toContain(
      gateway,
    );
  });

  it("is shown as JSON, with the baselines as they are kept", async () => {
    const text = await ok("baseline", "show", gateway, "--state", first, "--format", "json");
    const shown = JSON.parse(text) as { detectors: { detector: string }[] };
    expect(shown).toMatchObject({ schemaVersion: "1.0", kind: "principal", id: gateway });
    expect(shown.detectors.find(({ detector }) => detector === "unusual-hour")).toMatchObject({
      maturity: "mature",
      baseline: { cells: expect.any(Array) },
    });
  });

  it.each([
    ["nobody's name", "role/nobody", /expected a principal, key or account that was learned/],
    ["a part of several names", "arn:aws:iam", /expected one entity, found several: arn:aws:iam::/],
  ])("show refuses %s", async (_, entity, problem) => {
    const { status, stderr } = await keyhawk(["baseline", "show", entity, "--state", first]);
    expect([status, stderr]).toEqual([2, expect.stringMatching(problem)]);
  });
});

function sorted(alerts: Map<string, Alert>): Map<string, Alert> {
  return new Map([...alerts].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function revisions(alerts: ReadonlyMap<string, Alert>, without: string): string[] {
  return [...alerts.values()]
    .filter(({ detector }) => detector !== without)
    .map(({ alertId, revision, status }) => `${alertId} ${revision} ${status}`);
}

function edited(lines: string[], index: number, what: string | RegExp, by: string): string[] {
  const line = lines.at(index) ?? "";
  const changed = line.replace(what, by);
  if (changed === line) throw new Error(`line ${index} has no ${what}`);
  return lines.with(index, changed);
}
