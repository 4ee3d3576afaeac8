import {
  awsService,
  functionRole,
  instanceRole,
  roleSession,
} from "../../../src/simulation/caller.ts";
import {
  functionContext,
  objectContext,
  parameterContext,
  secretArn,
  secretContext,
  streamContext,
} from "../../../src/simulation/context.ts";
import { keys, organization } from "./organization.ts";
import { Random } from "../../../src/simulation/random.ts";
import {
  type CloudTrailRecord,
  crossAccountRecords,
  kmsRecord,
  serviceRecord,
} from "../../../src/simulation/record.ts";
import { type Behaviour, clockwork, daytime, job, service } from "./rhythm.ts";

const accountId = organization.accounts.logistics;

/** The gateway's instances; their role's credentials are what the sample `stolen-role` is about. */
export const gateways = ["i-0a4d19c27be83f561", "i-07e2b96d01fa4c835"].map((instance) =>
  instanceRole({ accountId, role: "dispatch-gateway", instance, sourceAddress: "192.0.2.71" }),
);
const tracking = functionRole({ accountId, role: "tracking-ingest-role", name: "tracking-ingest" });
const shipments = roleSession({ accountId, role: "shipment-api", session: "shipment-api-51c7" });
const warehouse = roleSession({ accountId, role: "warehouse-sync", session: "sync" });
const firehose = roleSession({ accountId, role: "telemetry-firehose", session: "firehose" });
const customs = roleSession({ accountId, role: "customs-declarations", session: "customs-2b" });
const printer = roleSession({ accountId, role: "label-printer", session: "label-printer-9" });
const scaling = roleSession({
  accountId,
  role: "AWSServiceRoleForAutoScaling",
  path: "/aws-service-role/autoscaling.amazonaws.com/",
  session: "AutoScaling",
});
const ec2 = awsService("ec2.amazonaws.com", accountId);

/** What goes on in the logistics account: APIs, functions, instances that come and go, previews of new versions. */
export const logisticsBehaviours: readonly Behaviour[] = [
  service({
    name: "tracking-ingest",
    perDay: 28,
    weekend: 0.7,
    evenness: 3,
    occasion: (time, random, nth) => [
      nth % 4 === 0
        ? kmsRecord(
            {
              time,
              caller: tracking,
              via: "lambda",
              key: keys.tracking,
              context: functionContext(accountId, "tracking-ingest"),
            },
            random,
          )
        : kmsRecord(
            {
              time,
              caller: tracking,
              key: keys.tracking,
              context: { carrier: `carrier-${random.integer(1, 7)}` },
            },
            random,
          ),
    ],
  }),
  service({
    name: "shipment-api",
    perDay: 30,
    occasion: (time, random) => [
      kmsRecord(
        {
          time,
          name: random.chance(0.4) ? "GenerateDataKey" : "Decrypt",
          caller: shipments,
          via: "s3",
          key: keys.shipments,
          context: objectContext(random.chance(0.7) ? "shipments" : "manifests"),
        },
        random,
      ),
    ],
  }),
  service({
    name: "dispatch-gateway",
    perDay: 5,
    weekend: 0.6,
    hours: daytime,
    occasion: (time, random) =>
      secretRead(time, random, random.pick(gateways), gatewaySecret(random)),
  }),
  clockwork({
    name: "shipment-api/secrets",
    everyMinutes: 480,
    occasion: (time, random) => secretRead(time, random, shipments, "shipments/database"),
  }),
  clockwork({
    name: "tracking-ingest/secrets",
    everyMinutes: 480,
    occasion: (time, random) => secretRead(time, random, tracking, "tracking/carrier-tokens"),
  }),
  clockwork({
    name: "warehouse-sync/parameters",
    everyMinutes: 240,
    occasion: (time, random, nth) => [
      kmsRecord(
        {
          time,
          caller: warehouse,
          via: "AWS Internal",
          key: keys.logisticsParameters,
          context: parameterContext(accountId, `/warehouse/site-${nth % 3}/endpoint`),
        },
        random,
      ),
    ],
  }),
  clockwork({
    name: "warehouse-sync",
    everyMinutes: 90,
    occasion: (time, random, nth) => [
      kmsRecord(
        { time, caller: warehouse, key: keys.warehouse, context: { site: `site-${nth % 3}` } },
        random,
      ),
    ],
  }),
  clockwork({
    name: "telemetry-firehose",
    everyMinutes: 90,
    occasion: (time, random) => [
      kmsRecord(
        {
          time,
          name: "GenerateDataKey",
          caller: firehose,
          via: "kinesis",
          key: keys.telemetry,
          parameters: {
            keyId: keys.telemetry.arn,
            encryptionContext: streamContext(accountId, "telemetry"),
            numberOfBytes: 32,
          },
        },
        random,
      ),
    ],
  }),
  service({
    name: "customs-declarations",
    perDay: 10,
    weekend: 0.1,
    occasion: (time, random) => [
      kmsRecord(
        {
          time,
          name: random.chance(0.5) ? "Encrypt" : "Decrypt",
          caller: customs,
          key: keys.customs,
          context: { office: `office-${random.integer(1, 4)}` },
        },
        random,
      ),
    ],
  }),
  service({
    name: "label-printer",
    perDay: 6,
    weekend: 0.3,
    occasion: (time, random) =>
      crossAccountRecords(
        {
          time,
          caller: printer,
          key: keys.labels,
          context: { template: `label-${random.integer(1, 3)}` },
        },
        random,
      ),
  }),
  service({ name: "auto-scaling", perDay: 2.5, weekend: 0.3, occasion: scaleOut }),
  ...Array.from({ length: 12 }, (_, nth) => preview(nth)),
  job({
    name: "archive-shipments",
    at: "23:15",
    minutes: 25,
    perRun: 9,
    occasion: (time, random) => [
      kmsRecord(
        {
          time,
          caller: shipments,
          via: "s3",
          key: keys.shipments,
          context: objectContext("shipments-archive"),
        },
        random,
      ),
    ],
  }),
];

/** GetSecretValue and the Decrypt that Secrets Manager makes for it. */
export function secretRead(
  time: number,
  random: Random,
  caller: ReturnType<typeof roleSession>,
  name: string,
): CloudTrailRecord[] {
  const parameters = { secretId: secretArn(accountId, name) };
  const context = secretContext(accountId, name);
  const key = keys.logisticsSecrets;
  return [
    serviceRecord(
      { time, caller, service: "secretsmanager", name: "GetSecretValue", parameters },
      random,
    ),
    kmsRecord({ time, caller, via: "secretsmanager", key, context }, random),
  ];
}

function gatewaySecret(random: Random): string {
  return random.chance(0.7) ? "dispatch/radio" : "dispatch/routing";
}

/** A new instance with an encrypted volume: Auto Scaling grants EC2 the use of the key, and EC2 uses it. */
function scaleOut(time: number, random: Random): CloudTrailRecord[] {
  const instance = `i-0${random.text(16, "0123456789abcdef")}`;
  const context = { "aws:ebs:id": `vol-0${random.text(16, "0123456789abcdef")}` };
  const grantId = random.text(64, "0123456789abcdef");
  const key = keys.fleet;
  const granteePrincipal = `${accountId}:aws:ec2-infrastructure:${instance}`;
  const operations = ["Decrypt", "RetireGrant"];
  const constraints = { encryptionContextSubset: context };
  const parameters = { keyId: key.arn, granteePrincipal, operations, constraints };
  return [
    kmsRecord(
      {
        time,
        name: "GenerateDataKeyWithoutPlaintext",
        caller: scaling,
        via: "autoscaling",
        key,
        context,
      },
      random,
    ),
    kmsRecord(
      {
        time,
        name: "CreateGrant",
        caller: scaling,
        via: "autoscaling",
        key,
        parameters,
        response: { grantId, keyId: key.arn },
      },
      random,
    ),
    kmsRecord(
      { time: time + 4000, caller: ec2, key, context, sharedEventId: random.uuid() },
      random,
    ),
  ];
}

/** A preview of a new version: a role of the same family with a generated suffix that lives for three days. */
function preview(nth: number): Behaviour {
  const suffix = new Random(`preview/${nth}`).text(12, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
  const caller = roleSession({
    accountId,
    role: `PreviewStack-TaskRole-${suffix}`,
    session: `preview-${nth}`,
  });
  const ordinary = service({
    name: `preview-${nth}`,
    perDay: 5,
    weekend: 0.6,
    hours: daytime,
    occasion: (time, random) => [
      kmsRecord(
        { time, caller, key: keys.warehouse, context: { site: `site-${random.integer(0, 2)}` } },
        random,
      ),
    ],
  });
  return {
    name: ordinary.name,
    records: (day, random) =>
      day.index >= nth * 3 - 1 && day.index < nth * 3 + 2 ? ordinary.records(day, random) : [],
  };
}
