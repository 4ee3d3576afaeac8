import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Comparison } from "../../src/commands/backtest-comparison.ts";
import { keyhawk } from "../unit/commands/command-line.ts";

const trail = fileURLToPath(new URL("../../samples/stolen-role/trail", import.meta.url));

const configurations = {
  same: {},
  lower: {
    detectors: {
      "decrypt-spike": { floorPerHour: 2, floorPerFiveMinutes: 2, tailProbability: 0.05 },
    },
  },
  without: { detectors: { "context-fan-out": { enabled: false } } },
  shadowed: { detectors: { "context-fan-out": { shadow: true } } },
  "switched off in its account": {
    accountOverrides: [
      { account: "4444*", detectors: { "context-fan-out": { enabled: false } } },
      { account: "1111*", detectors: { "decrypt-spike": { enabled: false } } },
    ],
  },
  "in a change window": {
    changeWindows: [
      {
        name: "restore",
        owner: "ops",
        reason: "restore test",
        from: "2026-03-14T02:00:00Z",
        to: "2026-03-14T03:00:00Z",
        detectors: ["context-fan-out"],
      },
    ],
  },
  milder: { detectors: { "context-fan-out": { severity: { cap: "medium" } } } },
};

describe("backtest of two configurations on the same trail", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "keyhawk-backtest-"));
    vi.stubEnv("TMPDIR", folder);
    for (const [name, detection] of Object.entries(configurations)) {
      await writeFile(fileOf(name), JSON.stringify({ detection }));
    }
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true, force: true });
  });

  const fileOf = (name: string) => join(folder, `${name}.json`);

  async function compare(name: string, ...further: string[]): Promise<Comparison> {
    const args = ["backtest", trail, "--config", fileOf(name), "--format", "json", ...further];
    const { status, stdout, stderr } = await keyhawk(args);
    expect([status, stderr]).toEqual([0, expect.stringContaining("backtest 2/2 done")]);
    return JSON.parse(stdout) as Comparison;
  }

  it("the same configuration gains, loses and changes nothing", async () => {
    const { total, alerts } = await compare("same", "--against", fileOf("same"));
    expect(total).toMatchObject({ gained: 0, lost: 0, changed: 0, config: total.against });
    expect(total.unchanged).toBeGreaterThan(5);
    expect(alerts).toEqual([]);
  });

  it("a lower threshold gains alerts of its detector and loses none", async () => {
    const { total, byDetector, byDay, alerts } = await compare("lower");
    expect(total.gained).toBeGreaterThan(0);
    expect(total.lost).toBe(0);
    expect(total.config - total.against).toBe(total.gained);
    const gained = alerts.filter(({ change }) => change === "gained");
    expect(gained).toHaveLength(total.gained);
    expect(new Set(gained.map(({ detector }) => detector))).toContain("decrypt-spike");
    for (const rows of [byDetector, byDay]) {
      expect(rows.reduce((sum, row) => sum + row.gained, 0)).toBe(total.gained);
      expect(rows.reduce((sum, row) => sum + row.against, 0)).toBe(total.against);
    }
  });

  const losing = ["without", "shadowed", "switched off in its account", "in a change window"];
  it.each(losing)("a detector %s loses its alerts", async (name) => {
    const { byDetector, byDay } = await compare(name);
    const own = byDetector.find(({ detector }) => detector === "context-fan-out");
    expect(own).toMatchObject({ against: 1, config: 0, gained: 0, lost: 1 });
    expect(byDay.find(({ day }) => day === "2026-03-14")).toMatchObject({ lost: 1 });
  });

  it("a severity that is capped changes the alert and says why", async () => {
    const { total, alerts } = await compare("milder");
    expect(total).toMatchObject({ gained: 0, lost: 0 });
    const own = alerts.find(({ detector }) => detector === "context-fan-out");
    expect(own).toMatchObject({ change: "changed", severity: "medium", score: 69 });
    expect(own?.was).toMatchObject({ severity: "critical", score: 100 });
  });

  it("counts no alert of the time that only teaches", async () => {
    const { byDay } = await compare("lower", "--learn-until", "2026-03-14");
    expect(byDay.map(({ day }) => day)).toEqual(["2026-03-14"]);
  });

  it("is a table for people", async () => {
    const { status, stdout } = await keyhawk(["backtest", trail, "--config", fileOf("without")]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^0 gained, 1 lost, \d+ changed, \d+ unchanged\n/);
    expect(stdout).toMatch(/DETECTOR +AGAINST +CONFIG +GAINED +LOST +CHANGED/);
    expect(stdout).toMatch(/context-fan-out +1 +0 +0 +-1 +0\n/);
    expect(stdout).toMatch(/lost +2026-03-14 02:11:35Z +critical 100 +context-fan-out/);
  });

  it("keeps no state", async () => {
    const found = await readdir(folder);
    expect(found.filter((name) => !name.endsWith(".json"))).toEqual([]);
  });

  it.each([
    ["stdin, which cannot be read twice", ["-", "--config", "x.json"], /stdin/],
    ["no configuration", ["trail"], /--config/],
    ["a configuration that is missing", ["trail", "--config", "nowhere.yaml"], /nowhere\.yaml/],
    [
      "a reversed period",
      ["t", "--config", "x", "--from", "2026-02-02", "--to", "2026-02-01"],
      /--from/,
    ],
  ])("refuses %s", async (_, args, problem) => {
    const { status, stderr } = await keyhawk(["backtest", ...args]);
    expect([status, stderr]).toEqual([2, expect.stringMatching(problem)]);
  });
});
