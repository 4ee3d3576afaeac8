import { taskNames } from "../application.ts";
import { serviceName } from "../names.ts";
import { diurnal } from "../rhythm.ts";
import { roleResident } from "../staff.ts";
import { signatures } from "../use.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** Services that sign tokens or documents with an asymmetric key of their own; some release changes the algorithm. */
export const signingService: BenignKind = {
  name: "signing-service",
  plant(world, random) {
    forShare(
      world,
      random,
      0.015,
      (chance) => {
        const account = chance.pick(world.accounts);
        const name = world.unique(() => serviceName(chance));
        const key = world.newKey(account, `${name}-signing`);
        account.dataKeys.splice(account.dataKeys.indexOf(key), 1);
        const perDay = load(world, chance, 60, 1500);
        const changes = chance.chance(0.15);
        const changeMs = world.dayMs(chance.integer(3, world.options.days)) + 10 * 3_600_000;
        const resident = roleResident({
          account,
          kind: "signer",
          role: name,
          sessions: taskNames(name, 2, chance),
          uses: [signatures(key, changes ? changeMs : undefined)],
          perDay,
        });
        const rhythm = diurnal({
          perDay,
          zone: account.zone,
          peakHour: 13,
          night: 0.1,
          weekend: 0.3,
          evenness: 4,
        });
        world.settle("signing-service", resident, rhythm);
      },
      2,
    );
  },
};
