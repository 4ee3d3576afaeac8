import { roleSession } from "../caller.ts";
import { utc } from "../calendar.ts";
import { resourceId } from "../names.ts";
import { trailKey } from "../key.ts";
import { job } from "../rhythm.ts";
import { callerResident } from "../staff.ts";
import { volume } from "../use.ts";
import type { BenignKind } from "./kind.ts";

/** AWS Backup: a grant and data keys for each snapshot, and copies under the key of the central account's vault. */
export const backup: BenignKind = {
  name: "backup",
  plant(world, random) {
    const { central } = world;
    const vault = trailKey(central.id, "alias/backup-vault", central.region);
    for (const account of world.accounts) {
      const caller = roleSession({
        accountId: account.id,
        role: "AWSServiceRoleForBackup",
        path: "/aws-service-role/backup.amazonaws.com/",
        session: "AWSBackup",
      });
      const uses = [volume(account.volumesKey)];
      world.residents.push(callerResident({ account, kind: "job", caller, uses, perDay: 30 }));
      const volumes = random.integer(3, 30);
      world.activities.push({
        name: `backup/${account.id}`,
        cause: "backup",
        rhythm: job({
          zone: utc,
          atMinutes: random.integer(0, 8 * 4) * 15,
          jitterMinutes: 20,
          durationMinutes: 1,
          perRun: 1,
          evenness: 1000,
        }),
        act(time, luck, emit) {
          for (let nth = 0; nth < volumes; nth += 1) {
            const context = { "aws:ebs:id": resourceId("vol", luck) };
            const at = time + nth * 5000;
            const key = account.volumesKey;
            const parameters = {
              keyId: key.arn,
              granteePrincipal: `${account.id}:aws:ec2-infrastructure:${resourceId("snap", luck)}`,
              operations: ["Decrypt", "CreateGrant", "RetireGrant"],
              constraints: { encryptionContextSubset: context },
            };
            const grant = { time: at, caller, via: "backup", key, parameters };
            emit.kms({ ...grant, name: "CreateGrant" });
            emit.kms({ time: at + 1000, caller, via: "backup", key, context });
            const copy = { time: at + 2000, caller, via: "backup", key: vault, context };
            if (central !== account) emit.kms({ ...copy, name: "GenerateDataKeyWithoutPlaintext" });
          }
        },
      });
    }
  },
};
