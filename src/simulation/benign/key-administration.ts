import { pipeline } from "../caller.ts";
import { localTimeMs } from "../calendar.ts";
import { policyText } from "../policy.ts";
import { within } from "../rhythm.ts";
import { callerResident } from "../staff.ts";
import { looks } from "../use.ts";
import type { BenignKind } from "./kind.ts";

/** Infrastructure as code: looks at every key, creates one now and then, writes the same policy again. */
export const keyAdministration: BenignKind = {
  name: "key-administration",
  isLate: true,
  plant(world, random) {
    for (const account of world.accounts) {
      const role = "infrastructure-apply";
      const caller = pipeline({ accountId: account.id, role, job: "apply" });
      const uses = [account.secretsKey, ...account.dataKeys].map((key) => looks(key));
      world.residents.push(callerResident({ account, kind: "pipeline", caller, uses, perDay: 20 }));
      const perDay = random.lognormal(1, 0.6);
      world.activities.push({
        name: `key-administration/${account.id}`,
        cause: "key-administration",
        rhythm: (day, luck) => {
          if (day.weekend) return [];
          const hour = (): number => localTimeMs(day, luck.integer(9, 17) * 60, account.zone);
          return Array.from({ length: luck.poisson(perDay) }, () => within(hour(), 60, luck));
        },
        act(time, luck, emit) {
          const keys = luck.shuffle([account.secretsKey, ...account.dataKeys]).slice(0, 12);
          for (const [nth, key] of keys.entries()) {
            emit.kms({ time: time + nth * 1000, caller, name: "DescribeKey", key });
            emit.kms({ time: time + nth * 1000, caller, name: "GetKeyPolicy", key });
          }
          const [key] = keys;
          if (key === undefined || !luck.chance(0.25)) return;
          const parameters = {
            keyId: key.arn,
            policyName: "default",
            policy: policyText(account.id),
            bypassPolicyLockoutSafetyCheck: false,
          };
          const at = time + 20_000;
          emit.kms({ time: at, caller, name: "PutKeyPolicy", key, parameters });
          emit.kms({ time: at, caller, name: "EnableKeyRotation", key });
        },
      });
    }
  },
};
