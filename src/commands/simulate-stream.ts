import { setTimeout as sleep } from "node:timers/promises";
import { PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { kinesisClient } from "../sources/kinesis/client.ts";
import { KinesisOptions } from "../sources/kinesis/options.ts";
import type { StreamTarget } from "./simulate.ts";
import type { Arrival, TrailSink } from "./simulate-files.ts";

/** Puts records on a Kinesis stream in the order in which they arrive, as EventBridge events, at a chosen speed. */
export function streamFeeder(target: StreamTarget, signal: AbortSignal): TrailSink {
  const options = KinesisOptions.parse({
    stream: target.name,
    ...(target.region === undefined ? {} : { region: target.region }),
    ...(target.endpoint === undefined ? {} : { endpoint: target.endpoint }),
  });
  const client = kinesisClient(options);
  const pace = pacer(target.speed, signal);
  let waiting: Arrival[] = [];
  const put = async (arrivals: readonly Arrival[]): Promise<void> => {
    let left = arrivals.map(({ record, text }) => ({
      PartitionKey: record.eventID,
      Data: Buffer.from(eventText(record, text)),
    }));
    for (let attempt = 0; left.length > 0; attempt += 1) {
      const answer = await client.send(
        new PutRecordsCommand({ StreamName: target.name, Records: left }),
        { abortSignal: signal },
      );
      const results = answer.Records ?? [];
      const refused = left.filter((_, index) => results[index]?.ErrorCode !== undefined);
      if (refused.length > 0 && attempt >= MOST_ATTEMPTS) {
        throw new Error(`${target.name}: ${refused.length} records were refused again and again`);
      }
      left = refused;
      if (left.length > 0) await sleep(Math.min(5000, 100 * 2 ** attempt), undefined, { signal });
    }
  };
  const feed = async (completeMs: number): Promise<void> => {
    waiting.sort((a, b) => a.atMs - b.atMs);
    const due = waiting.filter(({ atMs }) => atMs < completeMs);
    waiting = waiting.slice(due.length);
    for (let first = 0; first < due.length && !signal.aborted; first += RECORDS_PER_PUT) {
      const batch = due.slice(first, first + RECORDS_PER_PUT);
      await pace(batch[0]?.atMs ?? 0);
      await put(batch);
    }
  };
  return {
    files: 0,
    async take(arrivals, completeMs) {
      waiting.push(...arrivals);
      await feed(completeMs);
    },
    async close() {
      await feed(Number.POSITIVE_INFINITY);
      client.destroy();
    },
  };
}

/** Records of one PutRecords request; AWS takes 500 and 5 MB. */
const RECORDS_PER_PUT = 500;
const MOST_ATTEMPTS = 8;

function eventText(record: Arrival["record"], text: string): string {
  const source = record.eventSource.replace(".amazonaws.com", "");
  const head = {
    version: "0",
    id: record.eventID,
    "detail-type": "AWS API Call via CloudTrail",
    source: `aws.${source}`,
    account: record.recipientAccountId,
    time: record.eventTime,
    region: record.awsRegion,
    resources: [],
  };
  return `${JSON.stringify(head).slice(0, -1)},"detail":${text}}`;
}

/** Waits until event time has come, when it runs so many times faster than the clock. */
function pacer(speed: number | undefined, signal: AbortSignal): (eventMs: number) => Promise<void> {
  let startMs: number | undefined;
  let firstMs = 0;
  return async (eventMs) => {
    if (speed === undefined) return;
    if (startMs === undefined) {
      startMs = performance.now();
      firstMs = eventMs;
    }
    const dueMs = startMs + (eventMs - firstMs) / speed;
    const waitMs = dueMs - performance.now();
    if (waitMs > 1) await sleep(waitMs, undefined, { signal });
  };
}
