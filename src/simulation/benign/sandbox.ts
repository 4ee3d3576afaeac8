import { localTimeMs } from "../calendar.ts";
import { trailKey } from "../key.ts";
import { policyText } from "../policy.ts";
import { isWorkday, within } from "../rhythm.ts";
import type { BenignKind } from "./kind.ts";

/** Developers learn by doing: a key of one's own, a few encryptions, a policy, and the key is scheduled for deletion. */
export const sandbox: BenignKind = {
  name: "sandbox",
  isLate: true,
  plant(world, random) {
    const people = world.residents.filter(({ kind }) => kind === "person");
    for (const person of people) {
      const { entity, account, zone } = person;
      if (!random.chance(0.08)) continue;
      const perDay = random.lognormal(0.05, 0.7);
      world.activities.push({
        name: `sandbox/${entity}`,
        cause: "sandbox",
        rhythm: (day, luck) =>
          isWorkday(day) && luck.chance(perDay)
            ? [within(localTimeMs(day, luck.integer(9, 17) * 60, zone), 60, luck)]
            : [],
        act(time, luck, emit) {
          const alias = `alias/test-${luck.text(6, "abcdefghijkmnpqrstuvwxyz")}`;
          const key = trailKey(account.id, alias, account.region);
          const call = { caller: person.callerAt(time, luck), key };
          const response = { keyMetadata: { keyId: key.id, arn: key.arn, origin: "AWS_KMS" } };
          const parameters = { policy: policyText(account.id), origin: "AWS_KMS" };
          emit.kms({ ...call, time, name: "CreateKey", parameters, response });
          let at = time + 30_000;
          for (const name of ["DescribeKey", "Encrypt", "Decrypt", "GenerateDataKey"]) {
            emit.kms({ ...call, time: at, name, context: { test: "1" } });
            at += luck.integer(10, 200) * 1000;
          }
          if (!luck.chance(0.4)) return;
          const deletion = { keyId: key.arn, pendingWindowInDays: luck.pick([7, 30]) };
          emit.kms({ ...call, time: at, name: "ScheduleKeyDeletion", parameters: deletion });
        },
      });
    }
  },
};
