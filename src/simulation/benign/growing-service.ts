import { applicationUses, taskNames } from "../application.ts";
import { serviceName } from "../names.ts";
import { diurnal } from "../rhythm.ts";
import { roleResident } from "../staff.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** Services that grow or shrink by a percent or two a day, all month long. */
export const growingService: BenignKind = {
  name: "growing-service",
  plant(world, random) {
    forShare(
      world,
      random,
      0.03,
      (chance) => {
        const account = chance.pick(world.accounts);
        const name = world.unique(() => serviceName(chance));
        const perDay = load(world, chance, 40, 1500);
        const growth = chance.chance(0.75) ? 1 + chance.fraction() * 0.03 : 0.98;
        const resident = roleResident({
          account,
          kind: "service",
          role: name,
          sessions: taskNames(name, 3, chance),
          uses: applicationUses(world, account, name, chance),
          perDay,
        });
        const rhythm = diurnal({
          perDay,
          zone: account.zone,
          peakHour: chance.integer(11, 19),
          night: chance.fraction() * 0.3,
          weekend: 0.3 + chance.fraction() * 0.6,
          evenness: chance.integer(3, 12),
          level: (day) => growth ** Math.max(0, day.index),
        });
        world.settle("growing-service", resident, rhythm);
      },
      1,
    );
  },
};
