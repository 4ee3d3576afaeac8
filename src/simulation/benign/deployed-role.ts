import { isWorkday } from "../rhythm.ts";
import { between, diurnal } from "../rhythm.ts";
import { serviceName, stackSuffix } from "../names.ts";
import { roleResident } from "../staff.ts";
import { ownData } from "../use.ts";
import { type BenignKind, forShare } from "./kind.ts";

/** Deployments that replace a role by one of the same family with another generated suffix. */
export const deployedRole: BenignKind = {
  name: "deployed-role",
  plant(world, random) {
    forShare(
      world,
      random,
      0.035,
      (chance) => {
        const account = chance.pick(world.accounts);
        const name = world.unique(() => serviceName(chance));
        const key = world.dataKey(account, name, chance);
        const perDay = chance.lognormal(15 * world.options.scale, 0.8);
        const uses = [ownData(key, name), world.secretsUse(account, 2, chance, 0.2)];
        for (let fromDay = -chance.integer(1, 20); fromDay < world.options.days;) {
          let toDay = fromDay + chance.integer(4, 30);
          while (!isWorkday(world.day(toDay))) toDay += 1;
          const resident = roleResident({
            account,
            kind: "service",
            role: `${name}-TaskRole-${stackSuffix(chance)}`,
            sessions: [`${name}-1`, `${name}-2`],
            uses,
            perDay,
            fromDay,
            toDay,
          });
          const rhythm = diurnal({
            perDay,
            zone: account.zone,
            peakHour: 14,
            night: 0.2,
            weekend: 0.5,
            evenness: 4,
          });
          world.settle("deployed-role", resident, between(rhythm, fromDay, toDay + 1));
          fromDay = toDay;
        }
      },
      1,
    );
  },
};
