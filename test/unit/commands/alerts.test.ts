import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Alert } from "../../../src/detection/alert.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { alertOf } from "../../support/report-input.ts";
import { type StatePlace, statePlace } from "../../support/state-place.ts";
import { keyhawk, type Surroundings } from "./command-line.ts";

const hostile = "i-\u001b]0;owned\u0007\u202e";
const kept: Alert[] = [
  alertOf({
    alertId: "11110000-a",
    score: 95,
    severity: "critical",
    eventTime: "2026-03-03T00:00:00Z",
  }),
  alertOf({
    alertId: "22220000-b",
    score: 70,
    severity: "high",
    eventTime: "2026-03-02T00:00:00Z",
  }),
  alertOf({
    alertId: "22220000-c",
    score: 69,
    severity: "medium",
    eventTime: "2026-03-01T00:00:00Z",
    detector: "unusual-hour",
    title: hostile,
    principal: { ...principalOf(alertOf()), name: hostile, session: hostile },
    evidence: {
      eventCount: 1,
      eventIds: ["$(id)"],
      sourceAddresses: [hostile],
      userAgents: [hostile],
    },
    status: "created",
  }),
];

let place: StatePlace;
beforeAll(async () => {
  place = await statePlace();
  await using store = await openSqliteStore(place.directory);
  await store.outbox.add(kept.map((alert) => ({ alert, sinks: [] })));
});
afterAll(() => place[Symbol.asyncDispose]());

const run = (argv: string[], surroundings?: Surroundings) =>
  keyhawk([...argv, "--state", place.directory], surroundings);

async function listedIds(...argv: string[]): Promise<string[]> {
  const { stdout } = await run(["alerts", "list", "--format", "native", ...argv]);
  const lines = stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => (JSON.parse(line) as Alert).alertId);
}

describe("alerts list", () => {
  it.each<[string, string[], string[]]>([
    ["the newest first", [], ["11110000-a", "22220000-b", "22220000-c"]],
    ["at least this severe", ["--severity", "high"], ["11110000-a", "22220000-b"]],
    ["of a detector", ["--detector", "unusual-hour"], ["22220000-c"]],
    ["of a status", ["--status", "created"], ["22220000-c"]],
    [
      "from a time on, before another",
      ["--from", "2026-03-02", "--to", "2026-03-03"],
      ["22220000-b"],
    ],
    ["no more than asked for", ["--limit", "1"], ["11110000-a"]],
    ["none", ["--severity", "critical", "--detector", "unusual-hour"], []],
  ])("%s", async (_name, argv, ids) => {
    expect(await listedIds(...argv)).toEqual(ids);
  });

  it("native gives whole alerts, one a line", async () => {
    const { stdout } = await run(["alerts", "list", "--format", "native", "--limit", "1"]);
    expect(JSON.parse(stdout)).toEqual(kept[0]);
  });

  it("the table holds ids, severities and nothing that a terminal obeys", async () => {
    const { stdout } = await run(["alerts", "list"]);
    expect(stdout.trimEnd().split("\n")).toHaveLength(4);
    expect(stdout).toMatch(/2026-03-03 00:00:00Z +critical +95 +decrypt-spike .* 11110000-a\n/);
    expect(stdout).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
  });

  it("says on stderr that there are more, or none", async () => {
    expect((await run(["alerts", "list", "--limit", "1"])).stderr).toContain("there are more");
    const none = await run(["alerts", "list", "--from", "2030-01-01"]);
    expect(none).toEqual({ status: 0, stdout: "", stderr: "info no alerts match\n" });
    expect((await run(["-q", "alerts", "list", "--from", "2030-01-01"])).stderr).toBe("");
  });

  it("finds the state by the configuration, too", async () => {
    const file = join(place.parent, "keyhawk.yaml");
    await writeFile(file, "state: state\n");
    const { stdout } = await keyhawk(["alerts", "list", "--config", file]);
    expect(stdout).toContain("11110000-a");
  });
});

describe("alerts show and explain", () => {
  it("show has every part of the alert", async () => {
    const { stdout } = await run(["alerts", "show", "11110000-a"]);
    const { principal, kmsKey, reasons, triage, attack, evidence } = alertOf();
    const parts = [
      "CRITICAL 95",
      principal?.key ?? "",
      kmsKey?.arn ?? "",
      ...reasons.map(({ text }) => text),
      ...attack.map(({ technique }) => technique),
      ...evidence.eventIds,
      ...evidence.userAgents,
      "mature: 26 days, 624 samples",
    ];
    for (const part of parts) expect(stdout).toContain(part);
    for (const word of triage.join(" ").split(" ")) expect(stdout).toContain(word);
  });

  it("explain sets observed beside expected, and its points add up to the score", async () => {
    const { stdout } = await run(["explain", "11110000-a"]);
    expect(stdout).toMatch(/decryptsPerHour +4812 +21\n/);
    expect(stdout).toContain("decryptsPerHour: 21 rather than 4812");
    expect(stdout).toContain("Mature: judged by its own past; 26 days, 624 samples.");
    const points = [...stdout.matchAll(/[█░]{10} +(-?\d+) /g)].map(([, number]) => Number(number));
    expect(points).toHaveLength(4);
    expect(points.reduce((sum, point) => sum + point, 0)).toBe(87);
    expect(stdout).toContain("aws cloudtrail lookup-events --region eu-west-1");
    expect(stdout).toContain("https://eu-west-1.console.aws.amazon.com/cloudtrailv2/");
  });

  it.each(["alerts show", "explain"])(
    "%s shows nothing that a terminal or a shell obeys",
    async (command) => {
      const { status, stdout } = await run([...command.split(" "), "22220000-c"]);
      expect(status).toBe(0);
      expect(stdout).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
      expect(stdout).not.toMatch(/^ *aws .*(\$|\\x1b)/m);
    },
  );

  it("the first characters of an id are enough where they are its own", async () => {
    expect((await run(["explain", "1111"])).status).toBe(0);
    const two = await run(["explain", "22220000"]);
    expect(two).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringContaining("2 ids start so"),
    });
    expect((await run(["explain", "111"])).status).toBe(1);
  });

  it("an id that does not exist names the nearest", async () => {
    const { status, stderr } = await run(["alerts", "show", "11110000-x"]);
    expect(status).toBe(1);
    expect(stderr).toBe(
      "keyhawk: alert 11110000-x: no such alert among 3 kept; did you mean 11110000-a?\n",
    );
  });
});

describe("alerts close", () => {
  it("keeps the verdict, who gave it and why", async () => {
    const closing = ["alerts", "close", "2222", "--verdict", "false-positive", "--note", "restore"];
    expect((await run([...closing, "--by", "ana"])).stderr).toContain("2 ids start so");
    const closed = await run([...closing.with(2, "22220000-b"), "--by", "ana"]);
    expect(closed).toMatchObject({
      status: 0,
      stdout: "22220000-b closed: false-positive by ana\n",
    });
    expect(await listedIds("--status", "closed")).toEqual(["22220000-b"]);
    expect((await run(["alerts", "show", "22220000-b"])).stdout).toContain(
      "false-positive by ana: restore",
    );
  });

  it("takes the name from the environment, and refuses none", async () => {
    const closing = ["alerts", "close", "11110000-a", "--verdict", "benign"];
    expect((await run(closing)).status).toBe(2);
    expect((await run(closing, { env: { USER: "ben" } })).stdout).toContain("by ben");
  });
});

describe("alerts close --accept", () => {
  const closing = ["alerts", "close", "11110000-a", "--verdict", "benign", "--by", "ana"];

  it.each<[string, string[], string]>([
    ["no reason", ["--accept"], "--accept: expected --note"],
    ["a true positive", ["--accept", "--verdict", "true-positive", "--note", "x"], "benign"],
    ["more than a year", ["--accept", "--note", "x", "--until", "400d"], "at most a year"],
    ["a time that is over", ["--accept", "--note", "x", "--until", "2020-01-01"], "--until"],
    ["a factor below one", ["--accept", "--note", "x", "--up-to", "0.5"], "from 1 to 10"],
    ["terms without it", ["--until", "30d"], "--until: expected --accept as well"],
  ])("refuses %s", async (_name, argv, said) => {
    const { status, stdout, stderr } = await run([...closing, ...argv]);
    expect(stderr).toContain(said);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect((await run(["baseline", "accepted"])).stdout).toBe("");
  });

  it("refuses what is grave by nature, and what is about Keyhawk itself", async () => {
    await using store = await openSqliteStore(place.directory, { access: "annotate" });
    const grave = alertOf({ alertId: "33330000-d", detector: "key-destruction" });
    const own = alertOf({ alertId: "44440000-e", detector: "delivery-failing" });
    await store.outbox.add([grave, own].map((alert) => ({ alert, sinks: [] })));
    for (const [id, said] of [
      ["33330000-d", "never normal"],
      ["44440000-e", "Keyhawk itself"],
    ] as const) {
      const refused = await run([...closing.with(2, id), "--accept", "--note", "x"]);
      expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining(said) });
    }
  });

  it("is listed beside no mute, shown, and ended by its id", async () => {
    const accepted = await run([
      ...closing,
      "--accept",
      "--note",
      "nightly restore",
      "--until",
      "30d",
    ]);
    expect(accepted.status).toBe(0);
    const [, id = ""] = /^(a-[0-9a-f]{8}) decrypt-spike accepted/m.exec(accepted.stdout) ?? [];
    const listed = await run(["baseline", "accepted", "--format", "json"]);
    expect(JSON.parse(listed.stdout)).toMatchObject({
      id,
      owner: "ana",
      reason: "nightly restore",
      match: { detector: "decrypt-spike", principal: kept[0]?.principal?.key },
      acceptance: {
        alertId: "11110000-a",
        // The hour after the alert's own: this state has seen no event.
        fromMs: Date.parse("2026-03-03T01:00:00Z"),
        observed: { decryptsPerHour: 6015 },
      },
      expiresMs: Date.parse("2026-04-02T01:00:00Z"),
    });
    expect((await run(["suppress", "list"])).stdout).not.toContain(id);
    expect((await run(["suppress", "remove", id])).status).toBe(1);
    expect((await run(["baseline", "accepted"])).stdout).toContain("nightly restore");
    expect((await run(["baseline", "unaccept", `${id}0`])).stderr).toContain(`mean ${id}?`);
    expect((await run(["baseline", "unaccept", id])).status).toBe(0);
    expect((await run(["baseline", "accepted"])).stdout).toBe("");
  });
});

describe("suppress", () => {
  const add = (...argv: string[]) =>
    run(["suppress", "add", "--owner", "ana", "--reason", "restore test", ...argv]);

  it("adds, lists and removes", async () => {
    const added = await add("--principal", "arn:aws:iam::*:role/backup", "--expires", "30d");
    expect(added.status).toBe(0);
    const id = added.stdout.trim();
    const [listed] = (await run(["suppress", "list", "--format", "json"])).stdout.split("\n");
    expect(JSON.parse(listed ?? "")).toMatchObject({
      id,
      match: { principal: "arn:aws:iam::*:role/backup" },
      owner: "ana",
      reason: "restore test",
      hits: 0,
    });
    expect((await run(["suppress", "list"])).stdout).toContain(
      `principal=arn:aws:iam::*:role/backup`,
    );
    const mistyped = await run(["suppress", "remove", `${id}0`]);
    expect(mistyped).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`did you mean ${id}?`),
    });
    expect(await run(["suppress", "remove", id])).toMatchObject({
      status: 0,
      stdout: `${id} removed\n`,
    });
    expect((await run(["suppress", "list"])).stdout).toBe("");
  });

  it.each<[string, string[], string]>([
    ["nothing to match", ["--expires", "1d"], "expected at least one of"],
    ["everything", ["--principal", "*", "--expires", "1d"], "does not match everything"],
    [
      "everything, said otherwise",
      ["--key", "arn:aws:kms:*", "--detector", "*", "--expires", "1d"],
      "does not match everything",
    ],
    [
      "a time that is over",
      ["--account", "111122223333", "--expires", "2020-01-01"],
      "expected a time to come",
    ],
    ["more than a year", ["--account", "111122223333", "--expires", "400d"], "--force allows more"],
    ["no end", ["--account", "111122223333"], "--expires"],
    ["an account that is none", ["--account", "1111", "--expires", "1d"], "12 digits"],
    [
      "a detector that is none",
      ["--detector", "decrpyt-spike", "--expires", "1d"],
      "did you mean decrypt-spike?",
    ],
    ["no reason", ["--account", "111122223333", "--expires", "1d", "--reason", " "], "--reason"],
  ])("refuses %s", async (_name, argv, said) => {
    const { status, stdout, stderr } = await add(...argv);
    expect(stderr).toContain(said);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  });

  it("says which mutes end soon or are over", async () => {
    await add("--account", "555566667777", "--expires", "5d");
    await add("--account", "555566668888", "--expires", "50d");
    const { stdout } = await run(["suppress", "list"]);
    expect(stdout).toMatch(/account=555566667777 .*Z \(in 5 days\)/);
    expect(stdout).toMatch(/account=555566668888 .*Z +0\n/);
  });

  it("takes more than a year with --force", async () => {
    const { status } = await add("--account", "111122223333", "--expires", "400d", "--force");
    expect(status).toBe(0);
  });
});

describe("report", () => {
  it("writes one whole page, and no other file", async () => {
    const file = join(place.parent, "page.html");
    const { status, stdout, stderr } = await run(["report", "--out", file, "--title", "March"]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
    expect(stderr).toContain(file);
    const page = await readFile(file, "utf8");
    expect(page).toMatch(/^<!doctype html>/i);
    expect(page).toContain("March");
    await expect(readFile(`${file}.part`)).rejects.toThrow("ENOENT");
  });

  it("goes to stdout when asked", async () => {
    expect((await run(["report", "--out", "-"])).stdout).toMatch(/<\/html>\s*$/);
  });
});

function principalOf(alert: Alert): NonNullable<Alert["principal"]> {
  if (alert.principal === null) throw new TypeError("no principal");
  return alert.principal;
}
