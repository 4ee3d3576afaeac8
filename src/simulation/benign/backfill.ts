import { localTimeMs } from "../calendar.ts";
import { applicationUses, taskNames } from "../application.ts";
import { serviceName } from "../names.ts";
import { diurnal, within } from "../rhythm.ts";
import { roleResident } from "../staff.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** One-off backfills: a service computes a year of data again, for hours, ten to sixty times its usual traffic. */
export const backfill: BenignKind = {
  name: "backfill",
  plant(world, random) {
    forShare(
      world,
      random,
      0.025,
      (chance) => {
        const account = chance.pick(world.accounts);
        const name = world.unique(() => serviceName(chance));
        const perDay = load(world, chance, 30, 600);
        const resident = roleResident({
          account,
          kind: "service",
          role: name,
          sessions: taskNames(name, 3, chance),
          uses: applicationUses(world, account, name, chance),
          perDay,
        });
        const ordinary = diurnal({
          perDay,
          zone: account.zone,
          peakHour: chance.integer(10, 18),
          night: chance.fraction() * 0.4,
          weekend: 0.2 + chance.fraction() * 0.6,
          evenness: chance.integer(1, 8),
        });
        const onDay = chance.integer(4, world.options.days - 1);
        const hours = chance.integer(1, 9);
        const count = Math.min(9000, (perDay / 24) * hours * chance.lognormal(20, 0.6));
        const leaning = world.settle("backfill", resident, (day, luck) => {
          const times = ordinary(day, luck);
          if (day.index !== onDay) return times;
          const startMs = localTimeMs(day, luck.integer(9, 20) * 60, account.zone);
          leaning.spell(startMs, hours * 60);
          for (let nth = luck.poisson(count); nth > 0; nth -= 1) {
            times.push(within(startMs, hours * 60, luck));
          }
          return times;
        });
      },
      1,
    );
  },
};
