import { gzipSync } from "node:zlib";
import { Random } from "../../src/simulation/random.ts";
import type { CloudTrailRecord } from "../../src/simulation/record.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { type Arrival, arrivalsOf, busEvent, logsMessage, packed } from "./e2e-arrivals.ts";
import type { ProducedRecord } from "./kinesis-producer.ts";

/** Some days of a small organization, on its way into a stream. */
export interface ServerlessScenario {
  /** Part of the configuration that all shapes have in common. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Every good record in the order of arrival, copies included. */
  readonly arrivals: readonly Arrival[];
  /** What is put into the stream, by the hours in which it arrives; garbage among it. */
  readonly chunks: readonly (readonly ProducedRecord[])[];
  /** Letters that the garbage must become, `REASON DETAIL`, sorted. */
  readonly letters: number;
}

/** Records arrive within eleven hours of their neighbours, and fifty minutes late: less than the lateness. */
const CHUNK_MS = 11 * 3_600_000;
const FIRST_MS = Date.parse("2026-03-02T00:00:00Z");
const RECORD_BYTES = 64 * 1024;

/**
 * Six days of a simulated organization with attacks from the third day on, in CloudWatch Logs messages and EventBridge
 * events: out of order, with copies by the same and by the other route, with records that nobody can understand, and with two
 * accounts that fall silent.
 */
export function serverlessScenario(): ServerlessScenario {
  const simulated = simulatedDays();
  const records = [...simulated, ...quietAccounts(simulated)];
  const arrivals = arrivalsOf(records, { seed: "serverless", busShare: 0.1 });
  const groups = Map.groupBy(arrivals, ({ atMs }) => Math.floor(atMs / CHUNK_MS));
  let letters = 0;
  const chunks = [...groups].map(([chunk, own]) => {
    const garbage = garbageOf(new Random(`garbage/${chunk}`), records[0]);
    letters += garbage.length;
    return [...packed(own, { seed: `packing/${chunk}`, logEvents: 60 }), ...garbage];
  });
  return {
    config: {
      version: 1,
      detection: {
        latenessMinutes: 720,
        deduplicationHours: 24,
        detectors: { "sensor-silent": { learningDays: 2 } },
      },
      limits: { recordBytes: RECORD_BYTES },
    },
    arrivals,
    chunks,
    letters,
  };
}

function simulatedDays(): CloudTrailRecord[] {
  const simulation = simulate({
    seed: 8,
    firstMs: FIRST_MS,
    days: 6,
    accounts: 2,
    principals: 5,
    attacks: 12,
    attacksFrom: 2,
    strength: "mixed",
    scale: 0.02,
    kmsOnly: true,
  });
  // The busiest of all would be a quarter of the records and add nothing.
  const isWanted = ({ userIdentity }: CloudTrailRecord) =>
    !JSON.stringify(userIdentity).includes("keyhawk-consumer");
  return [...simulation.hours()].flatMap(({ records }) => records.filter(isWanted));
}

/** Calls of every hour in two accounts, one of which stops for good on the fourth day, the other for a day. */
function quietAccounts(records: readonly CloudTrailRecord[]): CloudTrailRecord[] {
  const random = new Random("quiet accounts");
  const example = records.find(({ eventName }) => eventName === "Decrypt");
  const flows = {
    "222233334444": hours(0, 84),
    "777788889999": [...hours(0, 84), ...hours(108, 144)],
  };
  return Object.entries(flows).flatMap(([account, heard]) =>
    heard.flatMap((hour) => {
      if (example === undefined) return [];
      const { recipientAccountId } = example;
      const text = JSON.stringify(example).replaceAll(recipientAccountId, account);
      const eventTime = new Date(FIRST_MS + hour * 3_600_000).toISOString().replace(".000Z", "Z");
      return [{ ...(JSON.parse(text) as CloudTrailRecord), eventTime, eventID: random.uuid() }];
    }),
  );
}

function hours(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** One of each kind of what cannot be understood, every one different. */
function garbageOf(random: Random, record: CloudTrailRecord | undefined): ProducedRecord[] {
  if (record === undefined) return [];
  const mark = random.uuid();
  const torn = logsMessage([{ ...record, eventID: mark }]);
  const contents: Uint8Array[] = [
    Buffer.from(`<html>${mark}</html>`),
    torn.subarray(0, torn.length - 20),
    busEvent({ ...record, eventID: mark, userAgent: mark.repeat(RECORD_BYTES / mark.length) }),
    busEvent({ ...record, eventID: mark, eventTime: "yesterday" }),
    gzipSync(JSON.stringify({ messageType: "DATA_MESSAGE", logEvents: [{ message: mark }] })),
  ];
  return contents.map((data) => ({ partitionKey: random.uuid(), data }));
}
