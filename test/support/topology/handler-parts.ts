import type { KinesisStreamEvent } from "aws-lambda";
import { LearnedOrganization } from "../../../src/detection/organization.ts";
import type { EngineOptions } from "../../../src/detection/engine.ts";
import type { LambdaDeadLetter } from "../../../src/lambda/dead-letters.ts";
import { EntityCache } from "../../../src/lambda/entity-cache.ts";
import type { PutRecords } from "../../../src/lambda/entity-stream.ts";
import { Random } from "../../../src/simulation/random.ts";
import { silentLog } from "../../../src/telemetry.ts";
import { engineOptions } from "../detection.ts";
import { START_MS } from "../events.ts";
import { memoryEntityStore } from "../memory-entity-store.ts";

/** What the handlers need, in memory, and what they did with it. */
export function handlerParts(overrides: Partial<EngineOptions> = {}) {
  const engine = engineOptions({ replay: false, ...overrides });
  const random = new Random("parts");
  const letters: LambdaDeadLetter[] = [];
  const metrics: Record<string, unknown>[] = [];
  const put: { partitionKey: string; data: Uint8Array }[] = [];
  const organization = new LearnedOrganization(engine.organization, {});
  return {
    store: memoryEntityStore(() => START_MS),
    cache: new EntityCache(2 ** 26),
    options: {
      engine,
      organization,
      notes: { current: [] },
      heard: { current: [] },
      before: { learnedUntilMs: Number.NEGATIVE_INFINITY },
    },
    organization,
    detectors: engine.detectors,
    buckets: 16,
    deadLetters: {
      put: async (_: string, more: readonly LambdaDeadLetter[]) => void letters.push(...more),
    },
    metrics: { write: (line: string) => metrics.push(JSON.parse(line) as Record<string, unknown>) },
    log: silentLog,
    now: () => START_MS,
    sleep: async () => {},
    random: () => random.fraction(),
    putRecords: async (records: Parameters<PutRecords>[0]) => {
      put.push(...records);
      return records.map(() => true);
    },
    seen: { letters, metrics, put },
  };
}

/** A batch of records as Lambda hands it over; sequence numbers count from 100. */
export function batchOf(...data: readonly Uint8Array[]): KinesisStreamEvent {
  return {
    Records: data.map((bytes, index) => ({
      kinesis: {
        kinesisSchemaVersion: "1.0",
        partitionKey: "1",
        sequenceNumber: `${100 + index}`,
        data: Buffer.from(bytes).toString("base64"),
        approximateArrivalTimestamp: START_MS / 1000 + 86_400,
      },
      eventID: `shardId-000000000000:${100 + index}`,
      eventName: "aws:kinesis:record",
      eventSource: "aws:kinesis",
      eventSourceARN: "arn:aws:kinesis:eu-west-1:111122223333:stream/s",
      eventVersion: "1.0",
      awsRegion: "eu-west-1",
      invokeIdentityArn: "",
    })),
  };
}

/** The context of an invocation with so much time left. */
export function timeLeft(ms: number) {
  return { getRemainingTimeInMillis: () => ms };
}
