import { awsService, roleSession } from "../caller.ts";
import { resourceId } from "../names.ts";
import { diurnal } from "../rhythm.ts";
import type { BenignKind } from "./kind.ts";

/** Auto Scaling starts machines with encrypted volumes: a grant to EC2 for each, retired when the machine ends. */
export const volumeGrants: BenignKind = {
  name: "volume-grants",
  plant(world, random) {
    for (const account of world.accounts) {
      const scaling = roleSession({
        accountId: account.id,
        role: "AWSServiceRoleForAutoScaling",
        path: "/aws-service-role/autoscaling.amazonaws.com/",
        session: "AutoScaling",
      });
      const ec2 = awsService("ec2.amazonaws.com", account.id);
      const key = account.volumesKey;
      world.activities.push({
        name: `volume-grants/${account.id}`,
        cause: "volume-grants",
        rhythm: diurnal({
          perDay: random.lognormal(20, 0.9),
          zone: account.zone,
          peakHour: 12,
          night: 0.1,
          weekend: 0.5,
          evenness: 1,
        }),
        act(time, luck, emit) {
          const context = { "aws:ebs:id": resourceId("vol", luck) };
          const parameters = {
            keyId: key.arn,
            granteePrincipal: `${account.id}:aws:ec2-infrastructure:${resourceId("i", luck)}`,
            operations: ["Decrypt", "RetireGrant"],
            constraints: { encryptionContextSubset: context },
          };
          const call = { time, caller: scaling, via: "autoscaling", key };
          emit.kms({ ...call, name: "GenerateDataKeyWithoutPlaintext", context });
          emit.kms({ ...call, name: "CreateGrant", parameters });
          const sharedEventId = luck.uuid();
          emit.kms({ time: time + 3000, caller: ec2, key, context, sharedEventId });
        },
      });
    }
  },
};
