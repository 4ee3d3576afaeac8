import { stolen } from "../../../src/simulation/caller.ts";
import { objectContext } from "../../../src/simulation/context.ts";
import { type TrailKey, keys } from "./organization.ts";
import { administrator } from "./people.ts";
import type { Random } from "../../../src/simulation/random.ts";
import { type CloudTrailRecord, kmsRecord, serviceRecord } from "../../../src/simulation/record.ts";

const intruder = stolen(
  administrator,
  "198.51.100.201",
  "aws-cli/2.22.4 md/awscrt#0.22.0 ua/2.0 os/linux#6.8.0-45-generic md/arch#x86_64 lang/python#3.12.6",
);
const doomed: readonly TrailKey[] = [
  keys.shipments,
  keys.tracking,
  keys.logisticsSecrets,
  keys.fleet,
  keys.warehouse,
  keys.telemetry,
];

/**
 * An administrator's session in strange hands: objects are written again under a stranger's key, ciphertexts too, then
 * the company's own keys are to be destroyed.
 */
export function takeHostage(day: string, random: Random): CloudTrailRecord[] {
  const at = (time: string): number => Date.parse(`${day}T${time}Z`);
  return [
    ...lookAround(at("00:52:20"), random),
    ...copyObjects(at("01:05:02"), random),
    ...reEncrypt(at("01:20:15"), random),
    ...destroyKeys(at("01:31:08"), random),
  ];
}

/** What the destroyed keys do to everyone who needs them afterwards. */
export function withBrokenKeys(record: CloudTrailRecord, destroyedAt: string): CloudTrailRecord {
  const arn = record.resources?.[0]?.["ARN"];
  const broken = [...doomed, keys.customs].find((key) => key.arn === arn);
  const cryptographic = /^(?:Decrypt|Encrypt|GenerateDataKey|CreateGrant|ReEncrypt)/.test(
    record.eventName,
  );
  if (broken === undefined || !cryptographic || record.eventTime <= destroyedAt) return record;
  const state = broken === keys.customs ? "pending import" : "pending deletion";
  return {
    ...record,
    errorCode: record.errorCode ?? "KMSInvalidStateException",
    errorMessage: record.errorMessage ?? `${broken.arn} is ${state}.`,
    responseElements: null,
    additionalEventData: undefined,
  };
}

function lookAround(startMs: number, random: Random): CloudTrailRecord[] {
  const caller = intruder;
  const names = ["DescribeKey", "GetKeyPolicy"];
  return [
    serviceRecord(
      { time: startMs, caller, service: "sts", name: "GetCallerIdentity", parameters: null },
      random,
    ),
    serviceRecord(
      { time: startMs + 9000, caller, service: "s3", name: "ListBuckets", parameters: null },
      random,
    ),
    kmsRecord(
      { time: startMs + 30_000, name: "ListKeys", caller, parameters: null, key: keys.shipments },
      random,
    ),
    ...[...doomed, keys.customs].flatMap((key, nth) =>
      names.map((name, step) =>
        kmsRecord({ time: startMs + 60_000 + (nth * 2 + step) * 7000, name, caller, key }, random),
      ),
    ),
  ];
}

/** 300 objects copied onto themselves under the stranger's key: read with the old key, written with the new. */
function copyObjects(startMs: number, random: Random): CloudTrailRecord[] {
  return Array.from({ length: 300 }, (_, nth) => {
    const time = startMs + nth * 2500;
    const call = { time, caller: intruder, via: "s3" };
    const context = objectContext(
      "shipments",
      `2026/manifest-${String(nth).padStart(4, "0")}.parquet`,
    );
    return [
      kmsRecord({ ...call, key: keys.shipments, context }, random),
      kmsRecord(
        {
          ...call,
          time: time + 1000,
          name: "GenerateDataKey",
          key: keys.foreign,
          context,
          sharedEventId: random.uuid(),
        },
        random,
      ),
    ];
  }).flat();
}

function reEncrypt(startMs: number, random: Random): CloudTrailRecord[] {
  return Array.from({ length: 60 }, (_, nth) =>
    kmsRecord(
      {
        time: startMs + nth * 5000,
        name: "ReEncrypt",
        caller: intruder,
        key: keys.tracking,
        destinationKey: keys.foreign,
        context: { carrier: `carrier-${1 + (nth % 7)}`, record: `waybill-${nth}` },
        sharedEventId: random.uuid(),
      },
      random,
    ),
  );
}

function destroyKeys(startMs: number, random: Random): CloudTrailRecord[] {
  const caller = intruder;
  const disabled = [keys.shipments, keys.tracking].map((key, nth) =>
    kmsRecord(
      { time: startMs + nth * 6000, name: "DisableKey", caller, key, response: { keyId: key.arn } },
      random,
    ),
  );
  const scheduled = doomed.map((key, nth) =>
    kmsRecord(
      {
        time: startMs + 30_000 + nth * 11_000,
        name: "ScheduleKeyDeletion",
        caller,
        key,
        parameters: { keyId: key.id, pendingWindowInDays: 7 },
        response: deletion(key, startMs + 30_000 + nth * 11_000),
      },
      random,
    ),
  );
  const { customs } = keys;
  const material = kmsRecord(
    {
      time: startMs + 118_000,
      name: "DeleteImportedKeyMaterial",
      caller,
      key: customs,
      parameters: { keyId: customs.id },
      response: { keyId: customs.arn },
    },
    random,
  );
  return [...disabled, ...scheduled, material];
}

/** CloudTrail writes the date of a deletion for people: `May 21, 2026, 1:31:38 AM`. */
function deletion(key: TrailKey, timeMs: number): Record<string, string | number> {
  const date = new Date(timeMs + 7 * 24 * 3_600_000);
  const [, day = "", month = "", year = "", time = ""] = date.toUTCString().split(" ");
  const hour = date.getUTCHours();
  const clock = `${hour % 12 === 0 ? 12 : hour % 12}${time.slice(2)} ${hour < 12 ? "AM" : "PM"}`;
  const deletionDate = `${month} ${Number(day)}, ${year}, ${clock}`;
  return { keyId: key.arn, keyState: "PendingDeletion", deletionDate, pendingWindowInDays: 7 };
}
