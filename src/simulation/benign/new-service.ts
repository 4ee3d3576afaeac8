import { applicationUses, taskNames } from "../application.ts";
import { serviceName } from "../names.ts";
import { between, diurnal } from "../rhythm.ts";
import { roleResident } from "../staff.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** Services that go live within the month, mostly on keys that others use already. */
export const newService: BenignKind = {
  name: "new-service",
  plant(world, random) {
    forShare(
      world,
      random,
      0.055,
      (chance) => {
        const account = chance.pick(world.accounts);
        const name = world.unique(() => serviceName(chance));
        const perDay = load(world, chance, 20, 800);
        const fromDay = chance.integer(3, world.options.days - 2);
        const resident = roleResident({
          account,
          kind: "service",
          role: name,
          sessions: taskNames(name, 2, chance),
          uses: applicationUses(world, account, name, chance),
          perDay,
          fromDay,
        });
        const rhythm = diurnal({
          perDay,
          zone: account.zone,
          peakHour: chance.integer(10, 19),
          night: chance.fraction() * 0.3,
          weekend: 0.3 + chance.fraction() * 0.6,
          evenness: 4,
          level: (day) => Math.min(1, 0.3 + (day.index - fromDay) * 0.15),
        });
        world.settle("new-service", resident, between(rhythm, fromDay));
      },
      1,
    );
  },
};
