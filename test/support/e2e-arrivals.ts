import { gzipSync } from "node:zlib";
import type { KinesisProducer, ProducedRecord } from "./kinesis-producer.ts";
import { Random } from "../../src/simulation/random.ts";
import type { CloudTrailRecord } from "../../src/simulation/record.ts";

/** One copy of a CloudTrail record on its way into a stream. */
export interface Arrival {
  readonly record: CloudTrailRecord;
  /** Milliseconds since the epoch, in the record's own time. */
  readonly atMs: number;
  /** Through a CloudWatch Logs subscription, or an EventBridge rule. */
  readonly route: "logs" | "bus";
}

/** Later than its event by less than this, each: with chunks of ten minutes an hour of lateness in all. */
const MOST_DELAY_MS = 50 * 60_000;

/**
 * Records as they arrive: out of order by less than fifty minutes, one in twenty a second time by the same route, and some
 * (`busShare` of all) by the other route as well. The same seed gives the same arrivals.
 */
export function arrivalsOf(
  records: readonly CloudTrailRecord[],
  { seed = "arrivals", busShare = 0.005 } = {},
): Arrival[] {
  const random = new Random(seed);
  const arrivals: Arrival[] = [];
  const arrive = (record: CloudTrailRecord, route: Arrival["route"]) => {
    const delayMs = random.integer(0, MOST_DELAY_MS - 1);
    arrivals.push({ record, route, atMs: Date.parse(record.eventTime) + delayMs });
  };
  for (const record of records) {
    arrive(record, "logs");
    if (random.chance(0.05)) arrive(record, "logs");
    if (random.chance(busShare)) arrive(record, "bus");
  }
  return arrivals.sort((one, other) => one.atMs - other.atMs);
}

/** Packs arrivals, in their order, into records of a stream: log events together, each bus event by itself. */
export function packed(
  arrivals: readonly Arrival[],
  { seed = "packing", logEvents = 100 } = {},
): ProducedRecord[] {
  const random = new Random(seed);
  const produced: ProducedRecord[] = [];
  let waiting: CloudTrailRecord[] = [];
  const add = (data: Uint8Array) => {
    // The hash of the partition key would do as well; a key drawn over the whole range reaches every shard.
    const explicitHashKey = String((BigInt(random.bits()) << 96n) + BigInt(random.bits()));
    produced.push({ partitionKey: random.uuid(), explicitHashKey, data });
  };
  const flush = () => {
    if (waiting.length > 0) add(logsMessage(waiting));
    waiting = [];
  };
  for (const { record, route } of arrivals) {
    if (route === "bus") {
      flush();
      add(busEvent(record));
    } else {
      waiting.push(record);
      if (waiting.length >= logEvents) flush();
    }
  }
  flush();
  return produced;
}

/** Puts one record after the other, each in a millisecond of its own, so that the order of their arrival is known. */
export async function putInOrder(
  producer: KinesisProducer,
  records: readonly ProducedRecord[],
): Promise<void> {
  for (const record of records) {
    await producer.put([record]);
    const endMs = Date.now();
    while (Date.now() === endMs);
  }
}

/** What a CloudWatch Logs subscription puts into a stream (CloudWatch Logs user guide, "Subscription filters"). */
export function logsMessage(records: readonly CloudTrailRecord[]): Uint8Array {
  const [first] = records;
  const account = first?.recipientAccountId ?? "111122223333";
  return gzipSync(
    JSON.stringify({
      messageType: "DATA_MESSAGE",
      owner: account,
      logGroup: "CloudTrail/logs",
      logStream: `${account}_CloudTrail_${first?.awsRegion}`,
      subscriptionFilters: ["keyhawk"],
      logEvents: records.map((record, index) => ({
        id: String(index),
        timestamp: Date.parse(record.eventTime),
        message: JSON.stringify(record),
      })),
    }),
  );
}

/** What an EventBridge rule puts into a stream. */
export function busEvent(record: CloudTrailRecord): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      version: "0",
      id: record.eventID,
      "detail-type": "AWS API Call via CloudTrail",
      source: "aws.kms",
      account: record.recipientAccountId,
      time: record.eventTime,
      region: record.awsRegion,
      resources: [],
      detail: record,
    }),
  );
}

/** The records of arrivals, one a line in their order, duplicates included. */
export function ndjson(arrivals: readonly Arrival[]): string {
  return arrivals.map(({ record }) => `${JSON.stringify(record)}\n`).join("");
}
