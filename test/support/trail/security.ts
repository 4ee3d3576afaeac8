import { type Caller, awsService, pipeline, roleSession } from "../../../src/simulation/caller.ts";
import { objectContext } from "../../../src/simulation/context.ts";
import { keys, keysOf, organization } from "./organization.ts";
import type { Random } from "../../../src/simulation/random.ts";
import {
  type CloudTrailRecord,
  crossAccountRecords,
  kmsRecord,
  serviceRecord,
} from "../../../src/simulation/record.ts";
import { type Behaviour, clockwork, daytime, job, service } from "./rhythm.ts";

const { payments, logistics, security } = organization.accounts;
const accounts = [payments, logistics, security];
const workday = (day: { weekend: boolean }): boolean => !day.weekend;

/** What keeps the house: log delivery, scanners, AWS Config, deployments, monitoring, in all accounts. */
export const securityBehaviours: readonly Behaviour[] = [
  ...accounts.map(logDelivery),
  ...accounts.map(scanner),
  ...accounts.map(configRecorder),
  ...accounts.map(monitoring),
  service({
    name: "deployments",
    perDay: 3,
    weekend: 0,
    evenness: 3,
    hours: daytime,
    occasion: deployment,
  }),
  job({
    name: "artifact-cleanup",
    at: "06:20",
    minutes: 12,
    perRun: 5,
    runsOn: workday,
    occasion: (time, random) => [
      kmsRecord(
        {
          time,
          caller: builder,
          via: "s3",
          key: keys.artifacts,
          context: objectContext("artifacts"),
        },
        random,
      ),
    ],
  }),
];

const builder = pipeline({ accountId: security, role: "ci-build", job: "build" });
const deployers = [payments, logistics].map((accountId) =>
  pipeline({ accountId, role: "ci-deploy", job: "deploy" }),
);

/** CloudTrail encrypts its own log files: an AWS service's copy with a sharedEventID that has no twin. */
function logDelivery(accountId: string): Behaviour {
  const caller = awsService("cloudtrail.amazonaws.com", security);
  const trail = `arn:aws:cloudtrail:${organization.region}:${security}:trail/organization`;
  return clockwork({
    name: `log-delivery/${accountId}`,
    everyMinutes: 240,
    occasion: (time, random) => {
      const day = new Date(time).toISOString().slice(0, 10);
      const file = `${accountId}_CloudTrail_${day}_${random.text(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop")}`;
      const context = {
        "aws:cloudtrail:arn": trail,
        ...objectContext("trail", `AWSLogs/${organization.id}/${accountId}/${file}.json.gz`),
      };
      return [
        kmsRecord(
          {
            time,
            name: "GenerateDataKey",
            caller,
            key: keys.logArchive,
            context,
            sharedEventId: random.uuid(),
          },
          random,
        ),
      ];
    },
  });
}

/** A posture scanner looks at every key once a day. */
function scanner(accountId: string): Behaviour {
  const caller = roleSession({
    accountId,
    role: "posture-scanner",
    session: "daily-scan",
    sourceAddress: "203.0.113.61",
    userAgent: "aws-sdk-go-v2/1.36.3 os/linux lang/go#1.24.3 md/GOOS#linux md/GOARCH#amd64",
  });
  return clockwork({
    name: `posture-scanner/${accountId}`,
    everyMinutes: 24 * 60,
    offsetMinutes: 4 * 60 + 5,
    occasion: (start, random) => [
      ...keysOf(accountId).flatMap((key, index) =>
        ["DescribeKey", "GetKeyPolicy"]
          .slice(index % 2)
          .map((name) => kmsRecord({ time: start + index * 1000, name, caller, key }, random)),
      ),
      ...["ListBuckets", "GetAccountPublicAccessBlock"].map((name) =>
        serviceRecord(
          { time: start + 9000, caller, service: "s3", name, parameters: null },
          random,
        ),
      ),
    ],
  });
}

/** AWS Config reads functions whose variables are encrypted with a key that does not admit it: denied every day. */
function configRecorder(accountId: string): Behaviour {
  const role = "aws-controltower-ConfigRecorderRole";
  const session = "LambdaDescribeHandlerSession";
  const caller = roleSession({ accountId, role, session });
  const key = keysOf(accountId)[1] ?? keys.paymentsSecrets;
  const message =
    `User: arn:aws:sts::${accountId}:assumed-role/${role}/${session} is not authorized to perform: kms:Decrypt on ` +
    `resource: ${key.arn} because no resource-based policy allows the kms:Decrypt action`;
  return job({
    name: `config/${accountId}`,
    at: "05:30",
    minutes: 20,
    perRun: 4,
    occasion: (time, random) => [
      kmsRecord(
        {
          time,
          caller,
          via: "config",
          key,
          parameters: null,
          error: { code: "AccessDenied", message },
        },
        random,
      ),
    ],
  });
}

/** A monitoring agent describes what runs. */
function monitoring(accountId: string): Behaviour {
  const caller = roleSession({ accountId, role: "observability", session: "collector" });
  const parameters = { maxResults: 100, filterSet: {} };
  return clockwork({
    name: `observability/${accountId}`,
    everyMinutes: 80,
    occasion: (time, random, nth) => [
      serviceRecord(
        {
          time,
          caller,
          service: nth % 3 === 0 ? "monitoring" : "ec2",
          name: nth % 3 === 0 ? "DescribeAlarms" : "DescribeInstances",
          parameters,
        },
        random,
      ),
    ],
  });
}

/** A deployment: the build writes its artifact, an account's deployment role reads it across accounts. */
function deployment(time: number, random: Random): CloudTrailRecord[] {
  const caller = random.pick(deployers);
  const context = objectContext("artifacts");
  const key = keys.artifacts;
  return [
    signIn(time, builder, random),
    ...[0, 1].map((step) =>
      kmsRecord(
        {
          time: time + step * 3000,
          name: "GenerateDataKey",
          caller: builder,
          via: "s3",
          key,
          context,
        },
        random,
      ),
    ),
    signIn(time + 60_000, caller, random),
    ...crossAccountRecords({ time: time + 62_000, caller, via: "s3", key, context }, random),
    serviceRecord(
      {
        time: time + 64_000,
        caller,
        service: "lambda",
        name: "UpdateFunctionCode20150331v2",
        parameters: { functionName: "tracking-ingest", publish: true, dryRun: false },
      },
      random,
    ),
  ];
}

function signIn(time: number, caller: Caller, random: Random): CloudTrailRecord {
  const parameters = { roleSessionName: "deploy", durationSeconds: 3600 };
  return serviceRecord(
    { time, caller, service: "sts", name: "GetCallerIdentity", parameters },
    random,
  );
}
