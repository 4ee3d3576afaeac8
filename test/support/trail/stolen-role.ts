import { stolen } from "../../../src/simulation/caller.ts";
import { parameterContext } from "../../../src/simulation/context.ts";
import { gateways, secretRead } from "./logistics.ts";
import { type TrailKey, keys, organization } from "./organization.ts";
import type { Random } from "../../../src/simulation/random.ts";
import { type CloudTrailRecord, kmsRecord, serviceRecord } from "../../../src/simulation/record.ts";
import { within } from "./rhythm.ts";

/** Where the thief calls from, and with what. */
const theftAddress = "203.0.113.205";
const theftClient = "aws-cli/2.9.19 Python/3.11.2 Linux/6.6.9-amd64 exe/x86_64 prompt/off";
const accountId = organization.accounts.logistics;
const gateway = gateways[0] ?? stolenNothing();
const thief = stolen(gateway, theftAddress, theftClient);

/** Credentials of an instance role in strange hands: a look around, refusals, then every secret and many parameters. */
export function stealSecrets(day: string, random: Random): CloudTrailRecord[] {
  const at = (time: string): number => Date.parse(`${day}T${time}Z`);
  return [
    ...lookAround(at("01:37:12"), random),
    ...probe(at("01:41:00"), random),
    ...listSecrets(at("02:03:40"), random),
    ...readSecrets(at("02:11:09"), random),
    ...readParameters(at("02:20:31"), random),
  ];
}

function lookAround(startMs: number, random: Random): CloudTrailRecord[] {
  const call = { caller: thief, parameters: null };
  return [
    serviceRecord({ ...call, time: startMs, service: "sts", name: "GetCallerIdentity" }, random),
    serviceRecord(
      {
        ...call,
        time: startMs + 41_000,
        service: "s3",
        name: "ListBuckets",
        error: denied("s3:ListAllMyBuckets", "*"),
      },
      random,
    ),
    kmsRecord({ ...call, time: startMs + 66_000, name: "ListAliases", key: keys.tracking }, random),
  ];
}

function probe(startMs: number, random: Random): CloudTrailRecord[] {
  const targets: readonly TrailKey[] = [
    keys.shipments,
    keys.tracking,
    keys.customs,
    keys.fleet,
    keys.telemetry,
  ];
  return targets.flatMap((key, nth) =>
    ["DescribeKey", "Decrypt", "ListGrants"].map((name, step) =>
      kmsRecord(
        {
          time: startMs + (nth * 3 + step) * 23_000,
          name,
          caller: thief,
          key,
          parameters: null,
          error: denied(`kms:${name}`, key.arn),
        },
        random,
      ),
    ),
  );
}

function listSecrets(startMs: number, random: Random): CloudTrailRecord[] {
  return [0, 1, 2].map((page) =>
    serviceRecord(
      {
        time: startMs + page * 2000,
        caller: thief,
        service: "secretsmanager",
        name: "ListSecrets",
        parameters: { maxResults: 100 },
      },
      random,
    ),
  );
}

/** 240 secrets in less than nine minutes. */
function readSecrets(startMs: number, random: Random): CloudTrailRecord[] {
  const teams = ["dispatch", "shipments", "tracking", "customers", "carriers", "billing"];
  return Array.from({ length: 240 }, (_, nth) => {
    const team = teams[nth % teams.length] ?? "dispatch";
    const name = `${team}/credential-${String(Math.floor(nth / teams.length)).padStart(2, "0")}`;
    return secretRead(nth === 0 ? startMs : within(startMs, 8.8, random), random, thief, name);
  }).flat();
}

/** 40 parameters, ten a call: one Decrypt for each. */
function readParameters(startMs: number, random: Random): CloudTrailRecord[] {
  return [0, 1, 2, 3].flatMap((batch) => {
    const time = startMs + batch * 19_000;
    const paths = Array.from({ length: 10 }, (_, nth) => `/warehouse/site-${batch}/setting-${nth}`);
    const call = { time, caller: thief, service: "ssm", name: "GetParameters" };
    const parameters = { names: paths, withDecryption: true };
    return [
      serviceRecord({ ...call, parameters }, random),
      ...paths.map((path) =>
        kmsRecord(
          {
            time,
            caller: thief,
            via: "AWS Internal",
            key: keys.logisticsParameters,
            context: parameterContext(accountId, path),
          },
          random,
        ),
      ),
    ];
  });
}

function denied(action: string, resource: string): { code: string; message: string } {
  const arn = gateway.identityAt(0)["arn"];
  const message = `User: ${typeof arn === "string" ? arn : ""} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
  return { code: "AccessDenied", message };
}

function stolenNothing(): never {
  throw new Error("stolen-role: the logistics account has no gateway instance");
}
