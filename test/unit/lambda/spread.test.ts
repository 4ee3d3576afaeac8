import { describe, expect, it } from "vitest";
import { LearnedOrganization } from "../../../src/detection/organization.ts";
import { bucketOf } from "../../../src/lambda/entity-stream.ts";
import { unpack } from "../../../src/lambda/packing.ts";
import { makeSpreadHandler } from "../../../src/lambda/spread.ts";
import { countingDetector } from "../../support/counting-detector.ts";
import { START_MS } from "../../support/events.ts";
import { gzip, kmsRecord, READ_OPTIONS, toBytes } from "../../support/parsing.ts";
import { batchOf, handlerParts, timeLeft } from "../../support/topology/handler-parts.ts";

const minute = timeLeft(60_000);
const ROLE = "arn:aws:iam::111122223333:role/app";
const time = { eventTime: new Date(START_MS).toISOString().replace(".000Z", "Z") };
const call = (fields: Record<string, unknown> = {}) => kmsRecord({ ...time, ...fields });

describe("spread", () => {
  it("puts an event for each entity that a detector counts it for, by the entity's bucket", async () => {
    const parts = partsOf("principal");
    const envelope = gzip({ Records: [call({ eventID: "one" }), call({ eventID: "two" })] });
    expect(await makeSpreadHandler(parts)(batchOf(envelope), minute)).toEqual({
      batchItemFailures: [],
    });
    const name = `principal:${ROLE}`;
    expect(parts.seen.put.map(({ partitionKey }) => partitionKey)).toEqual([
      `${bucketOf(name, 16)}`,
    ]);
    const { events, entities } = unpack(parts.seen.put[0]?.data ?? new Uint8Array());
    expect(entities).toEqual([{ name, events: [0, 1] }]);
    expect(events.map(({ event, origin, index }) => [event.eventId, origin, index])).toEqual([
      ["one", "shardId-000000000000/100", 0],
      ["two", "shardId-000000000000/100", 1],
    ]);
    // No detector here counts for accounts.
    expect(parts.seen.metrics[0]).toMatchObject({ targets: 2, targetsDropped: 2 });
  });

  it("hands a call of a foreign account on to its caller's memory, where accounts are listed", async () => {
    const userIdentity = { type: "AWSAccount", principalId: "AROAX:s", accountId: "999988887777" };
    const listed = new LearnedOrganization(
      { accounts: ["111122223333"], approvedForeignAccounts: [] },
      {},
    );
    const names = [];
    for (const organization of [partsOf("principal").organization, listed]) {
      const parts = { ...partsOf("principal"), organization };
      await makeSpreadHandler(parts)(batchOf(toBytes(call({ userIdentity }))), minute);
      names.push(parts.seen.put.flatMap(({ data }) => unpack(data).entities.map((to) => to.name)));
    }
    expect(names).toEqual([[], ["principal:arn:aws:iam::999988887777:root"]]);
  });

  it("notes accounts before the events go on", async () => {
    const parts = partsOf("principal");
    let notedFirst = false;
    const putRecords: typeof parts.putRecords = async (records) => {
      notedFirst = (await parts.store.accounts()).has("111122223333");
      return await parts.putRecords(records);
    };
    await makeSpreadHandler({ ...parts, putRecords })(batchOf(toBytes(call())), minute);
    expect(notedFirst).toBe(true);
  });

  it("sets aside what it does not understand, and what it cannot fetch", async () => {
    const parts = partsOf("principal");
    const notice = { s3Bucket: "trail", s3ObjectKey: ["AWSLogs/x.json.gz"] };
    const batch = batchOf(Buffer.from("<html>"), toBytes(notice), toBytes(call()));
    expect(await makeSpreadHandler(parts)(batch, minute)).toEqual({ batchItemFailures: [] });
    expect(parts.seen.letters.map(({ reason, origin }) => [reason, origin])).toEqual([
      ["not-json", "shardId-000000000000/100"],
      ["unreadable", "shardId-000000000000/101/s3://trail/AWSLogs/x.json.gz"],
    ]);
    expect(parts.seen.put).toHaveLength(1);
  });

  it("tries refused records again, those alone", async () => {
    const parts = partsOf("principal");
    let calls = 0;
    const putRecords: typeof parts.putRecords = async (records) => {
      calls += 1;
      if (calls > 1) return await parts.putRecords(records);
      await parts.putRecords(records.slice(1));
      return records.map((_, index) => index > 0);
    };
    const Records = ["a", "b", "c", "d"].map((role) => call({ eventID: role, ...identity(role) }));
    await makeSpreadHandler({ ...parts, putRecords })(batchOf(gzip({ Records })), minute);
    const ids = parts.seen.put.flatMap(({ data }) =>
      unpack(data).events.map(({ event }) => event.eventId),
    );
    expect(ids.sort()).toEqual(["a", "b", "c", "d"]);
  });

  it("asks for everything again from the first record that the stream did not take", async () => {
    const parts = partsOf("principal");
    const putRecords = async () => Promise.reject(new Error("down"));
    const batch = batchOf(toBytes(call()), toBytes(call({ eventID: "2" })));
    const clock = { leftMs: 60_000 };
    const handler = makeSpreadHandler({
      ...parts,
      putRecords,
      sleep: async (ms) => void (clock.leftMs -= ms * 4),
    });
    const answer = await handler(batch, { getRemainingTimeInMillis: () => clock.leftMs });
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "100" }] });
  });

  it("puts what it has read when time runs out, and asks for the rest", async () => {
    const parts = partsOf("principal");
    const left = [60_000, 60_000, 5000];
    const context = { getRemainingTimeInMillis: () => left.shift() ?? 5000 };
    const batch = batchOf(...["1", "2", "3", "4"].map((eventID) => toBytes(call({ eventID }))));
    const answer = await makeSpreadHandler(parts)(batch, context);
    const [{ itemIdentifier } = { itemIdentifier: "" }] = answer.batchItemFailures;
    const put = parts.seen.put.flatMap(({ data }) => unpack(data).events).length;
    expect(Number(itemIdentifier)).toBe(100 + put);
    expect(put).toBeGreaterThan(0);
    expect(put).toBeLessThan(4);
  });

  it("splits what is too much for one record", async () => {
    const parts = partsOf("principal");
    const Records = Array.from({ length: 12 }, (_, index) =>
      call({
        eventID: `${index}`,
        eventName: "PutKeyPolicy",
        requestParameters: { policy: noise(150_000, index) },
      }),
    );
    await makeSpreadHandler(parts)(batchOf(gzip({ Records })), minute);
    expect(parts.seen.put.length).toBeGreaterThan(1);
    expect(parts.seen.put.every(({ data }) => data.byteLength < 2 ** 20)).toBe(true);
    const events = parts.seen.put.flatMap(({ data }) => unpack(data).events);
    expect(events).toHaveLength(12);
    expect(parts.seen.letters).toEqual([]);
  });
});

function partsOf(entity: "principal" | "key") {
  const detector = countingDetector("hour", { entity });
  return {
    ...handlerParts({ detectors: [{ detector, options: {}, shadow: false }] }),
    read: READ_OPTIONS,
    fetchObject: undefined,
  };
}

function identity(role: string) {
  return {
    userIdentity: {
      type: "AssumedRole",
      arn: `arn:aws:sts::111122223333:assumed-role/${role}/s`,
      accountId: "111122223333",
      sessionContext: {
        sessionIssuer: { type: "Role", arn: `arn:aws:iam::111122223333:role/${role}` },
      },
    },
  };
}

/** Text that no compression makes much smaller. */
function noise(length: number, seed: number): string {
  let state = seed + 1;
  let text = "";
  while (text.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += state.toString(36);
  }
  return text;
}
