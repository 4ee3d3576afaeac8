import { iamUser } from "../caller.ts";
import { serviceName } from "../names.ts";
import { diurnal, job } from "../rhythm.ts";
import { callerResident } from "../staff.ts";
import { ownData } from "../use.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** IAM users with access keys that nobody got rid of: a partner's upload, a machine in an office, an old scheduler. */
export const longTermUser: BenignKind = {
  name: "long-term-user",
  plant(world, random) {
    forShare(
      world,
      random,
      0.012,
      (chance) => {
        const account = chance.pick(world.accounts);
        const name = world.unique(() => `${serviceName(chance)}-user`);
        const key = world.dataKey(account, name, chance);
        const sourceAddress = chance.chance(0.5)
          ? account.address
          : `192.0.2.${chance.integer(2, 250)}`;
        const caller = iamUser({ accountId: account.id, name, sourceAddress });
        const perDay = load(world, chance, 12, 300);
        const isJob = chance.chance(0.5);
        const resident = callerResident({
          account,
          kind: isJob ? "job" : "service",
          caller,
          uses: [ownData(key, name)],
          perDay,
        });
        const rhythm = isJob
          ? job({
              zone: account.zone,
              atMinutes: chance.integer(0, 95) * 15,
              jitterMinutes: 20,
              durationMinutes: 20,
              perRun: perDay,
              evenness: 5,
            })
          : diurnal({
              perDay,
              zone: account.zone,
              peakHour: 14,
              night: 0.1,
              weekend: 0.2,
              evenness: 2,
            });
        world.settle("long-term-user", resident, rhythm);
      },
      1,
    );
  },
};
