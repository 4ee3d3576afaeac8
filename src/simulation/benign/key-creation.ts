import { pipeline } from "../caller.ts";
import { localTimeMs } from "../calendar.ts";
import { trailKey } from "../key.ts";
import { serviceName } from "../names.ts";
import { policyText } from "../policy.ts";
import { isWorkday, within } from "../rhythm.ts";
import type { BenignKind } from "./kind.ts";

/** New stacks bring new keys: infrastructure as code creates them, and pipelines that never saw them use them at once. */
export const keyCreation: BenignKind = {
  name: "key-creation",
  isLate: true,
  plant(world, random) {
    for (const account of world.accounts) {
      const perDay = random.lognormal(world.options.principals / 1600, 0.7);
      const apply = pipeline({ accountId: account.id, role: "infrastructure-apply", job: "apply" });
      const plan = pipeline({ accountId: account.id, role: "infrastructure-plan", job: "plan" });
      const pipelines = world.residents.filter(
        (resident) => resident.kind === "pipeline" && resident.account === account,
      );
      world.activities.push({
        name: `key-creation/${account.id}`,
        cause: "key-creation",
        rhythm: (day, luck) => {
          if (!isWorkday(day)) return [];
          const hour = (): number => localTimeMs(day, luck.integer(9, 17) * 60, account.zone);
          return Array.from({ length: luck.burstyCount(perDay, 0.8) }, () =>
            within(hour(), 60, luck),
          );
        },
        act(time, luck, emit) {
          const alias = `alias/${serviceName(luck)}-${luck.text(6, "abcdefghijkmnpqrstuvwxyz")}`;
          const key = trailKey(account.id, alias, account.region);
          const call = { caller: apply, key };
          const response = { keyMetadata: { keyId: key.id, arn: key.arn, origin: "AWS_KMS" } };
          const policy = policyText(account.id);
          const parameters = { policy, origin: "AWS_KMS", keySpec: "SYMMETRIC_DEFAULT" };
          emit.kms({ ...call, time, name: "CreateKey", parameters, response });
          const aliasParameters = { aliasName: alias, targetKeyId: key.id };
          emit.kms({
            ...call,
            time: time + 2000,
            name: "CreateAlias",
            parameters: aliasParameters,
          });
          emit.kms({ ...call, time: time + 3000, name: "EnableKeyRotation" });
          emit.kms({ ...call, time: time + 4000, name: "DescribeKey" });
          emit.kms({ time: time + 1_200_000, caller: plan, name: "DescribeKey", key });
          if (pipelines.length === 0) return;
          const caller = luck.pick(pipelines).callerAt(time, luck);
          for (let nth = 0; nth < 3; nth += 1) {
            const at = time + 300_000 + nth * 7000;
            const name = nth === 0 ? "DescribeKey" : "GenerateDataKey";
            emit.kms({ time: at, caller, name, key, context: { artifact: `build-${nth}` } });
          }
        },
      });
    }
  },
};
