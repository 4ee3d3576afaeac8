import { roleSession } from "../caller.ts";
import { localTimeMs } from "../calendar.ts";
import { resourceId } from "../names.ts";
import { within } from "../rhythm.ts";
import type { BenignKind } from "./kind.ts";

/** Restores on trial: a role that nobody has seen for a quarter opens dozens of snapshots, grants included, in one hour. */
export const restoreTest: BenignKind = {
  name: "restore-test",
  plant(world, random) {
    for (const account of world.accounts) {
      if (!random.chance(0.4)) continue;
      const caller = roleSession({
        accountId: account.id,
        role: "restore-test",
        session: "restore",
        sourceAddress: account.address,
      });
      const onDay = random.integer(0, world.options.days - 1);
      const volumes = random.integer(10, 120);
      const [data] = random.shuffle(account.dataKeys);
      world.activities.push({
        name: `restore-test/${account.id}`,
        cause: "restore-test",
        rhythm: (day, luck) =>
          day.index === onDay && !day.weekend
            ? Array.from({ length: volumes }, () =>
                within(localTimeMs(day, 10 * 60, account.zone), 70, luck),
              )
            : [],
        act(time, luck, emit) {
          const key = account.volumesKey;
          const context = { "aws:ebs:id": resourceId("vol", luck) };
          if (data !== undefined && luck.chance(0.3)) {
            const copy = { purpose: "restore", set: `set-${luck.integer(1, 40)}` };
            emit.kms({ time, caller, key: data, context: copy });
            return;
          }
          const parameters = {
            keyId: key.arn,
            granteePrincipal: `${account.id}:aws:ec2-infrastructure:${resourceId("i", luck)}`,
            operations: ["Decrypt", "RetireGrant"],
            constraints: { encryptionContextSubset: context },
          };
          emit.kms({ time, caller, via: "ec2", key, name: "CreateGrant", parameters });
          emit.kms({ time: time + 1000, caller, via: "ec2", key, context });
        },
      });
    }
  },
};
