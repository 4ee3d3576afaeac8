import { describe, expect, it } from "vitest";
import { attackKinds } from "../../../src/simulation/attacks/attacks.ts";
import { simulate } from "../../../src/simulation/simulate.ts";
import { Truth } from "../../../src/simulation/truth.ts";
import { read } from "../../support/parsing.ts";
import { monthOf, recordsOf, smallMonth } from "./month.ts";

const { records, truth } = monthOf();
const kms = records.filter(({ eventSource }) => eventSource === "kms.amazonaws.com");

describe("a simulated trail", () => {
  it("is the same for the same seed, to the byte", () => {
    expect(JSON.stringify(monthOf()) === JSON.stringify({ records, truth })).toBe(true);
  });

  it("is another for another seed, and has no record in common", () => {
    const other = monthOf({ seed: 2 });
    const ids = new Set(other.records.map(({ eventID }) => eventID));
    expect(records.filter(({ eventID }) => ids.has(eventID))).toEqual([]);
    expect(other.truth.attacks.map(({ kind }) => kind)).not.toEqual(
      truth.attacks.map(({ kind }) => kind),
    );
  });

  it("keeps its ordinary life when attacks are added", () => {
    const quiet = monthOf({ attacks: 0 });
    expect(quiet.truth.attacks).toEqual([]);
    const before = (all: typeof records) =>
      all.filter(({ eventTime }) => eventTime < "2026-01-06").map(({ eventTime }) => eventTime);
    const attacked = new Set(truth.attacks.flatMap(({ eventIds }) => eventIds));
    const own = records.filter(({ eventID }) => !attacked.has(eventID));
    expect(before(own)).toEqual(before(quiet.records));
  });

  it("is read by the parser without one rejection", () => {
    const reading = read({ Records: records }, { maxOpenedBytes: 2 ** 30 });
    expect(reading.rejected).toEqual([]);
    expect([reading.records, reading.kmsEvents]).toEqual([records.length, kms.length]);
    expect([truth.records, truth.kmsRecords]).toEqual([records.length, kms.length]);
  });

  it("comes hour by hour, each in order of event time, with ids that are unique", () => {
    for (const { startMs, records: hour } of simulate(smallMonth).hours()) {
      const times = hour.map(({ eventTime }) => Date.parse(eventTime));
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(times.every((time) => time >= startMs)).toBe(true);
    }
    expect(new Set(records.map(({ eventID }) => eventID)).size).toBe(records.length);
  });

  it("holds KMS records only where that is asked for, but what blinds the sensor", () => {
    const services = new Set(
      monthOf({ kmsOnly: true }).records.map(({ eventSource }) => eventSource),
    );
    services.delete("cloudtrail.amazonaws.com");
    expect([...services]).toEqual(["kms.amazonaws.com"]);
    expect(kms.length).toBeLessThan(records.length);
  });

  it("writes calls across its accounts into both trails", () => {
    const quiet = monthOf({ attacks: 0 }).records;
    const outside = quiet.filter(
      ({ userIdentity, recipientAccountId }) =>
        userIdentity["type"] === "AWSAccount" &&
        truth.accounts.some((account) => account === userIdentity["accountId"]) &&
        recipientAccountId !== userIdentity["accountId"],
    );
    const byShared = Map.groupBy(quiet, ({ sharedEventID }) => sharedEventID);
    expect(outside.length).toBeGreaterThan(20);
    for (const { sharedEventID } of outside) {
      const accounts = byShared.get(sharedEventID)?.map((record) => record.recipientAccountId);
      expect(new Set(accounts).size).toBe(2);
    }
  });

  it("says the truth in its own format, about principals that are in it", () => {
    expect(Truth.parse(JSON.parse(JSON.stringify(truth)))).toEqual(truth);
    const text = JSON.stringify(kms);
    for (const principal of Object.keys(truth.principals)) {
      const name = principal
        .split("#")
        .at(-1)
        ?.split("/")
        .at(-1)
        ?.replace(/^arn:.*::(\d+):root$/, "$1");
      expect(text.includes(String(name)), principal).toBe(true);
    }
  });
});

describe("attacks", () => {
  const round = attackKinds.length + attackKinds.filter(({ isCommon }) => isCommon).length;
  const every = monthOf({ attacks: round, accounts: 8, principals: 300, scale: 0.3 });
  const byId = new Map(every.records.map((record) => [record.eventID, record]));

  it("are all of them possible in an organization of a few hundred principals", () => {
    const kinds = new Set(every.truth.attacks.map(({ kind }) => kind));
    expect(attackKinds.map(({ name }) => name).filter((name) => !kinds.has(name))).toEqual([]);
  });

  it.each(every.truth.attacks.map((attack) => [attack.kind, attack.id, attack] as const))(
    "%s (%s) has its records in the trail, within its time, by its principals",
    (_kind, _id, attack) => {
      for (const id of attack.eventIds) {
        const record = byId.get(id);
        if (record === undefined) throw new Error(`${id} is not in the trail`);
        if (attack.harm === attack.start) {
          expect(record.eventTime >= attack.start && record.eventTime <= attack.end).toBe(true);
        }
      }
      expect(attack.records >= attack.eventIds.length).toBe(true);
      expect(attack.start <= attack.end && attack.harm <= attack.end).toBe(true);
      expect(attack.end >= every.truth.judgedFrom && attack.harm < every.truth.judgedTo).toBe(true);
      if (attack.kind !== "sensor-silent") {
        expect(attack.eventIds.length).toBeGreaterThan(0);
        expect(attack.principals.length).toBeGreaterThan(0);
      }
    },
  );

  it("are of any strength, or of one", () => {
    expect(new Set(every.truth.attacks.map(({ strength }) => strength)).size).toBe(3);
    const strong = monthOf({ strength: "strong" });
    expect(new Set(strong.truth.attacks.map(({ strength }) => strength))).toEqual(
      new Set(["strong"]),
    );
  });

  it("take records away where the sensor is silent", () => {
    const silent = every.truth.attacks.filter(({ kind }) => kind === "sensor-silent");
    expect(silent.length).toBeGreaterThan(0);
    for (const { account, start, end } of silent) {
      const seen = every.records.filter(
        (record) =>
          record.recipientAccountId === account &&
          record.eventTime >= start &&
          record.eventTime < end,
      );
      expect(seen).toEqual([]);
    }
  });

  it("break keys for those who use them", () => {
    const broken = every.truth.attacks.filter(({ breaksKeys }) => breaksKeys);
    const arns = new Set(broken.flatMap(({ keys }) => keys));
    const failures = every.records.filter(
      ({ errorCode }) => errorCode === "KMSInvalidStateException",
    );
    expect(failures.length).toBeGreaterThan(0);
    expect(
      failures.filter(({ resources }) => [...arns].every((arn) => arn !== resources?.[0]?.["ARN"])),
    ).toEqual([]);
  });

  it("on foreign accounts' keys leave no copy in a foreign trail", () => {
    const accounts = new Set(every.records.map(({ recipientAccountId }) => recipientAccountId));
    expect([...accounts].sort()).toEqual([...every.truth.accounts].sort());
  });
});

describe("ordinary life", () => {
  const month = monthOf({
    attacks: 0,
    days: 21,
    principals: 200,
    scale: 0.2,
    firstMs: Date.parse("2026-03-16T00:00:00Z"),
  });
  const hoursOf = (role: string) =>
    recordsOf(month.records, `role/${role}`).map(({ eventTime }) =>
      Number(eventTime.slice(11, 13)),
    );
  const rolesOf = (cause: string) =>
    Object.entries(month.truth.principals)
      .filter(([, causes]) => causes.join() === cause)
      .map(([principal]) => principal.split("/").at(-1) ?? "");

  it("has someone of every kind that is not rare", () => {
    const causes = new Set(Object.values(month.truth.principals).flat());
    const usual = [
      "diurnal-service",
      "round-the-clock-service",
      "autoscaling-fleet",
      "nightly-job",
      "person",
      "ci-deployment",
      "config-recorder",
      "posture-scanner",
      "identity-center",
      "secret-rotation",
      "backup",
      "cross-account-reader",
      "keyhawk-consumer",
      "approved-vendor",
      "signing-service",
      "volume-grants",
      "log-delivery",
    ];
    expect(usual.filter((cause) => !causes.has(cause))).toEqual([]);
  });

  it("has nightly jobs that run within a few hours of the night", () => {
    const jobs = rolesOf("nightly-job");
    expect(jobs.length).toBeGreaterThan(5);
    for (const role of jobs) expect(new Set(hoursOf(role)).size, role).toBeLessThan(12);
  });

  it("moves cron jobs of local time by an hour when the clocks change", () => {
    const moved = rolesOf("local-time-cron").filter((role) => {
      const all = recordsOf(month.records, `role/${role}`);
      const first = (date: string): string =>
        all.find(({ eventTime }) => eventTime.startsWith(date))?.eventTime.slice(11, 13) ?? "";
      return first("2026-03-26") !== first("2026-03-31");
    });
    expect(moved.length).toBeGreaterThan(0);
  });

  it("has people who are asleep at night and free at weekends", () => {
    const people = Object.entries(month.truth.principals).filter(
      ([, causes]) => causes.join() === "person",
    );
    const all = people.flatMap(([principal]) =>
      recordsOf(month.records, principal.split("#")[1] ?? ""),
    );
    const weekend = all.filter(({ eventTime }) => [0, 6].includes(new Date(eventTime).getUTCDay()));
    expect(all.length).toBeGreaterThan(500);
    expect(weekend.length / all.length).toBeLessThan(0.06);
  });

  it("has fleets with many sessions and one principal", () => {
    const [fleet = ""] = rolesOf("autoscaling-fleet");
    const all = recordsOf(month.records, `role/${fleet}`);
    const sessions = new Set(all.map(({ userIdentity }) => userIdentity["arn"]));
    expect(sessions.size).toBeGreaterThan(20);
  });

  it("refuses AWS Config, again and again", () => {
    const all = recordsOf(month.records, "ConfigRecorderRole");
    expect(all.length).toBeGreaterThan(100);
    expect(new Set(all.map(({ errorCode }) => errorCode))).toEqual(new Set(["AccessDenied"]));
  });

  it("has callers of every kind of identity, and things that KMS does by itself", () => {
    const kms = month.records.filter(({ eventSource }) => eventSource === "kms.amazonaws.com");
    const types = new Set(kms.map(({ userIdentity }) => userIdentity["type"]));
    expect(types).toEqual(
      new Set([
        "AssumedRole",
        "AWSAccount",
        "AWSService",
        "FederatedUser",
        "IAMUser",
        "IdentityCenterUser",
        undefined,
      ]),
    );
    const events = kms.filter(({ eventType }) => eventType === "AwsServiceEvent");
    expect(events.length).toBeGreaterThan(5);
    expect(events.filter((event) => event.userIdentity["type"] !== undefined)).toEqual([]);
  });

  it("moves whole accounts to other addresses", () => {
    const addresses = new Set(month.records.map(({ sourceIPAddress }) => sourceIPAddress));
    expect([...addresses].some((address) => address.startsWith("198.19."))).toBe(true);
  });

  it("has load that differs between seeds by far more than chance", () => {
    const sizes = [3, 4, 5, 6, 7, 8].map(
      (seed) => monthOf({ seed, attacks: 0, days: 3 }).records.length,
    );
    expect(Math.max(...sizes) / Math.min(...sizes)).toBeGreaterThan(1.3);
  });
});
