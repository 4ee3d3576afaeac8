import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keyhawk } from "../unit/commands/command-line.ts";

const trail = fileURLToPath(new URL("../../samples/stolen-role/trail", import.meta.url));

describe("replay --fail-on", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "keyhawk-fail-on-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("ends with status 3 where an alert is as severe", async () => {
    const { status } = await replay("--fail-on", "critical");
    expect(status).toBe(3);
  });

  it("does not count what is muted", async () => {
    const window = { from: "2026-03-01T00:00:00Z", to: "2026-04-01T00:00:00Z", accounts: ["*"] };
    const all = { name: "all", owner: "ops", reason: "an exercise", ...window };
    const config = join(folder, "keyhawk.json");
    await writeFile(config, JSON.stringify({ detection: { changeWindows: [all] } }));
    const { status, stderr } = await replay("--fail-on", "medium", "--config", config);
    expect([status, stderr]).toEqual([0, expect.stringContaining("replay done")]);
  });

  function replay(...options: string[]) {
    return keyhawk(["replay", trail, "--alerts", join(folder, "alerts.ndjson"), ...options]);
  }
});
