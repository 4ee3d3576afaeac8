import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { keys, organization } from "../support/trail/organization.ts";
import type { CloudTrailRecord } from "../../src/simulation/record.ts";
import { readScenario } from "../support/trail/scenario.ts";
import { composeScenario, scenarioNames } from "../support/trail/scenarios.ts";
import { trailFiles } from "../support/trail/write.ts";

const ownAccounts: readonly string[] = Object.values(organization.accounts);
const knownAccounts = [...ownAccounts, organization.foreignAccount];
const documentationAddress = /^(?:192\.0\.2\.|198\.51\.100\.|203\.0\.113\.)\d{1,3}$|^2001:db8:/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const fileName =
  /^AWSLogs\/o-[a-z0-9]{10,32}\/(\d{12})\/CloudTrail\/([a-z0-9-]+)\/(\d{4})\/(\d\d)\/(\d\d)\/\1_CloudTrail_\2_\3\4\5T(\d\d)(\d\d)Z_[A-Za-z0-9]{16}\.json\.gz$/;

describe.each(scenarioNames)("the sample %s", (name) => {
  const shipped = readScenario(name);
  const text = JSON.stringify(shipped.records);

  it("is what its seed makes", () => {
    const composed = composeScenario(name);
    const files = trailFiles(composed.records, "daily");
    expect(shipped.files.map(({ path }) => path)).toEqual(files.map(({ path }) => path));
    for (const [index, file] of files.entries()) {
      const opened = JSON.stringify({ Records: shipped.files[index]?.records });
      expect(opened === file.text, file.path).toBe(true);
    }
    expect(shipped.expected).toEqual(composed.expected);
  });

  it("has files named as CloudTrail names them, delivered after the events in them", () => {
    for (const { path, records } of shipped.files) {
      const [, account, region, year, month, day, hour, minute] = fileName.exec(path) ?? [];
      const deliveredMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:00Z`);
      expect(deliveredMs, path).toBeGreaterThan(0);
      for (const record of records) {
        expect(record.recipientAccountId).toBe(account);
        expect(record.awsRegion).toBe(region);
        expect(Date.parse(record.eventTime)).toBeLessThanOrEqual(deliveredMs);
      }
    }
  });

  it("is out of order by less than fifteen minutes, and somewhere it is", () => {
    let worstMs = 0;
    for (const { records } of shipped.files) {
      let latestMs = 0;
      for (const { eventTime } of records) {
        const timeMs = Date.parse(eventTime);
        worstMs = Math.max(worstMs, latestMs - timeMs);
        latestMs = Math.max(latestMs, timeMs);
      }
    }
    expect(worstMs).toBeGreaterThan(60_000);
    expect(worstMs).toBeLessThan(15 * 60_000);
  });

  it("has a UUID of its own for each record", () => {
    const ids = shipped.records.map(({ eventID }) => eventID);
    expect(ids.filter((id) => !uuid.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(shipped.records.filter(({ requestID = "" }) => !uuid.test(requestID))).toEqual([]);
  });

  it("names no account, address or credential of anyone", () => {
    const accounts = new Set([...text.matchAll(/(?<![\w-])\d{12}(?![\w-])/g)].map(([id]) => id));
    expect([...accounts].filter((id) => !knownAccounts.includes(id))).toEqual([]);
    const addresses = new Set(shipped.records.map(({ sourceIPAddress }) => sourceIPAddress));
    const strange = [...addresses].filter(
      (address) => !documentationAddress.test(address) && !isServiceName(address),
    );
    expect(strange).toEqual([]);
    const credentials = new Set([...text.matchAll(/A(?:KIA|SIA)\w+/g)].map(([id]) => id));
    expect(credentials.size).toBeGreaterThan(20);
    expect([...credentials].filter((id) => !/^\w{13}EXAMPLE$/.test(id))).toEqual([]);
  });

  it("has records as large as CloudTrail's", () => {
    const mean = text.length / shipped.records.length;
    expect(mean).toBeGreaterThan(1000);
    expect(mean).toBeLessThan(1700);
  });

  it("has both copies of calls across accounts, without a role's name in the owner's", () => {
    const copies = shipped.records.filter((record) => record.userIdentity["type"] === "AWSAccount");
    expect(copies.length).toBeGreaterThan(50);
    const byShared = Map.groupBy(shipped.records, ({ sharedEventID }) => sharedEventID);
    for (const copy of copies) {
      const twins = byShared.get(copy.sharedEventID) ?? [];
      expect(twins.map(({ recipientAccountId }) => recipientAccountId).sort()).toHaveLength(2);
      expect(new Set(twins.map(({ recipientAccountId }) => recipientAccountId)).size).toBe(2);
      expect(copy.userIdentity["arn"]).toBeUndefined();
    }
  });

  it("expects its alerts within its own time", () => {
    const first = shipped.records[0]?.eventTime ?? "";
    const last = shipped.records.at(-1)?.eventTime ?? "";
    for (const { eventTime, principal } of shipped.expected.alerts) {
      expect(eventTime.from >= first && eventTime.from >= shipped.expected.quietUntil).toBe(true);
      expect(eventTime.to > eventTime.from && eventTime.to <= last).toBe(true);
      expect(text).toContain(`"arn":"${principal}"`);
    }
  });

  it("has a story", () => {
    expect(existsSync(new URL(`../../samples/${name}/story.md`, import.meta.url))).toBe(true);
  });
});

describe("what the stories say", () => {
  const stolen = readScenario("stolen-role");
  const ransom = readScenario("ransom-attempt");
  const gateway = (record: CloudTrailRecord) =>
    JSON.stringify(record.userIdentity).includes("role/dispatch-gateway");
  const foreign = (record: CloudTrailRecord) => touches(record, keys.foreign.arn);

  it.each([
    [
      "secrets read by the thief",
      240,
      () =>
        kms(stolen.records, "Decrypt", "2026-03-14T02:1", "2026-03-14T02:20:30Z").filter(gateway)
          .length,
    ],
    [
      "parameters read by the thief",
      40,
      () =>
        kms(stolen.records, "Decrypt", "2026-03-14T02:20:31", "2026-03-14T02:30").filter(gateway)
          .length,
    ],
    [
      "refusals before",
      15,
      () =>
        stolen.records.filter(
          (record) =>
            gateway(record) &&
            record.errorCode === "AccessDenied" &&
            record.eventSource === "kms.amazonaws.com",
        ).length,
    ],
    [
      "objects under a foreign key",
      300,
      () =>
        kms(ransom.records, "GenerateDataKey", "2026-05-14", "2026-05-15").filter(foreign).length,
    ],
    [
      "ciphertexts moved to it",
      60,
      () => kms(ransom.records, "ReEncrypt", "2026-05-14", "2026-05-15").filter(foreign).length,
    ],
    [
      "keys scheduled for deletion",
      6,
      () => kms(ransom.records, "ScheduleKeyDeletion", "2026-05-14", "2026-05-15").length,
    ],
    [
      "keys disabled",
      2,
      () => kms(ransom.records, "DisableKey", "2026-05-14", "2026-05-15").length,
    ],
    [
      "materials deleted",
      1,
      () => kms(ransom.records, "DeleteImportedKeyMaterial", "2026-05-14", "2026-05-15").length,
    ],
  ])("%s: %d", (_what, count, counted) => {
    expect(counted()).toBe(count);
  });

  it("services fail once their keys are gone", () => {
    const failed = ransom.records.filter(
      ({ errorCode }) => errorCode === "KMSInvalidStateException",
    );
    expect(failed.length).toBeGreaterThan(5);
    expect(failed.every(({ eventTime }) => eventTime > "2026-05-14T01:31:08Z")).toBe(true);
  });

  it.each(scenarioNames)(
    "nothing that destroys a key or leaves the organization is ordinary (%s)",
    (name) => {
      const { records, expected } = readScenario(name);
      const before = records.filter(({ eventTime }) => eventTime < expected.quietUntil);
      expect(before.length).toBeGreaterThan(9000);
      expect(before.filter(foreign)).toEqual([]);
      expect(
        before.filter(({ eventName }) => /^(?:Schedule|Disable|Delete)/.test(eventName)),
      ).toEqual([]);
    },
  );
});

describe("the sample configuration", () => {
  it("is valid", async () => {
    const path = new URL("../../samples/keyhawk.yaml", import.meta.url).pathname;
    const config = await loadConfig(path);
    expect(config.organization.accounts).toEqual(ownAccounts);
  });
});

function kms(
  records: readonly CloudTrailRecord[],
  eventName: string,
  from: string,
  to: string,
): CloudTrailRecord[] {
  return records.filter(
    (record) =>
      record.eventSource === "kms.amazonaws.com" &&
      record.eventName === eventName &&
      record.eventTime >= from &&
      record.eventTime <= to,
  );
}

function touches(record: CloudTrailRecord, arn: string): boolean {
  return record.resources?.some((resource) => resource["ARN"] === arn) ?? false;
}

function isServiceName(address: string): boolean {
  return address === "AWS Internal" || /^[a-z0-9]+\.amazonaws\.com$/.test(address);
}
