import {
  type Caller,
  awsService,
  functionRole,
  instanceRole,
  person,
  pipeline,
  roleSession,
} from "../../src/simulation/caller.ts";
import {
  functionContext,
  objectContext,
  parameterContext,
  secretContext,
} from "../../src/simulation/context.ts";
import { type TrailKey, trailKey } from "../support/trail/organization.ts";
import type { Random } from "../../src/simulation/random.ts";
import { type CloudTrailRecord, kmsRecord, serviceRecord } from "../../src/simulation/record.ts";

/** A principal of the benchmark's trail. */
export interface Performer {
  useKey(timeMs: number, random: Random): CloudTrailRecord;
  doOtherWork(timeMs: number, random: Random): CloudTrailRecord;
}

/** The principals of one account, about fifty, with its ten keys: services, functions, instances, people, CI, AWS itself. */
export function cast(accountId: string): Performer[] {
  const keys = Array.from({ length: 10 }, (_, nth) => trailKey(accountId, `alias/bench-${nth}`));
  const callers: Caller[] = [
    ...times(22, (nth) =>
      roleSession({
        accountId,
        role: `service-${nth}`,
        session: `task-${nth}`,
        vpcEndpointId: "vpce-0a1b2c3d4e5f60718",
      }),
    ),
    ...times(8, (nth) =>
      functionRole({ accountId, role: `function-${nth}-role`, name: `function-${nth}` }),
    ),
    ...times(6, (nth) =>
      instanceRole({ accountId, role: `fleet-${nth}`, instance: `i-0${String(nth).repeat(16)}` }),
    ),
    ...times(9, (nth) =>
      person({ accountId, permissionSet: "DeveloperAccess", name: `person.${nth}` }),
    ),
    ...times(2, (nth) => pipeline({ accountId, role: `ci-${nth}`, job: "build" })),
    awsService("cloudtrail.amazonaws.com", accountId),
    awsService("dynamodb.amazonaws.com", accountId),
  ];
  return callers.map((caller, nth) => performer(caller, nth, keys));
}

function performer(caller: Caller, nth: number, keys: readonly TrailKey[]): Performer {
  const own = [keys[nth % keys.length], keys[(nth * 7 + 3) % keys.length]].filter(
    (key) => key !== undefined,
  );
  const acting = caller.sourceAddress === caller.userAgent;
  const usage = acting ? serviceUse : (usages[nth % usages.length] ?? directUse);
  return {
    useKey: (time, random) =>
      usage(time, random, caller, random.chance(0.8) ? own.slice(0, 1) : own),
    doOtherWork(time, random) {
      const { service, name, parameters } = random.pick(otherWork);
      const response = random.chance(0.3)
        ? { requestStatus: "accepted", token: random.uuid() }
        : undefined;
      const via = random.chance(0.5) ? { via: random.pick(intermediaries) } : {};
      const call = { time, caller, service, name, parameters: parameters(random), ...via };
      return serviceRecord(response === undefined ? call : { ...call, response }, random);
    },
  };
}

type KeyUse = (
  time: number,
  random: Random,
  caller: Caller,
  keys: readonly TrailKey[],
) => CloudTrailRecord;

const directUse: KeyUse = (time, random, caller, keys) => {
  const call = { time, caller, key: random.pick(keys) };
  const chance = random.fraction();
  if (chance < 0.06)
    return kmsRecord({ ...call, name: random.pick(["DescribeKey", "ListGrants"]) }, random);
  if (chance < 0.08) {
    const message = `User is not authorized to perform: kms:Decrypt on resource: ${call.key.arn} because no identity-based policy allows the kms:Decrypt action`;
    return kmsRecord(
      { ...call, parameters: null, error: { code: "AccessDenied", message } },
      random,
    );
  }
  const context = { tenant: `tenant-${random.integer(1, 300)}`, purpose: "record" };
  const name = chance < 0.3 ? "GenerateDataKey" : "Decrypt";
  return kmsRecord({ ...call, name, context }, random);
};

const objectUse: KeyUse = (time, random, caller, keys) =>
  kmsRecord(
    {
      time,
      caller,
      key: random.pick(keys),
      via: "s3",
      name: random.chance(0.4) ? "GenerateDataKey" : "Decrypt",
      context: objectContext("bench", `part-${random.integer(1, 5000)}`),
    },
    random,
  );

const secretUse: KeyUse = (time, random, caller, keys) =>
  kmsRecord(
    {
      time,
      caller,
      key: random.pick(keys),
      via: "secretsmanager",
      context: secretContext(caller.accountId, `service/secret-${random.integer(1, 60)}`),
    },
    random,
  );

const parameterUse: KeyUse = (time, random, caller, keys) =>
  kmsRecord(
    {
      time,
      caller,
      key: random.pick(keys),
      via: "AWS Internal",
      context: parameterContext(caller.accountId, `/service/option-${random.integer(1, 60)}`),
    },
    random,
  );

const functionUse: KeyUse = (time, random, caller, keys) =>
  kmsRecord(
    {
      time,
      caller,
      key: random.pick(keys),
      via: "lambda",
      context: functionContext(caller.accountId, `function-${random.integer(0, 7)}`),
    },
    random,
  );

const serviceUse: KeyUse = (time, random, caller, keys) =>
  kmsRecord(
    {
      time,
      caller,
      key: random.pick(keys),
      name: "GenerateDataKey",
      context: objectContext("trail", `AWSLogs/${random.integer(1, 9000)}`),
      sharedEventId: random.uuid(),
    },
    random,
  );

const usages: readonly KeyUse[] = [
  directUse,
  objectUse,
  secretUse,
  directUse,
  parameterUse,
  functionUse,
  directUse,
];

/** Services that call others for someone. */
const intermediaries = ["cloudformation", "autoscaling", "lambda"];

const otherWork = [
  {
    service: "sts",
    name: "AssumeRole",
    parameters: (random: Random) => ({
      roleSessionName: `session-${random.integer(1, 900)}`,
      durationSeconds: 3600,
    }),
  },
  {
    service: "ec2",
    name: "DescribeInstances",
    parameters: () => ({ maxResults: 1000, instancesSet: {}, filterSet: {} }),
  },
  {
    service: "ec2",
    name: "DescribeVolumes",
    parameters: () => ({ maxResults: 500, volumeSet: {}, filterSet: {} }),
  },
  {
    service: "s3",
    name: "GetObject",
    parameters: (random: Random) => ({
      bucketName: "meadowlark-bench",
      Host: "meadowlark-bench.s3.eu-central-1.amazonaws.com",
      key: `part-${random.integer(1, 5000)}`,
    }),
  },
  {
    service: "lambda",
    name: "Invoke20150331",
    parameters: (random: Random) => ({
      functionName: `function-${random.integer(0, 7)}`,
      invocationType: "Event",
    }),
  },
  {
    service: "logs",
    name: "CreateLogStream",
    parameters: (random: Random) => ({
      logGroupName: "/service/bench",
      logStreamName: random.uuid(),
    }),
  },
  {
    service: "dynamodb",
    name: "DescribeTable",
    parameters: () => ({ tableName: "bench" }),
  },
] as const;

function times<T>(count: number, make: (nth: number) => T): T[] {
  return Array.from({ length: count }, (_, nth) => make(nth));
}
