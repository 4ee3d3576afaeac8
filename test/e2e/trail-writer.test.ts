import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { benchTrail } from "../bench/generate-trail.ts";
import { awsService, person, roleSession } from "../../src/simulation/caller.ts";
import { keys } from "../support/trail/organization.ts";
import { Random } from "../../src/simulation/random.ts";
import { type KmsCall, crossAccountRecords, kmsRecord } from "../../src/simulation/record.ts";
import { composeScenario } from "../support/trail/scenarios.ts";
import { type TrailLayout, trailFiles, writeTrail } from "../support/trail/write.ts";

const directory = mkdtempSync(join(tmpdir(), "keyhawk-trail-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("Random", () => {
  it("gives the same numbers for the same seed, others for another", () => {
    const draw = (seed: string) => {
      const random = new Random(seed);
      return Array.from({ length: 5 }, () => random.bits());
    };
    expect(draw("a")).toEqual(draw("a"));
    expect(draw("a")).not.toEqual(draw("b"));
    expect(new Random("pinned").uuid()).toBe("be0abc60-201f-40c8-bec8-4768eba35ebb");
  });

  it("counts with the mean and the variance it promises", () => {
    const random = new Random("counts");
    const counts = Array.from({ length: 20_000 }, () => random.burstyCount(40, 4));
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length;
    expect(mean).toBeCloseTo(40, 0);
    expect(variance).toBeGreaterThan(410);
    expect(variance).toBeLessThan(470);
  });
});

const time = "2026-03-02T09:30:00Z";
const caller = roleSession({ accountId: "111122223333", role: "payments-api", session: "7c9d" });

/** A record whose ids follow from the call. */
function madeRecord(call: Partial<KmsCall>) {
  const seed = new Random(JSON.stringify(call));
  return kmsRecord({ time, caller, key: keys.paymentsData, ...call }, seed);
}

describe("kmsRecord", () => {
  it.each([
    [
      "a direct call has an address and TLS",
      {},
      { sourceIPAddress: "192.0.2.44", invokedBy: undefined, hasTls: true },
    ],
    [
      "a call through a service names the service",
      { via: "s3" },
      { sourceIPAddress: "s3.amazonaws.com", invokedBy: "s3.amazonaws.com", hasTls: false },
    ],
    [
      "Parameter Store calls itself AWS Internal",
      { via: "AWS Internal" },
      { sourceIPAddress: "AWS Internal", invokedBy: "AWS Internal", hasTls: false },
    ],
    [
      "a service by itself has no TLS",
      { caller: awsService("ec2.amazonaws.com", "111122223333") },
      { sourceIPAddress: "ec2.amazonaws.com", invokedBy: "ec2.amazonaws.com", hasTls: false },
    ],
  ])("%s", (_claim, call, expected) => {
    const record = madeRecord(call);
    const { sourceIPAddress, userIdentity, tlsDetails } = record;
    const invokedBy = userIdentity["invokedBy"];
    expect({ sourceIPAddress, invokedBy, hasTls: tlsDetails !== undefined }).toEqual(expected);
  });

  it("gives two calls in the same words the same ids, and others others", () => {
    const call = { name: "Encrypt" };
    expect(madeRecord(call)).toEqual(madeRecord(call));
    expect(madeRecord({ name: "Decrypt" }).eventID).not.toBe(madeRecord(call).eventID);
  });

  it("names both keys of ReEncrypt, the source first", () => {
    const call = { name: "ReEncrypt", key: keys.tracking, destinationKey: keys.foreign };
    const arns = madeRecord(call).resources?.map((resource) => resource["ARN"]);
    expect(arns).toEqual([keys.tracking.arn, keys.foreign.arn]);
  });

  it("writes a call across accounts twice, once in each trail", () => {
    const caller = person({
      accountId: "444455556666",
      permissionSet: "DeveloperAccess",
      name: "mei",
    });
    const [own, outside] = crossAccountRecords(
      { time, caller, key: keys.labels },
      new Random("twins"),
    );
    expect([own?.recipientAccountId, outside?.recipientAccountId]).toEqual([
      "444455556666",
      "777788889999",
    ]);
    expect(own?.sharedEventID).toBe(outside?.sharedEventID);
    expect(own?.eventID).not.toBe(outside?.eventID);
    expect(outside?.userIdentity["type"]).toBe("AWSAccount");
  });
});

describe("writeTrail", () => {
  const records = composeScenario("stolen-role").records.slice(-600);
  const ids = (eventIds: readonly string[]) => [...eventIds].sort();

  it.each<TrailLayout>(["cloudtrail", "daily", "ndjson"])(
    "loses nothing in the layout %s",
    (layout) => {
      const folder = join(directory, layout);
      const found = writeTrail(folder, records, layout).flatMap((path) => {
        const text = gunzipSync(readFileSync(join(folder, path))).toString("utf8");
        const lines = layout === "ndjson" ? text.trimEnd().split("\n") : [];
        const read: { eventID: string }[] =
          layout === "ndjson" ? lines.map((line) => JSON.parse(line)) : JSON.parse(text).Records;
        return read.map(({ eventID }) => eventID);
      });
      expect(ids(found)).toEqual(ids(records.map(({ eventID }) => eventID)));
    },
  );

  it("delivers within fifteen minutes, and five more until the file is closed", () => {
    for (const { path, text } of trailFiles(records, "cloudtrail")) {
      const stamp = /_(\d{4})(\d\d)(\d\d)T(\d\d)(\d[05])Z_/.exec(path)?.slice(1) ?? [];
      const [year, month, day, hour, minute] = stamp;
      const deliveredMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:00Z`);
      const held: { eventTime: string }[] = JSON.parse(text).Records;
      const delays = held.map(({ eventTime }) => deliveredMs - Date.parse(eventTime));
      expect(Math.min(...delays), path).toBeGreaterThanOrEqual(60_000);
      expect(Math.max(...delays), path).toBeLessThan(20 * 60_000);
    }
  });
});

describe("benchTrail", () => {
  const trail = benchTrail(4001);
  afterAll(() => rmSync(dirname(trail.path), { recursive: true, force: true }));

  it("writes as many records as asked for, three tenths of them KMS, a file for each account and hour", () => {
    const paths = readdirSync(trail.path, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".json.gz"))
      .map((path) => join(trail.path, path));
    const records = paths.flatMap((path): { eventSource: string }[] => {
      return JSON.parse(gunzipSync(readFileSync(path)).toString("utf8")).Records;
    });
    const kms = records.filter(({ eventSource }) => eventSource === "kms.amazonaws.com").length;
    expect([paths.length, records.length]).toEqual([288, 4001]);
    expect(trail).toMatchObject({ files: 288, records: 4001, kmsRecords: kms });
    expect(kms / records.length).toBeCloseTo(0.3, 1);
    expect(trail.bytes / trail.records).toBeGreaterThan(1000);
  });
});
