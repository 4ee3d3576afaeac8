import { applicationUses } from "../application.ts";
import { serviceName } from "../names.ts";
import { diurnal } from "../rhythm.ts";
import { fleetResident } from "../staff.ts";
import { volume } from "../use.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** Fleets of machines that come and go: one role, thousands of session names in a month. */
export const autoscalingFleet: BenignKind = {
  name: "autoscaling-fleet",
  plant(world, random) {
    forShare(
      world,
      random,
      0.025,
      (chance) => {
        const account = chance.pick(world.accounts);
        const name = world.unique(() => serviceName(chance));
        const perDay = load(world, chance, 350, 3000);
        const resident = fleetResident({
          account,
          kind: "fleet",
          role: name,
          machines: chance.integer(10, 120),
          lifeHours: chance.integer(3, 72),
          uses: [...applicationUses(world, account, name, chance), volume(account.volumesKey, 0.2)],
          perDay,
        });
        const rhythm = diurnal({
          perDay,
          zone: account.zone,
          peakHour: chance.integer(11, 20),
          night: chance.fraction() * 0.3,
          weekend: 0.4 + chance.fraction() * 0.6,
          evenness: chance.integer(2, 8),
        });
        world.settle("autoscaling-fleet", resident, rhythm);
      },
      1,
    );
  },
};
