import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openStore } from "../../src/store/open-store.ts";
import { callsIn } from "../support/commits.ts";
import { createTable, useLoopbackCredentials } from "../support/dynamodb-table.ts";
import { type DynamoDbServer, hasDynoxide, startDynoxide } from "../support/dynoxide.ts";
import { keyhawk } from "../unit/commands/command-line.ts";

const trail = fileURLToPath(new URL("../../samples/stolen-role/trail", import.meta.url));
const gateway = "arn:aws:iam::444455556666:role/dispatch-gateway";
const everything = 1_000_000;

describe.skipIf(!hasDynoxide)("state in a table (where this is skipped: run .ci/dynoxide)", () => {
  let server: DynamoDbServer;
  let folder = "";
  let table = "";
  let alertId = "";

  beforeAll(async () => {
    useLoopbackCredentials();
    server = await startDynoxide();
    vi.stubEnv("AWS_ENDPOINT_URL_DYNAMODB", server.endpoint);
    folder = await mkdtemp(join(tmpdir(), "keyhawk-table-"));
    table = `dynamodb://${await createTable(server.endpoint)}`;
    for (const state of [table, join(folder, "state")]) {
      await preparedWithKey(state);
      await ok(
        "replay",
        trail,
        "--state",
        state,
        "--alerts",
        join(folder, `${state.length}.ndjson`),
      );
    }
    const [first = "{}"] = (await alertLines(table)).split("\n");
    ({ alertId } = JSON.parse(first) as { alertId: string });
  }, 120_000);

  afterAll(async () => {
    vi.unstubAllEnvs();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Context hashes are keyed: with keys of their own, two states would not be equal to the digit. */
  async function preparedWithKey(state: string): Promise<void> {
    await using store = await openStore(state);
    await store.setSetting("context-hash-key", new Uint8Array(16));
  }

  async function ok(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await keyhawk(args);
    if (status !== 0) throw new Error(`${args.join(" ")}: ${status}: ${stderr}`);
    return stdout;
  }

  const alertLines = (state: string) => readFile(join(folder, `${state.length}.ndjson`), "utf8");

  it("holds after a replay what a folder holds, to the last word", async () => {
    const state = join(folder, "state");
    const [inTable, inFolder] = [await contentOf(table), await contentOf(state)];
    expect(inFolder.memories.size).toBeGreaterThan(50);
    expect(inFolder.alerts.length).toBeGreaterThan(4);
    expect(inFolder.history.length).toBeGreaterThan(1000);
    expect(inTable).toEqual(inFolder);
    expect(await alertLines(table)).toBe(await alertLines(state));
  });

  it("is listed, explained and reported like that of a folder", async () => {
    const state = join(folder, "state");
    for (const command of [
      ["alerts", "list", "--severity", "high"],
      ["alerts", "show", alertId],
      ["explain", alertId],
      ["baseline", "show", gateway],
    ]) {
      const [inTable, inFolder] = await Promise.all(
        [table, state].map((place) => ok(...command, "--state", place)),
      );
      expect(inTable?.length).toBeGreaterThan(100);
      expect(inTable?.replaceAll(table, "STATE")).toBe(inFolder?.replaceAll(state, "STATE"));
    }
    await ok("report", "--state", table, "--out", join(folder, "report.html"));
    expect(await readFile(join(folder, "report.html"), "utf8")).toContain(alertId);
  });

  it("takes people's notes", async () => {
    const note = ["--verdict", "benign", "--by", "ana", "--note", "a restore"];
    await ok("alerts", "close", alertId, ...note, "--state", table);
    expect(await ok("alerts", "show", alertId, "--state", table)).toContain("a restore");
    const mute = ["--detector", "new-key", "--owner", "ana", "--reason", "moving", "--expires"];
    const time = new Date(Date.now() + 86_400_000).toISOString();
    await ok("suppress", "add", ...mute, time, "--state", table);
    expect(await ok("suppress", "list", "--state", table)).toContain("moving");
  });

  it("is exported, and imported into another table, as with folders", async () => {
    const files = [join(folder, "of-table.ndjson"), join(folder, "of-folder.ndjson")] as const;
    await ok("baseline", "export", "--state", table, "--out", files[0], "--with-context-key");
    const state = join(folder, "state");
    await ok("baseline", "export", "--state", state, "--out", files[1], "--with-context-key");
    expect(await readFile(files[0], "utf8")).toBe(await readFile(files[1], "utf8"));
    const copies = [`dynamodb://${await createTable(server.endpoint)}`, join(folder, "copy")];
    for (const copy of copies) await ok("baseline", "import", files[0], "--state", copy);
    const [inTable, inFolder] = await Promise.all(copies.map(contentOf));
    expect(inTable?.memories.size).toBeGreaterThan(50);
    expect(inTable).toEqual(inFolder);
  });

  it("is refused with what can be done where there is none", async () => {
    const missing = await keyhawk(["alerts", "list", "--state", "dynamodb://no-such-table"]);
    expect(missing.status).toBe(1);
    expect(missing.stderr).toContain("dynamodb://no-such-table: no such table");
    expect(missing.stderr).toContain("aws dynamodb create-table");
    const empty = `dynamodb://${await createTable(server.endpoint)}`;
    expect((await keyhawk(["alerts", "list", "--state", empty])).stderr).toContain("no state here");
    const wrong = await keyhawk(["replay", trail, "--state", "dynamodb://a/b"]);
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining("dynamodb://TABLE")]);
  });
});

/** All that a state holds, as its readers see it. */
async function contentOf(state: string) {
  await using store = await openStore(state, { access: "read" });
  return {
    memories: await store.memoriesAfter("", everything),
    engine: JSON.parse((await store.engineState()) ?? "{}"),
    positions: await store.positions(),
    calls: callsIn(await store.recentCalls()),
    alerts: await store.alerts.list({}),
    counters: await store.history.counters(),
    history: await store.history.hours({ prefix: "" }),
    usage: await store.history.usage(everything),
    letters: await store.history.deadLetterTotals(),
    entities: await store.history.entities(),
    outbox: (await store.outbox.counts()).map(({ sink, pending, accepted }) => ({
      sink,
      pending,
      accepted,
    })),
  };
}
