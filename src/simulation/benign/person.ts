import { zones } from "../calendar.ts";
import { deskResident } from "../desk.ts";
import { officeHours } from "../rhythm.ts";
import { type BenignKind, forShare } from "./kind.ts";

/** People with permission sets: a few looks and reads a day, office hours, seldom a late evening. */
export const person: BenignKind = {
  name: "person",
  plant(world, random) {
    forShare(world, random, 0.16, (chance) => {
      const account = chance.pick(world.accounts);
      const tasksPerDay = Math.min(40, chance.lognormal(4, 0.7));
      const resident = deskResident(world, account, chance, { perDay: tasksPerDay });
      const from = chance.integer(6, 10);
      const zone = chance.chance(0.85) ? account.zone : chance.pick(zones);
      const rhythm = officeHours({
        zone,
        tasksPerDay,
        from,
        to: from + chance.integer(7, 10),
        late: chance.chance(0.3) ? 0.06 : 0.01,
        weekend: chance.chance(0.2) ? 0.06 : 0.01,
        off: 0.03 + chance.fraction() * 0.3,
      });
      world.settle("person", { ...resident, zone }, rhythm);
    });
  },
};
