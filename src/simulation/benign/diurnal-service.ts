import { applicationUses, taskNames } from "../application.ts";
import { zones } from "../calendar.ts";
import { serviceName } from "../names.ts";
import { diurnal } from "../rhythm.ts";
import { roleResident } from "../staff.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** Services that follow their users' day, in any time zone, with loads from a few calls to thousands. */
export const diurnalService: BenignKind = {
  name: "diurnal-service",
  plant(world, random) {
    forShare(world, random, 0.19, (chance) => {
      const account = chance.pick(world.accounts);
      const name = world.unique(() => serviceName(chance));
      const zone = chance.chance(0.7) ? account.zone : chance.pick(zones);
      const perDay = load(world, chance, 26);
      const resident = roleResident({
        account,
        kind: "service",
        role: name,
        sessions: taskNames(name, chance.integer(1, 6), chance),
        uses: applicationUses(world, account, name, chance),
        perDay,
        zone,
      });
      const billing = chance.chance(0.12) ? 1.3 + chance.fraction() * 1.7 : 1;
      const rhythm = diurnal({
        perDay,
        zone,
        peakHour: chance.integer(10, 20),
        night: chance.fraction() * 0.4,
        weekend: 0.1 + chance.fraction() * 0.9,
        evenness: 0.5 + chance.fraction() ** 2 * 12,
        level: (day) => (day.lastOfMonth || day.dayOfMonth <= 2 ? billing : 1),
      });
      world.settle("diurnal-service", resident, rhythm);
    });
  },
};
