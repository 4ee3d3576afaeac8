import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Alert } from "../../src/detection/alert.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { keyhawk } from "../unit/commands/command-line.ts";

const trail = fileURLToPath(new URL("../../samples/stolen-role/trail", import.meta.url));
const account = "444455556666";
const key = `arn:aws:kms:eu-central-1:${account}:key/cbc81ee4-9e34-44cd-9126-bc596a2f5bdd`;
const role = (name: string) => `arn:aws:iam::${account}:role/${name}`;

/** A night in which a role is stolen, under a change window that somebody left open, and other knobs. */
const detection = {
  changeWindows: [
    {
      name: "open-night",
      owner: "ops",
      reason: "deployment",
      from: "2026-03-14T02:00:00Z",
      to: "2026-03-14T03:00:00Z",
      accounts: [account],
      detectors: ["decrypt-spike", "context-fan-out"],
    },
  ],
  expectedPrincipals: [
    { key, principals: [role("warehouse-sync"), "*AWSReservedSSO_*"], owner: "wh" },
  ],
  sensitiveKeys: [key],
  self: [
    {
      principal: role("shipment-api"),
      key: `arn:aws:kms:eu-central-1:${account}:key/28dd23fa-ce6e-41af-84c6-fa0e795113b9`,
    },
  ],
};

describe("a replay under what a SOC configured", () => {
  let folder = "";
  let alerts: Alert[] = [];
  let summary: Record<string, unknown> = {};
  let started = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "keyhawk-configured-"));
    const config = join(folder, "keyhawk.json");
    await writeFile(config, JSON.stringify({ detection }));
    const files = ["--alerts", join(folder, "alerts.ndjson"), "--summary", join(folder, "s.json")];
    const state = ["--state", join(folder, "state"), "--config", config];
    const { status, stderr } = await keyhawk(["replay", trail, ...files, ...state]);
    expect([status, stderr]).toEqual([0, expect.stringContaining("replay done")]);
    const lines = (await readFile(join(folder, "alerts.ndjson"), "utf8")).trim().split("\n");
    alerts = lines.map((line) => JSON.parse(line) as Alert);
    summary = JSON.parse(await readFile(join(folder, "s.json"), "utf8")) as typeof summary;
    started = (await keyhawk(["suppress", "list", "--state", join(folder, "state")])).stdout;
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("sends nothing of what a window mutes, keeps it, and counts it", async () => {
    const sent = new Set(alerts.map(({ detector }) => detector));
    expect(sent).not.toContain("decrypt-spike");
    expect(sent).not.toContain("context-fan-out");
    expect(sent).toContain("denied-probing");
    await using store = await openSqliteStore(join(folder, "state"), { access: "read" });
    const [kept] = await store.alerts.list({ detector: "context-fan-out" });
    expect(kept).toMatchObject({
      suppressedBy: "change-window:open-night",
      alert: { severity: "critical" },
    });
    const muted = (await store.alerts.list({})).filter(
      ({ suppressedBy }) => suppressedBy !== undefined,
    );
    expect(summary).toMatchObject({
      suppressed: muted.length,
      suppressedBy: { "change-window:open-night": muted.length },
    });
    expect(started).toMatch(
      new RegExp(`^change-window:open-night +2026-03-14 02:\\d\\d:\\d\\dZ +${muted.length}$`, "m"),
    );
  });

  it("tells who used a listed key without being on the list, graver since the key is sensitive", () => {
    const own = alerts.filter(
      ({ detector, kmsKey }) => detector === "unlisted-principal" && kmsKey?.arn === key,
    );
    expect(new Set(own.map(({ principal }) => principal?.key))).toEqual(
      new Set([role("dispatch-gateway")]),
    );
    expect(own.at(-1)).toMatchObject({ severity: "critical", kmsKey: { arn: key } });
    expect(own.at(-1)?.reasons.map(({ code }) => code)).toEqual(
      expect.arrayContaining(["not-listed", "sensitive-key"]),
    );
  });

  it("counts Keyhawk's own calls, and tells of the same role elsewhere", () => {
    expect(summary["self"]).toBeGreaterThan(900);
    const own = alerts.filter(({ principal }) => principal?.key === role("shipment-api"));
    expect(own.length).toBeGreaterThan(0);
    expect(new Set(own.map(({ reasons }) => reasons[0]?.code))).toEqual(new Set(["own-role"]));
    const keys = own.map(({ kmsKey }) => kmsKey?.arn);
    expect(keys).not.toContain(detection.self[0]?.key);
  });
});
