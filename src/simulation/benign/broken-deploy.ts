import { denied } from "../emit.ts";
import { localTimeMs } from "../calendar.ts";
import { serviceName } from "../names.ts";
import { within } from "../rhythm.ts";
import { roleSession } from "../caller.ts";
import { type BenignKind, forShare } from "./kind.ts";

/** Deployments with a forgotten permission: refused a few dozen times within the hour, then repaired and allowed. */
export const brokenDeploy: BenignKind = {
  name: "broken-deploy",
  plant(world, random) {
    forShare(
      world,
      random,
      0.015,
      (chance) => {
        const account = chance.pick(world.accounts);
        const role = world.unique(() => serviceName(chance));
        const key = world.dataKey(account, role, chance);
        const caller = roleSession({
          accountId: account.id,
          role,
          session: `${role}-1`,
          sourceAddress: account.address,
        });
        const onDay = chance.integer(1, world.options.days - 1);
        const perDay = chance.lognormal(10 * world.options.scale, 0.7);
        let repairedMs = Number.POSITIVE_INFINITY;
        world.activities.push({
          name: `broken-deploy/${role}`,
          cause: "broken-deploy",
          rhythm: (day, luck) => {
            if (day.index < onDay) return [];
            const startMs = localTimeMs(day, luck.integer(9, 16) * 60, account.zone);
            if (day.index === onDay) repairedMs = startMs + luck.integer(10, 50) * 60_000;
            const count = day.index === onDay ? luck.integer(10, 60) : luck.poisson(perDay);
            const minutes = day.index === onDay ? 80 : 480;
            return Array.from({ length: count }, () => within(startMs, minutes, luck));
          },
          act(time, luck, emit) {
            const call = {
              time,
              caller,
              key,
              context: { purpose: role, tenant: `tenant-${luck.integer(1, 9)}` },
            };
            if (time < repairedMs) emit.kms({ ...call, error: denied("Decrypt", key.arn) });
            else emit.kms(call);
          },
        });
      },
      1,
    );
  },
};
