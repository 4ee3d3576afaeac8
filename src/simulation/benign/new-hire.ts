import { deskResident } from "../desk.ts";
import { between, officeHours } from "../rhythm.ts";
import { type BenignKind, forShare } from "./kind.ts";

/** People whose first day lies within the month. */
export const newHire: BenignKind = {
  name: "new-hire",
  plant(world, random) {
    forShare(
      world,
      random,
      0.02,
      (chance) => {
        const account = chance.pick(world.accounts);
        const fromDay = chance.integer(2, world.options.days - 2);
        const tasksPerDay = chance.lognormal(5, 0.5);
        const resident = deskResident(world, account, chance, { perDay: tasksPerDay, fromDay });
        const rhythm = officeHours({ zone: account.zone, tasksPerDay, from: 8, to: 18 });
        world.settle("new-hire", resident, between(rhythm, fromDay));
      },
      1,
    );
  },
};
