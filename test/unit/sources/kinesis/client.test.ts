import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { kinesisClient } from "../../../../src/sources/kinesis/client.ts";
import { kinesisSource } from "../../../../src/sources/kinesis/kinesis-source.ts";
import { KinesisOptions } from "../../../../src/sources/kinesis/options.ts";
import { SourceError } from "../../../../src/sources/source-error.ts";
import { collect } from "../../../support/collect.ts";
import { type KinesisServer, startKinesalite } from "../../../support/kinesalite.ts";
import { readPlain } from "../../../support/reading.ts";
import { openWorld, recordLog, seen, type StreamWorld } from "./stream-world.ts";

let server: KinesisServer;
let world: StreamWorld;

beforeAll(async () => {
  server = await startKinesalite();
  world = await openWorld(server.endpoint);
  await world.put((await world.open())[0], "e0");
});
afterAll(async () => {
  world.close();
  await server.stop();
});
beforeEach(() => {
  for (const name of [
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
  ]) {
    vi.stubEnv(name, undefined);
  }
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  vi.stubEnv("AWS_CONFIG_FILE", "/nonexistent/config");
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials");
  return () => vi.unstubAllEnvs();
});

function source(options: object) {
  const parsed = KinesisOptions.parse({
    stream: world.producer.stream,
    endpoint: server.endpoint,
    ...options,
  });
  return kinesisSource(parsed, { read: readPlain, log: recordLog() });
}

describe("the client of a Kinesis source", () => {
  it("takes the credentials of the environment and speaks what the server speaks", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
    const { eventIds } = await collect(source({ region: "us-east-1" }), { until: seen("e0") });
    expect(eventIds).toEqual(["e0"]);
  });

  it("without a region is an error that says so", async () => {
    const reading = collect(source({}));
    await expect(reading).rejects.toThrow(/no AWS region is configured/);
    await expect(reading).rejects.toBeInstanceOf(SourceError);
  });

  it("without credentials is an error that says so", async () => {
    await expect(collect(source({ region: "us-east-1" }))).rejects.toThrow(
      /no credentials \(kinesis:DescribeStreamSummary\)/,
    );
  });

  it.each([
    ["the configured one", { region: "eu-west-1" }, "eu-west-1"],
    ["that of the ARN", {}, "eu-north-1"],
  ])("uses as its region %s", async (_claim, options, region) => {
    const stream = "arn:aws:kinesis:eu-north-1:111122223333:stream/trail";
    const client = kinesisClient(KinesisOptions.parse({ stream, ...options }));
    expect(await client.config.region()).toBe(region);
    client.destroy();
  });
});

describe("the options of a Kinesis source", () => {
  it("need no more than a stream", () => {
    expect(KinesisOptions.parse({ stream: "trail" })).toMatchObject({
      startAt: "TRIM_HORIZON",
      alignmentMs: 600_000,
    });
  });

  it.each([
    { stream: "not a stream" },
    { stream: "arn:aws:s3:::bucket" },
    { stream: "trail", startAt: "yesterday" },
    { stream: "trail", pollIntervalMs: 10 },
    { stream: "trail", recordsPerRead: 10_001 },
    { stream: "trail", endpoint: "nowhere" },
    { stream: "trail", shards: 3 },
  ])("are refused when they make no sense: %j", (options) => {
    expect(KinesisOptions.safeParse(options).success).toBe(false);
  });
});
