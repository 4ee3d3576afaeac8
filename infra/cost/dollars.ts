import { daysPerMonth, prices } from "./prices.ts";
import type { ServerlessCounts } from "./serverless.ts";
import { unitsIn } from "./table.ts";
import type { WorkerCounts } from "./worker.ts";
import { daySeconds } from "./workload.ts";

/** What one thing costs a day. */
export interface CostLine {
  readonly what: string;
  readonly dollars: number;
}

/**
 * How the table's writes and reads are paid for: by request, or as capacity that follows the load at 70 % of what is there, which is
 * cheaper for a load as even as an organization's.
 */
export type Capacity = "on-demand" | "provisioned";

const gigabyte = 1e9;
const utilization = 0.7;
/** What an index of the table is given at least where the table has capacity: `constructs/memory-table.ts`. */
export const quietIndexUnits = 5;
const indexes = 2;
/** Alarms of ingest and serverless, metrics of the handlers, keys, a dashboard: whatever the load. */
const alarms = 40;
const metrics = 60;
const keys = 2;
const workerAlarms = 12;
const workerMetrics = 8;
const volumeGigabytes = 30 + 8;
/** Of a week of snapshots, which hold what changed. */
const snapshotGigabytes = 15;
/** A line of numbers for each call. */
const loggedBytesPerCall = 1200;

/** What the serverless shape costs a day, its source stream included, by what it is paid for. */
export function serverlessDollars(counts: ServerlessCounts, capacity: Capacity): CostLine[] {
  const { lambda, cloudwatch, kms } = prices;
  const calls = counts.spreadCalls + counts.detectCalls + counts.tickCalls;
  const logged = (calls * loggedBytesPerCall) / gigabyte;
  const perMonth =
    alarms * cloudwatch.alarmMonth +
    metrics * cloudwatch.metricMonth +
    cloudwatch.dashboardMonth +
    keys * kms.keyMonth +
    prices.secretMonth;
  return [
    { what: "source stream", dollars: shardDollars(counts.sourceShards, 168) },
    {
      what: "entity stream",
      dollars:
        shardDollars(counts.entityShards, 24) +
        (counts.putUnits / 1e6) * prices.kinesis.millionPutUnits,
    },
    {
      what: "functions",
      dollars:
        counts.gigabyteSeconds * lambda.gigabyteSecond + (calls / 1e6) * lambda.millionRequests,
    },
    { what: "table writes", dollars: writeDollars(unitsIn(counts.table.writes), capacity) },
    { what: "table reads", dollars: readDollars(unitsIn(counts.table.reads), capacity) },
    { what: "table indexes", dollars: indexDollars(capacity) },
    { what: "alerts", dollars: (counts.publishes / 1e6) * prices.millionPublishes },
    { what: "table storage", dollars: storageDollars(counts.table.storedBytes) },
    {
      what: "logs, alarms, keys",
      dollars: logged * cloudwatch.gigabyteLogged + perMonth / daysPerMonth,
    },
  ];
}

/** What the one process costs a day, its source stream included: one instance, its volume, its network. */
export function workerDollars({ sourceShards, sourceBytes }: WorkerCounts): CostLine[] {
  const { machine, cloudwatch, kms } = prices;
  const perMonth =
    workerAlarms * cloudwatch.alarmMonth +
    workerMetrics * cloudwatch.metricMonth +
    cloudwatch.dashboardMonth +
    keys * kms.keyMonth;
  return [
    { what: "source stream", dollars: shardDollars(sourceShards, 168) },
    { what: "instance", dollars: 24 * machine.hour },
    {
      what: "volumes",
      dollars:
        (volumeGigabytes * machine.gigabyteMonth +
          snapshotGigabytes * machine.snapshotGigabyteMonth) /
        daysPerMonth,
    },
    {
      what: "network",
      dollars:
        24 * (machine.gatewayHour + machine.endpointHour) +
        (sourceBytes / gigabyte) * machine.endpointGigabyte,
    },
    { what: "logs, alarms, keys", dollars: perMonth / daysPerMonth },
  ];
}

/** The sum of some lines. */
export function totalDollars(lines: readonly CostLine[]): number {
  return lines.reduce((sum, { dollars }) => sum + dollars, 0);
}

/** US cents for a million events. */
export function centsPerMillion(dollarsPerDay: number, eventsPerDay: number): number {
  return (dollarsPerDay * 100) / (eventsPerDay / 1e6);
}

/** Retention beyond a day is paid for by the hour as well. */
function shardDollars(shards: number, retentionHours: number): number {
  const { shardHour, extendedShardHour } = prices.kinesis;
  return shards * 24 * (shardHour + (retentionHours > 24 ? extendedShardHour : 0));
}

function writeDollars(units: number, capacity: Capacity): number {
  const { millionWriteUnits, writeCapacityHour } = prices.dynamodb;
  if (capacity === "on-demand") return (units / 1e6) * millionWriteUnits;
  return (units / daySeconds / utilization) * 24 * writeCapacityHour;
}

function readDollars(units: number, capacity: Capacity): number {
  const { millionReadUnits, readCapacityHour } = prices.dynamodb;
  if (capacity === "on-demand") return (units / 1e6) * millionReadUnits;
  return (units / daySeconds / utilization) * 24 * readCapacityHour;
}

/** By request nothing: only items with alerts are in them. */
function indexDollars(capacity: Capacity): number {
  if (capacity === "on-demand") return 0;
  const { writeCapacityHour, readCapacityHour } = prices.dynamodb;
  return indexes * quietIndexUnits * 24 * (writeCapacityHour + readCapacityHour);
}

function storageDollars(bytes: number): number {
  const { gigabyteMonth, recoveryGigabyteMonth } = prices.dynamodb;
  return ((bytes / gigabyte) * (gigabyteMonth + recoveryGigabyteMonth)) / daysPerMonth;
}
