import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { GetRecordsCommand, GetShardIteratorCommand } from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.ts";
import type { Evaluation } from "../../src/evaluation/evaluate.ts";
import { arrivalMs } from "../../src/simulation/layout.ts";
import { Truth } from "../../src/simulation/truth.ts";
import { keyhawk, startKeyhawk } from "../support/e2e-keyhawk.ts";
import { read } from "../support/parsing.ts";
import { type KinesisServer, startKinesalite } from "../support/kinesalite.ts";
import { createStream, loopbackKinesis } from "../support/kinesis-producer.ts";

const small = [
  "--seed",
  "8",
  "--principals",
  "20",
  "--days",
  "10",
  "--accounts",
  "2",
  "--scale",
  "0.3",
];
const attacks = ["--attacks-from", "7", "--attacks", "8", "--strength", "strong"];
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "keyhawk-simulate-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const simulate = (name: string, ...options: string[]) =>
  keyhawk("simulate", "--out", join(folder, name), ...small, ...options);

/** Path → bytes of all files of a folder. */
function filesOf(name: string): Map<string, Buffer> {
  const paths = readdirSync(join(folder, name), { recursive: true, encoding: "utf8" });
  const files = paths.filter((path) => /\.(?:gz|json|yaml)$/.test(path)).sort();
  return new Map(files.map((path) => [path, readFileSync(join(folder, name, path))]));
}

describe("simulate, replay, evaluate", () => {
  it("go through, and what is strong is found", async () => {
    const summary = JSON.parse(await simulate("month", ...attacks));
    expect(summary).toMatchObject({ seed: 8, attacks: 8 });
    const place = (name: string) => join(folder, "month", name);
    const replayed = join(folder, "replayed.json");
    await keyhawk(
      "replay",
      place("trail"),
      "--config",
      place("keyhawk.yaml"),
      "--learn-until",
      "2026-01-12",
      "--alerts",
      place("alerts.ndjson"),
      "--summary",
      replayed,
    );
    expect(JSON.parse(readFileSync(replayed, "utf8"))).toMatchObject({
      records: summary.records,
      kmsEvents: summary.kmsRecords,
      rejected: 0,
      duplicates: 0,
      late: 0,
    });
    const files = ["--truth", place("truth.json"), "--alerts", place("alerts.ndjson")];
    const evaluation: Evaluation = JSON.parse(
      await keyhawk("evaluate", ...files, "--format", "json", "--minimum-severity", "low"),
    );
    expect(evaluation).toMatchObject({ seed: 8, judgedDays: 3, minimumSeverity: "low" });
    expect(evaluation.attacks).toHaveLength(8);
    expect(evaluation.levels[0]?.found).toBeGreaterThan(0);
    const table = await keyhawk("evaluate", ...files);
    for (const word of ["RECALL", "FALSE/DAY/1000", "STRENGTH", "SCORE"]) {
      expect(table).toContain(word);
    }
  });

  it("write the same bytes for the same seed, the configuration and the truth too", async () => {
    await simulate("first", ...attacks, "--days", "8");
    await simulate("again", ...attacks, "--days", "8");
    await simulate("other", ...attacks, "--days", "8", "--seed", "9");
    const [first, again, other] = ["first", "again", "other"].map(filesOf);
    expect(first?.size).toBeGreaterThan(100);
    expect([...(first ?? [])].every(([path, bytes]) => again?.get(path)?.equals(bytes))).toBe(true);
    expect(first?.get("truth.json")?.equals(other?.get("truth.json") ?? Buffer.from(""))).toBe(
      false,
    );
    const config = await loadConfig(join(folder, "first", "keyhawk.yaml"));
    const truth = Truth.parse(JSON.parse(first?.get("truth.json")?.toString("utf8") ?? ""));
    expect(config.organization.accounts).toEqual(truth.accounts);
    expect(config.organization.approvedForeignAccounts.map(({ account }) => account)).toEqual(
      truth.approvedForeignAccounts,
    );
    const { breakGlass, self } = config.detection;
    expect(breakGlass.flatMap(({ principals }) => principals)).toEqual(
      rolesOf(truth, "break-glass"),
    );
    expect(self.map(({ principal }) => principal)).toEqual(rolesOf(truth, "keyhawk-consumer"));
    expect(self).toHaveLength(1);
  });

  it("write files that hold their own account, Region and time of delivery", async () => {
    await simulate("files", "--benign-only", "--days", "2", "--file-minutes", "15");
    const name =
      /trail\/AWSLogs\/o-meadowlark0\/(\d{12})\/CloudTrail\/([a-z0-9-]+)\/(\d{4})\/(\d\d)\/(\d\d)\/\1_CloudTrail_\2_\3\4\5T(\d\d)(\d\d)Z_\w{16}\.json\.gz$/;
    let records = 0;
    for (const [path, bytes] of filesOf("files")) {
      if (!path.endsWith(".gz")) continue;
      const [, account, region, year, month, day, hour, minute] = name.exec(path) ?? [];
      const deliveredMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:00Z`);
      const { Records } = JSON.parse(gunzipSync(bytes).toString("utf8"));
      for (const record of Records) {
        records += 1;
        expect([record.recipientAccountId, record.awsRegion]).toEqual([account, region]);
        const ageMs = deliveredMs - Date.parse(record.eventTime);
        expect(ageMs).toBeGreaterThan(0);
        expect(ageMs).toBeLessThan((14 + 15) * 60_000);
      }
    }
    expect(records).toBeGreaterThan(500);
    const truth = JSON.parse(readFileSync(join(folder, "files", "truth.json"), "utf8"));
    expect(truth).toMatchObject({ attacks: [], records });
  });
});

describe("a folder that holds a trail already", () => {
  it("is emptied first where an older simulation made it, and left alone where not", async () => {
    await simulate("used", "--benign-only", "--days", "1", "--accounts", "3");
    await simulate("used", "--benign-only", "--days", "1", "--seed", "9");
    await simulate("fresh", "--benign-only", "--days", "1", "--seed", "9");
    expect([...filesOf("used").keys()]).toEqual([...filesOf("fresh").keys()]);
    rmSync(join(folder, "used", "truth.json"));
    await expect(simulate("used", "--benign-only", "--days", "1")).rejects.toThrow(
      "expected an empty",
    );
    expect(filesOf("used").size).toBe(filesOf("fresh").size - 1);
  });
});

describe("wrong usage", () => {
  it.each([
    ["nowhere to write to", ["simulate", "--seed", "1"], "--out: expected a folder"],
    ["no seed", ["simulate", "--out", "x"], "--seed"],
    [
      "a start within a day",
      ["simulate", "--out", "x", "--seed", "1", "--from", "2026-01-05T01:00:00Z"],
      "--from: expected a date",
    ],
    [
      "attacks after the end",
      ["simulate", "--out", "x", "--seed", "1", "--days", "20"],
      "--attacks-from: expected a day before",
    ],
    [
      "a strength that is none",
      ["simulate", "--out", "x", "--seed", "1", "--strength", "strnog"],
      "Did you mean strong?",
    ],
    [
      "a truth that is not there",
      ["evaluate", "--truth", "nowhere.json", "--alerts", "x"],
      "nowhere.json: cannot be read",
    ],
    [
      "a truth that is none",
      ["evaluate", "--truth", "package.json", "--alerts", "x"],
      "package.json: version",
    ],
  ])("%s: status 2 and a message that says it", async (_case, args, said) => {
    await using running = startKeyhawk(args);
    const { status } = await running.ended();
    expect({ status, stderr: running.stderr() }).toEqual({
      status: 2,
      stderr: expect.stringContaining(said),
    });
  });
});

describe("--to-stream", () => {
  let server: KinesisServer;
  beforeAll(async () => {
    server = await startKinesalite();
  });
  afterAll(() => server.stop());

  it("puts every record on the stream in order of arrival, as events that the parser reads", async () => {
    const producer = await createStream(server.endpoint, "trail", 1);
    const target = ["--to-stream", "trail", "--region", "us-east-1", "--endpoint", server.endpoint];
    const summary = JSON.parse(
      await keyhawk("simulate", ...small, "--benign-only", "--days", "1", ...target),
    );
    const data = await readStream(server.endpoint, "trail");
    const readings = data.map((bytes) => read(bytes));
    expect(readings.flatMap(({ rejected }) => rejected)).toEqual([]);
    expect(readings.reduce((sum, { records }) => sum + records, 0)).toBe(summary.records);
    const arrivals = data.map((bytes) =>
      arrivalMs(JSON.parse(Buffer.from(bytes).toString()).detail),
    );
    expect(arrivals).toEqual([...arrivals].sort((a, b) => a - b));
    producer.close();
  });

  it("takes its time where it is told to, and stops when it is told to", async () => {
    const producer = await createStream(server.endpoint, "slow", 1);
    const target = ["--to-stream", "slow", "--region", "us-east-1", "--endpoint", server.endpoint];
    await using running = startKeyhawk([
      "simulate",
      ...small,
      "--benign-only",
      ...target,
      "--speed",
      "60",
    ]);
    const deadline = performance.now() + 20_000;
    while ((await readStream(server.endpoint, "slow")).length === 0) {
      expect(performance.now()).toBeLessThan(deadline);
    }
    expect(await running.stop("SIGTERM")).toMatchObject({ status: 143 });
    expect((await readStream(server.endpoint, "slow")).length).toBeLessThan(3000);
    producer.close();
  });
});

/** Everything that the first shard of a stream holds. */
async function readStream(endpoint: string, stream: string): Promise<Uint8Array[]> {
  const client = loopbackKinesis(endpoint);
  const place = { StreamName: stream, ShardId: "shardId-000000000000" };
  const start = new GetShardIteratorCommand({ ...place, ShardIteratorType: "TRIM_HORIZON" });
  let iterator = (await client.send(start)).ShardIterator;
  const data: Uint8Array[] = [];
  for (;;) {
    const page = await client.send(new GetRecordsCommand({ ShardIterator: iterator }));
    data.push(...(page.Records ?? []).flatMap(({ Data }) => Data ?? []));
    iterator = page.NextShardIterator;
    if ((page.Records ?? []).length === 0) break;
  }
  client.destroy();
  return data;
}

/** Principals that do something of a kind. */
function rolesOf({ principals }: Truth, cause: string): string[] {
  return Object.keys(principals).filter((name) => principals[name]?.includes(cause) === true);
}
