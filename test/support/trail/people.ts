import { type Caller, person } from "../../../src/simulation/caller.ts";
import { objectContext, parameterContext, secretContext } from "../../../src/simulation/context.ts";
import { type TrailKey, keys, organization } from "./organization.ts";
import type { Random } from "../../../src/simulation/random.ts";
import { type CloudTrailRecord, kmsRecord, serviceRecord } from "../../../src/simulation/record.ts";
import { type Behaviour, officeHours } from "./rhythm.ts";

const { payments, logistics, security } = organization.accounts;

/** The administrator whose session the sample `ransom-attempt` is about. */
export const administrator = person({
  accountId: logistics,
  permissionSet: "AdministratorAccess",
  name: "robin.hale",
});

/** People with permission-set roles: a few looks and reads a day, in office hours. */
export const peopleBehaviours: readonly Behaviour[] = [
  atWork({
    name: "ada",
    caller: person({
      accountId: payments,
      permissionSet: "DeveloperAccess",
      name: "ada.lindqvist",
    }),
    secrets: keys.paymentsSecrets,
    parameters: keys.paymentsParameters,
    from: 7,
  }),
  atWork({
    name: "tomas",
    caller: person({
      accountId: payments,
      permissionSet: "DeveloperAccess",
      name: "tomas.reyes",
      sourceAddress: "2001:db8:40::17",
    }),
    secrets: keys.paymentsSecrets,
    parameters: keys.paymentsParameters,
    from: 8,
  }),
  atWork({
    name: "mei",
    caller: person({ accountId: logistics, permissionSet: "DeveloperAccess", name: "mei.okafor" }),
    secrets: keys.logisticsSecrets,
    parameters: keys.logisticsParameters,
    from: 6,
  }),
  atWork({
    name: "robin",
    caller: administrator,
    secrets: keys.logisticsSecrets,
    parameters: keys.logisticsParameters,
    bucket: { key: keys.shipments, name: "shipments" },
    from: 7,
  }),
  atWork({
    name: "priya",
    caller: person({ accountId: security, permissionSet: "SecurityAudit", name: "priya.nand" }),
    bucket: { key: keys.logArchive, name: "trail" },
    from: 7,
  }),
];

interface Desk {
  readonly name: string;
  readonly caller: Caller;
  readonly secrets?: TrailKey;
  readonly parameters?: TrailKey;
  readonly bucket?: { readonly key: TrailKey; readonly name: string };
  /** First hour of work, UTC. */
  readonly from: number;
}

function atWork(desk: Desk): Behaviour {
  return officeHours({
    name: `person/${desk.name}`,
    tasksPerDay: 3.2,
    from: desk.from,
    to: desk.from + 10,
    occasion: (time, random) => [...look(time, random, desk), ...read(time + 20_000, random, desk)],
  });
}

/** The console's pages ask for this and that. */
function look(time: number, random: Random, desk: Desk): CloudTrailRecord[] {
  const { caller } = desk;
  const key = desk.secrets ?? desk.bucket?.key ?? keys.logArchive;
  return [
    random.chance(0.4)
      ? kmsRecord({ time, name: "DescribeKey", caller, key }, random)
      : serviceRecord(
          {
            time,
            caller,
            service: "secretsmanager",
            name: "ListSecrets",
            parameters: { maxResults: 20 },
          },
          random,
        ),
  ];
}

/** And the person reads a secret, a parameter or a file. */
function read(time: number, random: Random, desk: Desk): CloudTrailRecord[] {
  const { caller, secrets, parameters, bucket } = desk;
  const call = { time, caller };
  const reads: CloudTrailRecord[] = [];
  if (secrets && random.chance(0.5)) {
    const context = secretContext(caller.accountId, `team/tool-${random.integer(1, 4)}`);
    reads.push(kmsRecord({ ...call, via: "secretsmanager", key: secrets, context }, random));
  }
  if (parameters && random.chance(0.4)) {
    const context = parameterContext(caller.accountId, `/team/setting-${random.integer(1, 4)}`);
    reads.push(kmsRecord({ ...call, via: "AWS Internal", key: parameters, context }, random));
  }
  if (bucket && random.chance(0.6)) {
    const context = objectContext(bucket.name);
    reads.push(kmsRecord({ ...call, via: "s3", key: bucket.key, context }, random));
  }
  return reads;
}
